#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Programs that a start executes: any number of words and variables, files of
# any kind.

load ../lib/dashpot
load ../lib/verify

# single COMMAND...: `dashpot -- COMMAND` as PID 1 until it ends
single()
{
	ns_run "$dir" "$DASHPOT" -- "$@"
	ns_wait 10
}

# prints FILE TEXT: a line of FILE is TEXT
prints()
{
	grep -xF -- "$2" "$1"
}

# many NUMBER: NS_PREFIX exports that number of variables
many()
{
	mapfile -t NS_PREFIX < <(seq -f 'A_VARIABLE_OF_SOME_LENGTH_%g=its value' "$1")
	NS_PREFIX=(env "${NS_PREFIX[@]}")
}

@test "as many variables and arguments as the kernel takes: services, their checks, and a command" {
	dir=$(ns_dir)
	seq -f 'OF_%g=x' 4500 >"$dir/env"
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = sh -c "env | grep -c ^A_VAR; exec sleep 1000"
		health = exec:sh -c "env | grep -c ^A_VAR >>$dir/check"
		health_interval = 100ms
		[service:file]
		shell = env | grep -c ^OF_; exec sleep 1000
		env_file = $dir/env
		[service:small]
		command = sleep 1000
		limit.stack = 512k
		autostart = no
	END
	many 5000
	mapfile -t words < <(seq 5000)
	ns_start "$dir" -- sh -c 'echo "main $# $5000"; exec sleep 1000' main "${words[@]}"
	wait_until 10 prints "$dir/stdout" 'web | 5000'
	wait_until 10 prints "$dir/stdout" 'file | 4500'
	wait_until 10 prints "$dir/stdout" 'main 5000 5000'
	wait_until 10 prints "$dir/check" 5000
	run ctl start small
	# Where the kernel refuses the arguments, the record of the end names
	# the step exec.
	wait_until 10 service small '.breaker == "open" and .ends[0].step == "exec" and .ends[0].errno_name == "E2BIG"'
	ns_stop
	[ "$NS_STATUS" = 0 ] || [ "$NS_STATUS" = 143 ]
	single sh -c 'env | grep -c ^A_VAR; echo $#' single "${words[@]}"
	[ "$(paste -sd ' ' "$dir/stdout")" = '5000 5000' ]
}

@test "a script without a #! line is run by /bin/sh, as a shell does; what is no script is refused" {
	dir=$(ns_dir)
	mkdir "$dir/bin"
	# shellcheck disable=SC2016
	printf '%s\n' 'echo "$0 $# $2"' '[ -z "$STAY" ] || exec sleep 1000' >"$dir/bin/plain"
	: >"$dir/bin/empty"
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\377\377' >"$dir/bin/foreign"
	chmod 755 "$dir"/bin/*
	single "$dir/bin/plain" one 'two words'
	[ "$NS_STATUS" = 0 ]
	prints "$dir/stdout" "$dir/bin/plain 2 two words"
	for file in empty foreign; do
		single "$dir/bin/$file"
		[ "$NS_STATUS" = 126 ]
		prints "$dir/stderr" "dashpot: $dir/bin/$file: not an executable format"
	done
	NS_PREFIX=(env STAY=1 "PATH=/does/not/exist:$dir/bin:$PATH")
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = plain a b
		env.STAY =
		type = oneshot
		[service:foreign]
		command = foreign
		autostart = no
	END
	ns_start "$dir" -- plain x y
	wait_until 5 prints "$dir/stdout" "web | $dir/bin/plain 2 b"
	wait_until 5 prints "$dir/stdout" "$dir/bin/plain 2 y"
	run ctl start foreign
	wait_until 5 service foreign '.ends[0].step == "exec" and .ends[0].errno_name == "ENOEXEC"'
	ctl explain foreign | grep 'no program for this machine'
}

@test "a directory of PATH that may not be searched says nothing of a program" {
	[ "$(id -u)" = 0 ] || skip "a user who may not search takes root"
	dir=$(ns_dir)
	mkdir -p "$dir/root" "$dir/bin"
	chmod 700 "$dir/root"
	: >"$dir/bin/plain"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR" "$dir" "$dir/bin"
	NS_PREFIX=(env "PATH=$dir/root:$PATH:$dir/bin")
	cat >"$dir/dashpot.ini" <<-END
		[defaults]
		user = 65534
		[service:missing]
		command = not-a-program
		[service:plain]
		command = plain
		[service:there]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 5 service missing '.ends[0].step == "exec" and .ends[0].errno_name == "ENOENT"'
	wait_until 5 service plain '.ends[0].step == "exec" and .ends[0].errno_name == "EACCES"'
	wait_until 5 service there '.state == "running"'
}

# with_files COMMAND...: PID 1 inherits descriptors 7 and 40
with_files()
{
	# shellcheck disable=SC2016
	NS_PREFIX=(bash -c 'exec 7</etc/passwd 40<&7; exec "$@"' bash "$@")
}

@test "descriptors that dashpot inherits reach no service, check or command beside services" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = ls -l /proc/\$\$/fd >$dir/web; exec sleep 1000
		health = exec:sh -c "ls -l /proc/\$\$/fd >$dir/check"
		health_interval = 100ms
		[service:says]
		shell = ls -l /proc/\$\$/fd >$dir/says; echo >&7; exec sleep 1000
		ready = fd:7
	END
	with_files
	ns_start "$dir" -- sh -c "ls -l /proc/\$\$/fd >$dir/main; exec sleep 1000"
	for who in web says main check; do
		wait_until 5 grep ' 2 -> ' "$dir/$who"
		fails grep /etc/passwd "$dir/$who"
	done
	ns_stop
	# Where close_range(2) is refused.
	with_files strace -D -qq -f -o "$dir/trace" -e trace=close_range -e inject=close_range:error=EPERM
	printf '%s\n' '[service:web]' "command = ls -l /proc/self/fd" 'type = oneshot' >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait
	grep ' 2 -> ' "$dir/stdout"
	fails grep /etc/passwd "$dir/stdout"
	# A single command gets the descriptors that its init inherited.
	with_files
	single ls -l /proc/self/fd
	grep ' 7 -> /etc/passwd' "$dir/stdout"
	grep ' 40 -> /etc/passwd' "$dir/stdout"
}

# bare COMMAND...: PID 1 has no /dev, and 0 to 2 are closed
bare()
{
	# shellcheck disable=SC2016
	NS_PREFIX=(sh -c 'mount -t tmpfs none /dev && exec "$@" <&- >&- 2>&-' sh)
	ns_run "$dir" "$DASHPOT" "$@"
}

# standard_streams: the files of descriptors 0 to 2 of PID 1
standard_streams()
{
	readlink "/proc/$NS_PID/fd/0" "/proc/$NS_PID/fd/1" "/proc/$NS_PID/fd/2"
}

@test "without /dev and with 0 to 2 closed none of dashpot's own descriptors is among them" {
	dir=$(ns_dir)
	mkdir -p "$dir/vol"
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		diagnostics = $dir/vol
		[service:web]
		shell = cat; readlink /proc/\$\$/fd/0 >$dir/web; exec sleep 1000
		stderr = inherit
	END
	bare -- sh -c "readlink /proc/\$\$/fd/0 >$dir/single; cat; exec sleep 1000"
	wait_until 5 test -s "$dir/single"
	standard_streams | fails grep -v '^pipe:'
	wait_until 5 ns_pids 'sleep 1000'
	ns_stop
	bare run -c "$dir/dashpot.ini"
	wait_until 5 service web '.state == "running"'
	wait_until 5 grep '^pipe:' "$dir/web"
	[ "$(standard_streams | sort -u | grep -c '^pipe:')" = 3 ]
	fails grep -F "$(standard_streams)" <(find /proc/"$NS_PID"/fd -mindepth 1 ! -name '[012]' -printf '%l\n')
	ns_stop
	[ "$NS_STATUS" = 0 ]
}
