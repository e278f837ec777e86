#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The flight recorder: events, last output and use of resources can be read on
# the volume, at every instant and afterwards.

load ../lib/dashpot
load ../lib/faults

teardown()
{
	thaw
	[ -z "${READER:-}" ] || kill "$READER" 2>/dev/null || true
	faults_cleanup
	bad=$?
	[ ! -e "$BATS_TEST_TMPDIR/mounts" ] ||
		timeout 10 umount --lazy "$(cat "$BATS_TEST_TMPDIR/mounts")" || true
	return $bad
}

thaw()
{
	[ ! -e "$BATS_TEST_TMPDIR/frozen" ] || {
		timeout 10 fsfreeze --unfreeze "$(cat "$BATS_TEST_TMPDIR/frozen")" &&
			rm -f "$BATS_TEST_TMPDIR/frozen"
	}
}

# storm_ini: six services that end at random within 0.3 s, each in another way
storm_ini()
{
	cat <<-'END_INI'
		[dashpot]
		restart_rate = 1000/s burst 1000
		metrics_file = yes
		[defaults]
		max_failures = none
		restart_delay = 10ms..10ms
		[service:code]
		shell = echo to stdout; sleep 0.$((RANDOM % 3)); exit $((RANDOM % 200))
		[service:signal]
		shell = echo to stderr >&2; sleep 0.1; kill -s ABRT $$
		[service:killed]
		shell = sleep 0.2; kill -s KILL $$
		[service:missing]
		command = /does/not/exist
		cooldown = 100ms..100ms
		[service:litter]
		shell = sleep 100 & sleep 100 & sleep 0.1; printf 'no newline'
		leftover_grace = 10ms
		[service:bytes]
		shell = head -c 2000 /dev/urandom; echo; exit 3
	END_INI
}

# newest EXPRESSION: the last event in the file matches
newest()
{
	tail -n 1 "$NS_DIR/vol/events.jsonl" | jq -e "$1"
}

# seqs: of events.jsonl, "FIRST-NUMBER LAST-NUMBER LINES EVENTS-LOST", not
# counting the lines that say how many are lost
seqs()
{
	cat "$NS_DIR"/vol/events.jsonl.1 "$NS_DIR"/vol/events.jsonl 2>/dev/null |
		jq -s -r '[.[0].seq, .[-1].seq, (map(select(.lost | not)) | length),
			(map(.lost // 0) | add)] | join(" ")'
}

# The ring on the board holds 2,048 events, which this storm makes in some ten
# seconds. tests/unit/test_events_jsonl tests a ring that is too short.
@test "a volume frozen for five seconds of a storm: afterwards no event is missing" {
	dir=$(ns_dir)
	truncate -s 64M "$dir/disk"
	mkfs.ext4 -q -E lazy_itable_init=0 "$dir/disk"
	mount -o loop,noatime "$dir/disk" "$dir/vol" || skip "no loop device"
	echo "$dir/vol" >"$BATS_TEST_TMPDIR/mounts"
	storm_ini | sed 's/10ms\.\.10ms/100ms..100ms/' >"$dir/dashpot.ini"
	grep -q 'restart_delay = 100ms..100ms' "$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 events '.event == "ended"'
	before=$(lines_now "$dir/vol/events.jsonl")
	echo "$dir/vol" >"$BATS_TEST_TMPDIR/frozen"
	timeout 10 fsfreeze --freeze "$dir/vol"
	sleep 5
	thaw
	wait_until 10 events '.event == "volume-well"'
	ns_stop
	[ "$NS_STATUS" = 0 ]
	read -r first last count lost < <(seqs)
	figure "$count events, $lost lost"
	[ "$first $lost" = "1 0" ]
	[ "$last" -gt $((before + 50)) ]
	[ "$count" = "$last" ]
	newest '.event == "exit"'
	events '.event == "volume-trouble"'
}

@test "files are whole and follow their schemas at every instant of a random storm" {
	dir=$(ns_dir)
	storm_ini >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 diag .generation
	wait_until 10 test -e "$dir/vol/metrics.prom"
	python3 "$DASHPOT_LIB/validate.py" "$DASHPOT_TOP/docs" "$dir/vol" 12 \
		>"$dir/looks" 3>&- &
	READER=$!
	# Ten seconds of it, however slow the machine is: the reader looks at every
	# line, and a storm that went on would outrun it.
	end=$((SECONDS + 10))
	while [ $SECONDS -lt $end ]; do
		sleep 1
		promtool check metrics <"$dir/vol/metrics.prom"
		kill_kid "dashpot: recorder" || true # it may be away already
	done
	ctl stop '*'
	wait "$READER" || { cat "$dir/looks" >&2; return 1; }
	READER=
	figure "$(cat "$dir/looks") at all files in 12 s"
	[ "$(sed -n 's/looks: //p' "$dir/looks")" -ge 5 ]
	ns_stop
	[ "$NS_STATUS" = 0 ]
	read -r first last count lost < <(seqs)
	[ "$first $lost" = "1 0" ]
	[ "$count" = "$last" ]
	newest '.event == "exit"'
}

@test "an end is recorded with the last lines of its run" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[service:web]
		shell = for i in $(seq 30); do echo line $i; done; echo last >&2; kill -s ABRT $$
		max_failures = 1 in 1m
	END_INI
	ns_start "$dir"
	wait_until 10 service web '.state == "blocked"'
	wait_until 5 service web '.output | length == 20'
	service web '.output[-1].run == 1 and (.ends[0].output | length == 20)'
	service web '[.output[] | select(.stream == "stderr").text] == ["last"]'
	wait_until 5 events '.event == "ended"'
	events '.event == "ended" and .end.signal == "SIGABRT" and
		(.end.output | length == 20 and (map(.text) | index("line 30")))'
	ns_stop
}

@test "tail_lines = 0 keeps output out of all files" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[service:web]
		shell = echo pass""word; exit 1
		tail_lines = 0
		max_failures = 1 in 1m
	END_INI
	ns_start "$dir"
	wait_until 10 service web '.state == "blocked"'
	wait_until 5 grep -q password "$dir/stdout"
	ns_stop
	run ! grep -rq password "$dir/vol"
}

@test "zombies that a service does not wait for are counted and said once" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[service:lazy]
		command = python3 -c "import os, time; [os.fork() or os._exit(0) for i in range(3)]; time.sleep(1000)"
	END_INI
	ns_start "$dir"
	wait_until 5 service lazy '.state == "running"'
	sleep 2.2 # a sample is due again
	ns_signal USR1
	wait_until 10 service lazy '.usage.zombies == 3'
	wait_until 10 events '.event == "zombies" and .zombies == 3 and .service == "lazy"'
	service lazy '.why | contains("does not wait for 3 of its processes")'
	ns_stop
	[ "$(events '.event == "zombies"' | wc -l)" = 1 ]
}

# burnt PID: hundredths of a second of CPU time that the process has used
burnt()
{
	ns_exec awk '{ print $14 + $15 }' "/proc/$1/stat"
}

@test "a service that burns a core is said to" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[service:burn]
		shell = while :; do :; done
	END_INI
	ns_start "$dir"
	wait_until 10 service burn '.pid'
	# Other tests run beside this one: the expected figure is the share of a
	# core that the service got, and the sentence needs most of a core.
	pid=$(service burn .pid)
	for _ in 1 2 3 4 5; do
		before=$(burnt "$pid") began=$(now_ms)
		sleep 2.2
		ns_signal USR1
		got=$((($(burnt "$pid") - before) * 1000 / ($(now_ms) - began)))
		wait_until 5 service burn '.usage.cpu_ms > 0'
		if service burn '(.usage.cpu_percent // 0) >= 90'; then
			service burn '.why | test("uses [0-9]+ % of a core")'
			return
		fi
	done
	service burn ".usage.cpu_percent >= $got / 3"
}

@test "no helper can write memory of PID 1 or of another helper" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:web]
		command = sleep 1000
		stdout = file:$dir/log
		health = unix:$dir/none
		health_grace = 1h
	END_INI
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	for helper in recorder relay files control prober; do
		wait_until 5 kid "dashpot: $helper"
		awk -v own="/memfd:$helper" '$2 ~ /w.s/ && $6 != own { print; bad = 1 }
			END { exit bad }' "/proc/$(kid "dashpot: $helper")/maps"
	done
	ns_stop
}
