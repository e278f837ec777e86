#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Short commands of services: stop_command and on_blocked, and draining.

load ../lib/dashpot
load ../lib/faults
load ../lib/verify

# start_with LINE...: start dashpot with the services of these lines
start_with()
{
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'log_format = json' "$@" >"$dir/dashpot.ini"
	ns_start "$dir"
}

# event NAME JQ-EXPRESSION: an event of that kind is, or will be, recorded
event()
{
	wait_until 20 events ".event == \"$1\" and ($2)"
}

# no_event NAME JQ-EXPRESSION: no such event is recorded; call it once all
# events are
no_event()
{
	run events ".event == \"$1\" and ($2)"
	[ "$status" -ne 0 ]
}

is_running()
{
	service "$1" '.state == "running"' >/dev/null
}

# --- stop_command --------------------------------------------------------

@test "stop_command runs in place of the signal, with the service's pid and name" {
	start_with '[service:web]' \
		"shell = trap '' TERM; trap 'echo usr1; exit 0' USR1; while :; do sleep 0.05; done" \
		'env.COLOUR = blue' \
		'stop_command = sh -c "echo $MAINPID $DASHPOT_SERVICE $COLOUR >&2; kill -USR1 $MAINPID"'
	wait_until 10 is_running web
	pid=$(service web .pid)
	ns_stop TERM 20
	[ "$NS_STATUS" = 0 ]
	grep -q "$pid web blue" "$NS_DIR/stderr"
	grep -q usr1 "$NS_DIR/stdout"
	event hook '.hook == "stop_command" and .service == "web"'
	event hook-ended '.hook == "stop_command" and .cause == "exited" and .code == 0'
	event stopping '.message | test("stop_command runs")'
	event ended '.cause == "asked" and .code == 0'
	no_event killed true
}

@test "a service that outlives its stop_command has the rest of stop_timeout, then is killed" {
	start_with '[service:web]' 'command = sleep 1000' \
		'stop_command = true' 'stop_timeout = 2s'
	wait_until 10 is_running web
	ns_stop TERM 20
	[ "$NS_STATUS" = 0 ]
	event hook-ended '.code == 0'
	event killed '.service == "web"'
	ended=$(events '.event == "hook-ended"' | jq .monotonic_ms)
	killed=$(events '.event == "killed"' | jq .monotonic_ms)
	[ $((killed - ended)) -gt 1000 ]
	no_event stopping '.signal == "SIGTERM"'
}

@test "a stop_command that fails: the signal is sent at once, and that is said" {
	start_with '[service:web]' 'command = sleep 1000' \
		'stop_command = sh -c "exit 3"' 'stop_timeout = 1h'
	wait_until 10 is_running web
	ns_stop TERM 20
	[ "$NS_STATUS" = 0 ]
	event hook-ended '.code == 3 and .level == "warning"'
	event stopping '.signal == "SIGTERM"'
	event ended '.cause == "asked"'
}

@test "a stop_command that does not exist: the signal is sent at once, and that is said" {
	start_with '[service:web]' 'command = sleep 1000' \
		'stop_command = /no/such/command' 'stop_timeout = 1h'
	wait_until 10 is_running web
	ns_stop TERM 20
	[ "$NS_STATUS" = 0 ]
	event hook-ended '.cause == "start-failed" and .errno == "ENOENT" and .step == "exec"'
	event stopping '.signal == "SIGTERM"'
}

@test "a stop_command that hangs is killed with its group at stop_timeout, like its service" {
	start_with '[service:web]' 'command = sleep 1000' \
		'stop_command = sh -c "sleep 2000 & sleep 2001; true"' \
		'stop_timeout = 1s' '[service:other]' 'command = sleep 1001'
	wait_until 10 is_running web
	ctl stop web --no-wait
	wait_until 10 service web '.is_stop_command_running'
	[ "$(service web .state)" = stopping ]
	wait_until 10 service web '.state == "stopped"'
	event hook-ended '.is_timed_out and .hook == "stop_command"'
	event killed '.service == "web"'
	wait_until 10 eval '[ -z "$(ns_pids "sleep 200")" ]'
	is_running other
}

@test "a service is stopped when its stop_command has ended too" {
	dir=$(ns_dir)
	start_with '[service:db]' 'command = sleep 1000' \
		"stop_command = sh -c 'kill \$MAINPID; until test -e $dir/go; do sleep 0.05; done; touch $dir/cleaned'" \
		'[service:other]' 'command = sleep 1001'
	wait_until 10 is_running db
	ctl stop db --no-wait
	event ended '.service == "db"'
	stays 1 service db '.state == "stopping" and .pid == null' >/dev/null
	touch "$dir/go"
	wait_until 10 service db '.state == "stopped"'
	[ -e "$dir/cleaned" ]
}

@test "stop_command runs as the service does: user, directory" {
	start_with '[service:web]' 'command = sleep 1000' 'user = 1234' \
		'directory = /usr' \
		'stop_command = sh -c "id -u; pwd; kill $MAINPID"'
	wait_until 10 is_running web
	ns_stop TERM 20
	[ "$NS_STATUS" = 0 ]
	grep -q 1234 "$NS_DIR/stdout"
	grep -q /usr "$NS_DIR/stdout"
}

@test "what a stop_command leaves in its group is killed" {
	start_with '[service:web]' 'command = sleep 1000' \
		'stop_command = sh -c "sleep 2000 & kill $MAINPID"' \
		'[service:other]' 'command = sleep 1001'
	wait_until 10 is_running web
	ctl stop web
	wait_until 10 eval '[ -z "$(ns_pids "sleep 2000")" ]'
}

# lives NUMBER TEXT: that number of processes have a command line that begins
# with TEXT
lives()
{
	[ "$(ns_exec ps -eo stat=,args= | grep -c "^[^Z][^ ]* *$2")" = "$1" ]
}

@test "what short commands leave in sessions of their own is ended, counted and said" {
	start_with '[defaults]' 'leftover_grace = 300ms' 'max_failures = 1 in 1m' \
		'[service:web]' 'command = sleep 1000' 'health_interval = 500ms' \
		'health = exec:sh -c "setsid sleep 501 & sleep 0.1"' \
		'[service:db]' 'command = sleep 1000' \
		'ready = exec:sh -c "(setsid nohup sh -c \"trap : TERM; while :; do sleep 502; done\" &) & sleep 0.1"' \
		'stop_command = sh -c "kill $MAINPID; setsid setpriv --reuid=4711 sleep 503 & sleep 0.1"' \
		'[service:bad]' 'shell = sleep 0.2; exit 1' \
		'on_blocked = sh -c "setsid sleep 504 & sleep 0.1"'
	wait_until 20 service web '.leftovers_ended >= 5'
	wait_until 20 service db '.state == "running"'
	wait_until 20 service bad '.state == "blocked" and .leftovers_ended == 1'
	event hook-left '.service == "bad" and .hook == "on_blocked" and .processes == 1'
	wait_until 20 service db '.leftovers_ended >= 1'
	ctl stop db
	wait_until 20 event hook-left '.service == "db" and .hook == "stop_command"'
	wait_until 20 lives 0 'sleep 50[234]'
	# A check that leaves processes behind is reported once.
	wait_until 20 service web '.leftovers_ended >= 8'
	[ "$(events '.event == "hook-left" and .service == "web"' | jq -s length)" = 1 ]
	[ "$(ns_exec ps -eo stat=,args= | grep -c '^[^Z].*sleep 501$')" -le 3 ]
	service web '.state == "running" and .starts == 1'
}

@test "what a check cannot get rid of is listed as its service's, and sweep --orphans agrees" {
	start_with '[service:web]' 'command = sleep 1000' 'health_interval = 200ms' \
		'leftover_grace = 1h' 'health = exec:sh -c "(trap \"\" TERM; exec setsid sleep 505) & sleep 0.1"' \
		'[service:other]' 'command = sleep 1001'
	wait_until 20 event hook-left '.service == "web" and .hook == "check"'
	ctl status --orphans >"$dir/said"
	cat "$dir/said"
	grep -E '^pid [0-9]+ of web, .*: sleep 505$' "$dir/said"
	[ "$(wc -l <"$dir/said")" = 1 ]
	wait_until 20 counts_orphans 1
	ctl sweep --dry-run --orphans | grep -E '^would end pid [0-9]+ of web'
}

# counts_orphans NUMBER: a new diagnostic.json has that number of orphans
counts_orphans()
{
	ns_exec kill -s USR1 1
	diag ".container.orphans_alive == $1"
}

@test "a second stop signal that kills kills the stop_command too" {
	start_with 'stop_again = kill' '[service:web]' 'command = sleep 1000' \
		'stop_command = sleep 2000' 'stop_timeout = 1h'
	wait_until 10 is_running web
	ns_signal TERM
	wait_until 10 service web '.is_stop_command_running'
	ns_stop TERM 20
	[ "$NS_STATUS" = 137 ]
}

@test "a stop_command for which there is no room: the signal is sent, and the limit is named" {
	uid=$(free_uid)
	start_with '[service:web]' 'command = sleep 1000' "user = $uid" \
		'limit.nproc = 20' 'stop_command = true' 'stop_timeout = 1h' \
		'[service:crowd]' "user = $uid" 'autostart = no' \
		'shell = for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do sleep 1003 & done; wait'
	wait_until 10 is_running web
	ctl start crowd
	wait_until 20 eval '[ "$(ns_pids "sleep 1003" | wc -l)" -ge 19 ]'
	ctl stop web
	event hook-refused ".limit == \"nproc\" and .uid_or_level == $uid and .max == 20 and (.message | test(\"limit.nproc\"))"
	event stopping '.service == "web" and .signal == "SIGTERM"'
	event ended '.service == "web" and .cause == "asked"'
}

# --- on_blocked ----------------------------------------------------------

@test "on_blocked runs when the breaker opens, with cause, code and trips" {
	start_with '[service:web]' "shell = sleep 0.1; exit 7" \
		'max_failures = 2 in 1m' 'restart_delay = 10ms..10ms' \
		'cooldown = 1h..1h' \
		'on_blocked = sh -c "env | grep ^DASHPOT_ | sort | tr \"\n\" \" \""' \
		'[service:other]' 'command = sleep 1001'
	event hook-ended '.hook == "on_blocked" and .code == 0'
	[ "$(service web .state)" = blocked ]
	wait_until 10 grep -q 'DASHPOT_CAUSE=exited DASHPOT_CODE=7 DASHPOT_SERVICE=web DASHPOT_STATE=blocked DASHPOT_TRIPS=1 ' "$NS_DIR/stdout"
	[ "$(events '.event == "hook"' | wc -l)" = 1 ]
	is_running other
}

@test "on_blocked runs again at each trip, and when that is the last one" {
	start_with '[service:web]' 'shell = sleep 0.1; kill -SEGV $$' \
		'max_failures = 1 in 1m' 'cooldown = 300ms..300ms' 'max_trips = 2' \
		'on_blocked = sh -c "echo $DASHPOT_SIGNAL $DASHPOT_STATE $DASHPOT_TRIPS"' \
		'[service:other]' 'command = sleep 1001'
	wait_until 20 service web '.state == "failed"'
	wait_until 10 grep -q 'SIGSEGV blocked 1' "$NS_DIR/stdout"
	wait_until 10 grep -q 'SIGSEGV failed 2' "$NS_DIR/stdout"
}

@test "an on_blocked that hangs delays no other service, nor its own probe" {
	start_with '[service:web]' 'command = false' \
		'max_failures = 1 in 1m' 'cooldown = 300ms..300ms' \
		'on_blocked = sleep 2000' \
		'[service:other]' "shell = sleep 0.2; exit 1" \
		'restart_delay = 50ms..50ms' 'max_failures = none'
	wait_until 20 service web '.starts >= 3 and .is_on_blocked_running'
	wait_until 20 service other '.starts >= 5'
	event hook-refused '.service == "web" and .errno == "EBUSY"'
	[ "$(events '.event == "hook"' | wc -l)" = 1 ]
}

@test "the end of everything waits for on_blocked, and no longer than it has time" {
	dir=$(ns_dir)
	start_with '[service:web]' 'shell = sleep 0.2; exit 9' 'essential = yes' \
		'max_failures = 1 in 1m' \
		"on_blocked = sh -c 'sleep 0.5; echo called >$dir/called'"
	ns_wait 20
	[ "$NS_STATUS" = 9 ]
	[ "$(cat "$dir/called")" = called ]
	sed -i 's/^on_blocked.*/on_blocked = sleep 2000/; s/^essential/stop_timeout = 1s\n&/' \
		"$dir/dashpot.ini"
	rm -rf "$dir/vol"
	ns_start "$dir"
	ns_wait 20
	[ "$NS_STATUS" = 9 ]
	event hook '.hook == "on_blocked"'
	no_event hook-ended true
}

@test "what the registry remembers as blocked runs no on_blocked" {
	start_with '[service:web]' 'command = false' \
		'max_failures = 1 in 1m' 'cooldown = 1h..1h' \
		'on_blocked = sleep 0.01' '[service:other]' 'command = sleep 1001'
	event hook-ended true
	ns_stop
	rm "$dir/vol/events.jsonl"
	sed -i 's/^command = false/command = sleep 1002/' "$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 is_running web
	ns_stop
	no_event hook true
}

@test "a reload that removes the service lets its on_blocked end, and gives nobody its place before" {
	dir=$(ns_dir)
	start_with '[service:web]' 'command = false' \
		'max_failures = 1 in 1m' 'cooldown = 1h..1h' \
		"on_blocked = sh -c 'until test -e $dir/go; do sleep 0.05; done; exit 5'" \
		'[service:other]' 'command = sleep 1001'
	wait_until 20 service web '.is_on_blocked_running'
	sed -i '/service:web/,/on_blocked/d' "$dir/dashpot.ini"
	printf '%s\n' '[service:new]' 'command = sleep 1002' >>"$dir/dashpot.ini"
	ctl reload
	wait_until 20 is_running new
	touch "$dir/go"
	event hook-ended '.service == "web" and .code == 5'
	is_running other
}

# --- drain_delay ---------------------------------------------------------

@test "drain_delay: not ready at once, told later, when the container stops" {
	start_with '[service:web]' 'command = sleep 1000' 'drain_delay = 2s' \
		'[service:db]' 'command = sleep 1001'
	wait_until 10 is_running web
	ctl health
	ns_signal TERM
	wait_until 10 service web '.is_draining'
	service web '.state == "stopping" and .next.what == "stop" and (.why | test("draining"))'
	mkdir "$BATS_TEST_TMPDIR/seen"
	cp "$dir/vol/diagnostic.json" "$BATS_TEST_TMPDIR/seen/"
	volume_validate "$BATS_TEST_TMPDIR/seen"
	run ! ctl health
	ns_wait 20
	[ "$NS_STATUS" = 0 ]
	drained=$(events '.event == "draining"' | jq .monotonic_ms)
	told=$(events '.event == "stopping" and .service == "web"' | jq .monotonic_ms)
	[ $((told - drained)) -ge 2000 ]
	event ended '.service == "web" and .cause == "asked"'
	events '.event == "begin" and .shutdown_needs_ms == 11500'
}

@test "drain_delay: also when a person stops or restarts it, and what it needs runs on" {
	start_with '[service:db]' 'command = sleep 1001' \
		'[service:web]' 'command = sleep 1000' 'drain_delay = 1s' 'after = db'
	wait_until 10 is_running web
	ctl restart web --no-wait
	wait_until 10 service web '.is_draining'
	run ! ctl health web
	is_running db
	wait_until 10 service web '.state == "running" and .starts == 2'
	ctl stop web
	[ "$(events '.event == "draining"' | wc -l)" = 2 ]
}

@test "drain_delay: a second stop signal that kills cuts it short" {
	start_with 'stop_again = kill' '[service:web]' 'command = sleep 1000' 'drain_delay = 1h'
	wait_until 10 is_running web
	ns_signal TERM
	wait_until 10 service web '.is_draining'
	ns_stop TERM 20
	[ "$NS_STATUS" = 137 ]
}

@test "drain_delay: a short shutdown_timeout ends it at its half" {
	start_with 'shutdown_timeout = 4s' \
		'[service:web]' 'command = sleep 1000' 'drain_delay = 1h'
	wait_until 10 is_running web
	ns_stop TERM 20
	[ "$NS_STATUS" = 0 ]
	event ended '.service == "web" and .cause == "asked"'
	no_event killed true
}

@test "drain_delay: a service that dies while it drains was asked to end" {
	start_with '[service:web]' 'shell = sleep 1; exit 5' 'drain_delay = 1h' \
		'[service:other]' 'command = sleep 1001'
	wait_until 10 is_running web
	ctl stop web
	wait_until 10 service web '.state == "stopped" and .starts == 1'
	event ended '.service == "web" and .cause == "asked" and .code == 5'
}

# --- reload_signal ---------------------------------------------------------

@test "reload NAME sends reload_signal, HUP where none is written, and reloads nothing else" {
	start_with '[service:web]' \
		"shell = trap 'echo got hup' HUP; while :; do sleep 0.05; done" \
		'[service:db]' 'reload_signal = USR2' \
		"shell = trap 'echo got usr2' USR2; while :; do sleep 0.05; done" \
		'[service:other]' 'command = sleep 1000'
	wait_until 10 is_running web
	wait_until 10 is_running db
	ctl reload web db
	wait_until 10 grep -q 'web | got hup' "$NS_DIR/stdout"
	wait_until 10 grep -q 'db | got usr2' "$NS_DIR/stdout"
	service other '.starts == 1 and .pid != null'
	event command '.service == "db" and .command == "reload" and .signal == "SIGUSR2"'
	no_event reload true
	[ "$(ctl reload web --json | jq -r '.services[0].result')" = "done" ]
}

@test "reload NAME: who does not run is refused with 1, an unknown name with 100" {
	start_with '[service:web]' 'command = sleep 1000' \
		'[service:off]' 'command = sleep 1000' 'autostart = no'
	wait_until 10 is_running web
	run -1 ctl reload off
	[[ $output == *"off: refused"* ]]
	run -100 ctl reload wbe
	[[ $output == *web* ]]
	run -0 ctl reload
	[ "$output" = reloaded ]
}
