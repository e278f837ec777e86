#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Processes that a dead service leaves behind are gone before its next start.

load ../lib/dashpot
load ../lib/faults
load ../lib/verify

setup_file()
{
	need_program ghost
}

# leave LINE...: a service `web` that notes how many `sleep 777…` of earlier
# runs still live, runs the lines, waits until $left such processes live, runs
# $then and dies by itself; see next_starts_see
leave()
{
	dir=$(ns_dir)
	cat >"$dir/script" <<-END
		#!/bin/bash
		echo "\$(ps -eo state=,args= | grep -c '^[^Z] *sleep 777')" >>$dir/seen
		$(printf '%s\n' "$@")
		wait_for() {
			until [ "\$(ps -eo args= | grep -c '^sleep 777')" -ge "\$1" ]; do
				sleep 0.01
			done
		}
		wait_for $left
		${then:-}
		ps -eo pid=,pgid=,sid=,args= | grep 'sleep 777' >>$dir/left
		exit 1
	END
	chmod 755 "$dir/script"
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[defaults]
		leftover_grace = 300ms
		restart_delay = 0ms..1ms
		max_failures = 3 in 1m
		[service:web]
		command = $dir/script
		${options:-}
	END
	ns_start "$dir"
}

# next_starts_see NUMBER: the second and third start saw that number of living
# leftovers
next_starts_see()
{
	wait_until 20 service web '.breaker == "open"'
	paste -sd ' ' "$dir/seen" | tee /dev/stderr | grep -x "0 $1 $1"
}

@test "children in its process group are gone before the next start" {
	left=3 leave 'sleep 7771 & sleep 7772 &' '(sleep 7773 &)'
	next_starts_see 0
}

@test "other process groups of its session are gone before the next start" {
	left=3 leave 'set -m' 'sleep 7771 &' 'sleep 7772 &' \
		'(sleep 7773 | sleep 60) &'
	next_starts_see 0
	# They really were groups of their own in one session.
	[ "$(awk 'NR <= 3 { print $2 }' "$dir/left" | sort -u | wc -l)" = 3 ]
	[ "$(awk 'NR <= 3 { print $3 }' "$dir/left" | sort -u | wc -l)" = 1 ]
}

@test "children that ignore SIGTERM are killed before the next start" {
	left=2 leave 'trap "" TERM' 'sleep 7771 &' 'set -m' 'sleep 7772 &'
	next_starts_see 0
	said '.service == "web" and .event == "leftovers-killed"' | grep .
}

@test "children that are stopped are gone before the next start" {
	left=3 then='kill -STOP %1 %2' leave 'set -m' 'sleep 7771 &' \
		'(trap "" TERM; exec sleep 7772) &' 'sleep 7773 &'
	next_starts_see 0
}

# has_lines NUMBER FILE: FILE has exactly that number of lines
has_lines()
{
	[ "$(wc -l <"$2")" = "$1" ]
}

@test "children have the grace to clean up, and no more" {
	dir=$(ns_dir)
	# Long enough for a machine that is busy with other tests.
	options="leftover_grace = 2s"
	left=2 leave "(trap 'sleep 0.1; echo >>$dir/cleaned; exit' TERM
		sleep 7771 & wait) &" "(trap : TERM
		until sleep 7772; do echo >>$dir/asked; done) &"
	next_starts_see 0
	# Leftovers of the third run may still be alive.
	wait_until 5 has_lines 3 "$dir/cleaned"
	for run in 2 3; do
		waited=$(($(nth "$run" started) - $(nth $((run - 1)) ended)))
		is_between 2000 "$waited" 5000
	done
}

# nth NUMBER EVENT: time of that event of web
nth()
{
	said_of web "$2" | sed -n "$1p"
}

@test "many children are gone before the next start" {
	left=200 leave 'for i in {1..200}; do sleep 777$i & done'
	next_starts_see 0
}

@test "children that go on forking are gone before the next start" {
	left=1 leave 'trap "" TERM' '(while :; do sleep 7771 & sleep 0.005; done) &'
	next_starts_see 0
}

# outruns KIND IGNORE: a service leaves a process of that kind, which changes
# its pid too fast to be seen: its next starts see whether numbers are used up
outruns()
{
	dir=$(ns_dir)
	cat >"$dir/script" <<-END
		#!/bin/bash
		last() { echo "\$(</proc/sys/kernel/ns_last_pid)"; }
		from=\$(last)
		read -rt 0.3 <> <(:)
		echo "\$((\$(last) - from > 100))" >>$dir/seen
		trap '$2' TERM
		exec $BATS_FILE_TMPDIR/ghost $1
	END
	chmod 755 "$dir/script"
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[defaults]
		leftover_grace = 300ms
		restart_delay = 0ms..1ms
		max_failures = 3 in 1m
		[service:web]
		command = $dir/script
	END
	ns_start "$dir"
	wait_until 30 service web '.breaker == "open"'
	paste -sd ' ' "$dir/seen" | tee /dev/stderr | grep -x '0 0 0'
	wait_until 20 is_quiet
}

# is_quiet: hardly any process is started
is_quiet()
{
	local from
	from=$(ns_exec cat /proc/sys/kernel/ns_last_pid)
	sleep 0.2
	[ $(($(ns_exec cat /proc/sys/kernel/ns_last_pid) - from)) -lt 100 ]
}

@test "a child that forks and ends all the time is gone before the next start" {
	outruns chain -
}

@test "... also where it ignores SIGTERM" {
	outruns chain ''
}

@test "... and where it makes a session of its own each time" {
	outruns hops -
}

@test "leftovers = keep keeps them" {
	options='leftovers = keep' left=1 leave 'sleep 7771 &'
	wait_until 10 service web '.breaker == "open"'
	paste -sd ' ' "$dir/seen" | grep -x '0 1 2'
	[ "$(ns_pids 'sleep 7771' | wc -l)" = 3 ]
}

@test "leftovers = keep keeps them over restart, stop and reload of the service, until everything stops" {
	dir=$(ns_dir)
	cat >"$dir/script" <<-END
		#!/bin/bash
		(trap '' TERM; exec sleep 7771) &
		setsid bash -c 'trap "echo bye >>$dir/bye; exit" TERM; while :; do sleep 0.05; done' &
		until [ "\$(ps -eo args= | grep -c '^sleep 7771')" -gt \$(wc -l <$dir/runs) ]; do sleep 0.01; done
		echo up >>$dir/runs
		exec sleep 1000
	END
	chmod 755 "$dir/script"
	: >"$dir/runs"
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = $dir/script
		leftovers = keep
		stop_timeout = 2s
		[service:deaf]
		shell = trap '' TERM; (trap '' TERM; exec sleep 8881) & while :; do sleep 0.05; done
		leftovers = keep
		stop_timeout = 300ms
	END
	ns_start "$dir"
	wait_until 10 lines "$dir/runs" 1
	ctl restart web
	wait_until 10 lines "$dir/runs" 2
	echo 'env.A = b' >"$dir/more"
	sed -i "/stop_timeout = 2s/r $dir/more" "$dir/dashpot.ini"
	ctl reload
	wait_until 10 lines "$dir/runs" 3
	ctl stop web
	wait_until 10 service web '.state == "stopped"'
	# The service that is killed at its stop_timeout keeps its child too.
	ctl restart deaf
	wait_until 10 lives 2 'sleep 8881'
	[ ! -e "$dir/bye" ]
	lives 3 'sleep 7771'
	ctl start web
	wait_until 10 lines "$dir/runs" 4
	ns_stop
	[ "$NS_STATUS" = 0 ]
	lines "$dir/bye" 4
}

# lines FILE NUMBER
lines()
{
	[ "$(wc -l <"$1")" = "$2" ]
}

@test "sweep ends what leftovers = keep kept, and a stop of the service after it keeps again" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = setsid sleep 7771 & sleep 1000
		stop_mode = group
		leftovers = keep
	END
	ns_start "$dir"
	wait_until 10 lives 1 'sleep 7771'
	ctl stop web
	lives 1 'sleep 7771'
	ctl sweep web
	wait_until 10 lives 0 'sleep 7771'
	ctl start web
	wait_until 10 lives 1 'sleep 7771'
	ctl stop web
	lives 1 'sleep 7771'
}

@test "whom stop_mode = group told is not told again, and everybody else once" {
	dir=$(ns_dir)
	# A worker counts the signals that it gets, and is busy for a moment.
	cat >"$dir/worker" <<-END
		#!/bin/bash
		trap 'echo told >>$dir/\$1; left=20' TERM
		left=-1
		echo >$dir/\$1.up
		until [ \$left = 0 ]; do sleep 0.05; left=\$((left - 1)); done
	END
	cat >"$dir/leader" <<-END
		#!/bin/bash
		$dir/worker \$1.group &
		setsid $dir/worker \$1.session &
		set -m
		$dir/worker \$1.other &
		set +m
		trap 'exit 0' TERM
		while :; do sleep 0.05; done
	END
	chmod 755 "$dir/worker" "$dir/leader"
	cat >"$dir/dashpot.ini" <<-END
		[service:a]
		command = $dir/leader a
		stop_mode = group
		[service:b]
		command = $dir/leader b
		[service:c]
		command = $dir/leader c
		stop_mode = group
	END
	ns_start "$dir"
	for name in {a,b,c}.{group,session,other}; do
		wait_until 10 test -e "$dir/$name.up"
	done
	ctl restart c
	for name in c.{group,session,other}; do
		lines "$dir/$name" 1
		rm "$dir/$name"
		wait_until 10 test -e "$dir/$name.up"
	done
	ns_stop
	[ "$NS_STATUS" = 0 ]
	for name in {a,b,c}.{group,session,other}; do
		lines "$dir/$name" 1
	done
}

@test "what a killed leader leaves is gone before the next start" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = bash -c "sleep 7771 & sleep 7772 & wait"
		restart_delay = 0ms..1ms
	END
	ns_start "$dir"
	wait_until 5 lives 2 'sleep 777'
	wait_until 5 service web .pid
	old=$(ns_pids 'sleep 777')
	ns_exec kill -s KILL "$(service web .pid)"
	wait_until 5 service web '.starts == 2'
	wait_until 5 lives 2 'sleep 777'
	for pid in $old; do
		fails grep -x "$pid" <<<"$(ns_pids 'sleep 777')"
	done
}

# lives NUMBER TEXT: that number of processes have TEXT in their command line
lives()
{
	count_is "$1" leaves "$2"
}
leaves()
{
	ns_exec ps -eo pid=,args= | grep "^ *[0-9]* $1"
}

@test "another service's processes are not touched" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[defaults]
		restart_delay = 0ms..1ms
		[service:other]
		command = bash -c "sleep 8881 & sleep 8882 & wait"
		[service:web]
		command = bash -c "sleep 7771 & sleep 0.3; exit 1"
	END
	ns_start "$dir"
	wait_until 5 lives 2 'sleep 888'
	others=$(ns_pids 'sleep 888')
	wait_until 10 service web '.breaker == "open" and .leftovers == 0'
	[ "$(ns_pids 'sleep 888')" = "$others" ]
	service other '.starts == 1'
}

@test "a stranger that got the number of a dead leader is not touched" {
	dir=$(ns_dir)
	# The leader leaves one child that ends 0.4 s later, long before the grace.
	# As soon as it is reaped the leader's number is free: the taker gets it, for
	# a session of its own with a child.
	cat >"$dir/leader" <<-END
		#!/bin/bash
		taking() { until [ -e $dir/taking ]; do sleep 0.01; done; }
		(trap "" TERM; taking; exec sleep 0.4) &
		echo \$\$ \$! >$dir/numbers
		taking
		exit 1
	END
	cat >"$dir/taker" <<-'END'
		import os, sys, time
		path = sys.argv[1]
		numbers = []
		while len(numbers) < 2:
		    time.sleep(0.01)
		    if os.path.exists(path + "/numbers"):
		        numbers = [int(n) for n in open(path + "/numbers").read().split()]
		number, child = numbers
		open(path + "/taking", "w").close()
		try:
		    while True:
		        os.kill(child, 0)
		except ProcessLookupError:
		    pass
		while True:
		    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
		        last.write(str(number - 1))
		    pid = os.fork()
		    if pid == 0:
		        if os.getpid() != number:
		            os._exit(0)
		        os.setsid()
		        if os.fork() == 0:
		            os.execvp("sleep", ["sleep", "9992"])
		        os.execvp("sleep", ["sleep", "9991"])
		    if pid == number:
		        break
		    os.waitpid(pid, 0)
		open(path + "/taken", "w").close()
		time.sleep(1000)
	END
	chmod 755 "$dir/leader"
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:taker]
		command = python3 $dir/taker $dir
		[service:web]
		command = $dir/leader
		leftover_grace = 1500ms
		restart = never
	END
	ns_start "$dir"
	wait_until 10 test -e "$dir/taken"
	wait_until 5 lives 2 'sleep 999'
	said_of web leftovers | grep .
	stays 2 lives 2 'sleep 999'
	service web '.leftovers == 0'
	fails said '.event == "leftovers-killed"'
}

@test "the child of a shell that dies at SIGTERM gets the rest of stop_timeout" {
	dir=$(ns_dir)
	cat >"$dir/child" <<-END
		#!/bin/bash
		trap 'sleep 1; echo cleaned >$dir/done; exit 0' TERM
		echo up >$dir/up
		while :; do sleep 0.05; done
	END
	chmod 755 "$dir/child"
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:web]
		shell = $dir/child; echo never
		stop_timeout = 6s
		leftover_grace = 100ms
	END
	ns_start "$dir"
	wait_until 5 test -e "$dir/up"
	ns_stop
	[ "$NS_STATUS" = 0 ]
	[ "$(cat "$dir/done")" = cleaned ]
	fails said '.event == "leftovers-killed"'
}

@test "the child of a shell that ignores SIGTERM is killed at stop_timeout" {
	dir=$(ns_dir)
	cat >"$dir/child" <<-END
		#!/bin/bash
		trap '' TERM
		echo up >$dir/up
		sleep 1000
	END
	chmod 755 "$dir/child"
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:web]
		shell = $dir/child; echo never
		stop_timeout = 1s
	END
	ns_start "$dir"
	wait_until 5 test -e "$dir/up"
	ns_stop
	[ "$NS_STATUS" = 0 ]
	waited=$(($(said '.event == "exit"' | jq .monotonic_ms) - $(said_of web stopping)))
	is_between 990 "$waited" 2500
	said_of web leftovers-killed | grep .
}

# files_left NUMBER: PID 1 may open that number of further files from now on
files_left()
{
	prlimit --pid "$NS_PID" --nofile="$1:"
}

@test "what is left while PID 1 cannot open a file is gone before the next start" {
	dir=$(ns_dir)
	cat >"$dir/script" <<-END
		#!/bin/bash
		sleep 7771 &
		until [ -e $dir/die ]; do sleep 0.01; done
		exit 1
	END
	chmod 755 "$dir/script"
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = $dir/script
		restart_delay = 0ms..1ms
	END
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	wait_until 5 lives 1 'sleep 7771'
	old=$(ns_pids 'sleep 7771')
	files_left 3
	: >"$dir/die"
	wait_until 5 service web '.ends | length == 1'
	service web '.starts == 1'
	rm "$dir/die"
	files_left 1000
	wait_until 10 service web '.starts == 2'
	fails grep -x "$old" <<<"$(ns_pids 'sleep 7771')"
}

@test "who cannot be seen at the end because PID 1 cannot open a file gets the time all the same" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:web]
		shell = setsid sleep 7771 & until [ -e $dir/die ]; do sleep 0.01; done
		restart = never
		leftovers = keep
	END
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	wait_until 5 lives 1 'sleep 7771'
	files_left 3
	: >"$dir/die"
	ns_wait
	[ "$NS_STATUS" = 0 ]
	waited=$(($(said '.event == "exit"' | jq .monotonic_ms) - $(said_of web ended)))
	is_between 690 "$waited" 5000
}

@test "the /proc of another PID namespace is not believed: said once, nothing is waited for" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:web]
		command = bash -c "sleep 7771 & sleep 0.1; exit 1"
		restart_delay = 0ms..1ms
		leftover_grace = 20s
	END
	# As `unshare -pf` without --mount-proc: /proc belongs to the outer
	# namespace.
	NS_PREFIX=(sh -c 'umount /proc && exec "$@"' sh)
	ns_start "$dir"
	wait_until 5 service web '.breaker == "open"'
	count_is 1 said '.event == "no-proc"'
	fails said '.event == "leftovers"'
	began=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	is_between 0 $(($(now_ms) - began)) 3000
}

@test "among many processes, looks for what is left take a part of PID 1's time" {
	dir=$(ns_dir)
	{
		cat <<-END
			[dashpot]
			restart_rate = 1000/s burst 1000
			[defaults]
			max_failures = none
			restart_delay = 1ms..1ms
			[service:many]
			command = bash -c "for i in {1..640}; do sleep 8881 & done; wait"
		END
		for i in {1..8}; do
			printf '[service:s%s]\ncommand = sleep 0.0%s\n' "$i" "$i"
		done
	} >"$dir/dashpot.ini"
	NS_PREFIX=(strace -D -f --seccomp-bpf -y -o "$dir/trace" -e trace=lseek)
	ns_start "$dir"
	wait_until 20 lives 640 'sleep 8881'
	began=$(now_ms)
	from=$(looks)
	wait_until 20 service s1 ".starts > $(($(service s1 .starts) + 30))"
	looks=$(($(looks) - from))
	# At most one look each 40 ms, because a look at 640 processes takes up
	# to 10 ms.
	is_between 5 "$looks" $((($(now_ms) - began) / 40 + 2))
}

# looks: number of times that PID 1 began to read /proc
looks()
{
	grep -c ' lseek([0-9]*</proc>' "$dir/trace"
}
