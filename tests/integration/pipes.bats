#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The pipes between services and the helpers that relay their output: which
# process holds which end, and what a service sees of them.

load ../lib/dashpot
load ../lib/faults

teardown()
{
	faults_cleanup
}

# pipe_ends PID: the pipes of its descriptors, a line for each descriptor
pipe_ends()
{
	find "/proc/$1/fd" -lname 'pipe:*' -printf '%l\n' | sort
}

# ends_are PID N: the process holds N ends of pipes
ends_are()
{
	[ "$(pipe_ends "$1" | wc -l)" = "$2" ]
}

# runs NAME...: all these services are running
runs()
{
	local name
	for name in "$@"; do
		service "$name" '.state == "running"' || return
	done
}

# fd_flags PID FD: open flags of the descriptor, octal, as in open(2)
fd_flags()
{
	awk '$1 == "flags:" { print $2 }' "/proc/$1/fdinfo/$2"
}

@test "PID 1 keeps one end of one pipe for each stream that a helper carries, and no other" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:both]
		command = sleep 1001
		stdout = relay
		stderr = relay
		[service:one]
		command = sleep 1002
		stdout = file:$dir/log
		stderr = stdout
		[service:none]
		command = sleep 1003
		stdout = null
		stderr = inherit
	END_INI
	ns_start "$dir"
	wait_until 5 runs both one none
	# The pipes of the starts' verdicts are closed by then.
	wait_until 5 ends_are "$NS_PID" 3
	[ "$(pipe_ends "$NS_PID" | uniq -d)" = "" ]
	kill_kid "sleep 1001"
	kill_kid "sleep 1002"
	wait_until 5 service both '.starts == 2 and .state == "running"'
	wait_until 5 service one '.starts == 2 and .state == "running"'
	wait_until 5 ends_are "$NS_PID" 3
}

@test "each helper holds the pipes that it carries; recorder and inspector none" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		command = sleep 1001
		stdout = relay
		stderr = relay
		[service:b]
		command = sleep 1002
		stdout = file:$dir/log
		stderr = relay
	END_INI
	ns_start "$dir"
	wait_until 5 runs a b
	wait_until 5 ends_are "$NS_PID" 4
	wait_until 5 ends_are "$(kid "dashpot: relay")" 3
	wait_until 5 ends_are "$(kid "dashpot: files")" 1
	wait_until 5 ends_are "$(kid "dashpot: recorder")" 0
	pipe_ends "$(kid "dashpot: relay")" >"$dir/of_relay"
	pipe_ends "$(kid "dashpot: files")" >"$dir/of_files"
	[ "$(pipe_ends "$NS_PID")" = "$(sort "$dir/of_relay" "$dir/of_files")" ]
}

@test "the files helper runs only where a service prints to a file" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		command = sleep 1001
		stdout = relay
		stderr = null
	END_INI
	ns_start "$dir"
	wait_until 5 runs a
	diag '.helpers.relay.pid > 0 and .helpers.files.pid == null'
	[ "$(kids "dashpot: files")" = 0 ]
}

@test "a service inherits three descriptors and nothing else of dashpot" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		command = sleep 1001
		stdout = relay
		stderr = relay
		[service:b]
		command = sleep 1002
		stdout = file:$dir/log
		stderr = stdout
	END_INI
	ns_start "$dir"
	wait_until 5 runs a b
	for name in 1001 1002; do
		pid=$(kid "sleep $name")
		[ "$(find "/proc/$pid/fd" -type l -printf '%f\n' | sort | paste -sd ' ')" = "0 1 2" ]
	done
	pid=$(kid "sleep 1002")
	[ "$(readlink "/proc/$pid/fd/1")" = "$(readlink "/proc/$pid/fd/2")" ]
}

@test "a service can only write its pipes, and what it sets there is gone in its next run" {
	dir=$(ns_dir)
	# dd leaves its output non-blocking behind.
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		shell = [ -e $dir/once ] || dd if=/dev/null oflag=nonblock 2>/dev/null; touch $dir/once; exec sleep 1001
		stdout = relay
		stderr = relay
		restart_delay = 10ms..10ms
	END_INI
	ns_start "$dir"
	wait_until 5 kid "sleep 1001"
	pid=$(kid "sleep 1001")
	[ $((0$(fd_flags "$pid" 1) & 04003)) = $((04001)) ]
	kill_kid "sleep 1001"
	wait_until 5 service a '.starts == 2 and .state == "running"'
	wait_until 5 kid "sleep 1001"
	pid=$(kid "sleep 1001")
	[ $((0$(fd_flags "$pid" 1) & 04003)) = 1 ]
	[ $((0$(fd_flags "$pid" 2) & 04003)) = 1 ]
}

# writes_by_path [PREFIX...]: a service of www-data opens its outputs by path
writes_by_path()
{
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[defaults]
		type = oneshot
		stdout = relay
		stderr = relay
		[service:a]
		shell = echo to-out >/dev/stdout && echo to-err >/dev/stderr
		user = www-data
		[service:b]
		command = sleep 1001
		type = daemon
	END_INI
	NS_PREFIX=("$@")
	ns_start "$dir"
	wait_until 5 service a '.state == "done"'
	wait_until 5 grep -q 'to-out$' "$dir/stdout"
	wait_until 5 grep -q 'to-err$' "$dir/stderr"
}

@test "a service of www-data writes to /dev/stdout and /dev/stderr by path" {
	writes_by_path
}

@test "so it does where dashpot is root without CAP_DAC_OVERRIDE" {
	writes_by_path setpriv --bounding-set=-dac_override --inh-caps=-dac_override
}

@test "so it does where dashpot cannot give the pipe to its user" {
	writes_by_path setpriv --bounding-set=-chown,-dac_override,-fowner \
		--inh-caps=-chown,-dac_override,-fowner
}

@test "a pipe belongs to the user of its service, who alone may read it" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		command = sleep 1001
		user = www-data
		stdout = relay
	END_INI
	ns_start "$dir"
	wait_until 5 runs a
	[ "$(stat -L -c '%U %a' "/proc/$(kid "sleep 1001")/fd/1")" = "www-data 622" ]
}

@test "a worker that gave up root itself can still open /dev/stdout" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		command = setpriv --reuid www-data --clear-groups sh -c "echo worker >/dev/stdout"
		type = oneshot
		stdout = relay
		[service:b]
		command = sleep 1001
	END_INI
	ns_start "$dir"
	wait_until 5 service a '.state == "done"'
	wait_until 5 grep -q 'worker$' "$dir/stdout"
}

@test "a dashpot that is not root carries the output of its services as well" {
	dir=$(ns_dir)
	chmod 777 "$dir/vol"
	chmod go+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR/.." "$BATS_TEST_TMPDIR" "$dir"
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		shell = echo to-out >/dev/stdout; echo to-err >&2
		type = oneshot
		stdout = relay
		stderr = relay
		[service:b]
		command = sleep 1001
	END_INI
	NS_PREFIX=(setpriv --reuid www-data --regid www-data --clear-groups)
	ns_start "$dir"
	wait_until 5 service a '.state == "done"'
	wait_until 5 grep -q 'to-out$' "$dir/stdout"
	wait_until 5 grep -q 'to-err$' "$dir/stderr"
}

@test "a service gets the soft limit of open files that dashpot got" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		shell = echo "\$(ulimit -Sn) \$(ulimit -Hn)" >$dir/limits; exec sleep 1001
		stdout = relay
	END_INI
	NS_PREFIX=(prlimit --nofile=77:777)
	ns_start "$dir"
	wait_until 5 has_lines "$dir/limits" 1
	[ "$(cat "$dir/limits")" = "77 777" ]
	grep -q '^Max open files  *777 ' "/proc/$NS_PID/limits"
}

@test "more pipes than the hard limit of open files allows are refused with the numbers" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[defaults]
		stdout = relay
		stderr = relay
		[service:a]
		command = sleep 1001
		[service:b]
		command = sleep 1002
		stderr = stdout
	END_INI
	NS_PREFIX=(prlimit --nofile=60:68)
	ns_start "$dir"
	ns_wait
	[ "$NS_STATUS" = 100 ]
	said_once '2 services with 3 outputs to carry and 0 that tell when they are ready need 69 open files; the hard limit (ulimit -Hn) is 68: raise it with --ulimit nofile'
	NS_PREFIX=(prlimit --nofile=60:69)
	ns_start "$dir"
	wait_until 5 runs a b
}

@test "without a /proc of its own, services print straight to dashpot's outputs, and that is said" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END_INI
		[service:a]
		shell = echo to-out; echo to-err >&2; exec sleep 1001
		stdout = relay
		stderr = relay
	END_INI
	NS_PREFIX=(sh -c 'umount /proc && exec "$@"' sh)
	ns_start "$dir"
	wait_until 5 grep -qx to-out "$dir/stdout"
	wait_until 5 grep -qx to-err "$dir/stderr"
	said_once 'no /proc of this PID namespace: .*; what they print goes straight to dashpot.s own outputs'
}
