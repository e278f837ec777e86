#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The command after --, with and without services; the environment of a service.

load ../lib/dashpot
load ../lib/verify

# single COMMAND...: `dashpot -- COMMAND` as PID 1 until it ends
single()
{
	dir=$(ns_dir)
	ns_run "$dir" "$DASHPOT" -- "$@"
	ns_wait 10
}

# prints FILE TEXT: a line of FILE is TEXT
prints()
{
	grep -x -- "$2" "$1"
}

# inside LINE...: run a oneshot with these lines; its output is in DIR/stdout
inside()
{
	dir=$(ns_dir)
	printf '%s\n' '[service:web]' 'type = oneshot' "$@" >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 10
}

# --- dashpot -- CMD ------------------------------------------------------------

@test "dashpot -- CMD: its exit code is that of the command" {
	single true
	[ "$NS_STATUS" = 0 ]
	single sh -c 'exit 42'
	[ "$NS_STATUS" = 42 ]
}

@test "dashpot -- CMD: a signal gives 128 and its number" {
	single sh -c 'kill -SEGV $$'
	[ "$NS_STATUS" = 139 ]
	single sh -c 'kill -KILL $$'
	[ "$NS_STATUS" = 137 ]
}

@test "dashpot -- CMD: no such command gives 127 and says so" {
	single does-not-exist
	[ "$NS_STATUS" = 127 ]
	prints "$dir/stderr" 'dashpot: does-not-exist: no such file or directory'
	single /does/not/exist
	[ "$NS_STATUS" = 127 ]
}

@test "dashpot -- CMD: what cannot be executed gives 126 and says so" {
	single /etc/passwd
	[ "$NS_STATUS" = 126 ]
	prints "$dir/stderr" 'dashpot: /etc/passwd: permission denied'
}

@test "dashpot -- CMD: a missing interpreter is named as such" {
	dir=$(ns_dir)
	echo '#!/does/not/exist' >"$dir/script"
	chmod 755 "$dir/script"
	single "$dir/script"
	[ "$NS_STATUS" = 127 ]
	grep interpreter "$dir/stderr"
}

@test "dashpot -- CMD: looks in PATH, gets words, environment and descriptors as they are" {
	dir=$(ns_dir)
	printf '%s\n' '#!/bin/sh' 'echo "$# [$1] [$2] $WORD"; cat; echo bad >&2' >"$dir/t1-echo"
	chmod 755 "$dir/t1-echo"
	echo input >"$dir/input"
	NS_STDIN=$dir/input
	NS_PREFIX=(env "PATH=/does/not/exist:$dir:$PATH" 'WORD=a b')
	single t1-echo 'one two' ''
	[ "$NS_STATUS" = 0 ]
	prints "$dir/stdout" '2 \[one two\] \[\] a b'
	prints "$dir/stdout" input
	prints "$dir/stderr" bad
}

@test "dashpot -- CMD: passes signals on" {
	dir=$(ns_dir)
	cat >"$dir/catch" <<-'END'
		#!/bin/bash
		for s in HUP INT QUIT USR1 USR2 WINCH TERM; do
			trap "echo $s" $s
		done
		trap 'exit 9' PWR
		echo up
		while :; do sleep 0.02; done
	END
	chmod 755 "$dir/catch"
	ns_run "$dir" "$DASHPOT" -- "$dir/catch"
	wait_until 5 prints "$dir/stdout" up
	for signal in HUP INT QUIT USR1 USR2 WINCH TERM; do
		ns_signal "$signal"
		wait_until 5 prints "$dir/stdout" "$signal"
	done
	ns_stop PWR
	[ "$NS_STATUS" = 9 ]
}

@test "dashpot -- CMD: a command that was stopped notices SIGTERM" {
	dir=$(ns_dir)
	ns_run "$dir" "$DASHPOT" -- sleep 1008
	wait_until 5 ns_exec sh -c 'kill -STOP $(pgrep -x sleep)'
	wait_until 5 sh -c "ps -o stat= -p \$(pgrep -P $NS_PID) | grep T"
	ns_stop TERM 5
	[ "$NS_STATUS" = 143 ]
}

@test "dashpot -- CMD: reaps orphans" {
	dir=$(ns_dir)
	ns_run "$dir" "$DASHPOT" -- sh -c \
		'for i in 1 2 3 4 5; do (sleep 0.2 &) ; done; echo up; exec sleep 1000'
	wait_until 5 prints "$dir/stdout" up
	wait_until 5 count_is 2 ns_ps
	fails grep ' Z ' <<<"$(ns_ps)"
}

@test "dashpot -- CMD: starts no helper and reads no configuration" {
	dir=$(ns_dir)
	ns_run "$dir" "$DASHPOT" -- sleep 1000
	wait_until 5 count_is 2 ns_ps
	stays 1 count_is 2 ns_ps
}

@test "dashpot -- CMD: signals that were ignored or blocked are default in the command" {
	NS_PREFIX=(env --ignore-signal=TERM,HUP,USR1,PIPE,CHLD --block-signal=INT,QUIT)
	single grep -E '^Sig(Blk|Ign)' /proc/self/status
	[ "$(grep -c '0000000000000000$' "$dir/stdout")" = 2 ]
}

# --- dashpot run -- CMD ----------------------------------------------------------

@test "run -- CMD without services: the exit code of the command" {
	dir=$(ns_dir)
	ns_start "$dir" -- sh -c 'exit 42'
	ns_wait 10
	[ "$NS_STATUS" = 42 ]
	service main '.state == "failed" and .starts == 1'
}

@test "run -- CMD: 0, 128 + n, 127 and 126 as a shell gives them" {
	dir=$(ns_dir)
	ns_start "$dir" -- true
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
	ns_start "$dir" -- sh -c 'kill -KILL $$'
	ns_wait 10
	[ "$NS_STATUS" = 137 ]
	ns_start "$dir" -- /does/not/exist
	ns_wait 10
	[ "$NS_STATUS" = 127 ]
	ns_start "$dir" -- /etc/passwd
	ns_wait 10
	[ "$NS_STATUS" = 126 ]
}

@test "run -- CMD: when it ends, the services end" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = trap 'echo web told; exit 0' TERM; echo web up; while :; do sleep 0.02; done
	END
	ns_start "$dir" -- sh -c 'sleep 0.5; exit 5'
	ns_wait 10
	[ "$NS_STATUS" = 5 ]
	prints "$dir/stdout" 'web told'
}

@test "run -- CMD: it starts when all others are ready" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:set-up]
		shell = sleep 0.5; echo set up >>$dir/order
		type = oneshot
		[service:web]
		command = sleep 1000
		after = set-up
	END
	ns_start "$dir" -- sh -c "echo main >>$dir/order; exec sleep 1000"
	wait_until 5 prints "$dir/order" main
	[ "$(paste -sd ' ' "$dir/order")" = 'set up main' ]
	wait_until 2 service web '.state == "running"'
}

@test "run -- CMD: after a stop signal the code is the command's" {
	dir=$(ns_dir)
	ns_start "$dir" -- sh -c "trap 'exit 3' TERM; echo up; while :; do sleep 0.02; done"
	wait_until 5 prints "$dir/stdout" up
	ns_stop
	[ "$NS_STATUS" = 3 ]
}

@test "run -- CMD: one that never ran is ended by the stop signal, 128 and its number" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		diagnostics = $dir/vol
		[service:a]
		shell = exit 4
		restart = never
		[service:web]
		command = sleep 1000
		[service:main]
		requires = a
	END
	ns_start "$dir" -- touch "$dir/ran"
	wait_until 5 service a '.state == "failed"'
	wait_until 5 service web '.state == "running"'
	ns_stop
	[ "$NS_STATUS" = 143 ]
	[ ! -e "$dir/ran" ]
	diag '.container.exit_code == 143'
}

@test "run -- CMD: gets dashpot's stdin, and signals that stop nothing" {
	dir=$(ns_dir)
	echo input >"$dir/input"
	NS_STDIN=$dir/input
	ns_start "$dir" -- bash -c "for s in USR2 HUP WINCH; do trap \"echo \$s\" \$s; done
		cat; while :; do sleep 0.02; done"
	wait_until 5 prints "$dir/stdout" input
	for signal in USR2 HUP WINCH; do
		ns_signal "$signal"
		wait_until 5 prints "$dir/stdout" "$signal"
	done
}

@test "run -- CMD beside services: [service:main] gives it settings, forward_signals what dashpot takes else" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		diagnostics = $dir/vol
		forward_signals = USR1
		[service:main]
		stop_timeout = 600ms
		stop_signal = INT
		env.WORD = of main
		[service:web]
		command = sleep 1000
	END
	# shellcheck disable=SC2016
	ns_start "$dir" -- bash -c 'for s in USR1 HUP WINCH USR2 INT TERM; do trap "echo $s" $s; done
		echo "$WORD"; while :; do sleep 0.02; done'
	wait_until 5 prints "$dir/stdout" 'of main'
	for signal in USR1 WINCH USR2; do
		ns_signal "$signal"
		wait_until 5 prints "$dir/stdout" "$signal"
	done
	ns_signal HUP
	wait_until 5 events '.event == "reloaded"'
	run events '.event == "snapshot"'
	[ -z "$output" ]
	ns_stop
	[ "$NS_STATUS" = 137 ]
	prints "$dir/stdout" INT
	fails grep -E 'HUP|TERM' "$dir/stdout"
	events '.event == "killed" and .service == "main" and .stop_timeout_ms == 600'
}

# --- Not PID 1, and other words ----------------------------------------------------

# below DIR COMMAND...: run dashpot as a child of PID 1, which also has another
# child; the exit code is in DIR/code
below()
{
	local dir=$1
	shift
	printf '%s\n' '[dashpot]' "diagnostics = $dir/vol" >"$dir/harness.ini"
	# shellcheck disable=SC2016
	ns_run "$dir" bash -c 'sleep 9991 & dir=$1; shift; "$@" & echo $! >$dir/pid
		wait $!; echo $? >$dir/code; sleep 1000' below "$dir" "$@"
	wait_until 5 test -s "$dir/pid"
}

@test "not PID 1: run says that it is a subreaper, and adopts orphans" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = (setsid sleep 9992 &); exec sleep 1000
	END
	below "$dir" "$DASHPOT" run -c "$dir/dashpot.ini" -c "$dir/harness.ini"
	wait_until 5 grep 'supervises 1 service, not as PID 1: it adopts orphans as a subreaper' "$dir/stderr"
	wait_until 5 events '.event == "begin" and (.is_pid1 | not) and .is_subreaper'
	wait_until 5 orphan_of "$(cat "$dir/pid")" 'sleep 9992'
	wait_until 5 diag '.container.is_pid1 == false'
	ns_exec kill -s KILL "$(ns_pids 'sleep 9992')"
	wait_until 5 diag '.container.orphans >= 1'
	fails grep ' Z ' <<<"$(ns_ps)"
}

@test "not PID 1, and may not be a subreaper: a warning, and services run and stop" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = (setsid sleep 9992 &); exec sleep 1007
	END
	below "$dir" strace -D -qq -f -o "$dir/trace" -e trace=prctl -e inject=prctl:error=EPERM:when=1 \
		"$DASHPOT" run -c "$dir/dashpot.ini" -c "$dir/harness.ini"
	wait_until 5 grep 'PR_SET_CHILD_SUBREAPER) is refused (EPERM' "$dir/stderr"
	grep 'supervises 1 service, not as PID 1;' "$dir/stderr"
	wait_until 5 service web '.state == "running"'
	wait_until 5 events '.event == "begin" and (.is_subreaper | not)'
	wait_until 5 orphan_of 1 'sleep 9992'
	ns_exec kill "$(cat "$dir/pid")"
	wait_until 10 test -s "$dir/code"
	[ "$(cat "$dir/code")" = 0 ]
	[ -z "$(ns_pids 'sleep 1007')" ]
}

# orphan_of PARENT TEXT: PARENT has a child with that text
orphan_of()
{
	ns_ps | awk -v parent="$1" -v text="$2" '$2 == parent && index($0, text)' | grep .
}

@test "not PID 1: the stop ends its own processes, also those of nobody, and no other" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = (setsid sh -c 'trap "" TERM; while :; do sleep 0.1; done' 9992 &); exec sleep 1000
	END
	below "$dir" "$DASHPOT" run -c "$dir/dashpot.ini" -c "$dir/harness.ini"
	wait_until 5 orphan_of "$(cat "$dir/pid")" 9992
	ns_exec kill "$(cat "$dir/pid")"
	wait_until 10 test -s "$dir/code"
	[ "$(cat "$dir/code")" = 0 ]
	wait_until 2 fails orphan_of 1 9992
	[ "$(ns_pids 'sleep 9991')" != '' ]
}

@test "not PID 1: dashpot alone prints help" {
	run -0 "$DASHPOT"
	[[ $output == *'dashpot run [-c FILE]'* ]]
}

@test "not PID 1: dashpot -c FILE says what to write instead" {
	dir=$(ns_dir)
	echo '[service:web]' >"$dir/dashpot.ini"
	run -100 "$DASHPOT" -c "$dir/dashpot.ini"
	[[ $output == *"not PID 1"*"dashpot run -c $dir/dashpot.ini"* ]]
}

@test "an unknown word or option is an error, 100" {
	run -100 "$DASHPOT" nginx
	[[ $output == *"nginx: no such command"*"dashpot -- nginx"* ]]
	run -100 "$DASHPOT" statsu
	[[ $output == *"did you mean status?"*"dashpot -- statsu"* ]]
	run -100 "$DASHPOT" ps
	[[ $output == *"did you mean status?"* ]]
	run -100 "$DASHPOT" check a.ini
	[[ $output == *"check: a.ini: a file stands behind -c (dashpot check -c a.ini)"* ]]
	run -100 "$DASHPOT" b.ini
	[[ $output == *"b.ini: a file stands behind -c (dashpot run -c b.ini)"* ]]
	run -100 "$DASHPOT" check --json
	[[ $output == *"check: --json: no such option; see dashpot help check"* ]]
	run -100 "$DASHPOT" signal web HUP
	[[ $output == *"the signal comes first: dashpot signal HUP web"* ]]
	run -100 "$DASHPOT" signal FOO web
	[[ $output == "dashpot: signal: \`FOO\` is no signal; write "* ]]
	run -100 "$DASHPOT" --no-such-option
	run -100 "$DASHPOT" run -c
	run -100 "$DASHPOT" --
	run -100 "$DASHPOT" version -- true
	run -100 "$DASHPOT" help nginx
	run -100 "$DASHPOT" version nginx
}

@test "an option before a command is an error that says where it belongs" {
	run -100 "$DASHPOT" -c a.ini check
	[[ $output == *'dashpot check -c a.ini'* ]]
}

@test "help COMMAND and COMMAND --help say the same" {
	for word in run check status logs start signal reload version help; do
		run -0 "$DASHPOT" help "$word"
		[[ $output == *"dashpot $word"* ]]
		[ "$output" = "$("$DASHPOT" "$word" --help)" ]
		[ "$output" = "$("$DASHPOT" "$word" -h)" ]
	done
	run -0 "$DASHPOT" -- sh -c 'echo "$0"' --help
	[ "$output" = --help ]
}

@test "version and help" {
	run -0 "$DASHPOT" version
	[[ $output == 'dashpot '[0-9]* ]]
	run -0 "$DASHPOT" help
	[[ $output == *'Exit codes'* ]]
}

@test "as PID 1, dashpot -c FILE supervises" {
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' "diagnostics = $dir/vol" '[service:web]' \
		'command = sh -c "echo it runs; exec sleep 1000"' >"$dir/dashpot.ini"
	ns_run "$dir" "$DASHPOT" -c "$dir/dashpot.ini"
	wait_until 5 prints "$dir/stdout" 'it runs'
}

# --- What a service finds ------------------------------------------------------

@test "a service: signals that were ignored or blocked are default in it" {
	NS_PREFIX=(env --ignore-signal=TERM,HUP,USR1,PIPE,CHLD --block-signal=INT,QUIT)
	inside 'command = grep -E "^Sig(Blk|Ign)" /proc/self/status'
	[ "$(grep -c '0000000000000000$' "$dir/stdout")" = 2 ]
}

@test "a service: only stdin, stdout and stderr are open, and stdin is /dev/null" {
	echo input >"$BATS_TEST_TMPDIR/input"
	NS_STDIN=$BATS_TEST_TMPDIR/input
	inside 'command = sh -c "readlink /proc/\$\$/fd/0; cat; ls /proc/\$\$/fd"'
	[ "$(paste -sd ' ' "$dir/stdout")" = '/dev/null 0 1 2' ]
}

@test "a service: a session of its own" {
	inside 'command = sh -c "ps -o pid=,pgid=,sid= -p \$\$"'
	awk '{ exit $1 != $2 || $1 != $3 }' "$dir/stdout"
}

@test "a service: env.NAME, env_file, env_from_file and clear_env" {
	dir=$(ns_dir)
	printf '%s\n' '# comment' 'FROM_FILE=one two' 'export QUOTED="a b"' >"$dir/env"
	echo 'secret words' >"$dir/secret"
	NS_PREFIX=(env KEPT=kept LOST=lost)
	inside 'command = env' "env_file = $dir/env" "env_from_file.SECRET = $dir/secret" \
		'env.OWN = x ${KEPT}' 'env.LOST = replaced'
	for line in 'FROM_FILE=one two' 'QUOTED=a b' 'SECRET=secret words' \
		'OWN=x kept' KEPT=kept LOST=replaced; do
		prints "$dir/stdout" "$line"
	done
	inside 'command = env' 'clear_env = yes' 'env.OWN = own'
	prints "$dir/stdout" OWN=own
	fails grep -E 'KEPT|LOST' "$dir/stdout"
}

@test "a service: an env_file that may be missing" {
	inside 'command = echo there' 'env_file = -/does/not/exist'
	prints "$dir/stdout" there
}

@test "a service: user sets ids, HOME, USER and LOGNAME" {
	read -r uid gid home < <(awk -F : '$1 == "nobody" { print $3, $4, $6 }' /etc/passwd)
	inside 'user = nobody' 'groups = tty, mail' \
		'shell = echo "$HOME $USER $LOGNAME"; grep -E "^(Uid|Gid|Groups)" /proc/self/status'
	prints "$dir/stdout" "$home nobody nobody"
	grep -P "^Uid:\t$uid\t$uid\t$uid\t$uid$" "$dir/stdout"
	grep -P "^Gid:\t$gid\t$gid\t$gid\t$gid$" "$dir/stdout"
	groups=$(getent group tty mail | cut -d : -f 3 | sort -n | paste -sd ' ')
	[ "$(awk '/^Groups/ { $1 = ""; print $0 }' "$dir/stdout" | xargs)" = "$groups" ]
}

@test "a service: umask, directory, nice, oom_score_adj, limits, no_new_privileges" {
	inside 'umask = 027' 'directory = /usr' 'nice = 5' 'oom_score_adj = 300' \
		'limit.nofile = 100:200' 'limit.core = 0' 'no_new_privileges = yes' \
		'shell = umask; pwd; nice; cat /proc/self/oom_score_adj; ulimit -Sn; ulimit -Hn; ulimit -c; grep NoNewPrivs /proc/self/status'
	[ "$(tr '\t' ' ' <"$dir/stdout" | paste -sd ' ')" = \
		'0027 /usr 5 300 100 200 0 NoNewPrivs: 1' ]
}

@test "a service: the soft limit of files is what dashpot was given" {
	NS_PREFIX=(prlimit --nofile=300:2000)
	inside 'shell = ulimit -Sn; ulimit -Hn'
	[ "$(paste -sd ' ' "$dir/stdout")" = '300 2000' ]
}

@test "a service: stdout and stderr go to a file, to nowhere, or together" {
	dir=$(ns_dir)
	inside 'shell = echo out; echo err >&2' "stdout = file:$dir/log" 'stderr = stdout'
	[ "$(paste -sd ' ' "$dir/log")" = 'out err' ]
	[ "$(stat -c %a "$dir/log")" = 640 ]
	inside 'shell = echo out; echo err >&2' "stdout = file:$dir/log" 'stderr = null'
	[ "$(paste -sd ' ' "$dir/log")" = 'out err out' ]
	inside 'shell = echo out; echo err >&2' 'stdout = null'
	[ ! -s "$dir/stdout" ]
	prints "$dir/stderr" err
}

@test "a service: command has words and no shell" {
	inside "command = printf '<%s>' one \"two three\" four\\ five '\$HOME' *"
	[ "$(cat "$dir/stdout")" = '<one><two three><four five><$HOME><*>' ]
}

@test "a service that dashpot supervises leaves no zombie" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = for i in 1 2 3 4 5; do (sleep 0.2 &); done; exec sleep 1000
	END
	ns_start "$dir"
	wait_until 5 diag '.container.orphans >= 5'
	fails grep ' Z ' <<<"$(ns_ps)"
}

@test "NOTIFY_SOCKET is dashpot's own: services do not get it, a single command does" {
	dir=$(ns_dir)
	printf '[service:web]\nshell = env; exec sleep 1000\n' >"$dir/dashpot.ini"
	NS_PREFIX=(env NOTIFY_SOCKET=/nobody OTHER=kept)
	ns_start "$dir"
	wait_until 5 grep -q 'OTHER=kept' "$dir/stdout"
	run ! grep -q 'NOTIFY_SOCKET' "$dir/stdout"
	ns_stop
	dir=$(ns_dir two)
	ns_run "$dir" "$DASHPOT" -- env
	ns_wait
	grep -q 'NOTIFY_SOCKET=/nobody' "$dir/stdout"
}
