#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Which service is started again, when, and when not any more.

load ../lib/dashpot
load ../lib/verify

# start_with LINE...: start dashpot with a service `web` of these lines
start_with()
{
	dir=$(ns_dir)
	{
		printf '%s\n' '[dashpot]' 'log_format = json' '[service:web]' "$@"
	} >"$dir/dashpot.ini"
	ns_start "$dir"
}

# has_said SERVICE EVENT NUMBER: the event was printed at least NUMBER times
has_said()
{
	[ "$(said_of "$1" "$2" | wc -l)" -ge "$3" ]
}

# nth NUMBER SERVICE EVENT [FIELD]: the field of the message with that number
nth()
{
	said_of "${@:2}" | sed -n "$1p"
}

@test "third failure blocks; one probe comes after 10 s, the next after 20 s more" {
	start_with 'command = false'
	wait_until 5 service web '.breaker == "open" and .state == "blocked"'
	[ "$(service web .starts)" = 3 ]
	[ "$(registry .services.web.breaker)" = open ]
	stays 2 service web '.starts == 3' >/dev/null
	wait_until 12 has_said web started 4
	waited=$(($(nth 4 web started) - $(nth 1 web blocked)))
	is_between 9990 "$waited" 12000
	nth 4 web started is_probe | grep -x true
	wait_until 5 has_said web blocked 2
	[ "$(nth 2 web blocked cooldown_ms)" = 20000 ]
	wait_until 2 service web '.starts == 4 and .trips == 2 and
		.next.what == "probe" and .next.in_ms > 15000'
}

@test "cooldown doubles from probe to probe, up to its maximum" {
	start_with 'command = false' 'cooldown = 300ms..1200ms' \
		'restart_delay = 10ms..10ms'
	wait_until 15 has_said web blocked 5
	said_of web blocked cooldown_ms | paste -sd ' ' | grep '^300 600 1200 1200 1200'
	for trip in 1 2 3; do
		cooldown=$(nth "$trip" web blocked cooldown_ms)
		waited=$(($(nth $((trip + 3)) web started) - $(nth "$trip" web blocked)))
		is_between $((cooldown - 10)) "$waited" $((cooldown + 500))
	done
}

@test "second window catches a service that lives too long for the first" {
	start_with 'command = sh -c "sleep 1; exit 1"' \
		'max_failures = 3 in 2s, 5 in 20s' 'restart_delay = 50ms..50ms'
	wait_until 20 has_said web blocked 1
	[ "$(nth 1 web blocked window_ms)" = 20000 ]
	[ "$(nth 1 web blocked failures)" = 5 ]
	[ "$(service web .starts)" = 5 ]
}

@test "a service that is killed once is back after 250 ms, its breaker closed" {
	start_with 'command = sleep 1000'
	wait_until 5 service web '.state == "running"'
	pid=$(service web .pid)
	ns_exec kill -s KILL "$pid"
	wait_until 5 has_said web started 2
	waited=$(($(nth 2 web started) - $(nth 1 web ended)))
	is_between 225 "$waited" 600
	wait_until 2 service web '.state == "running" and .breaker == "closed" and
		.ends[0].cause == "signalled" and .ends[0].signal == "SIGKILL"'
	[ "$(service web .pid)" != "$pid" ]
}

@test "a worker that ends well after min_runtime is restarted and never blocked" {
	start_with 'command = sleep 0.4' 'min_runtime = 300ms' \
		'restart_delay = 20ms..10s'
	wait_until 15 service web '.starts > 6'
	service web '.breaker == "closed" and .failures == 0'
	fails said '.event == "blocked"'
}

@test "a worker that ends well before min_runtime is blocked" {
	start_with 'command = sleep 0.1' 'min_runtime = 2s' \
		'restart_delay = 20ms..10s'
	wait_until 10 service web '.breaker == "open"'
	[ "$(service web .starts)" = 3 ]
	service web '.ends[0].is_failure and .ends[0].code == 0'
}

@test "exit code 127 blocks at once" {
	start_with 'command = sh -c "exit 127"'
	wait_until 5 service web '.breaker == "open"'
	[ "$(service web .starts)" = 1 ]
	[ "$(nth 1 web blocked window_ms)" = 0 ]
}

@test "fatal_codes says which codes block at once" {
	start_with 'command = sh -c "exit 3"' 'fatal_codes = 3, 78'
	wait_until 5 service web '.breaker == "open"'
	[ "$(service web .starts)" = 1 ]
}

@test "a command that does not exist blocks at once, with step and errno" {
	start_with 'command = /does/not/exist'
	wait_until 5 service web '.breaker == "open"'
	[ "$(service web .starts)" = 1 ]
	service web '.ends[0] | .cause == "start-failed" and .step == "exec" and
		.errno == 2 and .errno_name == "ENOENT"'
	# A service that never ran has not started.
	[ -z "$(said '.event == "started" or .event == "ready"')" ]
}

@test "what fails at once was started, and ready only where that is checked" {
	start_with 'command = sh -c "exit 3"' 'fatal_codes = 3'
	wait_until 5 service web '.breaker == "open"'
	# The file of events follows the state by a moment.
	first_two() { [ "$(events '.service == "web"' | jq -r .event | head -n 2 | xargs)" = "$1" ]; }
	wait_until 5 first_two 'started ended'
	run ! events '.event == "ready"'
}

@test "a script without its interpreter is told apart from a missing command" {
	dir=$(ns_dir)
	printf '%s\n' '#!/does/not/exist' >"$dir/script"
	chmod 755 "$dir/script"
	start_with "command = $dir/script"
	wait_until 5 service web '.breaker == "open"'
	[ "$(service web .starts)" = 1 ]
	service web '.ends[0] | .cause == "start-failed" and
		.errno_name == "ENOENT"'
	service web .why | grep interpreter
	[ "$(nth 1 web ended step)" != '"exec"' ]
}

@test "a file that is not executable blocks at once with EACCES" {
	dir=$(ns_dir)
	: >"$dir/script"
	start_with "command = $dir/script"
	wait_until 5 service web '.breaker == "open"'
	service web '.ends[0] | .step == "exec" and .errno_name == "EACCES"'
	[ "$(service web .starts)" = 1 ]
}

@test "a directory that does not exist blocks at once, with its step" {
	start_with 'command = sleep 1000' 'directory = /does/not/exist'
	wait_until 5 service web '.breaker == "open"'
	service web '.ends[0] | .step == "directory" and .errno_name == "ENOENT"'
	[ "$(service web .starts)" = 1 ]
}

@test "trips at once lengthen the cooldown from the third in a row only" {
	start_with 'command = /does/not/exist' 'cooldown = 200ms..10s'
	wait_until 15 has_said web blocked 4
	said_of web blocked cooldown_ms | paste -sd ' ' | grep '^200 200 400 800'
}

@test "restart = never starts once, whatever the end" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[defaults]
		restart = never
		[service:bad]
		command = sh -c "exit 3"
		[service:good]
		command = true
		[service:long]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 5 service bad '.state == "failed"'
	wait_until 5 service good '.state == "done"'
	stays 1 service bad '.starts == 1' >/dev/null
	service good '.starts == 1'
	service long '.state == "running"'
}

@test "restart = on-failure starts again until it ends well" {
	dir=$(ns_dir)
	cat >"$dir/script" <<-END
		#!/bin/sh
		echo >>$dir/runs
		[ \$(wc -l <$dir/runs) = 3 ]
	END
	chmod 755 "$dir/script"
	start_with "command = $dir/script" 'restart = on-failure' \
		'max_failures = 9 in 1m' 'restart_delay = 10ms..10ms'
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
	[ "$(wc -l <"$dir/runs")" = 3 ]
	service web '.state == "done" and .starts == 3'
}

@test "success_codes are no failures" {
	start_with 'command = sh -c "exit 42"' 'restart = on-failure' \
		'success_codes = 0, 42'
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
	service web '.state == "done" and .starts == 1 and .failures == 0'
}

@test "a oneshot runs once and is done; a failed one keeps its dependents waiting" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:good]
		command = true
		type = oneshot
		[service:bad]
		command = false
		type = oneshot
		[service:next]
		command = sleep 1000
		after = good
		[service:never]
		command = sleep 1000
		after = bad
	END
	ns_start "$dir"
	wait_until 5 service next '.state == "running"'
	service good '.state == "done" and .starts == 1'
	wait_until 5 service bad '.state == "failed" and .starts == 1'
	wait_until 5 service never '.state == "waiting" and .starts == 0 and
		.waiting.for == "dependency" and .waiting.service == "bad"'
	stays 1 service never '.starts == 0' >/dev/null
}

@test "max_trips latches: no further start, and dashpot stays" {
	start_with 'command = false' 'max_trips = 2' 'cooldown = 200ms..10s' \
		'restart_delay = 10ms..10ms'
	wait_until 10 service web '.breaker == "latched" and .state == "failed"'
	[ "$(service web .starts)" = 4 ]
	stays 1 service web '.starts == 4' >/dev/null
	said_of web latched | grep .
	# An operator may still reset it.
	ns_alive
}

@test "a probe that lives for stable closes the breaker" {
	dir=$(ns_dir)
	start_with "command = sh -c 'test -e $dir/cured && exec sleep 1000'" \
		'cooldown = 500ms..10s' 'stable = 500ms' 'restart_delay = 10ms..10ms'
	wait_until 10 service web '.breaker == "open"'
	touch "$dir/cured"
	wait_until 10 service web '.breaker == "closed" and .state == "running" and
		.trips == 0'
	service web '.ends | length > 2'
}

@test "20 crash-loopers: a healthy service keeps its pid" {
	loopers
	wait_until 5 service healthy '.state == "running"'
	pid=$(service healthy .pid)
	stays 4 service healthy ".pid == $pid and .starts == 1" >/dev/null
}

@test "20 crash-loopers: never more than 20 + 5 t restarts in any t seconds" {
	loopers
	wait_until 20 restarts 60
	# The time of each restart, taken when its process was made.
	said '.event == "ended" and .number > 1' |
		jq '.monotonic_ms - .runtime_ms' | sort -n | awk '
		{ at[NR] = $1 }
		END {
			for (first = 1; first <= NR; first++)
				for (last = first; last <= NR; last++)
					if (last - first + 1 > 20 + (at[last] - at[first]) / 200)
						bad++
			print NR, "restarts,", bad + 0, "windows with too many"
			exit bad > 0
		}'
	# The budget held the services back, not a lack of restarts that were
	# due.
	said '.event == "waiting" and .for == "budget"' >/dev/null
}

# 20 services that fail at once and are never blocked, and a healthy one
loopers()
{
	dir=$(ns_dir)
	{
		printf '%s\n' '[dashpot]' 'log_format = json' '[defaults]' \
			'max_failures = none' 'restart_delay = 10ms..20ms' \
			'[service:healthy]' 'command = sleep 1000'
		for i in {1..20}; do
			printf '%s\n' "[service:loop$i]" 'command = false'
		done
	} >"$dir/dashpot.ini"
	ns_start "$dir"
}

# restarts NUMBER: at least NUMBER restarts were made
restarts()
{
	[ "$(said '.event == "started" and .start > 1' | wc -l)" -ge "$1" ]
}
