#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Health checks: each form, passing, failing, slow, hanging and flapping; what
# follows when dashpot gives up; and which failures say nothing about a service.
# `ready` by a file or a command is here too, because it uses the same checks.
load ../lib/dashpot
load ../lib/faults

PEER=$DASHPOT_LIB/peer.py
PORT=7313

setup_file()
{
	need_program hangfuse
}

teardown()
{
	faults_cleanup
}

setup()
{
	dir=$(ns_dir)
	NS_UNSHARE=(--net)
	echo ok >"$dir/mode"
}

# start_with LINE...: a service `web` that is checked every 100 ms
start_with()
{
	printf '%s\n' '[defaults]' 'restart_delay = 10ms..10ms' \
		'[service:web]' 'health_interval = 100ms' "$@" \
		>"$dir/dashpot.ini"
	ns_start "$dir" || return
	nsenter --target "$NS_PID" --net -- ip link set lo up
}

mode()
{
	echo "$1" >"$dir/mode.new"
	mv "$dir/mode.new" "$dir/mode"
}

# is FILTER: the row of web comes to match in time
is()
{
	wait_until 20 service web "$1"
}

WELL='.state == "running" and .health.state == "well"'

# --- forms ---------------------------------------------------------------------

@test "http: well, then ill: stopped for it, and started again" {
	start_with "command = python3 $PEER $dir/mode tcp 127.0.0.1 $PORT" \
		"ready = tcp:127.0.0.1:$PORT" "health = http:127.0.0.1:$PORT/h" \
		'max_failures = 1 in 1h' 'cooldown = 1s..1s' 'stable = 500ms'
	is "$WELL"
	mode 500
	is '.state == "blocked"'
	service web '.ends[0].cause == "unhealthy" and .ends[0].is_failure and
		.ends[0].signal == "SIGTERM" and .failures == 1'
	events '.event == "unhealthy" and .answer == "http" and .code == 500 and
		.failures == 3 and .max_failures == 3'
	events '.event == "given-up" and .cause == "unhealthy"'
	grep -q 'web: health check failed: HTTP status 500 (1 of 3 in a row)' \
		"$dir/stderr"
	# The probe is unhealthy as well, so it has failed.
	is '.trips == 2'
	mode ok
	is "$WELL and .breaker == \"closed\""
	volume_validate "$dir/vol"
}

@test "unix: a socket that nobody serves any more is no health" {
	start_with "command = python3 $PEER $dir/mode unix $dir/sock" \
		"ready = unix:$dir/sock" "health = unix:$dir/sock" \
		'max_failures = 1 in 1h'
	is "$WELL"
	mode deaf
	is '.state == "blocked" and .ends[0].cause == "unhealthy"'
}

@test "file: ready and well while it is there" {
	start_with 'command = sleep 1000' "ready = file:$dir/is ready" \
		"health = file:$dir/well" 'max_failures = 1 in 1h'
	is '.why | contains("not ready yet: waits for file:'"$dir"'/is ready (no such file or directory)")'
	touch "$dir/is ready" "$dir/well"
	is "$WELL"
	rm "$dir/well"
	is '.state == "blocked" and .ends[0].cause == "unhealthy"'
}

@test "file: what was there before the start makes nobody ready, what is new or changed does" {
	touch -d '2001-01-01' "$dir/up" "$dir/well"
	start_with 'command = sleep 1000' "ready = file:$dir/up" "health = file:$dir/well"
	is '.why | contains("(was there before this start; touch it or make it anew)")'
	touch -m -d '2001-01-01' "$dir/up" # the same time again, but set now
	is "$WELL"
	ctl restart web 3>&- &
	restart=$!
	is '.starts == 2 and .state == "starting"'
	is '.why | contains("was there before this start")'
	echo >"$dir/other"
	mv "$dir/other" "$dir/up"
	is "$WELL"
	wait "$restart"
	# A file that is missing at the start is new, whatever its inode and
	# times.
	mv "$dir/up" "$dir/kept"
	ctl restart web 3>&- &
	restart=$!
	is '.starts == 3 and .state == "starting"'
	mv "$dir/kept" "$dir/up"
	is "$WELL"
	wait "$restart"
}

@test "exec: ready and well by the exit code, as the service's user" {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" \
		"$BATS_TEST_TMPDIR" "$dir"
	cat >"$dir/check" <<-END
		#!/bin/sh
		echo noise
		[ "\$(id -u):\$A" = 12345:b ] || exit 9
		exit "\$(cat $dir/code)"
	END
	chmod 755 "$dir/check"
	echo 4 >"$dir/code"
	start_with 'command = sleep 1000' "ready = exec:$dir/check" \
		"health = exec:$dir/check" 'user = 12345' 'env.A = b' \
		'max_failures = 1 in 1h'
	is '.why | contains("(exit code 4)")'
	echo 0 >"$dir/code"
	is "$WELL"
	service web '.output == []'
	echo 7 >"$dir/code"
	is '.state == "blocked"'
	events '.event == "unhealthy" and .answer == "exit" and .code == 7'
}

@test "exec: a command that is not there is a failed check that says so" {
	start_with 'command = sleep 1000' 'health = exec:/no/such/file' \
		'max_failures = 1 in 1h'
	is '.state == "blocked" and .ends[0].cause == "unhealthy"'
	events '.event == "unhealthy" and .answer == "error" and .code == 2'
}

# --- slow, hanging, flapping -----------------------------------------------------

@test "a check that is slow, and in time, is well" {
	start_with 'command = sleep 1000' "health = exec:sleep 0.5" \
		'health_timeout = 20s'
	is "$WELL"
	service web '.health.failures == 0'
}

@test "a command that hangs is killed with all that is its, one at a time" {
	cat >"$dir/check" <<-END
		#!/bin/sh
		trap '' TERM
		sleep 7654 &
		sleep 7654
	END
	chmod 755 "$dir/check"
	start_with 'command = sleep 1000' "health = exec:$dir/check" \
		'health_timeout = 500ms' 'health_failures = 3' \
		'max_failures = 1 in 1h'
	wait_until 20 events '.event == "unhealthy" and .answer == "timeout"'
	is '.state == "blocked"'
	[ "$(events '.event == "unhealthy"' | wc -l)" = 3 ]
	wait_until 20 no_sleeper
	service web '.starts == 1'
}

no_sleeper()
{
	[ -z "$(ns_pids 'sleep 7654')" ]
}

@test "file: a file system that hangs holds up nobody, and no second look" {
	[ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
	mkdir "$dir/hung"
	NS_PREFIX=("$BATS_FILE_TMPDIR/hangfuse" "$dir/hung")
	start_with 'command = sleep 1000' "health = file:$dir/hung/x" \
		'health_timeout = 200ms' 'health_failures = 2' \
		'[service:other]' 'command = sleep 1000' 'health_interval = 100ms' \
		"health = file:$dir"
	wait_until 20 events '.event == "unhealthy" and .service == "web" and .answer == "timeout"'
	wait_until 20 service other '.health.state == "well"'
	stays 1 has_few_looks
}

# has_few_looks: PID 1 has at most one child that makes a check for each of the
# two services, and the file system's server
has_few_looks()
{
	[ "$(ns_ps | awk '$2 == 1 && / run -c /' | wc -l)" -le 3 ] ||
		{ ns_ps; return 1; }
}

@test "http: a server that hangs is ill after health_failures time-outs" {
	start_with "command = python3 $PEER $dir/mode tcp 127.0.0.1 $PORT" \
		"ready = tcp:127.0.0.1:$PORT" "health = http:127.0.0.1:$PORT/" \
		'health_timeout = 300ms' 'max_failures = 1 in 1h'
	is "$WELL"
	mode hang
	is '.state == "blocked"'
	events '.event == "unhealthy" and .answer == "timeout" and .failures == 3'
}

@test "flapping is no failure: only so many in a row are" {
	cat >"$dir/check" <<-END
		#!/bin/sh
		n=\$(cat $dir/n 2>/dev/null || echo 0)
		echo \$((n + 1)) >$dir/n
		[ \$((n % 3)) = 0 ]
	END
	chmod 755 "$dir/check"
	start_with 'command = sleep 1000' "health = exec:$dir/check"
	wait_until 30 flapped
	service web '.state == "running" and .starts == 1 and .ends == []'
}

flapped()
{
	[ "$(events '.event == "healthy" and .failures == 2' | wc -l)" -ge 3 ]
}

# --- what says nothing --------------------------------------------------------------

@test "a check that the machine refuses is skipped, not failed" {
	# Room for the service and the reserve, and for no further process.
	start_with 'command = sleep 1000' 'health = exec:true' \
		'health_failures = 1' 'limit.nproc = 2' 'user = 54321' \
		'[dashpot]' 'headroom = 1'
	wait_until 20 events '.event == "check-skipped" and .service == "web" and .is_health'
	stays 1 service web '.state == "running" and .starts == 1'
	service web '.health.failures == 0'
	[ "$(events '.event == "check-skipped"' | wc -l)" = 1 ]
}

@test "a service that dies while it is checked died, and that is all" {
	cat >"$dir/check" <<-END
		#!/bin/sh
		touch $dir/begun
		exec sleep 9753
	END
	chmod 755 "$dir/check"
	start_with "shell = while ! [ -e $dir/begun ]; do sleep 0.02; done; exit 5" \
		"health = exec:$dir/check" 'max_failures = 1 in 1h' \
		'health_timeout = 1h'
	is '.state == "blocked" and .ends[0].cause == "exited" and .ends[0].code == 5'
	wait_until 20 no_check
	run ! events '.event == "unhealthy"'
}

no_check()
{
	[ -z "$(ns_pids 'sleep 9753')" ]
}

@test "health_grace: nobody asks before it is over" {
	start_with 'command = sleep 1000' "health = exec:touch $dir/asked" \
		'health_grace = 3s'
	is '.state == "running"'
	began=$(service web .since_monotonic_ms)
	wait_until 20 test -e "$dir/asked"
	[ "$(now_ms)" -ge $((began + 2900)) ]
}

# --- a probe ------------------------------------------------------------------------

@test "a probe is well only when its health check has passed" {
	cat >"$dir/check" <<-END
		#!/bin/sh
		[ -e $dir/well ]
	END
	chmod 755 "$dir/check"
	start_with "shell = [ -e $dir/fixed ] && exec sleep 1000; exit 1" \
		"health = exec:$dir/check" 'health_failures = 1000' \
		'stable = 1s' 'max_failures = 1 in 1h' 'cooldown = 100ms..100ms'
	is '.state == "blocked"'
	touch "$dir/fixed"
	is '.state == "probing" and .health.failures > 12'
	service web '.breaker == "half-open"'
	touch "$dir/well"
	is "$WELL and .breaker == \"closed\""
}

@test "a reload that changes the health check begins anew, without a restart" {
	start_with 'command = sleep 1000' "health = exec:test -e $dir/no" \
		'health_failures = 1000'
	is '.health.failures > 2'
	sed -i 's/^health = .*/health = exec:true/' "$dir/dashpot.ini"
	ctl reload
	is "$WELL"
	service web '.starts == 1'
	sed -i '/^health = /d' "$dir/dashpot.ini"
	ctl reload
	is '.health == null'
	service web '.starts == 1'
}
