#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A start that blocks in a hung file system blocks no other service; a log file
# that hangs does not even block its own service.
#
# The file system that never answers is mounted inside the namespace of each
# dashpot only, and its server ends with that namespace.

load ../lib/dashpot
load ../lib/faults

setup_file()
{
	need_program hangfuse
	need_program lease
}

teardown()
{
	faults_cleanup
}

# hung_dir: $dir/hung hangs in the next dashpot's namespace
hung_dir()
{
	[ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
	mkdir "$dir/hung"
	NS_PREFIX=("$BATS_FILE_TMPDIR/hangfuse" "$dir/hung")
}

# others_ini: the services on standard input, a service that ends every 100 ms
# (looper) and a service that does not end (well)
others_ini()
{
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

# others_start: dashpot runs, and the looper loops
others_start()
{
	ns_start "$dir"
	wait_until 5 has_lines "$dir/loops" 5
	wait_until 5 service well '.state == "running"'
}

# others_end BEGAN: since then the looper was started again on time, and dashpot
# stops within its shutdown_timeout
others_end()
{
	local began
	at_most "$(longest_gap "$dir/loops" "$1" "$(now_ms)")" 1500 "a restart took ms"
	began=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	at_most $(($(now_ms) - began)) 5000 "the shutdown took ms"
}

# stuck_alone NAME STEP: NAME gets stuck at STEP after five seconds and has no
# second process, while the other services go on
stuck_alone()
{
	local began
	began=$(now_ms)
	others_start
	service "$1" '.is_stuck == false'
	wait_until 10 is_stuck_at "$1" "$2"
	service "$1" ".why | test(\"stuck at $2 for [0-9.]+ s; the file or file system that it needs there does not answer\")"
	said_once "$1: stuck at $2 for 5"
	kill_kid "sleep 1000"
	wait_until 2 service well '.state == "running" and .starts == 2'
	stays 1 service "$1" '.starts == 1 and .is_stuck'
	run ! said "$1: started"
	others_end "$began"
}

# runs_on NAME COUNT: NAME prints COUNT lines to a log file that takes none: it
# runs until it has printed them, and the other services run on
runs_on()
{
	local began
	began=$(now_ms)
	others_start
	wait_until 10 has_lines "$dir/printed" "$2"
	service "$1" '.state == "running" and .starts == 1 and .is_stuck == false'
	kill_kid "sleep 1000"
	wait_until 2 service well '.state == "running" and .starts == 2'
	run ! said stuck
	others_end "$began"
}

@test "a directory on a hung file system: stuck at directory, others start, restart and stop on time" {
	dir=$(ns_dir)
	hung_dir
	others_ini <<-END_INI
		[service:bad]
		command = sleep 2000
		directory = $dir/hung/work
	END_INI
	stuck_alone bad directory
}

@test "a command on a hung file system: stuck at exec, others start, restart and stop on time" {
	dir=$(ns_dir)
	hung_dir
	others_ini <<-END_INI
		[service:bad]
		command = $dir/hung/program
	END_INI
	stuck_alone bad exec
	said_once "the executable of a service did not answer within 500 ms"
}

# printer STREAM DIR: a service that prints, and notes each line that the pipe
# took
printer()
{
	echo "shell = while echo hello >&$1; do echo x >>$2/printed; sleep 0.05; done"
}

@test "a log file on a hung file system: its service runs, others start, restart and stop on time" {
	dir=$(ns_dir)
	hung_dir
	others_ini <<-END_INI
		[service:bad]
		$(printer 2 "$dir")
		stderr = file:$dir/hung/log
	END_INI
	runs_on bad 40
}

@test "a FIFO without reader as log file: its service runs, others start, restart and stop on time" {
	dir=$(ns_dir)
	others_ini <<-END_INI
		[service:bad]
		$(printer 1 "$dir")
		stdout = file:$dir/fifo
	END_INI
	mkfifo "$dir/fifo"
	runs_on bad 40
	said_once 'bad: the log file of its stdout cannot be written: .*: ENXIO; what it prints there is dropped, the service runs on'
}

@test "when the FIFO gets a reader, what its service prints then arrives" {
	dir=$(ns_dir)
	others_ini <<-END_INI
		[service:bad]
		$(printer 1 "$dir")
		stdout = file:$dir/fifo
	END_INI
	mkfifo "$dir/fifo"
	ns_start "$dir"
	wait_until 10 said 'bad: the log file of its stdout cannot be written'
	[ "$(timeout 10 head -n 3 "$dir/fifo" | grep -c '^hello$')" = 3 ]
	wait_until 10 said 'bad: the log file of its stdout is written again'
	service bad '.starts == 1 and .failures == 0'
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a stuck service that is not wanted any more costs a stop nothing of its stop_timeout" {
	dir=$(ns_dir)
	NS_PREFIX=("$BATS_FILE_TMPDIR/lease" /run/held)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:base]
		command = sleep 3000
		[service:bad]
		command = /run/held
		after = base
		stop_timeout = 20s
	END_INI
	ns_start "$dir"
	wait_until 5 service base '.state == "running"'
	wait_until 10 is_stuck_at bad exec
	began=$(now_ms)
	ns_stop TERM 30
	[ "$NS_STATUS" = 0 ]
	at_most $(($(now_ms) - began)) 5000 "the shutdown took ms"
	run ! said "did not stop"
}
