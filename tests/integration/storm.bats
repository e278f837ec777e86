#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Storms of orphans: PID 1 reaps all of them at once, does not grow, and its
# timers go on. runs alone

load ../lib/dashpot
load ../lib/faults

setup_file()
{
	need_image test
	need_program crowd
}

teardown()
{
	faults_cleanup
}

# zombies: number of zombies in the namespace
zombies()
{
	ps --ppid "$NS_PID" -o state= | awk '/Z/ { n++ } END { print n + 0 }'
}

has_no_zombie()
{
	[ "$(zombies)" = 0 ]
}

# memory: resident kB of PID 1
memory()
{
	awk '$1 == "Rss:" { print $2 }' "/proc/$NS_PID/smaps_rollup"
}

# memory_stays BEFORE: memory is within two pages of BEFORE
memory_stays()
{
	local now
	now=$(memory)
	figure "PID 1's resident memory: $1 kB before, $now kB after"
	at_most "$now" $(($1 + 8)) "PID 1's resident kB"
}

# beat_ini: a service that ends each 100 ms, and the services on standard input
beat_ini()
{
	{
		cat <<-END_INI
			[dashpot]
			restart_rate = 1000/s burst 1000
			[service:beat]
			shell = exit 1
			restart_delay = 100ms..100ms
			max_failures = none
		END_INI
		cat
	} >"$dir/dashpot.ini"
}

# snapshot_has JQ-EXPRESSION: a fresh snapshot matches
snapshot_has()
{
	ns_signal USR1
	diag "$1"
}

# let_die: signal the service's own process to end 3,000 of the 3,400 identical
# processes
let_die()
{
	ns_exec kill -s USR1 "$LEADER"
}

show_lateness()
{
	figure "$1: latest deadline of PID 1 $(diag .container.late_max_ms) ms late"
}

@test "20,000 orphans in a storm are all reaped, no zombie stays, and PID 1's memory does not grow" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:storm]
		shell = $BATS_FILE_TMPDIR/crowd orphans 1000; while [ ! -e $dir/go ]; do sleep 0.05; done; $BATS_FILE_TMPDIR/crowd orphans 20000; sleep 1000
		stdout = file:$dir/crowd
	END_INI
	ns_start "$dir"
	wait_until 20 grep -q '1000 orphans, 0 refused' "$dir/crowd"
	wait_until 5 has_no_zombie
	before=$(memory)
	began=$(now_ms)
	: >"$dir/go"
	wait_until 60 grep -q '20000 orphans, 0 refused' "$dir/crowd"
	took=$(($(now_ms) - began))
	wait_until 5 has_no_zombie
	memory_stays "$before"
	wait_until 5 snapshot_has '.container.orphans >= 21000'
	figure "20,000 orphans in $took ms"
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "thousands of zombies at once beside hundreds of live children are all reaped, and the live ones stay" {
	dir=$(ns_dir)
	beat_ini <<-END_INI
		[service:storm]
		command = $BATS_FILE_TMPDIR/crowd burst 400 3000
		stdout = file:$dir/crowd
	END_INI
	ns_start "$dir"
	wait_until 30 grep -q ready "$dir/crowd"
	wait_until 5 service beat '.starts > 5'
	LEADER=$(service storm .pid)
	snapshot_has true
	orphans=$(diag .container.orphans)
	began=$(now_ms)
	let_die
	wait_until 20 snapshot_has ".container.orphans >= $orphans + 3000"
	figure "3,000 zombies beside 400 live children: reaped within $(($(now_ms) - began)) ms"
	wait_until 5 has_no_zombie
	[ "$(kids 'crowd burst')" = 401 ]
	show_lateness "burst of 3,000"
	starts=$(service beat .starts)
	wait_until 5 service beat ".starts > $starts + 3"
	ns_stop TERM 30
	[ "$NS_STATUS" = 0 ]
}

@test "a PID 1 that was stopped meanwhile finds thousands of zombies among live children, and reaps them all" {
	dir=$(ns_dir)
	beat_ini <<-END_INI
		[service:storm]
		command = $BATS_FILE_TMPDIR/crowd burst 400 3000
		stdout = file:$dir/crowd
	END_INI
	ns_start "$dir"
	wait_until 30 grep -q ready "$dir/crowd"
	wait_until 5 service storm '.state == "running"'
	LEADER=$(service storm .pid)
	ns_signal STOP
	let_die
	all_dead() { [ "$(zombies)" -ge 3000 ]; }
	wait_until 10 all_dead
	began=$(now_ms)
	ns_signal CONT
	wait_until 10 has_no_zombie
	figure "3,000 zombies that waited beside 400 live children: gone within $(($(now_ms) - began)) ms"
	[ "$(kids 'crowd burst')" = 401 ]
	wait_until 5 snapshot_has '.container.orphans >= 3000'
	ns_stop TERM 30
	[ "$NS_STATUS" = 0 ]
}

@test "20,000 orphans under --pids-limit 200: no fork is refused, and timers go on" {
	dir=$BATS_TEST_TMPDIR/v
	mkdir -p "$dir/vol"
	beat_ini <<-'END_INI'
		[dashpot]
		diagnostics = /v/vol
		[service:storm]
		shell = /crowd orphans 20000; exec sleep 1000
		stdout = file:/v/crowd
	END_INI
	container_run box --pids-limit 200 -v "$dir:/v" \
		-v "$BATS_FILE_TMPDIR/crowd:/crowd:ro" localhost/dashpot-test \
		/dashpot run -c /v/dashpot.ini
	container_use box "$dir"
	wait_until 10 service beat '.starts > 3'
	began=$(now_ms)
	beats=$(service beat .starts)
	wait_until 60 grep -q '20000 orphans' "$dir/crowd"
	took=$(($(now_ms) - began))
	grep -q '20000 orphans, 0 refused' "$dir/crowd" || { cat "$dir/crowd"; false; }
	wait_until 5 has_no_zombie
	wait_until 5 snapshot_of_box
	show_lateness "20,000 orphans in $took ms"
	# At least a third of the beats that fit into that time.
	beats=$(($(service beat .starts) - beats))
	[ "$beats" -ge $((took / 360)) ] || { echo "$beats restarts in $took ms"; false; }
	[ "$(container_stop box)" = 0 ]
}

snapshot_of_box()
{
	kill -s USR1 "$NS_PID"
	diag '.container.orphans >= 20000'
}
