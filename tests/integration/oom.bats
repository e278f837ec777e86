#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A process was killed by the kernel because memory ran out, or by another
# process: the memory cgroup of the container shows which.

load ../lib/dashpot
load ../lib/faults

# fails COMMAND...: the command has to fail
fails()
{
	! "$@" >/dev/null
}

setup_file()
{
	need_image test
	need_program hog
}

teardown()
{
	faults_cleanup
	[ -z "${FULL_BOX:-}" ] || wait_until 10 rmdir "$FULL_BOX"
}

# memory_box: a container that may use 48 MiB, with the services on standard
# input and, beside them, `hog` and a service that makes dashpot look around
memory_box()
{
	dir=$BATS_TEST_TMPDIR/volume
	mkdir -p "$dir/vol"
	{
		cat <<-END_INI
			[dashpot]
			diagnostics = /v/vol
			restart_rate = 1000/s burst 1000
			[defaults]
			restart = never
			stop_timeout = 1s
			[service:busy]
			command = sleep 0.1
			restart = always
			restart_delay = 10ms..10ms
			min_runtime = 0s
			max_failures = none
		END_INI
		cat
	} >"$dir/dashpot.ini"
	container_run box -v "$dir:/v" -v "$BATS_FILE_TMPDIR/hog:/hog:ro" \
		--memory 48m --memory-swap 48m \
		localhost/dashpot-test /dashpot run -c /v/dashpot.ini
	NS_DIR=$dir
	# A container that has ended already has no PID 1, and some tests want
	# its end.
	container_use box "$dir" || container_is box exited
}

# kernel_kills: number of processes that the kernel has killed in the container
kernel_kills()
{
	awk '$1 == "oom_kill" { print $2 }' \
		"/sys/fs/cgroup/memory$(awk -F : '$2 == "memory" { print $3 }' \
			"/proc/$NS_PID/cgroup")/memory.oom_control"
}

has_killed()
{
	[ "$(kernel_kills)" = "$1" ]
}

# ended_by NAME CAUSE: the last end of that service
ended_by()
{
	service "$1" ".ends[0] | .cause == \"$2\""
}

@test "a service that the kernel kills for want of memory has that as the cause of its end, and says so" {
	memory_box <<-END_INI
		[service:greedy]
		command = /hog 200
	END_INI
	wait_until 20 ended_by greedy out-of-memory
	service greedy '.ends[0] | .code == 9 and .oom == "likely"'
	wait_until 5 eval 'container_logs box | grep -q "greedy: was killed by the kernel, out of memory"'
	[ "$(kernel_kills)" = 1 ]
}

@test "it is a failure like any other signal: it opens the breaker, an essential one ends dashpot with 137" {
	memory_box <<-END_INI
		[service:greedy]
		command = /hog 200
		restart = always
		restart_delay = 10ms..10ms
		essential = yes
	END_INI
	[ "$(container_wait box 30)" = 137 ]
	service greedy '.ends | length == 3 and all(.cause == "out-of-memory" and .is_failure)'
	service greedy '.failures == 3'
}

@test "a service that another process kills with SIGKILL was not out of memory" {
	memory_box <<-END_INI
		[service:victim]
		command = sleep 1000
	END_INI
	wait_until 10 service victim '.state == "running"'
	kill_kid "sleep 1000"
	wait_until 5 ended_by victim signalled
	service victim '.ends[0].code == 9 and .ends[0].signal == "SIGKILL"'
}

@test "one kill by the kernel explains one end: a SIGKILL right after it is somebody else's" {
	memory_box <<-END_INI
		[service:greedy]
		command = /hog 200
		after = victim
		[service:victim]
		command = sleep 1000
	END_INI
	wait_until 20 ended_by greedy out-of-memory
	kill_kid "sleep 1000"
	wait_until 5 ended_by victim signalled
	[ "$(kernel_kills)" = 1 ]
}

@test "two services that the kernel kills are both told" {
	memory_box <<-END_INI
		[service:one]
		command = /hog 200
		[service:two]
		command = /hog 201
	END_INI
	wait_until 20 ended_by one out-of-memory
	wait_until 20 ended_by two out-of-memory
	[ "$(kernel_kills)" = 2 ]
}

# tells_of_worker: the one kill that no end of a service explains is an event
tells_of_worker()
{
	events '.event == "oom-kills" and .service == null and .processes == 1'
}

@test "an orphan that the kernel killed explains no end of a service" {
	memory_box <<-END_INI
		[service:parent]
		shell = (/hog 200 &); exec sleep 1000
	END_INI
	wait_until 20 has_killed 1
	wait_until 5 fails kid hog
	kill_kid "sleep 1000"
	wait_until 5 ended_by parent signalled
	wait_until 10 tells_of_worker
}

explains_kill()
{
	{ container_exec box /dashpot explain --dir /v/vol || true; } |
		grep -x '  killed for want of memory: 1'
}

@test "a kill that a service itself dealt with explains no SIGKILL that comes later" {
	memory_box <<-END_INI
		[service:parent]
		shell = /hog 200; exec sleep 1000
	END_INI
	wait_until 20 has_killed 1
	wait_until 5 kid "sleep 1000"
	# For two seconds the kill could still belong to a slowly dying process.
	wait_until 10 service parent '.state == "running"'
	stays 3 service parent '.state == "running"'
	wait_until 10 tells_of_worker
	container_exec box /dashpot events --dir /v/vol |
		grep -q 'the kernel killed 1 process for want of memory'
	wait_until 10 explains_kill
	kill_kid "sleep 1000"
	wait_until 5 ended_by parent signalled
}

@test "under cgroup v2 the kernel's kill is told from another's as well" {
	cat >"$BATS_TEST_TMPDIR/script" <<-'END_SCRIPT'
		set -e
		echo +memory >/sys/fs/cgroup/cgroup.subtree_control
		mkdir /sys/fs/cgroup/box
		echo 48M >/sys/fs/cgroup/box/memory.max
		cat >/d.ini <<-END_INI
			[dashpot]
			diagnostics = /tmp/vol
			[defaults]
			restart = never
			[service:greedy]
			command = /hog 200
			[service:victim]
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
		sh -c 'echo $$ >/sys/fs/cgroup/box/cgroup.procs
			exec unshare -pf --mount-proc /dashpot run -c /d.ini' 2>/err &
		until_true 20 grep -q 'greedy: was killed by the kernel, out of memory' /err
		kill -9 $(ps -o pid,args | awk '$2 == "sleep" && $3 == 1000 { print $1 }')
		until_true 5 grep -q 'victim: was killed by SIGKILL' /err
		grep '^oom_kill ' /sys/fs/cgroup/box/memory.events
	END_SCRIPT
	uml_run "$BATS_TEST_TMPDIR/script" "$BATS_FILE_TMPDIR/hog" >"$BATS_TEST_TMPDIR/out" ||
		{ cat "$BATS_TEST_TMPDIR/out"; false; }
	grep -qx 'oom_kill 1' "$BATS_TEST_TMPDIR/out"
}

has_killed_more()
{
	[ "$(kernel_kills)" -ge "$1" ]
}

# bystanders: number of processes of the crowd that are left
bystanders()
{
	ps --ppid "$NS_PID" -o comm= | grep -c bystander
}

# A tmpfs fills 16 MiB, so that one process after the other is killed. All
# processes are smaller than PID 1: by size alone PID 1 would be killed before
# them. The test goes on for OOM_SECONDS after the first 15 kills.
@test "in a memory cgroup full of tmpfs the kernel kills others before PID 1" {
	FULL_BOX=/sys/fs/cgroup/memory/dashpot-test-$$
	mkdir "$FULL_BOX" 2>/dev/null || {
		FULL_BOX=
		skip 'no memory cgroup can be made here'
	}
	echo $((16 << 20)) >"$FULL_BOX/memory.limit_in_bytes"
	dir=$(ns_dir)
	cat >"$dir/small.c" <<-'END'
		#include <fcntl.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			static char block[4096];
			int fd;

			if (argc == 1)
				return pause();
			sleep(1);
			fd = open(argv[1], O_WRONLY | O_CREAT, 0600);
			while (write(fd, block, sizeof(block)) > 0)
				;
			return 1;
		}
	END
	musl-gcc -static -O1 -o "$dir/bystander" "$dir/small.c"
	cat >"$dir/dashpot.ini" <<-END
		[service:crowd]
		command = $dir/bystander
		instances = 40
		max_failures = none
		restart_delay = 1s..1s
		[service:filler]
		command = $dir/bystander /run/full
		max_failures = none
		restart_delay = 100ms..100ms
	END
	NS_PREFIX=(sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$FULL_BOX")
	ns_start "$dir"
	wait_until 20 bystanders >/dev/null
	wait_until 60 has_killed_more 15
	stays "${OOM_SECONDS:-1}" kill -0 "$NS_PID"
	figure "$(kernel_kills) killed, $(bystanders) bystanders left, PID 1 lives"
	[ "$(bystanders)" -gt 0 ]
}
