#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Signals and stops that meet a paused container, a stuck start, a process of no
# service, an output that stalls.

load ../lib/dashpot
load ../lib/faults

setup_file()
{
	need_program lease
}

teardown()
{
	faults_cleanup
}

# signal_all SIGNAL: send it to every process inside, PID 1 first; twice,
# because processes may be started in between
signal_all()
{
	local pid
	for _ in 1 2; do
		for pid in $(pgrep --ns "$NS_PID" --nslist pid .); do
			kill -s "$1" "$pid" 2>/dev/null || true
		done
	done
}

@test "a service that stops is not killed for the time that the container was paused" {
	dir=$(ns_dir)
	# The service needs four and a half seconds of its own time.
	cat >"$dir/slow" <<-END
		trap 'for i in \$(seq 45); do sleep 0.1; done; touch $dir/clean; exit 0' TERM
		touch $dir/up
		while :; do sleep 0.1; done
	END
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:slow]
		command = bash $dir/slow
		stop_timeout = 8s
	END_INI
	ns_start "$dir"
	wait_until 5 test -e "$dir/up"
	ns_signal TERM
	wait_until 5 said 'slow: stopping'
	sleep 3
	signal_all STOP
	sleep 8
	[ ! -e "$dir/clean" ]
	signal_all CONT
	ns_wait 20
	[ "$NS_STATUS" = 0 ]
	[ -e "$dir/clean" ]
	run ! said 'did not stop within'
}

@test "a start that is stuck does not make a stop take its stop_timeout" {
	dir=$(ns_dir)
	NS_PREFIX=("$BATS_FILE_TMPDIR/lease" /run/held)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:bad]
		command = /run/held
	END_INI
	ns_start "$dir"
	wait_until 5 service bad '.state == "starting"'
	began=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	at_most $(($(now_ms) - began)) 4000 "the shutdown took ms"
}

# stubborn_ini: shutdown_timeout = 1s, a service that ignores SIGTERM, and a
# process of no service that ignores it too and writes the time into $dir/beats
stubborn_ini()
{
	cat >"$dir/beat" <<-END
		trap '' TERM
		while :; do
			read -r up rest </proc/uptime
			echo \$up >>$dir/beats
			sleep 0.01
		done
	END
	cat >"$dir/dashpot.ini" <<-END_INI
		[dashpot]
		shutdown_timeout = 1s
		[service:a]
		shell = trap '' TERM; touch $dir/up; while :; do sleep 1; done
		[service:b]
		shell = setsid sh $dir/beat & sleep 1000
	END_INI
}

@test "what belongs to no service and ignores SIGTERM is killed before the last files are written" {
	dir=$(ns_dir)
	stubborn_ini
	# The relay, which cannot print, lets time pass after the last files.
	stall "$dir"
	ns_start "$dir"
	wait_until 5 test -e "$dir/up"
	wait_until 5 has_lines "$dir/beats" 3
	ns_stop
	[ "$NS_STATUS" = 0 ]
	diag '.phase == "exiting"'
	last=$(tail -n 1 "$dir/beats")
	at_most $((10#${last/./}0 - $(diag .monotonic_ms))) 100 "it lived on for ms"
}

@test "shutdown_timeout = 1s is about what a stop takes, whoever ignores SIGTERM" {
	dir=$(ns_dir)
	stubborn_ini
	ns_start "$dir"
	wait_until 5 test -e "$dir/up"
	wait_until 5 has_lines "$dir/beats" 3
	began=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	at_most $(($(now_ms) - began)) 2000 "the shutdown took ms"
}

@test "SIGUSR1 writes a snapshot and does not reach the main command" {
	dir=$(ns_dir)
	ns_start "$dir" -- sh -c 'sleep 1000; exit 5'
	wait_until 5 service main '.state == "running"'
	pid=$(service main .pid)
	last=$(diag .monotonic_ms)
	ns_signal USR1
	wait_until 5 said 'snapshot'
	wait_until 5 diag ".monotonic_ms > $last"
	stays 1 ns_alive
	service main ".state == \"running\" and .pid == $pid and .starts == 1"
	# In a loop the signal is a single event for each write, and displaces
	# no other event.
	began=$(now_ms)
	ns_exec bash -c 'for i in {1..2000}; do kill -USR1 1; done'
	took=$(($(now_ms) - began))
	ns_stop
	[ "$(grep -c '"event":"snapshot"' "$dir/vol/events.jsonl")" -le $((3 + took / 200)) ]
	[ "$NS_STATUS" = 143 ]
}
