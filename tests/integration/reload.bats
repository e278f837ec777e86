#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# SIGHUP: the configuration is read again, and only services with changes are
# affected.

load ../lib/dashpot
load ../lib/faults
load ../lib/verify

setup_file()
{
	need_program hangfuse
}

# reload NUMBER: SIGHUP, and wait for the end of reload NUMBER
reload()
{
	ns_signal HUP
	wait_until 10 count_is "$1" ended_reloads
}

# ended_reloads: print a line for each ended reload
ended_reloads()
{
	events '.event == "reloaded" or .event == "reload-failed"'
}

# write_services FILE WORD: a hundred services; number 42 has WORD in its command
write_services()
{
	local i
	printf '[dashpot]\nlog_format = json\n'
	for ((i = 0; i < 100; i++)); do
		printf '[service:s%d]\ncommand = sleep %s\n' "$i" \
			"$([ "$i" = 42 ] && echo "$1" || echo 10000)"
	done
}

# died: print the helpers that ended without having been told to
died()
{
	events '.event == "helper-died"'
}

# pids: NAME PID of each service, sorted
pids()
{
	diag '.services[] | "\(.name) \(.pid)"' | sort
}

all_run()
{
	diag "[.services[] | select(.state == \"running\")] | length == $1"
}

@test "of a hundred services the one that was changed is restarted, 99 keep their pids" {
	dir=$(ns_dir)
	write_services 10000 >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 all_run 100
	pids >"$dir/before"
	write_services 20000 >"$dir/dashpot.ini"
	reload 1
	wait_until 10 service s42 '.state == "running" and .starts == 2'
	pids >"$dir/after"
	[ "$(comm -12 "$dir/before" "$dir/after" | wc -l)" = 99 ]
	[ "$(wc -l <"$dir/after")" = 100 ]
	events '.event == "reloaded" and .new == 0 and .removed == 0 and
		.restarted == 1 and .changed == 0'
	[ "$(ns_pids 'sleep 20000' | wc -l)" = 1 ]
	service s42 '.ends[-1].cause == "asked"'
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a broken file changes nothing: all pids are the same, the line is on stderr" {
	dir=$(ns_dir)
	write_services 10000 >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 all_run 100
	pids >"$dir/before"
	printf '[service:more]\ncomand = x\n' >>"$dir/dashpot.ini"
	reload 1
	events '.event == "reload-failed" and .reason == "mistakes" and .number > 0'
	line=$(wc -l <"$dir/dashpot.ini")
	wait_until 5 grep -q "^$dir/dashpot.ini:$line: comand is no key" "$dir/stderr"
	pids >"$dir/after"
	cmp "$dir/before" "$dir/after"
	diag '.services.more == null'
	# ... and the mended file is taken.
	sed -i 's/^comand/command/' "$dir/dashpot.ini"
	sed -i 's/^command = x$/command = sleep 10000/' "$dir/dashpot.ini"
	reload 2
	wait_until 5 service more '.state == "running"'
	ns_stop
}

@test "a reload that is typed prints the mistakes of the file, and all pids are the same" {
	dir=$(ns_dir)
	write_services 10000 >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 all_run 100
	pids >"$dir/before"
	printf '[service:more]\ncomand = x\nrestart = often\n' >>"$dir/dashpot.ini"
	line=$(wc -l <"$dir/dashpot.ini")
	run -1 --separate-stderr ctl reload
	[ -z "$output" ]
	# shellcheck disable=SC2154  # bats sets stderr
	grep -q "^$dir/dashpot.ini:$((line - 1)): comand is no key" <<<"$stderr"
	grep -q "^$dir/dashpot.ini:$line: restart = often: " <<<"$stderr"
	[[ ${stderr##*$'\n'} == 'dashpot: reload: reload failed, '* ]]
	# The mistakes are on dashpot's own stderr as well.
	wait_until 5 grep -q "^$dir/dashpot.ini:$line: restart" "$dir/stderr"
	wait_until 5 events '.event == "reload-failed" and .reason == "mistakes"'
	pids >"$dir/after"
	cmp "$dir/before" "$dir/after"
	# ... and the next reload succeeds.
	sed -i '/^\[service:more\]/,$d' "$dir/dashpot.ini"
	run -0 ctl reload
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a hundred SIGHUPs in a second are a few reloads that change nothing" {
	dir=$(ns_dir)
	write_services 10000 >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 all_run 100
	pids >"$dir/before"
	began=$(now_ms)
	for ((i = 0; i < 100; i++)); do
		ns_signal HUP
		sleep 0.01
	done
	wait_until 10 events '.event == "reloaded"'
	stays 2 ns_alive
	# At most one reload a second; the reload of the last second may come
	# after it.
	most=$((($(now_ms) - began) / 1000 + 2))
	pids >"$dir/after"
	cmp "$dir/before" "$dir/after"
	is_between 1 "$(ended_reloads | wc -l)" "$most"
	[ "$(events '.event == "reload"' | wc -l)" = "$(ended_reloads | wc -l)" ]
	run ! died
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "SIGHUPs while the file changes each time leave one process a service" {
	dir=$(ns_dir)
	write_services 10000 >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 20 all_run 100
	for ((i = 0; i < 60; i++)); do
		write_services "2000$i" >"$dir/dashpot.new"
		mv "$dir/dashpot.new" "$dir/dashpot.ini"
		ns_signal HUP
		sleep 0.02
	done
	wait_until 20 count_is 1 ns_pids 'sleep 200059'
	wait_until 10 all_run 100
	[ "$(ns_pids 'sleep 2000' | wc -l)" = 1 ]
	[ "$(ns_pids 'sleep 1' | wc -l)" = 99 ]
	run ! died
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a policy alone applies without a restart" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = until [ -e $dir/go ]; do sleep 0.05; done; exit 3
		max_failures = 2 in 1m
		restart_delay = 10ms..10ms
	END
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	sed -i 's/^max_failures.*/max_failures = 1 in 1m/' "$dir/dashpot.ini"
	reload 1
	events '.event == "reloaded" and .changed == 1 and .restarted == 0'
	: >"$dir/go"
	wait_until 10 service web '.state == "blocked"'
	service web '.starts == 1'
	ns_stop
}

@test "a service that is added starts, one that is removed stops and is no longer shown" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:stays]
		command = sleep 1000
		[service:goes]
		shell = trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done
	END
	ns_start "$dir"
	wait_until 5 grep -q 'up' "$dir/stdout"
	wait_until 5 all_run 2
	pid=$(service stays .pid)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:comes]
		shell = echo here; exec sleep 1001
		[service:stays]
		command = sleep 1000
	END
	reload 1
	events '.event == "reloaded" and .new == 1 and .removed == 1 and
		.restarted == 0'
	wait_until 5 service comes '.state == "running"'
	wait_until 5 diag '.services | has("goes") | not'
	# The last line of the removed service, and the first line of the new
	# one.
	wait_until 5 grep -q 'bye' "$dir/stdout"
	wait_until 5 grep -q 'here' "$dir/stdout"
	[ "$(service stays .pid)" = "$pid" ]
	wait_until 5 events '.event == "ended" and .service == "goes" and .cause == "asked"'
	run ! died
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a removed service that comes back runs again, and its place is not another's" {
	dir=$(ns_dir)
	base=$'[service:base]\ncommand = sleep 1000\n'
	printf '%s[service:x]\ncommand = sleep 1001\n' "$base" >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 5 all_run 2
	printf '%s' "$base" >"$dir/dashpot.ini"
	reload 1
	wait_until 5 diag '.services | has("x") | not'
	printf '%s[service:x]\ncommand = sleep 1002\n' "$base" >"$dir/dashpot.ini"
	reload 2
	wait_until 5 service x '.state == "running" and .starts == 2'
	printf '%s' "$base" >"$dir/dashpot.ini"
	reload 3
	wait_until 5 diag '.services | has("x") | not'
	printf '%s[service:y]\ncommand = sleep 1003\n' "$base" >"$dir/dashpot.ini"
	reload 4
	wait_until 5 service y '.state == "running" and .starts == 1'
	diag '.services | has("x") | not'
	[ "$(ns_pids 'sleep 100' | wc -l)" = 2 ]
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a blocked service whose command is mended starts at once" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:other]
		shell = sleep 0.2; exit 1
		cooldown = 5m..5m
		max_failures = 1 in 1m
		[service:web]
		command = /no/such/program
		cooldown = 5m..5m
	END
	ns_start "$dir"
	wait_until 5 service web '.state == "blocked"'
	wait_until 5 service other '.state == "blocked"'
	sed -i 's,/no/such/program,sleep 1000,' "$dir/dashpot.ini"
	reload 1
	wait_until 5 service web '.state == "running" and .breaker == "closed"'
	# A service that was not changed keeps its history.
	service other '.state == "blocked" and .starts == 1 and .breaker == "open"'
	ns_stop
}

@test "output goes on through a reload: no line is lost or told twice" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[defaults]
		log_prefix = no
		[service:count]
		shell = i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo "line $i"; done; exec sleep 1000
		[service:next]
		shell = echo next 0; exec sleep 1000
	END
	ns_start "$dir"
	for i in 1 2 3; do
		sed -i "s/echo next .*; exec/echo next $i; exec/" "$dir/dashpot.ini"
		reload "$i"
	done
	wait_until 10 grep -qx 'line 3000' "$dir/stdout"
	wait_until 10 grep -qx 'next 3' "$dir/stdout"
	[ "$(grep -c '^line ' "$dir/stdout")" = 3000 ]
	[ "$(grep '^line ' "$dir/stdout" | uniq | wc -l)" = 3000 ]
	run ! grep -q 'lost' "$dir/stderr"
	ns_stop
}

@test "an output that goes to a file from now on gets a helper for it" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-'END'
		[service:web]
		shell = echo hello; exec sleep 1000
	END
	ns_start "$dir"
	wait_until 5 grep -q hello "$dir/stdout"
	[ -z "$(ns_pids 'dashpot: files')" ]
	echo "stdout = file:$dir/web.log" >>"$dir/dashpot.ini"
	reload 1
	wait_until 5 grep -q hello "$dir/web.log"
	[ "$(ns_pids 'dashpot: files' | wc -l)" = 1 ]
	sed -i '/^stdout/d' "$dir/dashpot.ini"
	reload 2
	wait_until 5 count_is 2 grep hello "$dir/stdout"
	wait_until 5 count_is 0 ns_pids 'dashpot: files'
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "SIGHUP is the command's where there is nothing but the command" {
	dir=$(ns_dir)
	ns_run "$dir" "$DASHPOT" run -- sh -c \
		'trap "echo got it; exit 7" HUP; echo up; while :; do sleep 0.1; done'
	wait_until 5 grep -q up "$dir/stdout"
	ns_signal HUP
	ns_wait 10
	[ "$NS_STATUS" = 7 ]
	grep -q 'got it' "$dir/stdout"
}

@test "SIGHUP leaves the command alone that runs beside services of a file" {
	dir=$(ns_dir)
	printf '[service:web]\ncommand = sleep 1000\n' >"$dir/dashpot.ini"
	ns_start "$dir" -- sh -c 'trap "exit 7" HUP; while :; do sleep 0.1; done'
	wait_until 5 all_run 2
	printf '[service:web]\ncommand = sleep 1001\n' >"$dir/dashpot.ini"
	reload 1
	wait_until 5 service web '.state == "running" and .starts == 2'
	service main '.starts == 1 and .state == "running"'
	ns_stop
}

@test "a stop in the middle of a reload is not held up by it" {
	dir=$(ns_dir)
	printf '[service:web]\ncommand = sleep 1000\nenv_file = %s\n' \
		"$dir/env" >"$dir/dashpot.ini"
	: >"$dir/env"
	ns_start "$dir"
	wait_until 5 all_run 1
	for ((i = 0; i < 5; i++)); do ns_signal HUP; done
	before=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	is_between 0 "$(($(now_ms) - before))" 5000
}

# start_as_user: start dashpot as a user of its own, because root is exempt from
# the limit
start_as_user()
{
	uid=$(free_uid)
	# Only root can enter the directories of a test.
	NS_PREFIX=(setpriv --reuid "$uid" --inh-caps +dac_override
		--ambient-caps +dac_override)
	ns_start "$1"
}

@test "a reload while nothing can fork fails and says so; the next one is well" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become another user"
	dir=$(ns_dir)
	printf '[service:web]\ncommand = sleep 1000\n' >"$dir/dashpot.ini"
	start_as_user "$dir"
	wait_until 5 all_run 1
	pid=$(service web .pid)
	# Only that user may do this without CAP_SYS_RESOURCE.
	setpriv --reuid "$uid" prlimit --nproc=1: --pid "$NS_PID"
	printf '[service:web]\ncommand = sleep 1001\n' >"$dir/dashpot.ini"
	reload 1
	events '.event == "reload-failed" and .reason == "no-fork" and
		.errno == "EAGAIN"'
	service web ".pid == $pid and .state == \"running\""
	setpriv --reuid "$uid" prlimit --nproc=100: --pid "$NS_PID"
	reload 2
	wait_until 10 service web '.state == "running" and .starts == 2'
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "files that do not answer are given up after ten seconds, and hold up nobody" {
	[ -c /dev/fuse ] || skip "this machine has no /dev/fuse"
	dir=$(ns_dir)
	mkdir "$dir/hung"
	cat >"$dir/dashpot.ini" <<-'END'
		[service:web]
		command = sleep 1000
		[service:beat]
		shell = sleep 0.2; exit 1
		max_failures = none
		restart_delay = 10ms..10ms
	END
	cp "$dir/dashpot.ini" "$dir/good.ini"
	NS_PREFIX=("$BATS_FILE_TMPDIR/hangfuse" "$dir/hung")
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	pid=$(service web .pid)
	echo "env_file = $dir/hung/env" >>"$dir/dashpot.ini"
	ns_signal HUP
	wait_until 5 events '.event == "reload"'
	before=$(service beat .starts)
	# The loader shares no memory with PID 1 except the board for its
	# mistakes.
	loader=$(pgrep -P "$NS_PID" -x "dashpot: loader")
	[ "$(awk '$2 ~ /w.s/ { print $6 }' "/proc/$loader/maps")" = /memfd:mistakes ]
	wait_until 20 count_is 1 ended_reloads
	events '.event == "reload-failed" and .reason == "silent" and
		.number >= 10000 and .number < 15000'
	[ "$(service beat .starts)" -gt "$((before + 10))" ]
	service web ".pid == $pid"
	# The killed loader still hangs: there is no second loader beside it.
	cp "$dir/good.ini" "$dir/dashpot.ini"
	echo 'env.NEW = yes' >>"$dir/dashpot.ini"
	ns_signal HUP
	stays 2 count_is 1 events '.event == "reload"'
	kill_kid hangfuse
	wait_until 10 count_is 2 ended_reloads
	events '.event == "reloaded" and .restarted == 1'
	service web ".pid == $pid"
	ns_stop
	[ "$NS_STATUS" = 0 ]
}
