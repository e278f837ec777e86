#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# dashpot on a terminal: typed in an interactive shell, and as PID 1 of a
# container with one. tmux is the terminal; it and its processes are in a PID
# namespace of the test.

load ../lib/dashpot
load ../lib/verify

# terminal: an interactive bash on a terminal, with an ini file for `run`
terminal()
{
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' "diagnostics = $dir/vol" '[service:web]' \
		'command = sleep 9001' >"$dir/dashpot.ini"
	printf '%s\n' "PS1='ready> '" "d=$DASHPOT" "r='$DASHPOT run -c $dir/dashpot.ini'" \
		"i='unshare -pf --mount-proc --kill-child setsid --ctty'" >"$dir/rc"
	# shellcheck disable=SC2016
	ns_run "$dir" sh -c 'tmux -f /dev/null -S "$1/tmux" new-session -d -x 150 -y 50 \
		"exec bash --noprofile --rcfile $1/rc -i"; exec sleep 1000' sh "$dir"
	wait_until 10 shows '^ready>$'
}

# screen, shows PATTERN: the last of what is on the terminal; a line of it matches
screen()
{
	tmux -S "$dir/tmux" capture-pane -p | grep .
}

shows()
{
	screen | grep -- "$1" || { screen; return 1; }
}

# keys WORD...: as tmux calls them; types LINE
keys()
{
	tmux -S "$dir/tmux" send-keys "$@"
}

types()
{
	keys -l "$1" && keys Enter
}

# answers: the shell has the terminal and answers; each call uses another word
answers()
{
	asked=$((asked + 1))
	types "echo answer-\$(($asked + 100))"
	wait_until 5 shows "^answer-$((asked + 100))$"
}

# runs TEXT, is_stopped TEXT: a process with that command line exists; is
# stopped
runs()
{
	ns_ps | awk -v text="$1" 'index($0, text) && !/unshare|setsid|dashpot/' | grep .
}

is_stopped()
{
	runs "$1" | awk '$3 == "T"' | grep .
}

# is_continued TEXT: the process exists, and is not stopped
is_continued()
{
	runs "$1" | awk '$3 != "T"' | grep .
}

# job_control COMMAND: `$d` or `$r` (see terminal), which runs the command after
# it
job_control()
{
	terminal
	types "$1 -- sleep 7001"
	wait_until 10 is_continued 'sleep 7001'
	keys C-z
	wait_until 5 shows 'Stopped'
	wait_until 5 is_stopped 'sleep 7001'
	answers
	types fg
	wait_until 5 is_continued 'sleep 7001'
	keys C-z
	wait_until 5 is_stopped 'sleep 7001'
	answers
	types bg
	wait_until 5 is_continued 'sleep 7001'
	answers
	types fg
	keys C-c
	wait_until 10 fails runs 'sleep 7001'
	types "echo \"code \$?\""
	wait_until 5 shows '^code 130$'
}

@test "Ctrl-Z, fg, bg and Ctrl-C on dashpot -- CMD are those of the command" {
	# shellcheck disable=SC2016
	job_control '$d'
}

@test "Ctrl-Z, fg, bg and Ctrl-C on dashpot run -- CMD are those of the command" {
	# shellcheck disable=SC2016
	job_control '$r'
}

@test "Ctrl-Z and fg on dashpot run without a command" {
	terminal
	# shellcheck disable=SC2016
	types '$r'
	wait_until 10 shows 'web: started'
	keys C-z
	wait_until 5 shows 'Stopped'
	answers
	types fg
	wait_until 5 fails sh -c "ps -eo stat=,args= | grep '^T.* run -c $dir/dashpot.ini'"
	keys C-c
	wait_until 10 shows 'exits with code 0'
	answers
}

@test "a shell as the command can suspend itself, and go on" {
	terminal
	for command in "$DASHPOT" "$DASHPOT run -c $dir/dashpot.ini"; do
		types "clear; PS1='inner> ' $command -- bash --norc --noprofile -i"
		wait_until 10 shows '^inner>'
		types suspend
		wait_until 5 shows 'Stopped'
		answers
		types fg
		types "clear; echo inner-\$((3 + 4))"
		wait_until 5 shows '^inner-7$'
		types 'exit 7'
		wait_until 5 shows '^ready>$'
		types "echo \"code \$?\""
		wait_until 5 shows '^code 7$'
	done
}

# each FUNCTION: call it for `dashpot` and then for `dashpot run`
each()
{
	terminal
	"$1" "$DASHPOT"
	"$1" "$DASHPOT run -c $dir/dashpot.ini"
}

reads_after()
{
	types "clear; sh -c '$1 -- true; read x && echo got \$x'"
	wait_until 10 fails shows 'ready> clear'
	types word
	wait_until 10 shows '^got word$'
}

@test "who started dashpot has the terminal when that has ended" {
	each reads_after
}

in_background()
{
	types "clear; $1 -- sleep 7002 &"
	wait_until 10 runs 'sleep 7002'
	answers
	types 'kill %1; wait'
	wait_until 10 fails runs 'sleep 7002'
	types "clear; $1 -- sh -c 'read x; echo read \$x' &"
	wait_until 10 is_stopped 'echo read'
	answers
	shows 'Stopped'
	types fg
	wait_until 5 is_continued 'echo read'
	types "from-fg"
	wait_until 10 shows '^read from-fg$'
}

@test "in the background it takes no terminal from the shell, and stops when its command reads there" {
	each in_background
}

in_pipeline()
{
	types "clear; $1 -- seq 3 | (cat; read x </dev/tty; echo piped \$x)"
	types "keys"
	wait_until 10 shows '^piped keys$'
	answers
}

@test "in a pipeline the others can read what is typed" {
	each in_pipeline
}

after_stop()
{
	types "clear; \$i $1 -- sh -c 'sleep 7003; echo no'"
	wait_until 10 runs 'sleep 7003'
	keys C-z
	keys C-c
	wait_until 5 fails runs 'sleep 7003'
	answers
	types "clear; \$i $1 -- sleep 7004"
	wait_until 10 runs 'sleep 7004'
	keys C-z
	stays 1 runs 'sleep 7004'
	ns_exec kill "$(ns_ps | awk '/dashpot/ && /sleep 7004$/ && !/unshare/ { print $1 }')"
	wait_until 6 fails runs 'sleep 7004'
	answers
}

impatient()
{
	printf '%s\n' '[dashpot]' "diagnostics = $dir/vol" '[service:stays]' "shell = trap '' TERM; sleep 7005; sleep 7006" >"$dir/stays.ini"
	types "clear; $1 $DASHPOT run -c $dir/stays.ini -- sh -c 'exit 3'"
	wait_until 10 shows 'stays: stopping'
	keys C-c
	wait_until 6 fails runs 'sleep 7005'
	types "echo \"code \$?\""
	wait_until 5 shows '^code [0-9]'
}

@test "an impatient Ctrl-C after the end of the command kills what does not stop" {
	terminal
	impatient ''
	impatient '$i'
}

@test "PID 1 on a terminal: after Ctrl-Z the command goes on, Ctrl-C and a stop work" {
	each after_stop
}
