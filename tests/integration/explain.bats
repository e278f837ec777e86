#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What an operator reads from the volume, the container dead or alive.

load ../lib/dashpot
load ../lib/verify

# crash_loop [NAME SHELL]: a service that prints 30 lines and aborts (or runs
# SHELL), until it is blocked
crash_loop()
{
	local name=${1:-crash} shell=${2:-"seq -f 'line %g' 30; kill -s ABRT \$\$"}
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:$name]
		shell = $shell
		cooldown = 1h
		[service:web]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 10 service "$name" '.state == "blocked"'
	wait_until 10 events '.event == "blocked"'
}

# explain ARG...: run explain; its output is in $output, with single blanks
# between words in $flat
explain()
{
	run -1 "$DASHPOT" explain --dir "$dir/vol" "$@"
	flat=$(tr -s '\n ' '  ' <<<"$output")
}

# kill_container: end PID 1 at once, as a host that goes away does
kill_container()
{
	ns_signal KILL
	ns_wait 10
}

@test "explain, the container alive: signal, runtime, and when the probe is due" {
	crash_loop
	explain
	[[ $flat == *'crash: blocked since '* ]]
	[[ $flat == *'why 3 failures within 15 s'* ]]
	[[ $flat =~ 'was killed by SIGABRT'(, core dumped)?' after '[0-9.]+' '(ms|s) ]]
	[[ $flat =~ 'a probe, one start to see whether it lives, in '[0-9]+' m' ]]
	[[ $flat == *"($dir/dashpot.ini:"* ]]
	grep -E '^web +running since .*, pid [0-9]+$' <<<"$output"
}

@test "explain, the container killed: SIGABRT, the last 20 lines, the runtime, when it was due" {
	crash_loop
	wait_until 5 service crash '.ends[0].output | length == 20'
	kill_container
	due=$(service crash .next.time)
	explain
	[[ $flat =~ 'was killed by SIGABRT'(, core dumped)?' after '[0-9.]+' '(ms|s) ]]
	grep -A 20 '^  it said' <<<"$output" | sed -n 's/^    | //p' |
		diff - <(seq -f 'line %g' 11 30)
	[[ $flat == *"at ${due:11:8}Z"* ]]
	# Long after that, on another machine.
	mkdir "$dir/copy"
	sed "s/$due/2020-01-01T00:00:00.000Z/" "$dir/vol/diagnostic.json" \
		>"$dir/copy/diagnostic.json"
	explain --dir "$dir/copy"
	[[ $flat == *'would have been tried again by a probe, at 2020-01-01 00:00:00Z, '*' d '*' ago'* ]]
	[[ $flat == *'and nothing was written since: the container is gone or paused'* ]]
}

@test "explain, the container stopped: its code, and what a new one does" {
	crash_loop
	ns_stop
	explain
	[[ $flat == *'dashpot exited with code 0'* ]]
	[[ $flat == *'crash: stopped since '* ]]
	[[ $flat == *'would have been tried again by a probe, at '*'but the container has ended'* ]]
	[[ $flat == *'A new container on this volume tries it once'* ]]
}

@test "explain: all is well, or the service that is named: exit code 0" {
	crash_loop
	run -0 "$DASHPOT" explain web --dir "$dir/vol"
	[[ $output == *'web: running since '* ]]
	[[ $output != *crash* ]]
	run -100 "$DASHPOT" explain wbe --dir "$dir/vol"
	[[ $output == *'did you mean web?'* ]]
}

@test "explain --json: the verdict and the services, for jq" {
	crash_loop
	explain --json
	[ "$(jq -c '[.is_well, .services.crash.state, .services.web.state]' <<<"$output")" = \
		'[false,"blocked","running"]' ]
}

@test "explain and events: a directory that is no volume is said to be none, 111" {
	run -111 "$DASHPOT" explain --dir /does/not/exist
	[[ $output == *'name the diagnostics volume with --dir DIR'* ]]
	run -111 env "DASHPOT_DIAGNOSTICS=$BATS_TEST_TMPDIR" "$DASHPOT" explain
	[[ $output == *"$BATS_TEST_TMPDIR: there is no diagnostic.json in it"* ]]
	run -111 env "DASHPOT_DIAGNOSTICS=$BATS_TEST_TMPDIR" "$DASHPOT" events
	[[ $output == *"$BATS_TEST_TMPDIR: there is no events.jsonl in it"* ]]
}

@test "explain and events: wrong options are refused with 100" {
	run -100 "$DASHPOT" explain --graph
	run -100 "$DASHPOT" explain one two
	run -100 "$DASHPOT" explain --dir
	run -100 "$DASHPOT" events --since 10
	[[ $output == *unit* ]]
	run -100 "$DASHPOT" events --json --graph
}

@test "what a service prints never reaches the terminal as control characters" {
	crash_loop 'evil' "printf '\033]0;owned\007\033[2J\n'; kill -s ABRT \$\$"
	wait_until 5 service evil '.ends[0].output | length == 1'
	explain
	[[ $output == *'| \x1b]0;owned\x07\x1b[2J'* ]]
	[ "$(tr -d '\n\040-\176' <<<"$output" | wc -c)" = 0 ]
}

@test "events: every change of the service, in order, and none lost" {
	crash_loop
	run -0 "$DASHPOT" events crash --dir "$dir/vol"
	[ "$(grep -c ' crash: started, pid ' <<<"$output")" = 3 ]
	[ "$(grep -c ' crash: was killed by SIGABRT' <<<"$output")" = 3 ]
	[ "$(grep -c ' crash: starts again in ' <<<"$output")" = 2 ]
	grep ' crash: blocked: 3 failures within 15 s' <<<"$output"
	[[ $output == *'--- container started '* ]]
	[[ $output != *' web: '* && $output != *lost* ]]
	[ "$(grep -v -- ---  <<<"$output" | LC_ALL=C sort -s -k 1,2)" = \
		"$(grep -v -- --- <<<"$output")" ]
}

@test "events --since: only what is that new, or how old the newest is" {
	crash_loop
	run -0 "$DASHPOT" events --since 1h --dir "$dir/vol"
	[[ $output == *' crash: blocked'* ]]
	run -1 "$DASHPOT" events --since 0 --dir "$dir/vol"
	[[ $output == *'no such event; the newest one is of '*' ago' ]]
}

@test "events --json: the lines of the file" {
	crash_loop
	"$DASHPOT" events --json --dir "$dir/vol" >"$dir/lines"
	cmp -n "$(wc -c <"$dir/lines")" "$dir/lines" "$dir/vol/events.jsonl"
	[ "$(jq -s 'map(select(.event == "blocked")) | length' "$dir/lines")" = 1 ]
}

@test "events --graph: three failures and the block, 80 columns without colour" {
	crash_loop
	run -0 "$DASHPOT" events --graph --dir "$dir/vol"
	row=$(sed -n 's/^crash //p' <<<"$output")
	[ "$(tr -cd 'X23' <<<"$row" | sed 's/X/1/g; s/./&\n/g' |
		awk '{ sum += $1 } END { print sum }')" = 3 ]
	grep -E '^web +\|?[w ]*=+$' <<<"$output"
	[[ $output == *'# blocked'* ]]
	fails awk 'length > 80 { print; found = 1 } END { exit !found }' <<<"$output"
	run -0 "$DASHPOT" events --graph --since 10m --dir "$dir/vol"
	[[ $(sed -n 's/^crash *//p' <<<"$output") =~ ^[\|X23]#*$ ]]
}

# in_terminal WORDS: what `dashpot WORDS` prints on a terminal
in_terminal()
{
	script -qec "'$DASHPOT' $1 --dir '$dir/vol'" /dev/null </dev/null
}

# has_colour FILE: FILE has text with escape sequences
has_colour()
{
	grep -q crash "$1" && grep -q $'\033\\[' "$1"
}

@test "a pipe gets no colour, a terminal does, and NO_COLOR switches it off" {
	command -v script >/dev/null || skip 'there is no script(1) to make a terminal'
	crash_loop
	unset NO_COLOR
	export TERM=xterm
	for words in explain 'events crash' 'events --graph'; do
		# shellcheck disable=SC2086 # words
		"$DASHPOT" $words --dir "$dir/vol" >"$dir/plain" || [ "$words" = explain ]
		in_terminal "$words" >"$dir/coloured" || [ "$words" = explain ]
		NO_COLOR=1 in_terminal "$words" >"$dir/off" || [ "$words" = explain ]
		grep -q crash "$dir/plain" && grep -q crash "$dir/off"
		has_colour "$dir/coloured"
		fails has_colour "$dir/plain"
		fails has_colour "$dir/off"
	done
}
