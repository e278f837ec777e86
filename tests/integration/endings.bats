#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The exit code of dashpot, and its last message: the endings that stop.bats,
# run.bats and shortage.bats leave out.

load ../lib/dashpot
load ../lib/faults
load ../lib/verify

# start_with LINE...: start dashpot with the services of these lines
start_with()
{
	dir=$(ns_dir)
	printf '%s\n' "$@" >"$dir/dashpot.ini"
	ns_start "$dir"
}

# ends_with CODE: dashpot ends with this exit code
ends_with()
{
	ns_wait 30
	[ "$NS_STATUS" = "$1" ] || {
		echo "exited with $NS_STATUS, not $1" >&2
		tail -n 20 "$NS_DIR/stderr" >&2
		return 1
	}
}

# last_words REGEX: the last line on stderr
last_words()
{
	tail -n 1 "$NS_DIR/stderr" | tee /dev/stderr | grep -Eq "$1"
}

is()
{
	service "$1" ".state == \"$2\"" >/dev/null
}

# --- essential -----------------------------------------------------------

@test "an essential oneshot that fails ends everything with its code, and nobody starts after it" {
	start_with '[service:migrate]' 'shell = sleep 0.2; exit 4' 'type = oneshot' \
		'essential = yes' \
		'[service:web]' 'command = sleep 1000' 'after = migrate' \
		'[service:other]' 'command = sleep 1001'
	ends_with 4
	service web '.starts == 0'
	service other '.starts == 1'
	last_words '^dashpot: migrate: exited with code 4 after .*; dashpot exits with code 4$'
}

@test "an essential oneshot that is done ends nothing" {
	start_with '[service:migrate]' 'shell = sleep 0.1' 'type = oneshot' \
		'essential = yes' '[service:web]' 'command = sleep 1000' 'after = migrate'
	wait_until 20 is web running
	is migrate "done"
	ns_stop
	ends_with 0
}

@test "an essential oneshot that is tried again ends everything only when it is blocked" {
	start_with '[service:migrate]' 'shell = sleep 0.1; exit 4' 'type = oneshot' \
		'restart = on-failure' 'restart_delay = 10ms..10ms' \
		'max_failures = 3 in 1m' 'essential = yes' \
		'[service:other]' 'command = sleep 1001'
	ends_with 4
	service migrate '.starts == 3'
}

@test "an essential service that ends with one of its success codes ends nothing" {
	start_with '[service:once]' 'shell = exit 3' 'success_codes = 0 3' \
		'restart = on-failure' 'essential = yes' \
		'[service:other]' 'command = sleep 1000'
	wait_until 20 is once "done"
	wait_until 20 is other running
	ns_stop
	ends_with 0
}

@test "the essential service's code counts, not that of one which failed before" {
	start_with '[service:first]' 'shell = exit 3' 'restart = never' \
		'[service:main]' 'shell = sleep 0.5; kill -SEGV $$' \
		'restart = never' 'essential = yes'
	ends_with 139
	last_words '^dashpot: main: was killed by SIGSEGV after .*; dashpot exits with code 139$'
}

@test "an essential service that a person stops ends nothing" {
	start_with '[service:main]' 'command = sleep 1000' 'essential = yes'
	wait_until 20 is main running
	ctl stop main
	wait_until 20 is main stopped
	ctl start main
	ns_stop
	ends_with 0
}

@test "an essential service that crashes once a stop has begun does not change the code" {
	start_with '[service:main]' 'shell = trap "exit 9" TERM; while :; do sleep 0.05; done' \
		'essential = yes' '[service:db]' \
		"shell = trap 'kill -9 \$\$' TERM; while :; do sleep 0.05; done" \
		'essential = yes'
	wait_until 20 is main running
	wait_until 20 is db running
	ns_stop
	ends_with 0
}

# --- everything ended or blocked -------------------------------------------

@test "when all ended, a signal that ended the first gives 128 and its number" {
	start_with '[defaults]' 'restart = never' \
		'[service:a]' 'shell = sleep 0.2; kill -KILL $$' \
		'[service:b]' 'shell = sleep 0.6; exit 3'
	ends_with 137
}

@test "when all ended, a command that was not found gives 127" {
	start_with '[service:a]' 'command = /no/such/file' 'restart = never'
	ends_with 127
	last_words '^dashpot: a: could not be started: .*; dashpot exits with code 127$'
}

@test "exit_when_all_blocked: 128 and the signal, 127, or 1 for a code of 0" {
	local end
	for end in 'shell = kill -SEGV $$:139' 'command = /no/such/file:127' \
		'command = true:1'; do
		start_with '[dashpot]' 'exit_when_all_blocked = 500ms' \
			'[service:a]' "${end%:*}" 'restart_delay = 10ms..10ms' \
			'cooldown = 1h..1h' 'max_failures = 2 in 1m'
		ends_with "${end##*:}"
	done
}

@test "exit_when_all_blocked: blocked in another container and never run in this one gives 1" {
	start_with '[dashpot]' 'exit_when_all_blocked = 1h' \
		'[service:a]' 'shell = exit 6' 'max_failures = 1 in 1m' \
		'cooldown = 1h..1h'
	wait_until 20 is a blocked
	for _ in 1 2 3 4; do # an outer loop keeps its cooldown
		ns_stop
		ns_start "$dir"
		wait_until 20 diag '.phase == "up"'
	done
	ns_stop
	sed -i 's/^exit_when.*/exit_when_all_blocked = 500ms/' "$dir/dashpot.ini"
	ns_start "$dir"
	ends_with 1
	service a '.starts == 0'
}

@test "a service that a person stopped keeps dashpot running when all else has ended" {
	start_with '[service:a]' 'command = sleep 1000' \
		'[service:b]' "shell = until test -e $BATS_TEST_TMPDIR/go; do sleep 0.05; done; exit 3" \
		'restart = never'
	wait_until 20 is a running
	ctl stop a
	touch "$BATS_TEST_TMPDIR/go"
	wait_until 20 is b failed
	stays 1 ns_alive
	ns_stop
	ends_with 0
}

# --- held_timeout ------------------------------------------------------------

@test "held_timeout: an essential service without room ends everything with 111, limit and numbers" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		held_timeout = 1s
		[service:main]
		command = sleep 1000
		after = full
		user = @uid@
		limit.nproc = 16
		essential = yes
	END_INI
	ns_start "$dir"
	ends_with 111
	last_words '^dashpot: main: there was no room to start it: uid [0-9]+ holds [0-9]+ of RLIMIT_NPROC 16 \(reserve [0-9]+\); raise it .*; dashpot exits with code 111$'
	waited=$(events '.event == "held"' | jq .waited_ms)
	[ "$waited" -ge 1000 ]
	events '.event == "held" and .limit == "nproc" and .max == 16 and (.message | test("held_timeout"))'
	service main '.starts == 0'
}

@test "held_timeout: who is not essential, or gets room in time, ends nothing" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		held_timeout = 3s
		[service:worker]
		command = sleep 1000
		after = full
		user = @uid@
		limit.nproc = 16
	END_INI
	ns_start "$dir"
	wait_until 20 service worker '.waiting.for == "headroom"'
	stays 4 ns_alive
	ns_stop
	ends_with 0
	sed -i 's/^limit.nproc.*/&\nessential = yes/; s/^held_timeout.*/held_timeout = 20s/' \
		"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 service worker '.waiting.for == "headroom"'
	ctl stop crowd
	wait_until 15 is worker running
	stays 1 ns_alive
}

# --- a stop at any moment ------------------------------------------------------

@test "a stop while the boot waits for a oneshot: 0, and nothing more is started" {
	start_with '[service:set-up]' 'command = sleep 1000' 'type = oneshot' \
		'[service:web]' 'command = sleep 1001' 'after = set-up'
	wait_until 20 is set-up running
	ns_stop
	ends_with 0
	service web '.starts == 0 and .state == "stopped"'
}

@test "a stop while everything is blocked, or waits for its delay: 0" {
	start_with '[service:a]' 'shell = exit 6' 'max_failures = 1 in 1m' \
		'[service:b]' 'shell = exit 6' 'restart_delay = 1h..1h' 'max_failures = none'
	wait_until 20 is a blocked
	wait_until 20 is b backoff
	ns_stop
	ends_with 0
}

@test "run -- CMD: a stop before CMD was started gives 128 + the signal" {
	dir=$(ns_dir)
	printf '%s\n' '[service:set-up]' 'command = sleep 1000' 'type = oneshot' \
		>"$dir/dashpot.ini"
	ns_start "$dir" -- sleep 1001
	wait_until 20 is set-up running
	ns_stop
	ends_with 143
	service main '.starts == 0'
}

@test "run -- CMD: killed by a second stop signal, the code is 137" {
	dir=$(ns_dir)
	printf '[dashpot]\nstop_again = kill\n' >"$dir/dashpot.ini"
	ns_start "$dir" -- sh -c "trap '' TERM; while :; do sleep 0.05; done"
	wait_until 20 is main running
	ns_signal TERM
	wait_until 20 is main stopping
	ns_stop TERM 20
	ends_with 137
}

@test "no service at all, or a mistake: 100, and nothing is started" {
	start_with '[dashpot]' 'held_timeout = 1s'
	ends_with 100
	start_with '[service:a]' "shell = touch $BATS_TEST_TMPDIR/started" 'nonsense = 1'
	ends_with 100
	[ ! -e "$BATS_TEST_TMPDIR/started" ]
}
