#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The full stop: its order and its exit code.

load ../lib/dashpot
load ../lib/verify

# worker: the program of a service that adds a line to DIR/up when it runs and
# to DIR/told when it gets its stop signal, and ends
worker()
{
	cat >"$dir/worker" <<-END
		#!/bin/bash
		trap 'echo \$1 >>$dir/told; exit 0' TERM
		echo \$1 >>$dir/up
		while :; do sleep 0.02; done
	END
	chmod 755 "$dir/worker"
}

# all_up NUMBER: that number of workers run
all_up()
{
	[ "$(wc -l <"$dir/up")" = "$1" ]
}

# start_with LINE...: start dashpot with the services of these lines
start_with()
{
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'log_format = json' "$@" >"$dir/dashpot.ini"
	ns_start "$dir"
}

# ms_of JQ-EXPRESSION: time of dashpot's message
ms_of()
{
	said "$1" | jq .monotonic_ms
}

@test "ten services in two chains stop in order, and dashpot exits 0" {
	dir=$(ns_dir)
	worker
	{
		for chain in a b; do
			printf '%s\n' "[service:${chain}1]" "command = $dir/worker ${chain}1"
			for i in 2 3 4 5; do
				printf '%s\n' "[service:$chain$i]" \
					"command = $dir/worker $chain$i" \
					"after = $chain$((i - 1))"
			done
		done
	} >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 all_up 10
	ns_stop TERM 10
	[ "$NS_STATUS" = 0 ]
	[ "$(grep a "$dir/told" | paste -sd ' ')" = 'a5 a4 a3 a2 a1' ]
	[ "$(grep b "$dir/told" | paste -sd ' ')" = 'b5 b4 b3 b2 b1' ]
}

@test "services without a dependency between them are told at once" {
	dir=$(ns_dir)
	worker
	{
		printf '%s\n' '[dashpot]' 'log_format = json'
		for i in {1..10}; do
			printf '%s\n' "[service:s$i]" "command = $dir/worker s$i"
		done
	} >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 all_up 10
	ns_stop TERM 10
	[ "$NS_STATUS" = 0 ]
	[ "$(wc -l <"$dir/told")" = 10 ]
	said '.event == "stopping"' | jq .monotonic_ms | sort -u | {
		mapfile -t times
		is_between 0 $((times[-1] - times[0])) 50
	}
}

@test "a service is started after what it names, and stopped before it" {
	dir=$(ns_dir)
	worker
	cat >"$dir/dashpot.ini" <<-END
		[service:first]
		shell = sleep 0.5; echo set-up >>$dir/up
		type = oneshot
		[service:web]
		command = $dir/worker web
		after = first
	END
	ns_start "$dir"
	wait_until 5 all_up 2
	[ "$(paste -sd ' ' "$dir/up")" = 'set-up web' ]
}

@test "what requires a service is stopped when that is blocked, and back when it is" {
	dir=$(ns_dir)
	worker
	cat >"$dir/dashpot.ini" <<-END
		[service:db]
		shell = test -e $dir/cured || { sleep 0.3; exit 1; }; exec sleep 1000
		restart_delay = 10ms..10ms
		max_failures = 2 in 1m
		cooldown = 1s..1s
		[service:web]
		command = $dir/worker web
		requires = db
	END
	ns_start "$dir"
	wait_until 10 service db '.breaker == "open"'
	wait_until 5 test -e "$dir/told"
	wait_until 5 service web '.state == "waiting" and .waiting.service == "db"'
	touch "$dir/cured"
	wait_until 10 service web '.state == "running"'
	service db '.state == "probing" or .state == "running"'
}

@test "who ignores SIGTERM is killed at its stop_timeout, the others stop at once" {
	dir=$(ns_dir)
	worker
	start_with '[service:deaf]' \
		"shell = trap '' TERM; echo deaf >>$dir/up; while :; do sleep 0.1; done" \
		'stop_timeout = 1500ms' \
		'[service:a]' "command = $dir/worker a" \
		'[service:b]' "command = $dir/worker b"
	wait_until 5 all_up 3
	ns_stop TERM 10
	[ "$NS_STATUS" = 0 ]
	began=$(ms_of '.event == "shutdown"')
	for name in a b; do
		is_between 0 $(($(said_of "$name" stopped) - began)) 1000
	done
	is_between 1490 $(($(said_of deaf killed) - began)) 2500
	is_between 1490 $(($(said_of deaf stopped) - began)) 2700
}

# saver_ini: a service that takes a second to save its work when it gets its
# stop signal
saver_ini()
{
	cat >"$dir/saver" <<-END
		#!/bin/bash
		trap 'sleep 1; echo saved >>$dir/saved; exit 0' TERM
		trap 'echo hurried >>$dir/hurried; exit 1' INT
		echo up >$dir/up
		while :; do sleep 0.02; done
	END
	chmod 755 "$dir/saver"
	printf '%s\n' '[dashpot]' 'log_format = json' '[service:saver]' \
		"command = $dir/saver" >"$dir/dashpot.ini"
}

@test "two stop signals of machines: the work is saved, and nothing is killed" {
	# The signal of a hook before the stop, then the signal of the container
	# runtime.
	for pair in 'INT TERM' 'TERM TERM' 'INT INT' 'QUIT 37'; do
		dir=$(ns_dir "${pair/ /-}")
		saver_ini
		ns_start "$dir"
	done
	for pair in 'INT TERM' 'TERM TERM' 'INT INT' 'QUIT 37'; do
		dir=$BATS_TEST_TMPDIR/${pair/ /-}
		ns_use "$dir"
		wait_until 5 test -e "$dir/up"
		ns_exec bash -c "kill -${pair% *} 1"
		wait_until 5 said_of saver stopping
		ns_signal "${pair#* }"
	done
	for pair in 'INT TERM' 'TERM TERM' 'INT INT' 'QUIT 37'; do
		ns_use "$BATS_TEST_TMPDIR/${pair/ /-}"
		ns_wait 15
		echo "$pair: $NS_STATUS"
		[ "$NS_STATUS" = 0 ]
		[ "$(cat "$NS_DIR/saved")" = saved ]
		[ ! -e "$NS_DIR/hurried" ]
		said '.event == "shutdown-again"' | grep .
		run ! said '.event == "shutdown-now" or .event == "killed"'
		service saver '.ends[0].cause == "asked"'
	done
}

# deaf_ini LINE...: a service that ignores TERM for a minute
deaf_ini()
{
	dir=$(ns_dir "${1//[^a-z]/}")
	printf '%s\n' '[dashpot]' 'log_format = json' "$@" '[service:deaf]' \
		"shell = trap '' TERM; echo deaf >>$dir/up; while :; do sleep 0.1; done" \
		'stop_timeout = 60s' >"$dir/dashpot.ini"
}

@test "stop_again = kill: the second one kills everything, which is recorded, and the code is 137" {
	deaf_ini 'stop_again = kill'
	ns_start "$dir"
	wait_until 5 all_up 1
	ns_signal TERM
	wait_until 5 said_of deaf stopping
	ns_stop TERM 20
	[ "$NS_STATUS" = 137 ]
	said '.event == "shutdown-now" and .signal == "SIGTERM"'
	said_of deaf killed
	service deaf '.ends[0] | .cause == "killed" and .signal == "SIGKILL" and (.is_failure | not)'
}

# terminal: make a terminal; text written to $dir/keys is typed there. The
# terminal lives as long as the test.
terminal()
{
	mkfifo "$dir/keys"
	python3 -c 'if True:
		import os, pty, sys
		master, slave = pty.openpty()
		with open(sys.argv[1] + "/made", "w") as made:
		    made.write(os.ttyname(slave) + "\n")
		os.rename(sys.argv[1] + "/made", sys.argv[1] + "/tty")
		while True:
		    with open(sys.argv[1] + "/keys", "rb") as keys:
		        typed = keys.read()
		    if typed == b"end":
		        break
		    os.write(master, typed)' "$dir" 3>&- &
	wait_until 5 test -e "$dir/tty"
	NS_STDIN=$(cat "$dir/tty")
	NS_PREFIX=(setsid --ctty)
}

@test "a second INT that is typed at the terminal kills everything, one from a process does not" {
	deaf_ini
	terminal
	ns_start "$dir"
	wait_until 5 all_up 1
	printf '\003' >"$dir/keys"
	wait_until 5 said_of deaf stopping
	ns_signal INT
	ns_signal QUIT
	wait_until 5 said '.event == "shutdown-again"'
	ns_alive
	printf '\003' >"$dir/keys"
	ns_wait 20
	printf end >"$dir/keys"
	[ "$NS_STATUS" = 137 ]
	service deaf '.ends[0].cause == "killed"'
}

@test "stop_again = ignore: what is typed at the terminal hurries nobody" {
	deaf_ini 'stop_again = ignore' 'shutdown_timeout = 3s'
	terminal
	ns_start "$dir"
	wait_until 5 all_up 1
	printf '\003' >"$dir/keys"
	wait_until 5 said_of deaf stopping
	printf '\003' >"$dir/keys"
	wait_until 5 said '.event == "shutdown-again"'
	ns_wait 20
	printf end >"$dir/keys"
	[ "$NS_STATUS" = 0 ]
	run ! said '.event == "shutdown-now"'
	service deaf '.ends[0].cause == "killed"'
}

@test "shutdown_timeout covers everything; who is not told by half of it is told then" {
	dir=$(ns_dir)
	{
		printf '%s\n' '[dashpot]' 'log_format = json' 'shutdown_timeout = 3s'
		for i in 1 2 3; do
			printf '%s\n' "[service:deaf$i]" 'stop_timeout = 60s' \
				"shell = trap '' TERM; echo $i >>$dir/up; while :; do sleep 0.1; done"
			[ "$i" = 1 ] || echo "after = deaf$((i - 1))"
		done
	} >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 5 all_up 3
	ns_stop TERM 10
	[ "$NS_STATUS" = 0 ]
	began=$(ms_of '.event == "shutdown"')
	is_between 0 $(($(said_of deaf3 stopping) - began)) 500
	for early in deaf1 deaf2; do
		is_between 1490 $(($(said_of "$early" stopping) - began)) 2000
	done
	is_between 0 $(($(ms_of '.event == "exit"') - began)) 3000
}

@test "a stop signal in the first moments is obeyed" {
	for delay in 0 0.002 0.005 0.01 0.03; do
		dir=$(ns_dir "$delay")
		printf '%s\n' '[service:web]' 'command = sleep 1000' >"$dir/dashpot.ini"
		ns_start "$dir"
		sleep "$delay"
		ns_stop TERM 5
		[ "$NS_STATUS" = 0 ]
	done
}

@test "SIGINT, SIGQUIT, SIGPWR and RTMIN+3 stop everything, too" {
	for signal in INT QUIT PWR 37; do
		dir=$(ns_dir "$signal")
		worker
		printf '%s\n' '[service:web]' "command = $dir/worker web" \
			>"$dir/dashpot.ini"
		ns_start "$dir"
		wait_until 5 all_up 1
		ns_stop "$signal" 10
		[ "$NS_STATUS" = 0 ]
		[ "$(cat "$dir/told")" = web ]
	done
}

@test "SIGUSR1, SIGHUP and other signals stop nothing" {
	dir=$(ns_dir)
	worker
	start_with '[service:web]' "command = $dir/worker web"
	wait_until 5 all_up 1
	for signal in USR1 HUP USR2 WINCH ALRM PIPE TTOU 64; do
		ns_signal "$signal"
	done
	wait_until 5 said '.event == "snapshot"'
	stays 1 ns_alive
	service web '.state == "running" and .starts == 1'
	[ ! -e "$dir/told" ]
}

@test "stop_signals changes the list" {
	dir=$(ns_dir)
	worker
	start_with 'stop_signals = USR2' '[service:web]' "command = $dir/worker web"
	wait_until 5 all_up 1
	ns_signal TERM
	stays 1 ns_alive
	ns_stop USR2
	[ "$NS_STATUS" = 0 ]
}

@test "stop_signal and stop_mode = group reach the whole group" {
	dir=$(ns_dir)
	worker
	start_with '[service:web]' 'stop_signal = USR1' 'stop_mode = group' \
		"shell = trap 'echo shell >>$dir/told; wait; exit 0' USR1; (trap 'echo child >>$dir/told; exit 0' USR1; echo up >>$dir/up; while :; do sleep 0.05; done) & wait"
	wait_until 5 all_up 1
	ns_stop
	[ "$NS_STATUS" = 0 ]
	[ "$(sort "$dir/told" | paste -sd ' ')" = 'child shell' ]
	fails said '.event == "leftovers"'
}

@test "the exit code of an essential service is dashpot's" {
	start_with '[service:main]' 'command = sh -c "sleep 0.3; exit 7"' \
		'essential = yes' 'restart = never' \
		'[service:other]' 'command = sleep 1000'
	ns_wait 10
	[ "$NS_STATUS" = 7 ]
	diag '.phase == "exiting" and .container.exit_code == 7 and
		.container.exit_service == "main"'
}

@test "the signal that ended an essential service gives 128 and its number" {
	start_with '[service:main]' 'command = sh -c "kill -SEGV \$\$"' \
		'essential = yes' 'restart = never' \
		'[service:other]' 'command = sleep 1000'
	ns_wait 10
	[ "$NS_STATUS" = 139 ]
}

@test "an essential service that is blocked ends everything with its code" {
	start_with '[service:main]' 'command = sh -c "exit 9"' \
		'essential = yes' 'restart_delay = 10ms..10ms' \
		'[service:other]' 'command = sleep 1000'
	ns_wait 10
	[ "$NS_STATUS" = 9 ]
	service main '.starts == 3'
}

@test "an essential service with max_trips ends everything at its last trip" {
	start_with '[service:main]' 'command = sh -c "exit 9"' \
		'essential = yes' 'restart_delay = 10ms..10ms' 'max_trips = 3' \
		'cooldown = 100ms..100ms' '[service:other]' 'command = sleep 1000'
	ns_wait 10
	[ "$NS_STATUS" = 9 ]
	service main '.starts == 5'
}

@test "an essential service that does not exist gives 127, one not executable 126" {
	start_with '[service:main]' 'command = /does/not/exist' 'essential = yes'
	ns_wait 10
	[ "$NS_STATUS" = 127 ]
	start_with '[service:main]' 'command = /etc/passwd' 'essential = yes'
	ns_wait 10
	[ "$NS_STATUS" = 126 ]
}

@test "an essential worker that ends too early gives 1, not 0" {
	start_with '[service:main]' 'command = true' 'essential = yes' \
		'restart_delay = 10ms..10ms'
	ns_wait 10
	[ "$NS_STATUS" = 1 ]
}

@test "when all ended well dashpot exits 0" {
	start_with '[service:a]' 'command = true' 'type = oneshot' \
		'[service:b]' 'command = sleep 0.3' 'restart = on-failure'
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
}

@test "when all ended dashpot exits with the code of the first that did not end well" {
	start_with '[defaults]' 'restart = never' \
		'[service:late]' 'command = sh -c "sleep 0.6; exit 5"' \
		'[service:first]' 'command = sh -c "sleep 0.3; exit 3"' \
		'[service:well]' 'command = true'
	ns_wait 10
	[ "$NS_STATUS" = 3 ]
}

@test "a service that waits for one that failed does not keep dashpot running" {
	start_with '[service:setup]' 'command = sh -c "exit 4"' 'type = oneshot' \
		'[service:web]' 'command = sleep 1000' 'after = setup'
	ns_wait 10
	[ "$NS_STATUS" = 4 ]
}

@test "exit_when_all_blocked ends it with the code of the first" {
	start_with 'exit_when_all_blocked = 1s' '[defaults]' \
		'restart_delay = 10ms..10ms' \
		'[service:a]' 'command = sh -c "exit 6"' \
		'[service:b]' 'command = sh -c "sleep 0.2; exit 8"'
	ns_wait 10
	[ "$NS_STATUS" = 6 ]
	is_between 990 $(($(ms_of '.event == "all-blocked"') - $(said_of b blocked))) 2000
}

# A process that has left the session and changed the mark belongs to no service
# (dashpot(8), Ghosts).
nobodys='setsid prlimit --locks=1:1'

@test "processes of nobody get SIGTERM first" {
	dir=$(ns_dir)
	cat >"$dir/orphan" <<-END
		#!/bin/bash
		trap 'sleep 0.2; echo orphan >>$dir/told; exit 0' TERM
		echo orphan >>$dir/up
		while :; do sleep 0.02; done
	END
	chmod 755 "$dir/orphan"
	start_with '[service:web]' "shell = ($nobodys $dir/orphan &); exec sleep 1000"
	wait_until 5 all_up 1
	ns_stop
	[ "$NS_STATUS" = 0 ]
	[ "$(cat "$dir/told")" = orphan ]
	said '.event == "shutdown-rest" and .processes >= 1' | grep .
}

@test "processes of nobody that ignore SIGTERM do not hold up the end" {
	dir=$(ns_dir)
	start_with '[service:web]' "shell = ($nobodys sh -c 'trap \"\" TERM; echo >>$dir/up; while :; do sleep 0.1; done' &); exec sleep 1000"
	wait_until 5 all_up 1
	began=$(now_ms)
	ns_stop TERM 5
	is_between 400 $(($(now_ms) - began)) 3000
	[ "$NS_STATUS" = 0 ]
}

@test "the last words name service, cause and code" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:main]
		command = sh -c "sleep 0.2; exit 7"
		essential = yes
		restart = never
	END
	ns_start "$dir"
	ns_wait 10
	tail -n 1 "$dir/stderr" | tee /dev/stderr |
		grep -E '^dashpot: main: exited with code 7 after [0-9.]+ m?s; dashpot exits with code 7$'
}

@test "the last words are in /dev/termination-log, where that is writable" {
	dir=$(ns_dir)
	: >"$dir/log"
	mkdir "$dir/dev"
	cat >"$dir/wrap" <<-END
		#!/bin/sh -e
		mount --rbind /dev $dir/dev
		mount -t tmpfs none /dev
		: >/dev/null
		: >/dev/termination-log
		mount --bind $dir/dev/null /dev/null
		mount --bind $dir/log /dev/termination-log
		exec "\$@"
	END
	chmod 755 "$dir/wrap"
	NS_PREFIX=("$dir/wrap")
	cat >"$dir/dashpot.ini" <<-END
		[service:main]
		command = sh -c "sleep 0.2; exit 7"
		essential = yes
		restart = never
	END
	ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 7 ]
	grep '^dashpot: main: exited with code 7 ' "$dir/log"
}

@test "a restart that waits for its delay does not delay the stop" {
	start_with '[service:web]' 'command = false' 'restart_delay = 30s..30s'
	wait_until 5 service web '.state == "backoff"'
	began=$(now_ms)
	ns_stop TERM 5
	[ "$NS_STATUS" = 0 ]
	is_between 0 $(($(now_ms) - began)) 1500
}

@test "no service is started once a stop has begun" {
	dir=$(ns_dir)
	start_with '[defaults]' 'max_failures = none' 'restart_delay = 0ms..1ms' \
		'[service:web]' 'command = true' '[service:deaf]' 'stop_timeout = 1s' \
		"shell = trap '' TERM; echo >>$dir/up; while :; do sleep 0.1; done"
	wait_until 5 all_up 1
	ns_stop
	began=$(ms_of '.event == "shutdown"')
	for start in $(said_of web started); do
		is_between 0 "$start" "$began"
	done
}
