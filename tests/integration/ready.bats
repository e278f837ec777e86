#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# When a service is ready: each form of `ready`, passing, failing, slow and
# hanging; what happens when the time is over; and which process may say it.
load ../lib/dashpot

PEER=$DASHPOT_LIB/peer.py
PORT=7311

setup_file()
{
	gcc -Wall -O1 -o "$BATS_FILE_TMPDIR/teller" \
		"$BATS_TEST_DIRNAME/../lib/teller.c" -lsystemd
}

setup()
{
	TELLER=$BATS_FILE_TMPDIR/teller
	dir=$(ns_dir)
	# A loopback of its own: no other process uses its ports.
	NS_UNSHARE=(--net)
	echo ok >"$dir/mode"
}

# start_with LINE...: a service `web` with these lines, and a service `next`
# with after = web
start_with()
{
	printf '%s\n' '[defaults]' 'restart_delay = 10ms..10ms' \
		'[service:web]' "$@" \
		'[service:next]' 'command = sleep 1000' 'after = web' \
		>"$dir/dashpot.ini"
	ns_start "$dir" || return
	nsenter --target "$NS_PID" --net -- ip link set lo up
}

# inet COMMAND...: run it in the network of PID 1
inet()
{
	nsenter --target "$NS_PID" --net --pid --mount -- "$@"
}

mode()
{
	echo "$1" >"$dir/mode.new"
	mv "$dir/mode.new" "$dir/mode"
}

is_up()
{
	wait_until 20 service "$1" '.state == "running" and .is_ready'
}

# waits_for WORDS: web is not ready, and its row says so and why
waits_for()
{
	wait_until 20 service web \
		".state == \"starting\" and (.is_ready | not) and
		(.why | contains(\"not ready yet: waits for $1\"))"
	service next '.state == "waiting" and .waiting.service == "web"'
}

peer()
{
	echo "command = python3 $PEER $dir/mode $*"
}

# prober: print the pid of the prober
prober()
{
	ns_pids 'dashpot: prober'
}

explains()
{
	ctl explain web | tr -s '\n ' '  ' | grep -F "$1"
}

is_reloading()
{
	ctl status --json web | jq -e '.services.web | .is_reloading and .is_ready'
}

has_prober()
{
	[ -n "$(prober)" ]
}

is_gone()
{
	! ns_exec kill -0 "$1" 2>/dev/null
}

# --- tcp, http, unix ---------------------------------------------------------

@test "tcp: ready once something listens, and not before" {
	mode deaf
	start_with "$(peer tcp 127.0.0.1 $PORT)" "ready = tcp:127.0.0.1:$PORT"
	waits_for "tcp:127.0.0.1:$PORT (connection refused)"
	run ctl wait --timeout 200ms
	[ "$status" = 1 ]
	run ctl health
	[ "$status" = 1 ]
	mode ok
	is_up web
	is_up next
	events '.event == "ready" and .service == "web"'
	ctl wait --timeout 10s
	ctl health
	volume_validate "$dir/vol"
}

@test "tcp: localhost is 127.0.0.1, else ::1" {
	start_with "$(peer tcp ::1 $PORT)" "ready = tcp:localhost:$PORT"
	is_up web
}

@test "tcp: a connection that meets itself is nobody's" {
	start_with 'command = sleep 1000' 'ready = tcp:127.0.0.1:40001'
	echo 40001 40001 | inet tee /proc/sys/net/ipv4/ip_local_port_range
	waits_for 'tcp:127.0.0.1:40001 ('
	stays 3 service web '.is_ready | not'
}

@test "http: ready at 200 to 399, with what else comes said" {
	mode 503
	start_with "$(peer tcp 127.0.0.1 $PORT)" \
		"ready = http:127.0.0.1:$PORT/ready?x=1"
	waits_for "http:127.0.0.1:$PORT/ready?x=1 (HTTP status 503)"
	mode nonsense
	waits_for "http:127.0.0.1:$PORT/ready?x=1 (the answer is no HTTP)"
	mode close
	waits_for "http:127.0.0.1:$PORT/ready?x=1 (the connection was closed"
	mode 302
	is_up web
}

@test "http: an answer that comes byte by byte, or has no end, is read" {
	mode slow
	start_with "$(peer tcp 127.0.0.1 $PORT)" "ready = http:localhost:$PORT/" \
		'[service:huge]' \
		"command = python3 $PEER $dir/huge tcp 127.0.0.1 7312" \
		'ready = http:127.0.0.1:7312/'
	echo huge >"$dir/huge"
	is_up web
	is_up huge
}

@test "http: a server that hangs holds up nobody else" {
	mode hang
	start_with "$(peer tcp 127.0.0.1 $PORT)" "ready = http:127.0.0.1:$PORT/" \
		'[service:other]' \
		"command = python3 $PEER $dir/other tcp 127.0.0.1 7312" \
		'ready = http:127.0.0.1:7312/'
	echo ok >"$dir/other"
	is_up other
	waits_for "http:127.0.0.1:$PORT/ (no answer in time)"
}

@test "unix: ready once somebody accepts at the path" {
	mode deaf
	start_with "$(peer unix "$dir/sock")" "ready = unix:$dir/sock"
	waits_for "unix:$dir/sock (no such file or directory)"
	mode ok
	is_up web
}

@test "a prober that is killed again and again does no harm" {
	mode deaf
	start_with "$(peer tcp 127.0.0.1 $PORT)" "ready = tcp:127.0.0.1:$PORT"
	for _ in $(seq 20); do
		wait_until 20 has_prober
		pid=$(prober)
		ns_exec kill -KILL "$pid"
		wait_until 20 is_gone "$pid"
	done
	service web '.starts == 1 and .state == "starting"'
	mode ok
	is_up web
	[ "$(diag .helpers.prober.restarts)" -ge 20 ]
}

@test "a prober that stands still fails nobody's check" {
	mode ok
	start_with "$(peer tcp 127.0.0.1 $PORT)" "ready = tcp:127.0.0.1:$PORT" \
		"health = tcp:127.0.0.1:$PORT" 'health_interval = 100ms' \
		'health_timeout = 200ms' 'health_failures = 1'
	is_up web
	wait_until 20 service web '.health.state == "well"'
	pid=$(prober)
	ns_exec kill -STOP "$pid"
	wait_until 20 events '.event == "prober-silent"'
	stays 2 service web '.state == "running" and .starts == 1'
	ns_exec kill -CONT "$pid"
	mode 503
	wait_until 20 service web '.health.state == "well" and .failures == 0'
}

@test "no service that needs it: no prober" {
	start_with 'command = sleep 1000'
	is_up next
	diag '.helpers.prober.pid == null'
	run ! has_prober
}

# --- the time is over ---------------------------------------------------------

@test "not ready within ready_timeout: stopped, a failure of its own cause" {
	start_with 'command = sleep 1000' 'ready = tcp:127.0.0.1:9' \
		'ready_timeout = 300ms' 'max_failures = 2 in 1m' 'cooldown = 1h'
	wait_until 20 service web '.state == "blocked"'
	service web '.starts == 2 and .failures == 2 and
		.ends[0].cause == "start-timeout" and .ends[0].signal == "SIGTERM"
		and .ends[0].is_failure and .ends[0].runtime_ms >= 300'
	events '.event == "given-up" and .cause == "start-timeout"'
	service next '.state == "waiting"'
	volume_validate "$dir/vol"
}

@test "essential and never ready: dashpot exits with 1 and says why" {
	start_with 'command = sleep 1000' 'ready = tcp:127.0.0.1:9' \
		'ready_timeout = 200ms' 'essential = yes' 'max_failures = 1 in 1m'
	ns_wait 20
	[ "$NS_STATUS" = 1 ]
	grep -q 'web: was not ready in time' "$dir/stderr"
}

# --- fd:N --------------------------------------------------------------------

@test "fd:N: ready at the newline, as s6 has it" {
	start_with "shell = sleep 0.3; printf x >&5; printf 'y\\n' >&5; exec 5>&-; sleep 1000" \
		'ready = fd:5'
	is_up web
	service web '.starts == 1'
	is_up next
}

@test "fd:N: closed without a newline is said, and left to ready_timeout" {
	start_with "shell = exec 7>&-; sleep 1000" 'ready = fd:7' \
		'ready_timeout = 4s' 'max_failures = 1 in 1m'
	wait_until 20 events '.event == "ready-closed" and .descriptor == 7'
	service web '.starts == 1'
	wait_until 20 service web '.state == "blocked"'
	service web '.ends[0].cause == "start-timeout"'
}

@test "fd:N works for every number that is free" {
	for n in $(seq 3 40); do
		printf '[service:s%s]\nready = fd:%s\nshell = %s\n' "$n" "$n" \
			"bash -c 'echo >&$n'; exec sleep 1000"
	done >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 diag '[.services[] | select(.is_ready)] | length == 38'
	diag '[.services[] | select(.starts != 1)] | length == 0'
}

@test "fd:N: a number beyond limit.nofile works, beyond dashpot's it says so" {
	start_with "command = bash -c 'echo >&100; exec sleep 1000'" \
		'ready = fd:100' 'limit.nofile = 50:50'
	is_up web
	ns_stop
	dir=$(ns_dir two)
	NS_PREFIX=(prlimit --nofile=120:120)
	start_with 'command = sleep 1000' 'ready = fd:200'
	wait_until 20 service web '.ends[0].step == "ready"'
	service web '.ends[0].errno_name == "EBADF"'
}

@test "fd:N: a service that dies before it is ready is no event of its own" {
	start_with 'shell = exit 3' 'ready = fd:3' 'max_failures = 2 in 1m'
	wait_until 20 service web '.state == "blocked"'
	service web '.ends[0].cause == "exited" and .ends[0].code == 3'
	run ! events '.event == "ready-closed"'
}

# --- notify -------------------------------------------------------------------

@test "notify: libsystemd's sd_notify makes it ready, with its status" {
	start_with "command = $TELLER 0.3 STATUS=warming%s" 'ready = notify'
	waits_for notify
	wait_until 20 explains 'says "warming%s"'
	ns_stop
	printf 'ok\n' >"$dir/mode"
	dir=$(ns_dir two)
	start_with "shell = exec $TELLER 0.3 \"\$(printf 'STATUS=up and \\033 running\\nREADY=1\\nMAINPID=1')\"" \
		'ready = notify'
	is_up web
	is_up next
	service web '.says == "up and   running"'
	service web '.starts == 1'
	volume_validate "$dir/vol"
}

@test "notify: systemd-notify, which is gone when it is heard, is believed" {
	command -v systemd-notify >/dev/null || skip 'no systemd-notify'
	start_with 'shell = systemd-notify --ready; exec sleep 1000' \
		'ready = notify'
	is_up web
}

# steals UID: another service, of this user, sends to the socket of web
steals()
{
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/file" \
		"$BATS_RUN_TMPDIR/test" "$BATS_FILE_TMPDIR" \
		"$BATS_TEST_TMPDIR" "$dir"
	start_with 'command = sleep 1000' 'ready = notify' \
		'[service:thief]' "user = $1" \
		"shell = while ! [ -e $dir/name ]; do sleep 0.02; done; NOTIFY_SOCKET=\$(cat $dir/name) exec $TELLER 0 READY=1"
	is_up thief
	name=$(ns_exec cat "/proc/$(service web .pid)/environ" | tr '\0' '\n' |
		sed -n 's/^NOTIFY_SOCKET=//p')
	[ "${name:0:1}" = @ ]
	echo "$name" >"$dir/name.new"
	mv "$dir/name.new" "$dir/name"
	wait_until 20 events ".event == \"notice-stray\" and .service == \"web\" and .uid == $1"
	stays 1 service web '.state == "starting" and (.is_ready | not)'
}

@test "notify: another user's is not believed" {
	steals 12345
}

@test "notify: another service's of the same user is not believed" {
	steals 0
}

@test "notify: what a former run told makes no later one ready" {
	start_with "shell = [ ! -e $dir/once ] || exec sleep 1000; touch $dir/once; while ! [ -e $dir/go ]; do sleep 0.02; done; exec $TELLER 0 READY=1 exit" \
		'ready = notify'
	wait_until 20 has_prober
	pid=$(prober)
	ns_exec kill -STOP "$pid"
	touch "$dir/go"
	wait_until 20 service web '.starts == 2 and .state == "starting"'
	ns_exec kill -CONT "$pid"
	stays 2 service web '.starts == 2 and (.is_ready | not)'
}

@test "notify: the prober is killed with a notice unread, and it counts" {
	start_with "shell = while ! [ -e $dir/go ]; do sleep 0.02; done; $TELLER 0 READY=1 exit; touch $dir/sent; exec sleep 1000" \
		'ready = notify'
	wait_until 20 has_prober
	pid=$(prober)
	ns_exec kill -STOP "$pid"
	touch "$dir/go"
	wait_until 20 test -e "$dir/sent"
	ns_exec kill -KILL "$pid"
	is_up web
	service web '.starts == 1'
}

@test "notify: a socket whose name cannot be had is a failed start, by name" {
	NS_PREFIX=(strace -D -f --seccomp-bpf -o "$dir/trace" -e trace=getsockname
		-e inject=getsockname:error=ENOBUFS)
	start_with "command = $TELLER 0 READY=1" 'ready = notify'
	wait_until 20 service web '.state == "blocked"'
	service web '.ends[0] | .cause == "start-failed" and .step == "ready" and
		.errno_name == "ENOBUFS"'
	service next '.state == "waiting"'
}

@test "notify: STOPPING is not ready any more, RELOADING is shown" {
	start_with "command = $TELLER 0 READY=1 RELOADING=1" 'ready = notify'
	wait_until 20 is_reloading
	ns_stop
	dir=$(ns_dir two)
	start_with "command = $TELLER 0 READY=1 STOPPING=1" 'ready = notify'
	wait_until 20 events '.event == "leaving" and .service == "web"'
	wait_until 20 service web '.state == "running" and (.is_ready | not)'
	run ctl health
	[ "$status" = 1 ]
}

@test "notify: EXTEND_TIMEOUT_USEC gives it more time" {
	start_with "shell = $TELLER 0 EXTEND_TIMEOUT_USEC=60000000 & sleep 3; kill \$!; exec $TELLER 0 READY=1" \
		'ready = notify' 'ready_timeout = 2s'
	is_up web
	service web '.starts == 1'
}

@test "notify: a socket is kept over restarts, and new by a reload" {
	start_with "command = $TELLER 0 READY=1" 'ready = notify'
	is_up web
	name=$(ns_exec cat "/proc/$(service web .pid)/environ" | tr '\0' '\n' |
		grep ^NOTIFY_SOCKET=)
	ctl restart web
	wait_until 20 service web '.is_ready and .starts == 2'
	ns_exec cat "/proc/$(service web .pid)/environ" | tr '\0' '\n' |
		grep -qxF "$name"
	printf '[service:late]\ncommand = %s 0 READY=1\nready = notify\n' \
		"$TELLER" >>"$dir/dashpot.ini"
	ctl reload
	is_up late
	wait_until 20 service web '.is_ready and .starts == 2'
}
