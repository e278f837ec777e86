#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# When no process can be forked: dashpot lives, names the limit with its
# numbers, does not retry in a loop, and goes on as soon as there is room.

load ../lib/dashpot
load ../lib/faults

setup_file()
{
	need_image test
	need_program crowd
}

teardown()
{
	faults_cleanup || return
	if [ -e "$BATS_TEST_TMPDIR/cgroup" ]; then
		rmdir_cgroup "$(cat "$BATS_TEST_TMPDIR/cgroup")"
	fi
}

# rmdir_cgroup DIR: remove it with the cgroups that the container engine left
# below it
rmdir_cgroup()
{
	wait_until 5 find "$1" -depth -type d -exec rmdir {} +
}

# volume_ini: a volume in NS_DIR with the configuration from standard input
volume_ini()
{
	VOLUME=$BATS_TEST_TMPDIR/volume
	mkdir -p "$VOLUME/vol"
	{
		printf '[dashpot]\ndiagnostics = /v/vol\n'
		cat
	} >"$VOLUME/dashpot.ini"
}

# container_ini [PODMAN-OPTION...]: a container with that configuration
container_ini()
{
	container_run box -v "$VOLUME:/v" \
		-v "$BATS_FILE_TMPDIR/crowd:/crowd:ro" "$@" \
		localhost/dashpot-test /dashpot run -c /v/dashpot.ini
	container_use box "$VOLUME"
}

# pids_dir: the pids cgroup of PID 1
pids_dir()
{
	awk -F : '$2 == "pids" { print "/sys/fs/cgroup/pids" $3 }' "/proc/$NS_PID/cgroup"
}

# is_full DIR: this cgroup has no room for a further task
is_full()
{
	[ "$(cat "$1/pids.current")" = "$(cat "$1/pids.max")" ]
}

# waits_for KIND SERVICE: the service waits for room under that limit
waits_for()
{
	service "$2" ".state == \"waiting\" and .waiting.for == \"headroom\" and
		.waiting.limit.kind == \"$1\""
}

is_up()
{
	service "$1" '.state == "running" and .pid != null'
}

# up_within MS SERVICE...: the services started within MS of BEGAN, by the start
# times of their processes
up_within()
{
	local most=$1 name took
	shift
	for name; do
		wait_until 10 is_up "$name"
		took=$(service "$name" ".started_monotonic_ms - $BEGAN")
		at_most "$took" "$most" "$name came back after ms"
	done
}

crowded_ini()
{
	volume_ini <<-'END_INI'
		[defaults]
		restart_delay = 10ms..10ms
		max_failures = none
		[service:filler]
		command = /crowd fill
		after = web
		[service:web]
		command = sleep 1000
	END_INI
}

@test "a service that fills --pids-limit 24 leaves dashpot alive, and others wait with limit and numbers" {
	crowded_ini
	container_ini --pids-limit 24
	wait_until 10 is_full "$(pids_dir)"
	kill_kid "sleep 1000"
	wait_until 5 waits_for pids-cgroup web
	# No process can be forked before and after this reading.
	is_full "$(pids_dir)"
	wait_until 5 service web '.waiting.limit | .current >= 23 and .max == 24 and .reserve == 3'
	service web '.why | test("holds 2[34] of pids.max 24 \\(reserve 3\\)")'
	diag '.headroom.waiting == 1 and .headroom.limits[0].max == 24'
	is_full "$(pids_dir)"
	stays 2 waits_for pids-cgroup web
	container_is box running
	[ "$(container_logs box | grep -c 'web: waits for room to start a process: the container holds')" = 1 ]
}

@test "a start that would leave less than the reserve waits, until there is room for both" {
	volume_ini <<-'END_INI'
		[defaults]
		restart_delay = 10ms..10ms
		max_failures = none
		[service:few]
		command = /crowd burst 15 0
		stdout = file:/v/few
		[service:web]
		command = sleep 1000
	END_INI
	container_ini --pids-limit 24
	wait_until 10 grep -q ready "$VOLUME/few"
	wait_until 5 is_up web
	wait_until 5 holds 22
	kill_kid "sleep 1000"
	wait_until 5 waits_for pids-cgroup web
	service web '.waiting.limit | .current == 21 and .max == 24 and .reserve == 3'
	stays 1 service web '.state == "waiting" and .starts == 1'
	BEGAN=$(now_ms)
	kill_orphan
	up_within 1000 web
	[ "$(container_stop box)" = 0 ]
}

# kill_orphan: kill one of the processes that crowd has left behind, not crowd
# itself
kill_orphan()
{
	local pid
	for pid in $(ps --ppid "$NS_PID" -o pid=,args= | awk '/crowd burst/ { print $1 }'); do
		[ "$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status")" != "$(service few .pid)" ] ||
			continue
		kill -s KILL "$pid"
		return
	done
}

holds()
{
	[ "$(cat "$(pids_dir)/pids.current")" = "$1" ]
}

@test "starts resume within a second of room" {
	crowded_ini
	container_ini --pids-limit 24
	wait_until 10 is_full "$(pids_dir)"
	kill_kid "sleep 1000"
	wait_until 5 waits_for pids-cgroup web
	BEGAN=$(now_ms)
	kill_kid "crowd fill" USR1
	up_within 1000 web
	container_logs box | grep -q 'web: there is room for its process again after'
	[ "$(container_stop box)" = 0 ]
}

@test "a recorder that is killed while nothing can be forked is back once there is room" {
	crowded_ini
	container_ini --pids-limit 24
	wait_until 10 is_full "$(pids_dir)"
	kill_kid recorder
	wait_until 5 is_full "$(pids_dir)"
	container_logs box | grep -q 'the recorder was killed by SIGKILL'
	container_is box running
	kill_kid "crowd fill" USR1
	wait_until 5 kid recorder
	[ "$(container_stop box)" = 0 ]
	diag '.phase == "exiting" and .helpers.recorder.restarts == 1'
}

nproc_ini()
{
	UID_NOW=$(free_uid)
	cat >"$dir/dashpot.ini" <<-END_INI
		[defaults]
		restart_delay = 10ms..10ms
		max_failures = none
		user = $UID_NOW
		limit.nproc = 40
		[service:filler]
		command = $BATS_FILE_TMPDIR/crowd fill
		after = web
		[service:web]
		command = sleep 1000
		[service:root]
		command = sleep 2000
		user = 0
		limit.nproc = 40
	END_INI
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
}

uid_tasks()
{
	ps -eo uid= | awk -v uid="$UID_NOW" '$1 == uid { n++ } END { print n + 0 }'
}

is_uid_full()
{
	[ "$(uid_tasks)" = 40 ]
}

started_twice()
{
	[ "$(say_count 'web: started')" = 2 ]
}

@test "RLIMIT_NPROC of a non-root service: others of that uid wait with uid, count, limit and reserve" {
	dir=$(ns_dir)
	nproc_ini
	ns_start "$dir"
	wait_until 10 is_uid_full
	kill_kid "sleep 1000"
	wait_until 5 waits_for nproc web
	wait_until 5 is_uid_full
	service web ".waiting.limit | .uid == $UID_NOW and .max == 40 and .reserve == 5 and
		.current >= 39 and .current <= 41"
	service web ".why | test(\"uid $UID_NOW holds (39|4[01]) of RLIMIT_NPROC 40 \\\\(reserve 5\\\\)\")"
	said_once "web: waits for room to start a process: uid $UID_NOW holds"
	kill_kid "sleep 2000"
	wait_until 5 service root '.state == "running" and .starts == 2'
	stays 1 said_once "web: waits for room"
	said_once 'web: started' # what is refused has not started
	BEGAN=$(now_ms)
	kill_kid "crowd fill" USR1
	up_within 1000 web
	wait_until 5 said_once "web: there is room for its process again after"
	wait_until 5 started_twice
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a start that RLIMIT_NPROC refuses is tried about four times a second, not at every reap of its own" {
	dir=$(ns_dir)
	nproc_ini
	ns_start "$dir"
	wait_until 10 is_uid_full
	kill_kid "sleep 1000"
	wait_until 5 waits_for nproc web
	before=$(wait_until 5 diag .container.reaped && diag .container.reaped)
	began=$(now_ms)
	sleep 3
	ns_signal USR1
	wait_until 5 said 'snapshot'
	sleep 0.5
	tries=$(($(diag .container.reaped) - before))
	at_most $((tries * 1000 / ($(now_ms) - began))) 5 "attempts a second"
	wait_until 5 service web ".failures == 1 and .starts == 1"
}

@test "a limit on a hidden parent cgroup: starts wait and say so, and resume when it is lifted" {
	parent=/dashpot-test-$$
	cgroup=/sys/fs/cgroup/pids$parent
	[ -d /sys/fs/cgroup/pids ] || skip "no version 1 pids cgroup on this machine"
	mkdir "$cgroup"
	echo "$cgroup" >"$BATS_TEST_TMPDIR/cgroup"
	volume_ini <<-'END_INI'
		[defaults]
		restart_delay = 10ms..10ms
		max_failures = none
		[service:one]
		command = sleep 1001
		[service:two]
		command = sleep 1002
	END_INI
	container_ini --cgroup-parent "$parent" --pids-limit 100
	wait_until 10 is_up two
	cat "$cgroup/pids.current" >"$cgroup/pids.max" # full, and then less
	echo 1 >"$cgroup/pids.max"
	kill_kid "sleep 1001"
	kill_kid "sleep 1002"
	wait_until 5 waits_for hidden-cgroup one
	wait_until 5 waits_for hidden-cgroup two
	service two '.why | test("a pids limit above the container, which cannot be seen from inside")'
	container_is box running
	BEGAN=$(now_ms)
	echo max >"$cgroup/pids.max"
	up_within 1000 one two
	container_logs box | grep -q 'one: waits for room to start a process: a pids limit above'
	[ "$(container_stop box)" = 0 ]
}

@test "prlimit(2) refused: a warning, and services run with the limits as they are" {
	dir=$(ns_dir)
	printf '%s\n' '[service:web]' 'command = sleep 1000' '[service:own]' \
		'command = sleep 1000' 'limit.core = 0' >"$dir/dashpot.ini"
	NS_PREFIX=(strace -D -qq -f -o "$dir/trace" -e trace=prlimit64
		-e inject=prlimit64:error=EPERM)
	ns_start "$dir"
	wait_until 10 service web '.state == "running"'
	wait_until 10 events '.event == "no-limits" and .errno == "EPERM"'
	wait_until 10 service own '.failures > 0'
	grep 'prlimit(2) is refused (EPERM; by seccomp?)' "$dir/stderr"
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

# strace_clone WHEN: inject EAGAIN into the calls of clone that WHEN names, in
# each process
strace_clone()
{
	NS_PREFIX=(strace -D -f -ttt -o "$dir/trace" -e trace=clone,clone3
		-e "inject=clone,clone3:error=EAGAIN:when=$1")
}

# ten_ini: ten services; PID 1's first four clones are the dry one and helpers
ten_ini()
{
	local i
	for i in 0 1 2 3 4 5 6 7 8 9; do
		printf '[service:s%s]\ncommand = sleep 100%s\n' "$i" "$i"
	done >"$dir/dashpot.ini"
}

# clone_times PATTERN: uptime-like seconds of PID 1's clones that match
clone_times()
{
	awk -v pid="$(awk '{ print $1; exit }' "$dir/trace")" -v want="$1" \
		'$1 == pid && /clone/ && $0 ~ want { print $2 }' "$dir/trace"
}

@test "forks refused for a while: four attempts a second for all together, then all ten are up within half a second" {
	dir=$(ns_dir)
	ten_ini
	strace_clone 6..17
	ns_start "$dir"
	for i in 0 1 2 3 4 5 6 7 8 9; do
		wait_until 20 is_up s$i
	done
	clone_times EAGAIN >"$dir/refused"
	[ "$(lines_now "$dir/refused")" = 12 ]
	# Twelve refusals are eleven pauses of 250 ms.
	awk 'NR == 1 { a = $1 } { b = $1 } END { exit !(b - a >= 11 * 0.24) }' "$dir/refused"
	last=$(tail -n 1 "$dir/refused")
	up=$(clone_times '= [0-9]+ ' | tail -n 1)
	[ -n "$up" ] || up=$(clone_times '= [0-9]+$' | tail -n 1)
	# The next timed attempt, and half a second for all ten.
	awk -v a="$last" -v b="$up" 'BEGIN { exit !(b > a && b - a <= 0.25 + 0.5) }'
	figure "last of ten up $(awk -v a="$last" -v b="$up" 'BEGIN { print int((b - a) * 1000) }') ms after the last refused attempt"
	diag '[.services[].starts] == [1,1,1,1,1,1,1,1,1,1]'
	said_once 's0: waits for room to start a process: the kernel refuses a process (EAGAIN)'
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "forks refused for ever: dashpot lives, tries four times a second, says why and stops when told" {
	dir=$(ns_dir)
	ten_ini
	strace_clone 6+
	ns_start "$dir"
	wait_until 10 waits_for kernel s9
	stays 3 ns_alive
	ns_stop
	[ "$NS_STATUS" = 0 ]
	clone_times EAGAIN >"$dir/refused"
	awk 'NR == 1 { a = $1 } { b = $1 } END {
		rate = (NR - 1) / (b - a)
		print rate " attempts a second"
		exit !(NR > 3 && rate <= 4.2)
	}' "$dir/refused"
	diag '[.services[].starts] | add == 0'
}

@test "not even the helpers can be forked: dashpot lives, and stops when told" {
	dir=$(ns_dir)
	ten_ini
	strace_clone 1+
	ns_start "$dir"
	stays 3 ns_alive
	ns_stop
	[ "$NS_STATUS" = 0 ]
	clone_times EAGAIN >"$dir/refused"
	# Ten services at four a second, three helpers at one in two seconds.
	at_most "$(lines_now "$dir/refused")" 40 "attempts in three to four seconds"
	rm -rf "$dir/vol"
}

@test "a container whose seccomp profile refuses every fork keeps its PID 1, which stops when told" {
	volume_ini <<-'END_INI'
		[service:one]
		command = sleep 1001
	END_INI
	cat >"$BATS_TEST_TMPDIR/seccomp.json" <<-'END_JSON'
		{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ {
			"names": ["fork", "vfork", "clone", "clone3"],
			"action": "SCMP_ACT_ERRNO", "errnoRet": 11 } ] }
	END_JSON
	container_ini --security-opt "seccomp=$BATS_TEST_TMPDIR/seccomp.json"
	stays 2 container_is box running
	[ "$(ps --ppid "$NS_PID" -o pid= | wc -l)" = 0 ]
	[ "$(container_stop box)" = 0 ]
}

# sleepers N
sleepers()
{
	local i
	for i in $(seq "$1"); do
		printf '[service:s%s]\ncommand = sleep %s\n' "$i" "$((1000 + i))"
	done
}

@test "where a configuration never fits with the reserve, the reserve shrinks, said once, and all run" {
	volume_ini < <(sleepers 11)
	container_ini --pids-limit 16
	wait_until 10 diag '[.services[] | select(.state == "running")] | length == 11'
	[ "$(container_logs box |
		grep -c 'a limit of 16 tasks is tight for the 15 that run here: keeps 1 of them free instead of 2')" = 1 ]
	diag '.headroom.limits[0].reserve == 1'
	[ "$(container_stop box)" = 0 ]
}

@test "a reserve that is written shrinks as well where it never fits" {
	volume_ini < <(echo 'headroom = 16' && sleepers 8)
	container_ini --pids-limit 24
	wait_until 10 diag '[.services[] | select(.state == "running")] | length == 8'
	[ "$(container_logs box |
		grep -c 'a limit of 24 tasks is tight for the 12 that run here: keeps 12 of them free instead of 16')" = 1 ]
	[ "$(container_stop box)" = 0 ]
}

@test "where not even the services fit, dashpot exits with 111 and the sum" {
	volume_ini < <(sleepers 6)
	container_run box -v "$VOLUME:/v" --pids-limit 8 \
		localhost/dashpot-test /dashpot run -c /v/dashpot.ini
	[ "$(container_wait box 10)" = 111 ]
	container_logs box | grep -q '6 services and 4 tasks of dashpot make 10; the pids limit of this container is 8: raise --pids-limit'
}

@test "under cgroup v2 a pids.max is named with its numbers, starts wait, and resume once there is room" {
	cat >"$BATS_TEST_TMPDIR/script" <<-'END_SCRIPT'
		set -e
		echo +pids >/sys/fs/cgroup/cgroup.subtree_control
		mkdir /sys/fs/cgroup/box
		echo 24 >/sys/fs/cgroup/box/pids.max
		cat >/d.ini <<-END_INI
			[dashpot]
			diagnostics = /tmp/vol
			[defaults]
			restart_delay = 10ms..10ms
			max_failures = none
			[service:filler]
			command = /crowd fill
			after = web
			[service:web]
			command = sleep 1000
		END_INI
		# until SECONDS COMMAND...
		until_true() {
			n=$(($1 * 20)); shift
			until "$@"; do
				n=$((n - 1)); [ $n -gt 0 ] || { cat /err /tmp/vol/*; return 1; }
				usleep 50000
			done
		}
		is_full() { [ "$(cat /sys/fs/cgroup/box/pids.current)" = 24 ]; }
		sh -c 'echo $$ >/sys/fs/cgroup/box/cgroup.procs
			exec unshare -pf --mount-proc /dashpot run -c /d.ini' 2>/err &
		until_true 10 is_full
		pid_of() { ps -o pid,args | awk -v a="$*" 'substr($0, 7) == a { print $1 }'; }
		is_there() { [ -n "$(pid_of "$@")" ]; }
		kill -9 $(pid_of sleep 1000)
		until_true 5 grep -q '"for":.*"headroom"' /tmp/vol/diagnostic.json
		is_full
		echo "@waiting"; cat /tmp/vol/diagnostic.json; echo
		kill -USR1 $(ps -o pid,args | awk '$2 == "/crowd" { print $1; exit }')
		read began rest </proc/uptime
		until_true 5 is_there sleep 1000
		read ended rest </proc/uptime
		usleep 500000
		echo "@resumed"; cat /tmp/vol/diagnostic.json; echo
		echo "@said"; cat /err
		echo "@times"; echo $began $ended
	END_SCRIPT
	uml_run "$BATS_TEST_TMPDIR/script" "$BATS_FILE_TMPDIR/crowd" >"$BATS_TEST_TMPDIR/out" ||
		{ cat "$BATS_TEST_TMPDIR/out"; false; }
	for part in waiting resumed; do
		mkdir -p "$BATS_TEST_TMPDIR/$part/vol"
		sed -n "/^@$part/,/^@/{/^@/!p}" "$BATS_TEST_TMPDIR/out" \
			>"$BATS_TEST_TMPDIR/$part/vol/diagnostic.json"
	done
	NS_DIR=$BATS_TEST_TMPDIR/waiting
	waits_for pids-cgroup web
	service web '.waiting.limit | .current >= 22 and .max == 24 and .reserve == 3 and .level == 0'
	NS_DIR=$BATS_TEST_TMPDIR/resumed
	is_up web
	grep -q 'the container holds 2[34] of pids.max 24 (reserve 3)' "$BATS_TEST_TMPDIR/out"
	sed -n '/^@times/{n;p}' "$BATS_TEST_TMPDIR/out" |
		awk '{ print; exit !($2 - $1 <= 1.0) }'
}
