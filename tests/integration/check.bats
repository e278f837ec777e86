#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# `dashpot check`: what an operator is told before a deployment.

load ../lib/dashpot
load ../lib/verify

setup()
{
	file=$BATS_TEST_TMPDIR/dashpot.ini
}

# write LINE...: write the configuration file
write()
{
	printf '%s\n' "$@" >"$file"
}

@test "a file without doubts: exit 0, also with --strict, one line of summary" {
	write '[service:web]' 'command = sleep 1' 'essential = yes'
	run -0 --separate-stderr "$DASHPOT" check -c "$file" --strict
	[ "$output" = '1 service, no mistake, no warnings; stopping needs up to 9.5 s' ]
	[ "$stderr" = '' ]
}

@test "warnings name file, line and key; exit 0, with --strict 1" {
	write '[service:a]' 'command = sleep 1' '' '[service:web]' \
		'command = no-such-program' 'max_failures = 10 in 5s' \
		'restart_delay = 1s..10s'
	run -0 --separate-stderr "$DASHPOT" check -c "$file"
	[[ $stderr == *"$file:4: warning: command: no-such-program is not in PATH"* ]]
	[[ $stderr == *"$file:4: warning: max_failures = 10 in 5 s can never be reached"* ]]
	[[ $output == '2 services, no mistake, 3 warnings;'* ]]
	run -1 "$DASHPOT" check --strict -c "$file"
}

@test "what check says can never be reached is never reached by simulate" {
	write '[service:web]' 'command = sleep 1' 'max_failures = 5 in 10s' \
		'restart_delay = 1s..10s'
	run -1 "$DASHPOT" check --strict -c "$file"
	"$DASHPOT" simulate -c "$file" --lifetime 0 --for 7d --json |
		jq -e '.services.web.trips == 0'
	sed -i 's/in 10s/in 20s/' "$file"
	run -0 "$DASHPOT" check --strict -c "$file"
	"$DASHPOT" simulate -c "$file" --lifetime 0 --for 7d --json |
		jq -e '.services.web.trips > 0'
}

@test "mistakes are 100, and nothing else is said" {
	write '[service:web]' 'command = no-such-program' 'stop_timeout = 8'
	run -100 "$DASHPOT" check --strict --explain-policy -c "$file"
	[[ $output == *"$file:3: "* ]]
	[[ $output != *warning* ]]
	[[ $output != *restarted* ]]
}

@test "--env-file brings variables, over those that are there" {
	# shellcheck disable=SC2016 # for dashpot
	write '[service:web]' 'command = sleep ${SECS}' 'stop_timeout = ${STOP}' \
		'essential = yes'
	run -100 "$DASHPOT" check -c "$file"
	printf '%s\n' '# of the build' 'SECS=1' '' 'STOP="3s"' >"$BATS_TEST_TMPDIR/env"
	STOP=5s run -0 "$DASHPOT" check -c "$file" --env-file "$BATS_TEST_TMPDIR/env"
	[[ $output == *'needs up to 4.5 s' ]]
	echo 'no variable' >>"$BATS_TEST_TMPDIR/env"
	run -100 "$DASHPOT" check -c "$file" --env-file="$BATS_TEST_TMPDIR/env"
	[[ $output == *"env:5: is neither NAME=VALUE nor NAME"* ]]
	run -100 "$DASHPOT" check -c "$file" --env-file /does/not/exist
	run -100 "$DASHPOT" check -c "$file" --env-file
}

@test "PATH of --env-file is where commands are looked for" {
	write '[service:web]' 'command = sleep 1'
	echo PATH=/does/not/exist >"$BATS_TEST_TMPDIR/env"
	run -1 "$DASHPOT" check --strict -c "$file" --env-file "$BATS_TEST_TMPDIR/env"
	[[ $output == *'sleep is not in PATH (/does/not/exist)'* ]]
}

@test "--explain-policy says in words what the settings mean" {
	write '[service:web]' 'command = sleep 1'
	run -0 --separate-stderr "$DASHPOT" check -c "$file" --explain-policy
	[[ ${lines[0]} == 'web: always restarted, after 250 ms doubling to 30 s; the 3rd failure within 15 s or the 10th within 10 m or the 10th in a row blocks it; tried again after 10 s, then 20 s, at most every 5 m; '* ]]
	[[ ${lines[1]} == 'all together: at most 20 restarts at once and 5 in 1 s'* ]]
}

@test "diagnostic.json says the policy in the same words" {
	dir=$(ns_dir)
	printf '%s\n' '[service:web]' 'command = sleep 1000' 'max_trips = 3' \
		>"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	policy=$(service web .policy)
	run -0 --separate-stderr "$DASHPOT" check -c "$dir/dashpot.ini" --explain-policy
	[ "${lines[0]}" = "web: $policy" ]
}

@test "a command behind -- is looked at as well" {
	write '[service:web]' 'command = sleep 1'
	run -1 --separate-stderr "$DASHPOT" check --strict -c "$file" -- no-such-program --strict
	[[ $stderr == *'command line: warning: command: no-such-program is not in PATH'* ]]
	run -0 "$DASHPOT" check --strict -c "$file" -- sleep 1
}

@test "no essential service is one note, and no warning" {
	write '[service:web]' 'command = sleep 1'
	run -0 --separate-stderr "$DASHPOT" check --strict -c "$file"
	[ "$stderr" = 'dashpot: note: no service is essential, so the container goes on when one of them is blocked' ]
}

@test "a command that check does not find does not start either, and the other way round" {
	dir=$(ns_dir)
	mkdir "$dir/bin"
	printf '#!/no/such\n' >"$dir/bin/script"
	chmod 755 "$dir/bin/script"
	: >"$dir/bin/plain"
	: >"$dir/bin/sleep"
	printf '%s\n' '[defaults]' "env.PATH = $dir/bin:/usr/bin:/bin" \
		'[service:script]' 'command = script' \
		'[service:plain]' 'command = plain' \
		'[service:missing]' 'command = missing' \
		'[service:found]' 'command = sleep 1000' >"$dir/dashpot.ini"
	run -1 "$DASHPOT" check --strict -c "$dir/dashpot.ini"
	[[ $output == *'script needs what does not exist: /no/such'* ]]
	[[ $output == *'plain cannot be executed'* ]]
	[[ $output == *'missing is not in PATH'* ]]
	[[ $output == *' 3 warnings'* ]]
	ns_start "$dir"
	wait_until 10 diag '[.services[] | select(.state == "blocked")] | length == 3'
	wait_until 10 service found '.state == "running"'
	[ "$(service script '.ends[0].step')" = interpreter ]
	[ "$(service plain '.ends[0].errno_name')" = EACCES ]
	[ "$(service missing '.ends[0].errno_name')" = ENOENT ]
}

@test "what check says of a file is why it does not start, and explain says it too" {
	dir=$(ns_dir)
	mkdir "$dir/bin"
	printf '#!/bin/sh\r\nexit 0\r\n' >"$dir/bin/return"
	: >"$dir/bin/empty"
	printf '\177ELF\2\1\1%057d\377\377' 0 >"$dir/bin/foreign"
	sed 's/0/\x0/g' -i "$dir/bin/foreign"
	chmod 755 "$dir"/bin/*
	for file in return empty foreign; do
		printf '[service:%s]\ncommand = %s\n' "$file" "$dir/bin/$file"
	done >"$dir/dashpot.ini"
	run -0 "$DASHPOT" check -c "$dir/dashpot.ini"
	[[ $output == *'/return has a carriage return at the end of its first line'* ]]
	[[ $output == *'/empty is empty'* ]]
	[[ $output == *'/foreign is a program of another machine'* ]]
	ns_start "$dir"
	wait_until 10 diag '[.services[] | select(.state == "blocked")] | length == 3'
	[ "$(service return '.ends[0].which')" = 'carriage return' ]
	[ "$(service empty '.ends[0].which')" = 'empty file' ]
	[ "$(service foreign '.ends[0].which')" = 'program of another machine' ]
	run -1 ctl explain return
	[[ $(tr -s '\n ' ' ' <<<"$output") == *'ends with a carriage return'*'sed -i'* ]]
	run -1 ctl explain empty
	[[ $(tr -s '\n ' ' ' <<<"$output") == *'has no bytes'* ]]
	volume_validate "$dir/vol"
}

@test "a limit that check says cannot be set fails the start, others do not" {
	dir=$(ns_dir)
	printf '%s\n' '[service:more]' 'command = sleep 1000' \
		'limit.nofile = 64:1024G' '[service:tries]' 'command = sleep 1000' \
		'limit.nofile = -64:1024G' >"$dir/dashpot.ini"
	run -1 "$DASHPOT" check --strict -c "$dir/dashpot.ini"
	[[ $output == *'limit.nofile: the hard limit here is'* ]]
	[[ $output == *' 1 warning;'* ]]
	ns_start "$dir"
	wait_until 10 service more '.state == "blocked"'
	wait_until 10 service tries '.state == "running"'
	[ "$(service more '.ends[0].step')" = limit ]
}

@test "a user and capabilities that check says cannot be had fail the start, others do not" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become another user"
	chmod a+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	dir=$(ns_dir)
	chown 1000:1000 "$dir/vol"
	file=$dir/dashpot.ini
	write '[defaults]' 'no_new_privileges = yes' \
		'[service:same]' 'command = sleep 1000' 'user = 1000' \
		'capabilities = none' \
		'[service:other]' 'command = sleep 1000' 'user = 1001' \
		'[service:kept]' 'command = sleep 1000' 'capabilities = kill' \
		'[service:tried]' 'command = sleep 1000' 'capabilities = -kill'
	NS_PREFIX=(setpriv --reuid 1000 --regid 1000 --clear-groups)
	run -0 --separate-stderr "${NS_PREFIX[@]}" "$DASHPOT" check -c "$file"
	[[ $stderr == *'user = 1001 takes CAP_SETUID, which uid 1000 does not have here'* ]]
	[[ $stderr == *'capabilities: kill is not there to be kept'* ]]
	[ "$(grep -c 'start would fail' <<<"$stderr")" = 2 ]
	ns_start "$dir"
	wait_until 10 service other '.state == "blocked" and .ends[0].step == "user"'
	wait_until 10 service kept '.state == "blocked" and .ends[0].which == "kill"'
	wait_until 10 service same '.state == "running"'
	wait_until 10 service tried '.state == "running"'
}
