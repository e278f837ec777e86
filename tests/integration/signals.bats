#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Signals from other processes, many or early: no signal holds up PID 1, and no
# signal with a meaning is lost.

load ../lib/dashpot
load ../lib/verify

setup_file()
{
	gcc -O2 -o "$BATS_FILE_TMPDIR/flood" "$DASHPOT_TOP/tests/lib/flood.c"
	musl-gcc -D_GNU_SOURCE -static -O2 -o "$BATS_FILE_TMPDIR/early" "$DASHPOT_TOP/tests/lib/early.c"
}

# flood_begins NUMBER...: two processes inside send these to PID 1 for 5 s. A
# dashpot that a test floods is started with a queue of 2,000, because a longer
# queue, once full, would stop the machine.
flood_begins()
{
	ns_exec "$BATS_FILE_TMPDIR/flood" 1 5 2 "$@" 3>&- &
}

# loop_ini: a service that ends every 300 ms and adds a line to $dir/runs at
# each start
loop_ini()
{
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:loop]
		shell = echo run >>$dir/runs; exec sleep 0.3
		min_runtime = 0s
		restart_delay = 10ms..10ms
	END_INI
}

# runs_in_3_s: how often the service starts
runs_in_3_s()
{
	local before
	before=$(wc -l <"$dir/runs")
	sleep 3
	echo $(($(wc -l <"$dir/runs") - before))
}

@test "a flood of real-time signals delays no restart, no stop and no command" {
	dir=$(ns_dir)
	loop_ini
	NS_PREFIX=(prlimit --sigpending=2000)
	ns_start "$dir"
	wait_until 5 test -s "$dir/runs"
	alone=$(runs_in_3_s)
	flood_begins {40..59}
	flooded=$(runs_in_3_s)
	echo "# in 3 s $flooded of $alone restarts under a flood of signals" >&3
	[ $((flooded * 3)) -ge $((alone * 2)) ]
	timeout 3 nsenter --target "$NS_PID" --pid --mount -- "$DASHPOT" status
	ns_stop TERM 8
	[ "$NS_STATUS" = 0 ]
}

@test "beside a flood of signals 37 stops everything, and the command gets its own" {
	dir=$(ns_dir)
	cat >"$dir/main" <<-'END'
		for n in {1..64}; do
			[ "$n" = 17 ] || trap '' "$n" 2>/dev/null || true
		done
		trap "echo got >>$1/got" 39
		trap 'echo told >>$1/told; exit 7' TERM
		echo up >"$1/up"
		while :; do sleep 0.02; done
	END
	NS_PREFIX=(prlimit --sigpending=2000)
	ns_start "$dir" -- bash "$dir/main" "$dir"
	wait_until 5 test -e "$dir/up"
	flood_begins 12 {40..59}
	sleep 0.5
	ns_exec bash -c 'kill -39 1'
	wait_until 2 test -s "$dir/got"
	ns_exec bash -c 'kill -37 1' || : # everything stops, also the sender
	wait_until 3 test -s "$dir/told"
	ns_wait 5
	[ "$NS_STATUS" = 7 ]
}

@test "-- CMD: beside a flood orphans are reaped, and SIGTERM and 37 reach the command" {
	dir=$(ns_dir)
	cat >"$dir/main" <<-'END'
		for n in {1..64}; do
			[ "$n" = 17 ] || trap '' "$n" 2>/dev/null || true
		done
		trap "echo got >>$1/got" 37
		trap 'exit 7' TERM
		echo up >"$1/up"
		while :; do sleep 0.02; done
	END
	NS_PREFIX=(prlimit --sigpending=2000)
	ns_run "$dir" "$DASHPOT" -- bash "$dir/main" "$dir"
	wait_until 5 test -e "$dir/up"
	flood_begins 10 12 {40..59}
	sleep 0.5
	ns_exec bash -c 'kill -37 1'
	wait_until 2 test -s "$dir/got"
	ns_exec sh -c 'sleep 0.01 & sleep 0.02 & exit 0'
	wait_until 2 no_zombies
	ns_stop TERM 3
	[ "$NS_STATUS" = 7 ]
}

# no_zombies: no process inside waits for PID 1 to reap it
no_zombies()
{
	! ns_ps | awk '$2 == 1 && $3 ~ /Z/' | grep .
}

@test "a command has the signal queue and the dispositions that dashpot was given" {
	# show: print the limit of a service, and the signals that it ignores
	# and blocks
	cat >"$BATS_TEST_TMPDIR/show" <<-'END'
		prlimit --sigpending --output SOFT,HARD --noheadings
		grep -E '^Sig(Blk|Ign)' /proc/self/status
	END
	NS_PREFIX=(prlimit --sigpending=1234:2345)
	want=$(prlimit --sigpending=1234:2345 env --default-signal sh "$BATS_TEST_TMPDIR/show")
	[[ "$want" = *1234*2345* ]]

	dir=$(ns_dir single)
	ns_run "$dir" "$DASHPOT" -- sh "$BATS_TEST_TMPDIR/show"
	ns_wait 5
	[ "$(cat "$dir/stdout")" = "$want" ]

	dir=$(ns_dir services)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:web]
		shell = exec sh $BATS_TEST_TMPDIR/show >$dir/web
		type = oneshot
		[service:written]
		shell = exec sh $BATS_TEST_TMPDIR/show >$dir/written
		type = oneshot
		limit.sigpending = 77
		[service:checked]
		command = sleep 1000
		ready = exec:sh -c 'sh $BATS_TEST_TMPDIR/show >$dir/checked'
	END_INI
	ns_start "$dir"
	wait_until 5 test -s "$dir/checked"
	wait_until 5 test -s "$dir/written"
	wait_until 5 test -s "$dir/web"
	[ "$(cat "$dir/web")" = "$want" ]
	[ "$(cat "$dir/checked")" = "$want" ]
	[[ "$(cat "$dir/written")" =~ ^\ *77\ +77 ]]
	# Helpers keep the short queue.
	[ "$(prlimit --pid "$NS_PID" --sigpending --output SOFT --noheadings | tr -d ' ')" = 64 ]
	helper=$(ns_exec pgrep -f 'dashpot: recorder')
	[ "$(ns_exec prlimit --pid "$helper" --sigpending --output SOFT --noheadings | tr -d ' ')" = 64 ]
}

@test "who ends by what a person sent is told as that, and not as a crash" {
	dir=$(ns_dir)
	printf '%s\n' '[service:web]' 'command = sleep 1000' 'max_failures = 1 in 1m' \
		'[service:caught]' 'max_failures = 1 in 1m' \
		"shell = trap 'exit 143' TERM; while :; do sleep 0.02; done" \
		>"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	wait_until 5 service caught '.state == "running"'
	ctl signal HUP web | grep -q '^web: SIGHUP sent; '
	ctl signal 15 caught | grep -q '^caught: SIGTERM sent; '
	wait_until 5 service web '.starts == 2 and .state == "running"'
	wait_until 5 service caught '.starts == 2 and .state == "running"'
	service web '.ends[0] | .cause == "sent" and .signal == "SIGHUP" and (.is_failure | not)'
	service web '.failures == 0'
	service caught '.ends[0] | .cause == "sent" and .signal == "SIGTERM"'
	ctl explain web >"$dir/why"
	run ! grep -q 'The program crashed' "$dir/why"
	grep -q 'that a person sent' "$dir/stderr"
}

# early_terms NUMBER CODES COMMAND...: SIGTERM that comes within 3 ms of its exec ends the
# command with one of CODES, and no signal is lost where a program that only
# waits for it loses none
early_terms()
{
	local number=$1 codes=$2 got
	shift 2
	got=$(unshare --mount sh -c 'mount -t tmpfs run /run && exec "$@"' sh \
		"$BATS_FILE_TMPDIR/early" "$number" 3000 "$@" 2>"$dir/stderr" </dev/null 3>&-)
	echo "${*: -3}: $got"
	[[ "$got" =~ ^lost\ 0(\ ($codes):[0-9]+)+$ ]]
}

@test "SIGTERM within 3 ms of exec is never lost, and ends a command that does not execute yet as SIGTERM does" {
	dir=$(ns_dir)
	printf '[dashpot]\ndiagnostics = %s\n[service:web]\ncommand = sleep 1000\n' \
		"$dir/vol" >"$dir/dashpot.ini"
	early_terms 300 0 - || skip "this machine loses signals by itself"
	early_terms 400 143 "$DASHPOT" -- sleep 1000
	early_terms 300 '0|143' "$DASHPOT" run -- sleep 1000
	early_terms 300 0 "$DASHPOT" run -c "$dir/dashpot.ini"
}

# open_dir: users other than root may use $dir
open_dir()
{
	local above=$dir
	chmod 777 "$dir" "$dir/vol"
	while [ "$above" != /tmp ] && [ "$above" != / ]; do
		chmod a+x "$above"
		above=${above%/*}
	done
}

@test "without CAP_KILL another user's service is stopped, or it is said why not" {
	dir=$(ns_dir)
	printf '%s\n' '[service:web]' 'user = 4711' "stop_timeout = 5s" \
		"shell = trap 'echo told >>$dir/told; exit 0' TERM; echo up >>$dir/up-web; while :; do sleep 0.02; done" \
		'[service:deaf]' 'user = 4712' 'stop_timeout = 300ms' 'stop_mode = group' \
		"shell = trap '' TERM; echo up >>$dir/up-deaf; while :; do sleep 0.02; done" \
		'[service:own]' 'command = sleep 1000' >"$dir/dashpot.ini"
	open_dir
	NS_PREFIX=(setpriv --bounding-set=-kill)
	ns_start "$dir"
	wait_until 5 test -s "$dir/up-web"
	wait_until 5 test -s "$dir/up-deaf"
	ctl signal USR2 own
	ctl stop --timeout 10s web deaf
	[ "$(cat "$dir/told")" = told ]
	wait_until 5 service deaf '.ends[0].cause == "killed"'
	ns_stop
	[ "$NS_STATUS" = 0 ]
	run ! events '.event == "unsignalled"'
}

# as_setuid: start dashpot as a user whose processes RLIMIT_NPROC counts, with
# CAP_SETUID and without CAP_KILL
as_setuid()
{
	NS_PREFIX=(setpriv --reuid=4712 --regid=4712 --clear-groups --inh-caps=+setuid,+setgid
		--ambient-caps=+setuid,+setgid --bounding-set=-all,+setuid,+setgid)
}

# nproc N: set the number of processes that the user of as_setuid may have
nproc()
{
	ns_exec setpriv --reuid=4712 --regid=4712 --clear-groups prlimit --pid 1 --nproc="$1:"
}

@test "stop signal and kill for which no courier can be forked are sent once there is room" {
	dir=$(ns_dir)
	printf '%s\n' '[service:web]' 'user = 4711' 'stop_timeout = 1m' \
		"shell = trap 'echo told >>$dir/told; exit 0' TERM; echo up >>$dir/up; while :; do sleep 0.02; done" \
		'[service:deaf]' 'user = 4713' 'stop_timeout = 100ms' \
		"shell = trap '' TERM; echo up >>$dir/up; while :; do sleep 0.02; done" >"$dir/dashpot.ini"
	open_dir
	touch "$dir/up" "$dir/told"
	chmod 666 "$dir/up" "$dir/told"
	as_setuid
	ns_start "$dir"
	wait_until 10 sh -c "[ \$(grep -c up '$dir/up') = 2 ]"
	nproc 1
	ns_exec "$DASHPOT" stop --timeout 100ms web deaf || true
	wait_until 5 service web '.why | startswith("stopping: cannot be signalled (")'
	wait_until 5 service deaf .is_unsignalled
	[ ! -s "$dir/told" ]
	nproc 1000
	wait_until 10 service web '.state == "stopped" and (.is_unsignalled | not)'
	wait_until 10 service deaf '.ends[0].cause == "killed" and (.is_unsignalled | not)'
	[ "$(cat "$dir/told")" = told ]
	[ "$(events '.event == "unsignalled" and .errno == "EAGAIN"' | jq -s length)" -ge 2 ]
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "-- CMD: without CAP_KILL SIGTERM reaches a command that became another user" {
	dir=$(ns_dir)
	NS_PREFIX=(setpriv --bounding-set=-kill)
	ns_run "$dir" "$DASHPOT" -- setpriv --reuid=4711 --clear-groups \
		sh -c 'trap "exit 7" TERM; echo up; while :; do sleep 0.02; done'
	wait_until 5 test -s "$dir/stdout"
	ns_stop TERM 5
	[ "$NS_STATUS" = 7 ]
}

@test "without CAP_KILL and CAP_SETUID nothing is said to be sent, and the reason names CAP_KILL" {
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'log_format = json' 'shutdown_timeout = 2s' \
		'[service:web]' 'stop_timeout = 300ms' \
		"command = $dir/become --reuid=4711 --clear-groups sh -c 'echo up >$dir/up; exec sleep 1000'" \
		>"$dir/dashpot.ini"
	open_dir
	# A set-user-ID program of root, as sudo(8) is.
	cp "$(command -v setpriv)" "$dir/become"
	chmod 4755 "$dir/become"
	NS_PREFIX=(setpriv --reuid=4712 --regid=4712 --clear-groups)
	ns_start "$dir"
	wait_until 5 test -s "$dir/up"
	run -1 ctl signal HUP web
	[[ "$output" != *'SIGHUP sent'* ]]
	service web '.is_unsignalled | not'
	run -1 ctl stop --timeout 100ms web
	wait_until 5 service web '.is_unsignalled and .next == null'
	ctl status web | grep 'cannot be signalled .*CAP_KILL'
	run -1 ctl explain web
	[[ "$output" == *'cannot be signalled'*CAP_KILL* ]]
	ns_stop TERM 10
	said '.event == "unsignalled" and .signal == "SIGTERM" and .errno == "EPERM"' | grep -q CAP_KILL
	run ! said '.event == "stopping" or .event == "killed"'
}

@test "-- CMD: a signal for which no courier can be forked is sent once there is room" {
	dir=$(ns_dir)
	as_setuid
	ns_run "$dir" "$DASHPOT" -- setpriv --reuid=4711 --clear-groups \
		sh -c 'trap "exit 7" TERM; echo up; while :; do sleep 0.02; done'
	wait_until 5 test -s "$dir/stdout"
	nproc 1
	ns_exec kill -TERM 1
	wait_until 5 grep -q 'signal 15 cannot be sent .*CAP_KILL' "$dir/stderr"
	nproc 1000
	ns_wait 10
	[ "$NS_STATUS" = 7 ]
	[ "$(grep -c 'cannot be sent' "$dir/stderr")" = 1 ]
}

@test "-- CMD: what cannot be sent without CAP_KILL and CAP_SETUID is said, once" {
	dir=$(ns_dir)
	open_dir
	cp "$(command -v setpriv)" "$dir/become"
	chmod 4755 "$dir/become"
	NS_PREFIX=(setpriv --reuid=4712 --regid=4712 --clear-groups)
	ns_run "$dir" "$DASHPOT" -- "$dir/become" --reuid=4711 --clear-groups \
		sh -c 'echo up; while [ ! -e "$1/go" ]; do sleep 0.02; done' sh "$dir"
	wait_until 5 test -s "$dir/stdout"
	ns_exec kill -HUP 1
	wait_until 5 grep -q 'signal 1 cannot be sent .*CAP_KILL' "$dir/stderr"
	ns_exec kill -USR1 1
	touch "$dir/go"
	ns_wait 5
	[ "$NS_STATUS" = 0 ]
	[ "$(grep -c 'cannot be sent' "$dir/stderr")" = 1 ]
}

# left_ini: two services of other users that leave processes in sessions of their own behind
left_ini()
{
	printf '%s\n' '[dashpot]' 'log_format = json' "$@"
	for uid in 4711 4713; do
		printf '%s\n' "[service:u$uid]" "user = $uid" 'leftover_grace = 300ms' 'restart = never' \
			"shell = for n in 1 2 3; do setsid sh -c 'trap \"echo told >>$dir/told; exit\" TERM; echo up >>$dir/up; while :; do sleep 0.02; done' & done; setsid sh -c 'trap \"\" TERM; echo up >>$dir/up; while :; do sleep 0.02; done' & while ! grep -c up $dir/up | grep -q 8; do sleep 0.02; done; sleep 0.2"
	done
}

@test "without CAP_KILL what other users' services leave behind is told and killed" {
	dir=$(ns_dir)
	left_ini 'orphans = kill-after 1s' '[service:own]' 'command = sleep 1000' >"$dir/dashpot.ini"
	open_dir
	touch "$dir/up" "$dir/told"
	chmod 666 "$dir/up" "$dir/told"
	NS_PREFIX=(setpriv --bounding-set=-kill)
	ns_start "$dir"
	wait_until 10 service u4711 '.state == "done" and .leftovers == 0'
	wait_until 10 service u4713 '.state == "done" and .leftovers == 0'
	[ "$(grep -c told "$dir/told")" = 6 ]
	run ! ns_exec pgrep -u 4711,4713
	[ "$(said '.event == "leftovers-killed"' | jq -s length)" = 2 ]
	# Processes of no service: an orphan, then a process that only a full
	# stop ends.
	ns_exec setpriv --reuid=4715 --clear-groups sh -c 'sh -c "exec sleep 1000" & exit 0' 3>&-
	wait_until 10 said '.event == "orphan-told"'
	wait_until 5 test -z "$(ns_exec pgrep -u 4715)"
	ns_exec setpriv --reuid=4716 --clear-groups sh -c "trap 'echo rest >>$dir/told; exit' TERM; echo up >>$dir/up; while :; do sleep 0.02; done" 3>&- &
	wait_until 5 sh -c "[ \$(grep -c up '$dir/up') = 9 ]"
	ns_stop
	[ "$NS_STATUS" = 0 ]
	grep -q rest "$dir/told"
	said '.event == "shutdown-rest" and .processes >= 1'
	run ! said '.event == "unsignalled" or .event == "orphans"'
}

@test "without CAP_KILL and CAP_SETUID no leftover is said to be told or killed" {
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'log_format = json' 'shutdown_timeout = 2s' \
		'[service:own]' 'command = sleep 1000' \
		'[service:other]' 'user = 4711' 'command = sleep 1000' 'autostart = no' \
		'[service:web]' 'restart = never' 'leftover_grace = 100ms' \
		"command = $dir/become --reuid=4711 --clear-groups sh -c 'setsid sleep 1000 & sleep 0.2; echo up >$dir/up'" \
		>"$dir/dashpot.ini"
	open_dir
	cp "$(command -v setpriv)" "$dir/become"
	chmod 4755 "$dir/become"
	NS_PREFIX=(setpriv --reuid=4712 --regid=4712 --clear-groups)
	ns_start "$dir"
	wait_until 5 test -s "$dir/up"
	wait_until 5 said '.event == "unsignalled" and .service == "web"'
	said '.event == "unsignalled" and .service == "web"' | grep -q CAP_KILL
	wait_until 5 service web '.state == "done" and .is_unsignalled and .leftovers == 1'
	ctl status web | grep 'cannot be signalled .*CAP_KILL'
	ctl explain web | grep 'cannot be signalled'
	# Another process ended the leftover: the answers follow.
	ns_exec pkill -KILL -u 4711
	wait_until 5 service web '.leftovers == 0 and (.is_unsignalled | not)'
	ns_stop TERM 10
	[ "$(said '.event == "unsignalled" and .service == "web"' | jq -s length)" = 1 ]
	run ! grep -q 'told to end' "$dir/stderr"
	said '.event == "unsignalled" and .service == "other"' | grep -q 'cannot be signalled; dashpot needs CAP_KILL'
	run ! said '.event == "leftovers-killed" or .event == "leftovers-stay" or .event == "shutdown-rest"'
}
