#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The log relay: output of services arrives whole, once and in order, however
# much a service prints, whatever happens to the relay, and while the reader
# stalls.

load ../lib/dashpot
load ../lib/faults

LINES_EACH=${RELAY_LINES:-100000} # of each of ten services

setup_file()
{
	need_program speaker
}

teardown()
{
	thaw
	faults_cleanup
	bad=$?
	if [ -e "$BATS_TEST_TMPDIR/mounts" ]; then
		while read -r mount; do
			timeout 10 umount --lazy "$mount" || true
		done <"$BATS_TEST_TMPDIR/mounts"
	fi
	return $bad
}

thaw()
{
	[ ! -e "$BATS_TEST_TMPDIR/frozen" ] || {
		timeout 10 fsfreeze --unfreeze "$(cat "$BATS_TEST_TMPDIR/frozen")" &&
			rm -f "$BATS_TEST_TMPDIR/frozen"
	}
}

# speakers_ini: ten services that print LINES_EACH lines each, even ones to
# stdout and odd ones to stderr
speakers_ini()
{
	local i
	printf '[dashpot]\nlog_level = warning\n[defaults]\nlog_prefix = no\n'
	for i in 0 1 2 3 4 5 6 7 8 9; do
		printf '[service:s%d]\ncommand = %s s%d %d %d\ntype = oneshot\n' "$i" \
			"$BATS_FILE_TMPDIR/speaker" "$i" "$LINES_EACH" $((1 + i % 2))
	done
}

# heard: counts of the services' lines, as "NAME lost repeated broken"
heard()
{
	cat "$NS_DIR/stdout" "$NS_DIR/stderr" | grep -av '^dashpot: ' |
		awk -f "$DASHPOT_LIB/heard.awk" | sort
}

# all_heard: each line of all ten services arrived once, whole and in order, and
# no other line
all_heard()
{
	local want
	want=$(printf '%s 0 0 0\n' '?' s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 | sort)
	[ "$(heard)" = "$want" ] || { heard >&2; return 1; }
	! grep -aq '^s[13579]' "$NS_DIR/stdout"
	! grep -aq '^s[02468]' "$NS_DIR/stderr"
}

# ends_of_relay SIGNAL: end the relay by that signal, again and again, as long
# as dashpot runs; print how often
ends_of_relay()
{
	local n=0
	while ! ns_ended; do
		! kill_kid 'dashpot: relay' "$1" 2>/dev/null || n=$((n + 1))
		sleep 0.05
	done
	echo "$n"
}

@test "ten services print $((LINES_EACH * 10)) lines: every one arrives whole, once and in order" {
	dir=$(ns_dir)
	speakers_ini >"$dir/dashpot.ini"
	began=$(now_ms)
	ns_start "$dir"
	ns_wait 120
	figure "$((LINES_EACH * 10)) lines of ten services in $(($(now_ms) - began)) ms"
	[ "$NS_STATUS" = 0 ]
	all_heard
}

@test "so they do when the relay is terminated again and again" {
	dir=$(ns_dir)
	speakers_ini >"$dir/dashpot.ini"
	ns_start "$dir"
	times=$(ends_of_relay TERM)
	ns_wait 5
	figure "relay terminated $times times"
	[ "$times" -ge 1 ]
	[ "$NS_STATUS" = 0 ]
	all_heard
}

@test "a relay that is killed again and again loses or repeats one buffer each time, and it is said" {
	dir=$(ns_dir)
	speakers_ini >"$dir/dashpot.ini"
	ns_start "$dir"
	times=$(ends_of_relay KILL)
	ns_wait 5
	heard >"$dir/heard"
	figure "relay killed $times times: $(awk '{ l += $2; r += $3; b += $4 }
		END { print l, "lines lost,", r, "repeated,", b, "broken" }' "$dir/heard")"
	[ "$times" -ge 1 ]
	[ "$NS_STATUS" = 0 ]
	# A line has 15 bytes at least: one buffer is 274 lines at most.
	awk -v times="$times" '$2 + $3 > 280 * times || $4 > 2 * times { exit 1 }' \
		"$dir/heard"
	! awk '$2 + $3 + $4 > 0 { bad = 1 } END { exit !bad }' "$dir/heard" ||
		said 'the log relay was killed: up to [0-9]* bytes'
}

@test "a stdout that nobody reads for five seconds stops neither stderr nor PID 1" {
	dir=$(ns_dir)
	mkfifo "$dir/out"
	exec {reader}<>"$dir/out"
	cat >"$dir/dashpot.ini" <<-END_INI
		[dashpot]
		restart_rate = 1000/s burst 1000
		[defaults]
		max_failures = none
		restart_delay = 100ms..100ms
		[service:looper]
		shell = cut -d ' ' -f 1 /proc/uptime >>$dir/loops; exit 1
		[service:loud]
		command = $BATS_FILE_TMPDIR/speaker loud 100000
		type = oneshot
		[service:talker]
		shell = while sleep 0.1; do cut -d ' ' -f 1 /proc/uptime >&2; done
		log_prefix = no
	END_INI
	NS_STDOUT=$dir/out ns_start "$dir"
	wait_until 5 has_lines "$dir/loops" 3
	began=$(now_ms)
	sleep 5
	at_most "$(longest_gap "$dir/loops" "$began" "$(now_ms)")" 1500 'a restart took ms'
	grep '^[0-9.]*$' "$dir/stderr" >"$dir/talked"
	at_most "$(longest_gap "$dir/talked" "$began" "$(now_ms)")" 1500 'stderr took ms'
	[ "$(service loud .state)" = running ] # it blocks, as without dashpot
	began=$(now_ms)
	ns_signal TERM
	ns_wait 15
	at_most $(($(now_ms) - began)) 9500 'the stop took ms'
	exec {reader}<&-
}

@test "a stdout that is read again gets everything" {
	dir=$(ns_dir)
	mkfifo "$dir/out"
	exec {reader}<>"$dir/out"
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:loud]
		command = $BATS_FILE_TMPDIR/speaker loud 20000
		type = oneshot
	END_INI
	NS_STDOUT=$dir/out ns_start "$dir"
	wait_until 5 service loud '.state == "running"'
	stays 1 service loud '.state == "running"'
	timeout 60 head -n 20000 <"$dir/out" >"$dir/got"
	ns_wait 10
	exec {reader}<&-
	[ "$NS_STATUS" = 0 ]
	awk -f "$DASHPOT_LIB/heard.awk" "$dir/got" | grep -qx 'loud 0 0 0'
}

@test "a frozen log disk stops neither stdout nor PID 1, and loses nothing" {
	dir=$(ns_dir)
	mkdir "$dir/logs"
	truncate -s 64M "$dir/disk"
	mkfs.ext4 -q -E lazy_itable_init=0 "$dir/disk"
	mount -o loop,noatime "$dir/disk" "$dir/logs" || skip "no loop device"
	echo "$dir/logs" >>"$BATS_TEST_TMPDIR/mounts"
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:filer]
		shell = sleep 1; exec $BATS_FILE_TMPDIR/speaker filer 20000
		type = oneshot
		stdout = file:$dir/logs/filer.log
		[service:talker]
		shell = while sleep 0.1; do cut -d ' ' -f 1 /proc/uptime; done
		log_prefix = no
	END_INI
	ns_start "$dir"
	wait_until 5 has_lines "$dir/stdout" 1
	echo "$dir/logs" >"$BATS_TEST_TMPDIR/frozen"
	timeout 10 fsfreeze --freeze "$dir/logs"
	began=$(now_ms)
	sleep 3
	at_most "$(longest_gap "$dir/stdout" "$began" "$(now_ms)")" 1500 'stdout took ms'
	[ "$(service filer .state)" = running ]
	thaw
	wait_until 20 service filer '.state == "done"'
	ns_stop
	awk -f "$DASHPOT_LIB/heard.awk" "$dir/logs/filer.log" | grep -qx 'filer 0 0 0'
}

@test "a log file is rotated by size, and kept as often as log_keep says" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:filer]
		command = $BATS_FILE_TMPDIR/speaker filer 20000
		type = oneshot
		stdout = file:$dir/filer.log
		log_max_size = 512k
		log_keep = 4
	END_INI
	ns_start "$dir"
	ns_wait 30
	[ "$NS_STATUS" = 0 ]
	cat "$dir"/filer.log.{4,3,2,1} "$dir/filer.log" 2>/dev/null |
		awk -f "$DASHPOT_LIB/heard.awk" | grep -qx 'filer 0 0 0'
	[ -e "$dir/filer.log.1" ]
	[ "$(find "$dir" -name 'filer.log*' -size +512k)" = '' ]
}

@test "a full log disk is said once, and so is its end, with the number of lost lines" {
	dir=$(ns_dir)
	mkdir "$dir/logs"
	mount -t tmpfs -o size=64k logs "$dir/logs" || skip "cannot mount here"
	echo "$dir/logs" >>"$BATS_TEST_TMPDIR/mounts"
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:filer]
		shell = $BATS_FILE_TMPDIR/speaker filer 20000; exec sleep 1000
		stdout = file:$dir/logs/filer.log
	END_INI
	ns_start "$dir"
	wait_until 10 said 'filer: the log file of its stdout cannot be written: .*ENOSPC'
	mount -o remount,size=4m "$dir/logs"
	wait_until 10 said 'filer: the log file of its stdout is written again'
	said_once 'cannot be written'
	lost=$(sed -n 's/.*lines dropped: //p' "$dir/stderr")
	ns_stop
	awk -v lost="$lost" '!/^filer [0-9]+ of 20000\.*$/ { exit 1 }
		END { if (NR + lost != 20000) exit 1 }' "$dir/logs/filer.log"
}

@test "a log disk that is lost to sixty services at once is said of each" {
	local i
	dir=$(ns_dir)
	for i in {1..60}; do
		printf '[service:filer%d]\nshell = echo hello; exec sleep 1000\n' "$i"
		printf 'stdout = file:%s/missing/%d.log\n' "$dir" "$i"
	done >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 all_lost
	ns_stop
}

all_lost()
{
	[ "$(grep -c 'filer[0-9]*: the log file of its stdout cannot be written' \
		"$NS_DIR/stderr")" = 60 ]
}

@test "a read-only log disk is said, and the service runs on" {
	dir=$(ns_dir)
	mkdir "$dir/logs"
	mount -t tmpfs -o ro logs "$dir/logs" || skip "cannot mount here"
	echo "$dir/logs" >>"$BATS_TEST_TMPDIR/mounts"
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:filer]
		shell = echo hello; exec sleep 1000
		stdout = file:$dir/logs/filer.log
	END_INI
	ns_start "$dir"
	wait_until 10 said 'filer: the log file of its stdout cannot be written: .*EROFS'
	wait_until 5 service filer '.state == "running"'
	ns_stop
}

@test "log_format = json merges into objects and wraps the other lines" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:web]
		shell = printf '{"a":1}\nplain\n{"stream":"mine"}\n\377\000"\n' ; echo oops >&2
		type = oneshot
		log_format = json
	END_INI
	ns_start "$dir"
	ns_wait
	[ "$(jq -c . "$dir/stdout" | wc -l)" = 4 ]
	[ "$(sed -n 1p "$dir/stdout")" = '{"service":"web","stream":"stdout","a":1}' ]
	sed -n 2p "$dir/stdout" | jq -e '.service == "web" and .stream == "stdout"
		and .message == "plain" and (.time | test("^20.*Z$"))'
	[ "$(sed -n 3p "$dir/stdout")" = '{"service":"web","stream":"mine"}' ]
	sed -n 4p "$dir/stdout" | jq -e '.message == "?\u0000\""'
	grep -v '^dashpot: ' "$dir/stderr" | jq -e '.stream == "stderr" and .message == "oops"'
}

@test "lines carry the name of their service where several share an output" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[defaults]
		type = oneshot
		[service:one]
		command = echo hello
		[service:two]
		shell = echo world; echo '{"a":1}'
		[service:three]
		command = echo bare
		log_prefix = no
	END_INI
	ns_start "$dir"
	ns_wait
	[ "$(sort "$dir/stdout")" = "$(printf '%s\n' '{"a":1}' bare 'one | hello' 'two | world' | sort)" ]
}

@test "binary output passes unchanged, and a missing last newline is added" {
	dir=$(ns_dir)
	head -c 300000 /dev/urandom >"$dir/binary"
	printf x >>"$dir/binary"
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:web]
		command = cat $dir/binary
		type = oneshot
	END_INI
	ns_start "$dir"
	ns_wait
	echo >>"$dir/binary"
	cmp "$dir/binary" "$dir/stdout"
}

@test "a line of 900,000 bytes arrives as one line beside those of another service" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[defaults]
		type = oneshot
		log_prefix = no
		[service:long]
		shell = head -c 900000 /dev/zero | tr '\\0' x; echo
		[service:short]
		command = $BATS_FILE_TMPDIR/speaker short 20000
	END_INI
	ns_start "$dir"
	ns_wait 30
	grep -av ^x "$dir/stdout" | awk -f "$DASHPOT_LIB/heard.awk" | grep -qx 'short 0 0 0'
	[ "$(grep -ac '^x*$' "$dir/stdout")" = 1 ]
	[ "$(grep -a '^x' "$dir/stdout" | wc -c)" = 900001 ]
}

@test "what a child prints that outlives its leader arrives" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:web]
		shell = (sleep 0.5; echo late) & echo early
		type = oneshot
		leftovers = keep
		[service:rest]
		command = sleep 1000
	END_INI
	ns_start "$dir"
	wait_until 5 grep -qx 'web | early' "$dir/stdout"
	wait_until 5 grep -qx 'web | late' "$dir/stdout"
	ns_stop
}

@test "last words name the last line of the service that decided" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:web]
		shell = printf 'no such table: users' >&2; exit 7
		restart = never
	END_INI
	ns_start "$dir"
	ns_wait
	[ "$NS_STATUS" = 7 ]
	said_once 'web: exited with code 7 after .*; last line: "no such table: users"; dashpot exits with code 7'
}
