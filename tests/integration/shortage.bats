#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The effect of a shortage of room or of tokens on other services, on log and
# files, and on exit_when_all_blocked.
#
# The user in these tests has more than sixteen processes: a service with
# limit.nproc = 16 is refused, a service without it is not.

load ../lib/dashpot
load ../lib/faults

teardown()
{
	faults_cleanup
}

waits_for()
{
	service "$2" ".state == \"waiting\" and .waiting.for == \"$1\""
}

@test "a service's own limit.nproc holds back no other service of that user" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[service:small]
		command = sleep 1000
		after = full
		user = @uid@
		limit.nproc = 16
		[service:free]
		shell = sleep 0.3; exit 1
		after = full
		user = @uid@
		max_failures = none
		restart_delay = 50ms..50ms
	END_INI
	ns_start "$dir"
	wait_until 10 waits_for headroom small
	before=$(service free .starts)
	wait_until 10 service free ".starts >= $before + 5"
	wait_until 5 waits_for headroom small
	run ! said 'free: waits for room'
}

@test "exit_when_all_blocked counts on while probes come and fail, and gives the code of the first" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		exit_when_all_blocked = 3s
		[defaults]
		max_failures = 1 in 15s
		[service:a]
		shell = exit 7
		cooldown = 1m..1m
		[service:b]
		shell = sleep 0.2; exit 8
		cooldown = 1s..1s
	END_INI
	ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 7 ]
	[ "$(say_count 'b: started, .* as a probe')" -ge 1 ]
}

@test "exit_when_all_blocked counts a service that failed for good by max_trips" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		exit_when_all_blocked = 2s
		[service:web]
		command = false
		max_trips = 1
		[service:slow]
		shell = sleep 0.3; exit 6
		max_failures = 1 in 1m
		max_trips = 1
	END_INI
	ns_start "$dir"
	ns_wait 15
	[ "$NS_STATUS" = 6 ]
}

@test "exit_when_all_blocked counts two services that crash and are probed without end" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		exit_when_all_blocked = 3s
		[defaults]
		max_failures = 1 in 15s
		cooldown = 1s..3s
		[service:a]
		shell = exit 7
		[service:b]
		shell = exit 7
	END_INI
	ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 7 ]
}

@test "exit_when_all_blocked counts a service that waits for a blocked one as nothing" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		exit_when_all_blocked = 2s
		[service:base]
		shell = sleep 0.3; exit 9
		max_failures = 1 in 15s
		cooldown = 1m..1m
		[service:web]
		shell = sleep 0.6; exit 1
		after = base
		max_failures = none
		restart_delay = 10ms..10ms
	END_INI
	ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 9 ]
}

@test "a service that waits for a token is not blocked: dashpot goes on" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		exit_when_all_blocked = 2s
		restart_rate = 1/h burst 1
		[service:x]
		shell = exit 9
		max_failures = 1 in 15s
		cooldown = 1m..1m
		[service:a]
		shell = sleep 0.2; exit 1
		max_failures = none
		restart_delay = 10ms..10ms
	END_INI
	ns_start "$dir"
	wait_until 5 service x '.state == "blocked"'
	wait_until 5 waits_for budget a
	stays 3 ns_alive
	run ! said 'everything has been blocked'
}

@test "a service that waits for room is not blocked: dashpot goes on" {
	dir=$(ns_dir)
	uid=$(free_uid)
	# x leaves a crowd of orphans: they have left the session and changed
	# the mark.
	cat >"$dir/dashpot.ini" <<-END_INI
		[dashpot]
		exit_when_all_blocked = 2s
		[service:x]
		shell = for i in \$(seq 20); do setsid prlimit --locks=1:1 sleep 1000 & done; sleep 0.2; exit 9
		user = $uid
		max_failures = 1 in 15s
		cooldown = 1m..1m
		[service:a]
		command = sleep 0.5
		user = $uid
		limit.nproc = 16
		max_failures = none
		restart_delay = 10ms..10ms
	END_INI
	ns_start "$dir"
	wait_until 5 service x '.state == "blocked"'
	wait_until 5 waits_for headroom a
	stays 3 ns_alive
	run ! said 'everything has been blocked'
}

@test "starts that are refused after the clone are tried four times a second, not four times each" {
	dir=$(ns_dir)
	for i in {1..20}; do
		printf '[service:s%s]\ncommand = sleep 1000\n' "$i"
	done >"$dir/dashpot.ini"
	NS_PREFIX=(strace -D -f -ttt -o "$dir/trace" -e trace=clone,clone3,setsid
		-e inject=setsid:error=ENOMEM)
	ns_start "$dir"
	wait_until 20 said 's20: waits for room'
	pid=$(awk '{ print $1; exit }' "$dir/trace")
	from=$(wc -l <"$dir/trace")
	stays 3 ns_alive
	tail -n "+$((from + 1))" "$dir/trace" |
		awk -v pid="$pid" '$1 == pid && /clone/ && !/resumed/ {
			n++; if (!a) a = $2; b = $2
		} END {
			print n, "clones in", b - a, "s"
			exit !(n >= 6 && (n - 1) / (b - a) < 15)
		}'
}

@test "diagnostic.json says since when a refused start waits, not when it was last tried" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[service:small]
		command = sleep 1000
		after = full
		user = @uid@
		limit.nproc = 16
	END_INI
	ns_start "$dir"
	wait_until 5 waits_for headroom small
	since=$(service small .since_monotonic_ms)
	sleep 2
	last=$(diag .monotonic_ms)
	ns_signal USR1
	wait_until 5 diag ".monotonic_ms > $last and .services.small.state == \"waiting\""
	service small ".since_monotonic_ms == $since"
}

@test "a refused start that waits does not rewrite diagnostic.json with every attempt" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[service:small]
		command = sleep 1000
		after = full
		user = @uid@
		limit.nproc = 16
	END_INI
	ns_start "$dir"
	wait_until 5 waits_for headroom small
	began=$(now_ms)
	while [ "$(now_ms)" -lt $((began + 3000)) ]; do
		diag .generation >>"$dir/generations"
		sleep 0.05
	done
	at_most "$(sort -u "$dir/generations" | wc -l)" 5 "versions of it in 3 s"
}

@test "where both room and tokens are short, the log says so and not again and again" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[dashpot]
		restart_rate = 1/h burst 1
		[service:x]
		shell = sleep 0.1; exit 1
		max_failures = none
		restart_delay = 10ms..10ms
		[service:early]
		command = sleep 2000
		essential = yes
		max_failures = none
		restart_delay = 10ms..10ms
		user = @uid@
		limit.nproc = 16
		[service:late]
		command = sleep 3000
		after = full
		user = @uid@
		limit.nproc = 16
	END_INI
	sed -i 's/^\[service:crowd\]/&\nafter = early/' "$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 waits_for headroom late
	wait_until 5 waits_for budget x
	kill_kid 'sleep 2000'
	wait_until 5 said 'early: waits for'
	before=$(say_count ': waits for')
	sleep 3
	at_most $(($(say_count ': waits for') - before)) 4 "lines about waiting in 3 s"
}

@test "a limit.nproc too small for any reserve is named with its numbers too" {
	dir=$(ns_dir)
	crowd_ini >"$dir/dashpot.ini" <<-'END_INI'
		[service:small]
		command = sleep 1000
		after = full
		user = @uid@
		limit.nproc = 4
	END_INI
	ns_start "$dir"
	wait_until 10 waits_for headroom small
	service small '.waiting.limit | .max == 4 and .current >= 4'
	said 'RLIMIT_NPROC 4'
}

# is_tried_on NAME: the service was refused alone, and its start is tried again
# and again
is_tried_on()
{
	service "$1" '.state == "waiting" and .waiting.for == "headroom" and
		.waiting.limit.kind == "step"'
}

# picky_begin: 20 services, a looper and an essential service that ends after a
# while; the services on standard input with a directory or command named
# refused-* get ENOMEM or EAGAIN at that step
picky_begin()
{
	mkdir -p "$dir/refused-dir"
	cp "$(command -v sleep)" "$dir/refused-sleep"
	cat - >"$dir/dashpot.ini" <(cat <<-END
		[dashpot]
		restart_rate = 100/s burst 100
		[service:crowd]
		command = sleep 1000
		instances = 20
		[service:loop]
		shell = cut -d ' ' -f 1 /proc/uptime >>$dir/loops; exit 1
		max_failures = none
		restart_delay = 100ms..100ms
		[service:other]
		command = sleep 1000
		autostart = no
	END
	)
	NS_PREFIX=(strace -D -f --seccomp-bpf -o "$dir/trace"
		-P "$dir/refused-dir" -P "$dir/refused-sleep"
		-e trace=chdir,execve -e inject=chdir:error=ENOMEM
		-e inject=execve:error=EAGAIN)
	ns_start "$dir"
}

@test "what refuses one service's steps holds up no other, and is counted" {
	dir=$(ns_dir)
	picky_begin <<-END
		[service:dir]
		command = sleep 1000
		directory = $dir/refused-dir
		max_failures = 2 in 1m
		[service:exec]
		command = $dir/refused-sleep 1000
		[service:essential]
		command = $dir/refused-sleep 1000
		essential = yes
		[service:few]
		command = sleep 1000
		limit.nofile = 5
		oom_score_adj = 100
	END
	wait_until 10 service few '.state == "running" and .starts == 1'
	wait_until 10 is_tried_on exec
	wait_until 10 is_tried_on essential
	began=$(now_ms)
	ctl start other
	at_most $(($(now_ms) - began)) 2000 'ms to start another service'
	wait_until 30 service dir '.state == "blocked"'
	service dir '.ends[-1] | .cause == "start-failed" and
		.step == "directory" and .errno_name == "ENOMEM" and .is_failure'
	service exec '.ends == [] and .starts == 0 and
		(.why | test("step exec is refused: .*\\(EAGAIN\\)"))'
	run ! said 'dir: started'
	wait_until 20 has_lines "$dir/loops" 30
	at_most "$(longest_gap "$dir/loops" "$((began - 1000))" "$(now_ms)")" 2000 \
		'ms between two runs of a looper'
	# One attempt each 250 ms for all services together that wait alone.
	tries=$(grep -c 'INJECTED' "$dir/trace")
	at_most "$tries" $((5 + ($(now_ms) - began + 10000) / 250)) attempts
	ns_stop
	[ "$NS_STATUS" = 0 ]
}
