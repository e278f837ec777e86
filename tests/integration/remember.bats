#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The next container on the same volume remembers the breaker of a service: a
# restart of the container does not reset it.

load ../lib/dashpot
load ../lib/faults

teardown()
{
	faults_cleanup
}

# bad_ini [COMMAND]: a service that fails at once and is blocked soon
bad_ini()
{
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:bad]
		command = ${1:-false}
		restart_delay = 10ms..10ms
		cooldown = ${COOLDOWN:-100s..100s}
		[service:good]
		command = sleep 1000
	END_INI
}

is_blocked()
{
	service bad '.breaker == "open" and .state == "blocked"'
}

# registry_says BREAKER: the registry has this state of the breaker for the next
# container
registry_says()
{
	registry ".services.bad.breaker == \"$1\""
}

# one_container: start a container, wait for the block, stop it
one_container()
{
	ns_start "$dir"
	wait_until 5 is_blocked
	wait_until 5 registry_says open
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

# starts_afresh: the service has three starts in a new container, as if it were
# new
starts_afresh()
{
	wait_until 5 is_blocked
	service bad '.starts == 3 and .trips == 1 and (.is_remembered | not)'
	run ! said 'before the container restarted'
}

@test "an open breaker: the next container makes exactly one probe start, and says that it remembers" {
	dir=$(ns_dir)
	bad_ini
	one_container
	service bad '.starts == 3'
	ns_start "$dir"
	wait_until 5 is_blocked
	stays 1 service bad '.starts == 1'
	said_once "bad: was blocked before the container restarted (trip 1 in a row): one probe start now"
	said_once "bad: started, pid .*, as a probe"
	[ "$(say_count 'bad: started')" = 1 ]
	said_once "bad: blocked: failed again, trip 2 in a row; next probe in"
	service bad '.trips == 2 and .is_remembered and .starts_earlier == 3 and .ends[0].is_probe'
	service bad '[.ends[].is_earlier] == [false, true, true, true]'
	# The registry remembers no block of the healthy service.
	[ "$(say_count 'good: ')" = 1 ]
	service good '.state == "running" and .starts == 1'
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a container that was killed is remembered as well" {
	dir=$(ns_dir)
	bad_ini
	ns_start "$dir"
	wait_until 5 is_blocked
	wait_until 5 registry_says open
	ns_signal KILL
	ns_wait
	ns_start "$dir"
	wait_until 5 said_once "bad: was blocked before the container restarted"
	wait_until 5 is_blocked
	service bad '.starts == 1'
	ns_stop
}

@test "a probe that lives is not blocked any more once it is stable, also for the next container" {
	dir=$(ns_dir)
	cat >"$dir/prog" <<-END_PROG
		#!/bin/sh
		[ -e $dir/well ] && exec sleep 1000
		exit 1
	END_PROG
	chmod +x "$dir/prog"
	bad_ini "$dir/prog"
	sed -i 's/^restart_delay.*/&\nstable = 300ms/' "$dir/dashpot.ini"
	one_container
	: >"$dir/well"
	ns_start "$dir"
	wait_until 5 service bad '.state == "running" and .breaker == "closed"'
	said_once "bad: stable; no longer blocked"
	wait_until 5 registry_says closed
	ns_stop
	ns_start "$dir"
	wait_until 5 service bad '.state == "running"'
	run ! said 'blocked'
	ns_stop
}

@test "from the fifth container start within ten minutes on the probe waits for its cooldown" {
	dir=$(ns_dir)
	COOLDOWN=6s..6s bad_ini
	for i in 1 2 3 4; do
		ns_start "$dir"
		wait_until 5 is_blocked
		run ! said 'within 10 m'
		wait_until 5 registry_says open
		ns_stop
	done
	ns_start "$dir"
	began=$(now_ms)
	wait_until 5 said_once "the container was started 5 times within 10 m: what was blocked keeps its cooldown"
	said_once "bad: was blocked before the container restarted (trip 4 in a row): one probe start in [1-6].* because the container itself restarts in a loop"
	wait_until 5 diag '.container | .recent_starts == 5 and .is_outer_loop'
	service bad '.state == "blocked" and .breaker == "open" and .starts == 0 and .next.what == "probe"'
	stays 1 service bad '.starts == 0'
	wait_until 10 service bad '.starts == 1'
	at_most 2000 $(($(now_ms) - began)) "the probe came after ms, at least"
	stays 1 service bad '.starts == 1'
	service good '.starts == 1'
	ns_stop
}

@test "a changed command starts afresh, and says so" {
	dir=$(ns_dir)
	bad_ini
	one_container
	bad_ini 'false now'
	ns_start "$dir"
	starts_afresh
	said_once "bad: its settings or its executable changed: what was remembered of it no longer counts"
	ns_stop
}

prog_ini()
{
	printf '#!/bin/sh\nexit 1\n' >"$dir/prog"
	chmod +x "$dir/prog"
	touch -d '2020-01-01' "$dir/prog"
	bad_ini "$dir/prog"
	one_container
}

@test "an executable of another size starts afresh" {
	dir=$(ns_dir)
	prog_ini
	printf '#!/bin/sh\nexit 12\n' >"$dir/prog"
	touch -d '2020-01-01' "$dir/prog"
	ns_start "$dir"
	starts_afresh
	said_once "bad: its settings or its executable changed"
	ns_stop
}

@test "an executable of another time starts afresh" {
	dir=$(ns_dir)
	prog_ini
	touch -d '2020-01-02' "$dir/prog"
	ns_start "$dir"
	starts_afresh
	said_once "bad: its settings or its executable changed"
	ns_stop
}

@test "an executable that is the same is remembered" {
	dir=$(ns_dir)
	prog_ini
	ns_start "$dir"
	wait_until 5 said_once "bad: was blocked before the container restarted"
	wait_until 5 is_blocked
	service bad '.starts == 1'
	ns_stop
}

# garbage_is_set_aside: the present file is not accepted as a registry, and is
# set aside
garbage_is_set_aside()
{
	cp "$dir/vol/process-registry.json" "$dir/garbage"
	ns_start "$dir"
	starts_afresh
	cmp "$dir/garbage" "$dir/vol/process-registry.json.bad"
	wait_until 5 said_once "$dir/vol/process-registry.json cannot be understood: kept as process-registry.json.bad, starts without memory"
	diag '.volume.is_registry_bad'
	wait_until 5 registry_says open
	ns_stop
	rm "$dir/vol/process-registry.json.bad"
}

@test "a registry of garbage is set aside, said, and everything starts afresh" {
	dir=$(ns_dir)
	bad_ini
	one_container
	head -c 4096 /dev/urandom >"$dir/vol/process-registry.json"
	garbage_is_set_aside
}

@test "a registry that was cut off is set aside, said, and everything starts afresh" {
	dir=$(ns_dir)
	bad_ini
	one_container
	truncate -s 100 "$dir/vol/process-registry.json"
	garbage_is_set_aside
}

@test "a registry that is a FIFO or a directory holds nothing up" {
	dir=$(ns_dir)
	bad_ini
	for make in mkfifo mkdir; do
		$make "$dir/vol/process-registry.json"
		ns_start "$dir"
		wait_until 5 is_blocked
		service bad '.starts == 3'
		wait_until 5 said_once "process-registry.json cannot be understood"
		ns_stop
		[ "$NS_STATUS" = 0 ]
		rm -rf "$dir/vol"
		mkdir "$dir/vol"
	done
	ns_start "$dir"
	wait_until 5 is_blocked
	ns_stop
}

@test "nothing is said about a container before where nothing was blocked" {
	dir=$(ns_dir)
	printf '[service:good]\ncommand = sleep 1000\n' >"$dir/dashpot.ini"
	for i in 1 2; do
		ns_start "$dir"
		wait_until 5 service good '.state == "running"'
		wait_until 5 registry '.services.good.starts == 1'
		ns_stop
		[ "$(lines_now "$dir/stderr")" = "$(grep -c -e 'supervises 1 service' -e 'good: started' \
			-e 'good: stopping' -e 'good: ended as asked' -e 'good: stopped' -e 'SIGTERM: stops everything' \
			-e 'exits with code 0' "$dir/stderr")" ]
	done
	registry '.container_starts | length == 2'
	registry '.services.good.starts_earlier == 1'
}
