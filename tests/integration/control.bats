#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The commands that talk to a running dashpot: what each prints, which users may
# run it, and that it answers while the machine has no processes, disk or
# output.

bats_require_minimum_version 1.5.0
load ../lib/dashpot
load ../lib/faults

setup_file()
{
	need_image test
	need_program crowd
}

teardown()
{
	local pid start
	if [ -e "$BATS_TEST_TMPDIR/frozen" ]; then
		timeout 10 fsfreeze --unfreeze "$(cat "$BATS_TEST_TMPDIR/frozen")"
	fi
	if [ -e "$BATS_TEST_TMPDIR/others" ]; then
		while read -r pid start; do
			! is_same "$pid" "$start" || kill -s KILL "$pid"
		done <"$BATS_TEST_TMPDIR/others"
	fi
	faults_cleanup
	if [ -e "$BATS_TEST_TMPDIR/mount" ]; then
		umount "$(cat "$BATS_TEST_TMPDIR/mount")"
	fi
}

# beside COMMAND...: run it in the background until the test is over, with its
# output in $BATS_TEST_TMPDIR/beside, or in $BATS_TEST_TMPDIR/$NAME where NAME
# is set
beside()
{
	(
		close_fds
		exec "$@"
	) >"$BATS_TEST_TMPDIR/${NAME:-beside}" 2>&1 </dev/null &
	echo "$! $(born $!)" >>"$BATS_TEST_TMPDIR/others"
}

is_in()
{
	grep -q -e "$1" "$2"
}

# two_ini: a service that is well, and a service that is blocked
two_ini()
{
	cat <<-'END'
		[service:web]
		shell = echo hello; printf 'a\033[31mb\n'; exec sleep 1000
		[service:crash]
		shell = echo dying; exit 3
		cooldown = 1h
	END
}

# two: start these two services
two()
{
	dir=$(ns_dir)
	two_ini >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 service crash '.state == "blocked"'
}

# inside COMMAND...: run a command of dashpot through the container's exec
inside()
{
	container_exec box /dashpot "$@"
}

# every_command: each command that asks, once, in the container `box`, with its
# exit code
every_command()
{
	run -0 inside wait web
	[ "$output" = ready ]
	run -1 inside wait --timeout 5s
	[[ $output == *'crash: blocked: 3 failures within 15 s'* ]]
	run -0 inside status
	[[ $output =~ 'NAME   STATE'.*'web    running'.*'crash  blocked' ]]
	inside status --json web | jq -e '.services | keys == ["web"]'
	run -1 inside explain
	[[ $output == *'crash: blocked since '* ]]
	run -0 inside events crash
	[[ $output == *'crash: exited with code 3'* ]]
	run -0 inside logs web
	[ "$output" = $'hello\na\\x1b[31mb' ]
	run -1 inside health
	[[ $output == 'crash: blocked'* ]]
	run -0 inside health web
	[ "$output" = healthy ]
	run -0 inside version
	every_change
}

# every_change: each command that changes a service, once, likewise
every_change()
{
	run -0 inside stop web
	[[ $output == 'web: stopped: somebody asked for it'* ]]
	run -1 inside health web
	run -0 inside start web
	[[ $output == 'web: running: '* ]]
	before=$(inside status --json | jq .services.web.pid)
	run -0 inside restart web
	[[ $output == 'web: running: '* ]]
	[ "$before" != "$(inside status --json | jq .services.web.pid)" ]
	# The service is ready once it executes: its end is seen before that, or
	# after.
	run inside start crash
	[[ $status$output == '1crash: failed; '* ||
		$status$output == '0crash: probing: '* ]]
	run -0 inside reset crash
	run -0 inside stop crash # or it could just be running
	run -1 inside signal TERM crash
	[[ $output == 'crash: refused; '* ]]
	run -0 inside signal TERM web
	run -0 inside reload
	[ "$output" = reloaded ]
}

# box [PODMAN-OPTION...]: a container with two_ini; returns once `crash` is
# blocked
box()
{
	dir=$BATS_TEST_TMPDIR/box
	mkdir -p "$dir/vol"
	chmod 777 "$dir/vol"
	two_ini >"$dir/dashpot.ini"
	container_run box -v "$dir:/v:ro" "$@" localhost/dashpot-test \
		/dashpot run -c /v/dashpot.ini
	wait_until 10 is_blocked
}

# is_blocked: status, asked by root in the container `box`, shows `crash` as
# blocked
is_blocked()
{
	podman exec --user 0 "$(container_name box)" /dashpot status --json |
		jq -e '.services.crash.state == "blocked"'
}

# as_user UID COMMAND...: run a command of dashpot as that user in the container
# `box`
as_user()
{
	podman exec --user "$1" "$(container_name box)" /dashpot "${@:2}"
}

@test "every command works through the runtime's exec, as root" {
	box
	every_command
}

@test "with a read-only root and as USER 1000 every command works as that user and as root" {
	box --read-only --user 1000 -v "$BATS_TEST_TMPDIR/box/vol:/var/lib/dashpot"
	every_command
	[ -S "$dir/vol/dashpot.sock" ]
	as_user 0 restart web
}

@test "with nothing that can be written the socket has an abstract name" {
	box --read-only --read-only-tmpfs=false
	every_command
	run -111 as_user 1001 status
	[[ $output == *'only root and the user that dashpot runs as may ask here'* ]]
	run -111 as_user 1001 restart web
}

@test "another user is refused with the socket's mode and owner" {
	box
	run -111 as_user 1001 restart web
	[[ $output == *'/run/dashpot.sock: permission denied: it has mode 0600 and belongs to uid 0, this is uid 1001'* ]]
	run -1 as_user 1001 health
	[[ $output == *'permission denied'* ]]
}

@test "whom control_mode lets in may ask, and not command" {
	mkdir "$BATS_TEST_TMPDIR/box"
	box -v "$BATS_TEST_TMPDIR/box:/etc/dashpot.d:ro"
	{ printf '[dashpot]\ncontrol_mode = 0666\n' && two_ini; } >"$dir/dashpot.ini"
	container_run open -v "$dir:/v:ro" localhost/dashpot-test \
		/dashpot run -c /v/dashpot.ini
	run -0 podman exec --user 1001 "$(container_name open)" /dashpot \
		wait web --timeout 10s
	run -111 podman exec --user 1001 "$(container_name open)" /dashpot \
		restart web
	[[ $output == *'only root and the user that dashpot runs as may send commands'* ]]
}

@test "names may be patterns, and an unknown one is answered by the nearest" {
	two
	run -1 ctl restart 'w*' '[c]rash'
	[[ $output == *'web: running'*'crash: failed'* ]]
	for word in status explain events logs health wait start stop restart reset; do
		run -100 ctl "$word" wbe
		[[ $output == *'did you mean web?'* ]]
	done
	run -100 ctl signal HUP wbe
	[[ $output == *'did you mean web?'* ]]
}

@test "--no-wait answers before the result is known" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:slow]
		shell = trap '' TERM; while :; do sleep 0.1; done
		stop_timeout = 4s
	END
	ns_start "$dir"
	wait_until 10 ctl health
	began=$(now_ms)
	run -0 ctl stop --no-wait slow
	at_most $(($(now_ms) - began)) 2000 'stop --no-wait took ms'
	[ "$output" = 'slow: accepted' ]
	run -1 ctl stop --timeout 200ms slow
	[[ $output == 'slow: timed-out; '* ]]
	run -0 ctl stop slow
	[[ $output == 'slow: stopped'* ]]
}

@test "a start that waits for what a person stopped is answered at once, as is a command with nothing to do" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:db]
		command = sleep 1000
		[service:slow]
		command = sleep 1000
		ready = file:/nonexistent
		[service:web]
		command = sleep 1000
		requires = slow, db
		[service:front]
		command = sleep 1000
		requires = web
		[service:tool]
		command = sleep 1000
		autostart = no
		[service:user]
		command = sleep 1000
		after = tool
	END
	ns_start "$dir"
	wait_until 10 ctl health db
	began=$(now_ms)
	run -0 ctl start db
	run -0 ctl stop db
	run -0 ctl stop db
	run -1 ctl start web
	[[ $output == 'web: failed; waiting: for '* ]]
	run -1 ctl start front
	[[ $output == 'front: failed; waiting: for web, which waits for '* ]]
	run -1 ctl restart user
	[[ $output == 'user: failed; waiting: for tool'* ]]
	run -1 ctl wait user
	# Half of the time-out of a command that waits.
	at_most $(($(now_ms) - began)) 15000 'seven commands took ms'
}

@test "a pattern leaves out who is at rest, and --all does not" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:web]
		command = sleep 1000
		[service:crash]
		command = false
		cooldown = 1h
		[service:job]
		command = true
		type = oneshot
		[service:tick]
		command = true
		type = oneshot
		schedule = every 1h
		[service:tool]
		command = sleep 1000
		autostart = no
		[service:old]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 10 service crash '.state == "blocked"'
	run -0 ctl stop old
	# starts: the number of starts of each service
	starts() { ctl status --json | jq -c '[.services[].starts]'; }
	[ "$(starts)" = '[1,3,1,0,0,1]' ]
	run -1 ctl restart '*'
	[[ $output == 'web: running'*'crash: failed; blocked'* ]]
	[ "$(starts)" = '[2,4,1,0,0,1]' ]
	run -0 ctl signal CONT '*'
	[ "${#lines[@]}" = 1 ]
	run -1 ctl restart 'j*' 'to[o]l'
	[ "$output" = 'dashpot: restart: all are at rest; --all means these too' ]
	run -1 ctl restart 'j*' --json
	[ "$output" = '{"ok":true,"services":[]}' ]
	run -0 ctl stop '[tw]*'
	[ "${#lines[@]}" = 2 ]
	run -1 ctl start '*'
	[[ $output == *'old: running'* ]]
	[ "$(starts)" = '[3,5,1,1,0,2]' ]
	# A name is always meant, also beside a pattern.
	run -0 ctl restart 'j*' job
	[ "$(starts)" = '[3,5,2,1,0,2]' ]
	run -0 ctl restart --all 't*'
	[ "$(starts)" = '[3,5,2,2,1,2]' ]
}

@test "--json prints JSON for errors too, dashpot's and the command's own" {
	two
	# refused CODE EXIT WORD...: the object on stdout, the sentence on stderr
	refused() {
		run --separate-stderr -"$2" ctl "${@:3}"
		jq -se --arg code "$1" 'length == 1 and .[0].ok == false and
			.[0].code == $code and .[0].error != ""' <<<"$output" || return
		[[ $stderr == *dashpot:\ * ]]
	}
	for word in start stop restart reset reload sweep logs events health wait; do
		refused unknown-service 100 "$word" nope --json
		refused usage 100 "$word" --json --nonsense
	done
	refused unknown-service 100 signal HUP nope --json
	refused usage 100 signal NONE web --json
	refused usage 100 statsu --json
	refused usage 100 status nope --json
	refused usage 100 explain --json nope
	refused usage 100 start --json
	refused usage 100 wait --timeout=3 --json
	refused usage 100 simulate --json -c "$dir/none.ini"
	refused usage 100 status --json --dir x --control y
	refused system 111 status --json --dir "$dir/none"
	refused no-answer 1 health --json --control "$dir/none"
	refused no-answer 111 restart web --json --control "$dir/none"
	refused no-answer 111 logs web --follow --json --control "$dir/none"
	echo 'comand = x' >>"$dir/dashpot.ini"
	refused reload-failed 1 reload --json
	jq -e '.mistakes | length == 1' <<<"$output"
}

@test "a reader that goes away ends a command as SIGPIPE does, also where it is PID 1" {
	two
	# closed COMMAND...: its exit code when its output has lost its reader
	closed() { (sleep 0.2 && "$@") 2>/dev/null | true; echo "${PIPESTATUS[0]}"; }
	[ "$(closed ctl events --json)" = 141 ]
	[ "$(closed timeout 20 nsenter --target "$NS_PID" --pid --mount -- \
		"$DASHPOT" logs web --follow)" = 141 ]
	[ "$(closed timeout 20 nsenter --target "$NS_PID" --pid --mount -- \
		"$DASHPOT" events --follow)" = 141 ]
	for words in help version 'check -c dashpot.ini --explain-policy' \
		'simulate -c dashpot.ini' 'status --dir vol' 'explain --dir vol'; do
		# shellcheck disable=SC2086 # words
		(cd "$dir" && [ "$(closed unshare --pid --fork --mount-proc \
			"$DASHPOT" $words)" = 141 ]) || { echo "$words"; false; }
	done
}

@test "wait waits for a dashpot that is only just starting, and for its services" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:first]
		shell = sleep 1
		type = oneshot
		[service:second]
		command = sleep 1000
		after = first
	END
	ns_start "$dir"
	run -0 ctl wait
	ctl status --json | jq -e '.services.first.state == "done" and
		.services.second.state == "running"'
}

@test "run is refused inside a container that dashpot supervises" {
	two
	run -100 ctl run -c "$dir/dashpot.ini"
	[[ $output == *'already supervised: a dashpot answers at /run/dashpot.sock; did you mean status?'* ]]
}

@test "status reads the volume when nobody answers, and says how old it is" {
	two
	ns_stop
	DASHPOT_CONTROL=$dir/none DASHPOT_DIAGNOSTICS=$dir/vol \
		run -0 "$DASHPOT" status
	[[ $output == *'This is old: it was written at '*' ago, when dashpot exited with code 0'* ]]
	DASHPOT_CONTROL=$dir/none DASHPOT_DIAGNOSTICS=$dir/none \
		run -111 "$DASHPOT" status
	run -111 "$DASHPOT" status --control "$dir/none"
	run -1 "$DASHPOT" health --control "$dir/none"
}

@test "followed lines and events go on while the control server is replaced" {
	two
	beside nsenter --target "$NS_PID" --pid --mount -- \
		"$DASHPOT" logs --follow web
	wait_until 5 is_in hello "$BATS_TEST_TMPDIR/beside"
	kill_kid 'dashpot: control'
	ctl restart web
	wait_until 10 has_lines "$BATS_TEST_TMPDIR/beside" 4
	ctl restart web
	wait_until 10 has_lines "$BATS_TEST_TMPDIR/beside" 6
	[ "$(grep -c '^hello$' "$BATS_TEST_TMPDIR/beside")" = 3 ]
	[ "$(lines_now "$BATS_TEST_TMPDIR/beside")" = 6 ]
}

# --- when things are bad -------------------------------------------------------

# answers: status, explain, health and, at $PORT, /readyz answer in time
answers()
{
	local began
	for word in status explain health; do
		began=$(now_ms)
		run ctl "$word"
		at_most $(($(now_ms) - began)) "${ANSWER_MS:-5000}" "$word took ms" || return
		# A command that reads the volume instead says so.
		[[ $status -le 1 && $output != *instead* ]] ||
			{ echo "$word: $status: $output" >&2; return 1; }
	done
	[ -z "${PORT:-}" ] ||
		[[ $(python3 "$DASHPOT_LIB/clients.py" get "$PORT" /readyz) =~ ^(200|503)$ ]]
}

# well_ini: one service, and `listen` at a PORT that is probably free
well_ini()
{
	PORT=$((20000 + RANDOM % 12000))
	printf '[dashpot]\nlisten = 127.0.0.1:%d\n' "$PORT"
	printf '[service:web]\ncommand = sleep 1000\n'
}

well()
{
	dir=$(ns_dir)
	well_ini >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 ctl health
}

@test "they answer with the pids limit reached, whoever asks having a slot" {
	dir=$BATS_TEST_TMPDIR/box
	mkdir -p "$dir"
	mkfifo "$dir/go"
	cat >"$dir/dashpot.ini" <<-'END'
		[service:web]
		command = sleep 1000
		[service:full]
		command = /crowd fill
		autostart = no
	END
	container_run box -v "$dir:/v" --pids-limit 30 \
		-v "$BATS_FILE_TMPDIR/crowd:/crowd:ro" localhost/dashpot-test \
		/dashpot run -c /v/dashpot.ini
	# Three clients that hold their slots, and wait for a line from the
	# FIFO.
	for word in status health 'explain full'; do
		NAME=${word%% *} beside "$DASHPOT_LIB/podman" exec \
			"$(container_name box)" sh -c "exec 3<>/v/go; echo here
				read -r line <&3; exec /dashpot $word"
	done
	for word in status health explain; do
		wait_until 10 is_in here "$BATS_TEST_TMPDIR/$word"
	done
	inside start full
	full=$(podman inspect --format '{{.State.Pid}}' "$(container_name box)")
	pids=/sys/fs/cgroup/pids$(awk -F : '$2 == "pids" { print $3 }' "/proc/$full/cgroup")
	wait_until 10 cmp "$pids/pids.current" "$pids/pids.max"
	printf 'go\ngo\ngo\n' >"$dir/go"
	wait_until 10 is_in 'full  running' "$BATS_TEST_TMPDIR/status"
	wait_until 10 is_in '^healthy' "$BATS_TEST_TMPDIR/health"
	wait_until 10 is_in '^full: running since' "$BATS_TEST_TMPDIR/explain"
}

@test "they answer while the volume is frozen" {
	dir=$(ns_dir)
	truncate -s 16M "$dir/disk"
	mkfs.ext4 -q -E lazy_itable_init=0 "$dir/disk"
	mount -o loop,noatime "$dir/disk" "$dir/vol" || skip "no loop device"
	echo "$dir/vol" >"$BATS_TEST_TMPDIR/mount"
	well_ini >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 diag '.services.web.state == "running"'
	echo "$dir/vol" >"$BATS_TEST_TMPDIR/frozen"
	timeout 10 fsfreeze --freeze "$dir/vol"
	ctl restart web
	wait_until 10 said 'does not answer'
	answers
	ctl restart web
}

@test "they answer while stdout and stderr are stalled" {
	dir=$(ns_dir)
	well_ini >"$dir/dashpot.ini"
	printf '[service:loud]\nshell = while :; do echo loud; done\n' >>"$dir/dashpot.ini"
	stall "$dir"
	NS_STDOUT=$NS_STDERR
	ns_start "$dir"
	wait_until 10 ctl health
	answers
	ctl restart web
}

@test "they answer with 500 services" {
	dir=$(ns_dir)
	well_ini >"$dir/dashpot.ini"
	for i in $(seq 500); do
		printf '[service:s%d]\ncommand = sleep 1000\n' "$i"
	done >>"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 ctl wait --timeout 15s
	answers
	[ "$(ctl status | wc -l)" = 504 ]
}

@test "they answer in a storm of restarts" {
	dir=$(ns_dir)
	well_ini >"$dir/dashpot.ini"
	sed -i '1a restart_rate = 1000/s burst 1000' "$dir/dashpot.ini"
	for i in $(seq 50); do
		cat <<-END
			[service:s$i]
			shell = echo one; exit 1
			max_failures = none
			restart_delay = 20ms..20ms
		END
	done >>"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 service s50 '.ends | length == 16'
	answers
	ctl restart web
}

@test "they answer beside a client that never reads" {
	well
	beside nsenter --target "$NS_PID" --mount -- \
		python3 "$DASHPOT_LIB/clients.py" silent /run/dashpot.sock
	wait_until 10 is_in asked "$BATS_TEST_TMPDIR/beside"
	answers
}

@test "a line of 10 MB is refused, and harms nobody" {
	well
	run -0 ns_exec python3 "$DASHPOT_LIB/clients.py" large /run/dashpot.sock
	[[ $output == reset || $output == *'"code":"usage"'* ]]
	answers
	[ "$(kids 'dashpot: control')" = 1 ]
	ctl status --json | jq -e '.helpers.control.restarts == 0'
}

@test "200 clients at once are all answered" {
	well
	run -0 ns_exec python3 "$DASHPOT_LIB/clients.py" crowd /run/dashpot.sock 200
	[ "$output" = 200 ]
	answers
}

@test "health says no within two seconds where the server hangs" {
	dir=$(ns_dir)
	beside python3 "$DASHPOT_LIB/clients.py" hang "$dir/socket"
	wait_until 10 is_in ready "$BATS_TEST_TMPDIR/beside"
	for _ in 1 2 3; do
		began=$(now_ms)
		run -1 "$DASHPOT" health --control "$dir/socket"
		at_most $(($(now_ms) - began)) 2500 'health took ms'
	done
}

@test "the control server killed 50 times during commands: nobody is left without an answer, nothing is done twice" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:web]
		shell = trap 'sleep 0.2; exit' TERM; while :; do sleep 0.05; done
	END
	ns_start "$dir"
	wait_until 10 ctl health
	for i in $(seq 50); do
		wait_until 10 kid 'dashpot: control' >"$BATS_TEST_TMPDIR/kid"
		ctl restart web --json >"$BATS_TEST_TMPDIR/answer.$i" &
		client=$!
		wait_until 10 asked_times "$i"
		sleep "0.0$((i % 10))" # anywhere in what it does then
		kill_kid 'dashpot: control'
		ctl wait web --timeout 20s >"$BATS_TEST_TMPDIR/queued"
		wait "$client"
		jq -e '.services[0].result == "done"' "$BATS_TEST_TMPDIR/answer.$i"
	done
	ns_alive
	ctl status --json | jq -e '.services.web.starts == 51 and
		.helpers.control.restarts == 50'
}

# asked_times N: dashpot has taken N commands
asked_times()
{
	[ "$(say_count 'asked from outside')" -ge "$1" ]
}

@test "NOTIFY_SOCKET hears READY=1 and STOPPING=1, and no service sees it" {
	dir=$(ns_dir)
	beside python3 "$DASHPOT_LIB/clients.py" hear "$dir/notify" "$dir/heard"
	wait_until 10 test -S "$dir/notify"
	cat >"$dir/dashpot.ini" <<-END
		[service:first]
		shell = env >&2; until [ -e $dir/go ]; do sleep 0.05; done
		type = oneshot
		[service:web]
		command = sleep 1000
		after = first
	END
	NOTIFY_SOCKET=$dir/notify ns_start "$dir"
	wait_until 10 said PATH=
	run ! said NOTIFY_SOCKET
	run ! is_in READY=1 "$dir/heard"
	: >"$dir/go"
	wait_until 10 is_in READY=1 "$dir/heard"
	ns_stop
	wait_until 5 is_in STOPPING=1 "$dir/heard"
	[ "$(grep -c READY=1 "$dir/heard")" = 1 ]
}
