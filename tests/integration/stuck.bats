#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A start that blocks in a hung file system or in a FIFO blocks nobody else.
#
# The file system that never answers is mounted inside the namespace of each
# dashpot only, and its server ends with that namespace.

load ../lib/dashpot
load ../lib/faults

setup_file()
{
	need_program hangfuse
}

teardown()
{
	faults_cleanup
}

# hung_ini: $dir/hung hangs, and beside the services on standard input there is
# one that ends every 100 ms (looper) and one that does not (well)
hung_ini()
{
	[ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
	mkdir "$dir/hung"
	NS_PREFIX=("$BATS_FILE_TMPDIR/hangfuse" "$dir/hung")
	{
		cat <<-END_INI
			[dashpot]
			shutdown_timeout = 4s
			restart_rate = 1000/s burst 1000
			[defaults]
			stop_timeout = 1s
			[service:looper]
			shell = cut -d ' ' -f 1 /proc/uptime >>$dir/loops; exit 1
			restart_delay = 100ms..100ms
			max_failures = none
			[service:well]
			command = sleep 1000
			restart_delay = 100ms..100ms
		END_INI
		cat
	} >"$dir/dashpot.ini"
}

is_stuck_at()
{
	service "$1" ".is_stuck and .step == \"$2\" and .state == \"starting\""
}

# others_go_on NAME STEP: NAME gets stuck at STEP after five seconds and stays
# the only process of it, while the others start and restart on time and dashpot
# stops within its shutdown_timeout
others_go_on()
{
	local began
	ns_start "$dir"
	wait_until 5 has_lines "$dir/loops" 5
	began=$(now_ms)
	wait_until 5 service well '.state == "running"'
	service "$1" '.is_stuck == false'
	wait_until 10 is_stuck_at "$1" "$2"
	service "$1" ".why | test(\"stuck at $2 for [0-9.]+ s; the file or file system that it needs there does not answer\")"
	said_once "$1: stuck at $2 for 5"
	kill_kid "sleep 1000"
	wait_until 2 service well '.state == "running" and .starts == 2'
	stays 1 service "$1" '.starts == 1 and .is_stuck'
	said_once "$1: started"
	at_most "$(longest_gap "$dir/loops" "$began" "$(now_ms)")" 1500 "a restart took ms"
	began=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	at_most $(($(now_ms) - began)) 5000 "the shutdown took ms"
}


@test "a directory on a hung file system: stuck at directory, others start, restart and stop on time" {
	dir=$(ns_dir)
	hung_ini <<-END_INI
		[service:bad]
		command = sleep 2000
		directory = $dir/hung/work
	END_INI
	others_go_on bad directory
}

@test "a command on a hung file system: stuck at exec, others start, restart and stop on time" {
	dir=$(ns_dir)
	hung_ini <<-END_INI
		[service:bad]
		command = $dir/hung/program
	END_INI
	others_go_on bad exec
	said_once "the executable of a service did not answer within 500 ms"
}

@test "an output on a hung file system: stuck at stderr, others start, restart and stop on time" {
	dir=$(ns_dir)
	hung_ini <<-END_INI
		[service:bad]
		command = sleep 2000
		stderr = file:$dir/hung/log
	END_INI
	others_go_on bad stderr
}

@test "a FIFO without reader as stdout: stuck at stdout, others start, restart and stop on time" {
	dir=$(ns_dir)
	hung_ini <<-END_INI
		[service:bad]
		command = sleep 2000
		stdout = file:$dir/fifo
	END_INI
	mkfifo "$dir/fifo"
	others_go_on bad stdout
}

@test "when the FIFO gets a reader the service runs, as the one process it always was" {
	dir=$(ns_dir)
	hung_ini <<-END_INI
		[service:bad]
		shell = echo hello; exec sleep 2000
		stdout = file:$dir/fifo
	END_INI
	mkfifo "$dir/fifo"
	ns_start "$dir"
	wait_until 10 is_stuck_at bad stdout
	pid=$(service bad .pid)
	[ "$(timeout 5 head -n 1 "$dir/fifo")" = hello ]
	wait_until 5 service bad '.state == "running" and .is_stuck == false and .step == null'
	service bad ".starts == 1 and .failures == 0 and .pid == $pid"
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a stuck service that is not wanted any more costs a stop nothing of its stop_timeout" {
	dir=$(ns_dir)
	hung_ini <<-END_INI
		[service:base]
		command = sleep 3000
		[service:bad]
		command = sleep 2000
		after = base
		stdout = file:$dir/fifo
		stop_timeout = 20s
	END_INI
	mkfifo "$dir/fifo"
	ns_start "$dir"
	wait_until 5 service bad '.state == "starting"'
	wait_until 5 service base '.state == "running"'
	began=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	at_most $(($(now_ms) - began)) 5000 "the shutdown took ms"
	run ! said "did not stop"
}
