#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# PID 1 sleeps when it has no work, whatever process does not end.
#
# The tests measure the processor time of PID 1: while it spins it uses a whole
# core, while it sleeps less than a hundredth.

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

# ticks PID: processor time of the process so far, in hundredths of a second
ticks()
{
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return
	stat=${stat##*) }
	# shellcheck disable=SC2086 # fields
	set -- $stat
	echo "$((${12} + ${13}))"
}

# sleeps_on: PID 1 takes less than a tenth of a processor for a second
sleeps_on()
{
	local before began
	before=$(ticks "$NS_PID")
	began=$(now_ms)
	sleep 1
	at_most $((($(ticks "$NS_PID") - before) * 1000 / ($(now_ms) - began))) \
		9 "hundredths of a processor that PID 1 takes"
}

@test "PID 1 sleeps while a start hangs before its exec beside one that came through" {
	dir=$(ns_dir)
	NS_PREFIX=("$BATS_FILE_TMPDIR/lease" /run/held)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:well]
		command = sleep 1000
		[service:bad]
		command = /run/held
	END_INI
	ns_start "$dir"
	wait_until 5 service well '.state == "running"'
	wait_until 5 service bad '.state == "starting"'
	sleeps_on
}

@test "PID 1 sleeps while something is left that it may not signal, and says so once" {
	dir=$(ns_dir)
	# A setuid program's leftover, without CAP_KILL and CAP_SETUID.
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:bad]
		shell = $dir/become --reuid=4711 --clear-groups sh -c 'setsid sleep 1000 & sleep 0.2; exit 1'
		max_failures = 1 in 15s
		cooldown = 1m..1m
	END_INI
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	chmod 777 "$dir"
	cp "$(command -v setpriv)" "$dir/become"
	chmod 4755 "$dir/become"
	NS_PREFIX=(setpriv --reuid=4712 --regid=4712 --clear-groups)
	ns_start "$dir"
	wait_until 10 said 'bad: .*CAP_KILL'
	sleeps_on
	sleeps_on
	[ -n "$(ns_pids 'sleep 1000')" ]
	said_once 'bad: .*CAP_KILL'
}

@test "PID 1 sleeps when nobody waits any more for the room that was refused" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[service:base]
		shell = sleep 2; exit 1
		after = full
		max_failures = 1 in 15s
		cooldown = 1m..1m
		[service:refused]
		command = sleep 1000
		after = base
		user = @uid@
		limit.nproc = 16
	END_INI
	ns_start "$dir"
	wait_until 10 said 'refused: waits for room'
	wait_until 5 service base '.state == "blocked"'
	wait_until 5 service refused '.waiting.for == "dependency"'
	sleep 0.5 # the next attempt would have come by now
	sleeps_on
}

@test "PID 1 sleeps while its last messages cannot be printed, after it killed what belongs to nobody" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		shell = setsid sh -c "trap '' TERM; touch $dir/up; sleep 1001" & sleep 1000
	END_INI
	stall "$dir"
	ns_start "$dir"
	wait_until 5 test -e "$dir/up"
	ns_signal TERM
	used=0
	while now=$(ticks "$NS_PID"); do
		used=$now
		sleep 0.01
	done
	at_most "$used" 15 "hundredths of a second that PID 1 took in all"
	ns_wait
	[ "$NS_STATUS" = 0 ]
	diag '.phase == "exiting"'
}
