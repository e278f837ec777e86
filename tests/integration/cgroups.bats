#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# With a writable cgroup v2 subtree: a cgroup for each service, its two limits,
# which process was killed in it, and which processes end with the service.

load ../lib/dashpot
load ../lib/faults
load ../lib/verify

setup_file()
{
	need_program ghost
	need_program hog
}

# uml SCRIPT-TEXT: uml_run with the functions that every script here needs
uml()
{
	{
		cat <<-'END'
			# until_true SECONDS COMMAND...
			until_true() {
				n=$(($1 * 20)); shift
				until "$@"; do
					n=$((n - 1))
					[ $n -gt 0 ] || { echo "not in time: $*"; cat /err /tmp/vol/*; exit 1; }
					usleep 50000
				done
			}
			# said TEXT
			said() { grep -q -e "$1" /err; }
			# begin: dashpot as PID 1 of a PID namespace, with /d.ini
			begin() {
				unshare -pf --mount-proc /dashpot run -c /d.ini 2>/err &
				outer=$!
			}
			top=/sys/fs/cgroup/dashpot
		END
		cat
	} >"$BATS_TEST_TMPDIR/script"
	uml_run "$BATS_TEST_TMPDIR/script" "$BATS_FILE_TMPDIR/ghost" \
		"$BATS_FILE_TMPDIR/hog" >"$BATS_TEST_TMPDIR/out" ||
		{ cat "$BATS_TEST_TMPDIR/out"; false; }
}

@test "each service has a cgroup of its own while it needs one" {
	uml <<-'END'
		cat >/d.ini <<-END_INI
			[dashpot]
			log_format = json
			log_level = debug
			diagnostics = /tmp/vol
			[service:web]
			command = sleep 1000
			[service:once]
			command = true
			type = oneshot
		END_INI
		begin
		until_true 20 said 'service":"web".*event":"started'
		until_true 20 said 'service":"once".*event":"done'
		until_true 20 [ ! -e $top/service-once ]
		grep cgroups /err
		pid=$(cat $top/service-web/cgroup.procs)
		tr '\0' ' ' </proc/$pid/cmdline; echo
		n=$(wc -l <$top/dashpot/cgroup.procs)
		[ "$n" -ge 4 ] && echo dashpot in its own
	END
	cat "$BATS_TEST_TMPDIR/out"
	grep -q '"has_tasks":true,"has_memory":true' "$BATS_TEST_TMPDIR/out"
	grep -qx 'sleep 1000 ' "$BATS_TEST_TMPDIR/out"
	grep -qx 'dashpot in its own' "$BATS_TEST_TMPDIR/out"
}

@test "limit.tasks bounds what a service forks, and nobody takes it for the container's limit" {
	uml <<-'END'
		cat >/d.ini <<-END_INI
			[dashpot]
			diagnostics = /tmp/vol
			[service:bomb]
			shell = for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; wait
			limit.tasks = 5
			[service:web]
			shell = until [ -e /tmp/bomb ]; do sleep 0.05; done; sleep 1000
			[service:later]
			command = sleep 1001
			autostart = no
		END_INI
		begin
		# The shell cannot fork its sixth process and ends; its
		# leftovers are ended, and the service starts again: max is
		# counted in its own cgroup.
		until_true 20 grep -q '^max [1-9]' $top/service-bomb/pids.events
		[ "$(cat $top/service-bomb/pids.max)" = 5 ] && echo set
		cat $top/service-web/pids.max
		/dashpot start later --control /run/dashpot.sock
		said 'later: started' && echo another one starts
		grep -q 'waits for room' /err || echo nobody waits
	END
	cat "$BATS_TEST_TMPDIR/out"
	grep -qx 'set' "$BATS_TEST_TMPDIR/out"
	grep -qx 'max' "$BATS_TEST_TMPDIR/out"
	grep -qx 'another one starts' "$BATS_TEST_TMPDIR/out"
	grep -qx 'nobody waits' "$BATS_TEST_TMPDIR/out"
}

@test "limit.memory is told as the certain cause of a death by want of memory" {
	uml <<-'END'
		cat >/d.ini <<-END_INI
			[dashpot]
			diagnostics = /tmp/vol
			[defaults]
			restart = never
			[service:greedy]
			command = /hog 200
			limit.memory = 32M
			[service:parent]
			shell = /hog 201; exec sleep 1002
			limit.memory = 32M
			[service:victim]
			command = sleep 1000
			[service:stays]
			command = sleep 1001
		END_INI
		begin
		until_true 30 said 'greedy: was killed by the kernel, out of memory'
		until_true 5 said 'greedy: the kernel killed 1 process for want of memory'
		until_true 30 said 'parent: the kernel killed 1 process for want of memory'
		kill -9 $(pidof sleep | tr ' ' '\n' | while read pid; do
			grep -q 1000 /proc/$pid/cmdline && echo $pid; done)
		until_true 20 said 'victim: was killed by SIGKILL'
		until_true 20 grep -q '"oom":.*"certain"' /tmp/vol/diagnostic.json
		grep -c '"oom":.*"certain"' /tmp/vol/diagnostic.json
		grep -c '"oom":.*"likely"' /tmp/vol/diagnostic.json || true
	END
	cat "$BATS_TEST_TMPDIR/out"
	[ "$(tail -n 2 "$BATS_TEST_TMPDIR/out" | paste -sd ' ')" = '1 0' ]
}

@test "without a writable cgroup limit.tasks and limit.memory are a failed start that says so, and - only tries" {
	uml <<-'END'
		cat >/d.ini <<-END_INI
			[dashpot]
			diagnostics = /tmp/vol
			[service:tasks]
			command = sleep 1000
			limit.tasks = 5
			[service:memory]
			command = sleep 1000
			limit.memory = 32M
			[service:tries]
			command = sleep 1000
			limit.tasks = -5
			limit.memory = -32M
		END_INI
		mount -o remount,ro /sys/fs/cgroup
		begin
		until_true 20 said 'tasks: blocked'
		until_true 20 said 'memory: blocked'
		until_true 20 said 'tries: started'
		grep 'could not be started' /err
		/dashpot explain tasks --control /run/dashpot.sock
		/dashpot check -c /d.ini
	END
	cat "$BATS_TEST_TMPDIR/out"
	grep -q 'tasks: could not be started: limit.tasks: read-only file system (EROFS)' "$BATS_TEST_TMPDIR/out"
	grep -q 'memory: could not be started: limit.memory: read-only file system (EROFS)' "$BATS_TEST_TMPDIR/out"
	grep -q 'needs a writable cgroup v2 with the pids' "$BATS_TEST_TMPDIR/out"
	grep -q 'warning: limit.tasks' "$BATS_TEST_TMPDIR/out"
	grep -q 'warning: limit.memory' "$BATS_TEST_TMPDIR/out"
}

@test "what ignores its stop signal in a service's cgroup is killed, and that is said" {
	uml <<-'END'
		cat >/d.ini <<-END_INI
			[dashpot]
			log_format = json
			diagnostics = /tmp/vol
			[service:web]
			shell = (trap "" TERM; : >/up; while :; do sleep 0.1; done) & until [ -e /die ]; do sleep 0.1; done
			restart = never
		END_INI
		begin
		until_true 20 [ -e /up ]
		: >/die
		until_true 30 said 'service":"web".*event":"leftovers-killed'
		until_true 30 [ ! -e $top/service-web ]
		echo gone
	END
	cat "$BATS_TEST_TMPDIR/out"
	grep -qx gone "$BATS_TEST_TMPDIR/out"
}

@test "a frozen cgroup does not keep what a service left from being ended" {
	uml <<-'END'
		cat >/d.ini <<-END_INI
			[dashpot]
			diagnostics = /tmp/vol
			[service:ice]
			shell = sleep 1000 & until [ -e /tmp/go ]; do sleep 0.05; done; echo 1 >$top/service-ice/cgroup.freeze; sleep 1001
			restart = never
			[service:other]
			command = sleep 1002
		END_INI
		sed -i "s#\$top#$top#" /d.ini
		begin
		until_true 20 said 'ice: started'
		touch /tmp/go
		until_true 20 grep -qx 'frozen 1' $top/service-ice/cgroup.events
		/dashpot stop ice --timeout 30s --control /run/dashpot.sock || { cat /err; exit 1; }
		[ ! -e $top/service-ice ] && echo gone
	END
	cat "$BATS_TEST_TMPDIR/out"
	grep -qx gone "$BATS_TEST_TMPDIR/out"
}

# box COMMAND: in a cgroup of 40 tasks below the root, run a service with both
# limits under the dashpot that COMMAND starts
box()
{
	{
		cat <<-'END'
			echo '+pids +memory' >/sys/fs/cgroup/cgroup.subtree_control
			mkdir /sys/fs/cgroup/box
			echo 40 >/sys/fs/cgroup/box/pids.max
			cat >/d.ini <<-END_INI
				[dashpot]
				diagnostics = /tmp/vol
				[service:web]
				command = sleep 1000
				limit.tasks = 5
				limit.memory = 32M
			END_INI
			enter='echo $$ >/sys/fs/cgroup/box/cgroup.procs'
		END
		echo "$1"
		cat <<-'END'
			until_true 20 said 'web: '
			cat /err
			cd /sys/fs/cgroup/box/dashpot
			/dashpot status --control /run/dashpot.sock
			until_true 5 grep -q . service-web/cgroup.procs
			grep . service-web/pids.max service-web/memory.max
			cat ../cgroup.procs | wc -l
		END
	} | uml
	cat "$BATS_TEST_TMPDIR/out"
}

@test "cgroups and controllers that a service makes below its own keep no start out, with limits or without" {
	uml <<-'END'
		# As container tools do in their own cgroup, one level and several.
		cat >/nest <<-'END_NEST'
			#!/bin/sh
			cg=/sys/fs/cgroup/dashpot/service-$1
			below=$2
			mkdir -p $cg/$below $cg/empty/empty
			echo $$ >$cg/$below/cgroup.procs
			while [ $below != . ]; do
				below=$(dirname $below)
				echo +pids >$cg/$below/cgroup.subtree_control
			done
			[ $1 != kept ] || setsid sleep 3000 &
			sleep 1
			echo $1 nested $(cat $cg/cgroup.subtree_control) >>/nested
			exec sleep 2000
		END_NEST
		chmod +x /nest
		cat >/d.ini <<-END_INI
			[dashpot]
			log_format = json
			diagnostics = /tmp/vol
			[defaults]
			restart_delay = 0ms..1ms
			max_failures = none
			stop_timeout = 1s
			[service:plain]
			command = /nest plain sub
			[service:limited]
			command = /nest limited sub/deep/er
			limit.tasks = 50
			[service:kept]
			command = /nest kept sub
			limit.tasks = 50
			leftovers = keep
		END_INI
		begin
		nested() { [ "$(grep -c nested /nested)" = $1 ]; }
		until_true 20 nested 3
		kill -9 $(pidof sleep | tr ' ' '\n' | while read pid; do
			grep -q 2000 /proc/$pid/cmdline && echo $pid; done)
		until_true 20 nested 6
		sort /nested | uniq -c
		grep -c 'cgroups that an earlier run made below its own are undone' /err
		! said 'runs without a cgroup' || echo without
		kill -TERM $(head -n 1 $top/dashpot/cgroup.procs)
		wait $outer || true
		ls -d $top/service-* 2>/dev/null || echo no cgroup is left
	END
	cat "$BATS_TEST_TMPDIR/out"
	for name in plain limited kept; do
		grep -x " *2 $name nested pids" "$BATS_TEST_TMPDIR/out"
	done
	grep -x 3 "$BATS_TEST_TMPDIR/out"
	fails grep -x without "$BATS_TEST_TMPDIR/out"
	grep -x 'no cgroup is left' "$BATS_TEST_TMPDIR/out"
}

@test "in a cgroup that is no root dashpot leaves it first, and what limits the container is still known" {
	box "unshare -pf --mount-proc sh -c \"\$enter; exec /dashpot run -c /d.ini\" 2>/err &"
	grep -q 'each service has a cgroup of its own$' "$BATS_TEST_TMPDIR/out"
	grep -q 'of pids.max' "$BATS_TEST_TMPDIR/out"
	grep -qx 'service-web/pids.max:5' "$BATS_TEST_TMPDIR/out"
	grep -qx 'service-web/memory.max:33554432' "$BATS_TEST_TMPDIR/out"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" = 0 ]
}

@test "beside others in a cgroup that is no root there are cgroups, but no limits, and that is said" {
	box "sh -c \"\$enter; exec unshare -pf --mount-proc /dashpot run -c /d.ini\" 2>/err &
		until_true 20 said 'web: blocked'; cat /err; exit 0"
	grep -q 'each service has a cgroup of its own, without limit.tasks, without limit.memory$' "$BATS_TEST_TMPDIR/out"
	grep -q 'web: could not be started: limit.tasks: busy (EBUSY)' "$BATS_TEST_TMPDIR/out"
}
