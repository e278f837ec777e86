#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Oneshots that a schedule runs. Steps of a second and more: on a busy machine a
# run comes later, but comes.

load ../lib/dashpot
load ../lib/faults

# runs NAME NUMBER: the service was started at least NUMBER times
runs()
{
	service "$1" ".starts >= $2"
}

# idle NAME: the service waits for its schedule
idle()
{
	service "$1" '.state == "waiting" and .waiting.for == "schedule"'
}

# skipped NUMBER: job has skipped at least NUMBER times
skipped()
{
	ctl status --json | jq -e ".services.job.schedule.skipped >= $1"
}

# sees TEXT COMMAND...: that command of dashpot prints TEXT
sees()
{
	local text=$1
	shift
	ctl "$@" | grep -F "$text"
}

@test "a schedule runs a oneshot again and again, and never at the start" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:job]
		type = oneshot
		command = true
		schedule = every 1s
	END
	ns_start "$dir"
	wait_until 20 runs job 3
	# First the wait for its schedule, then a start.
	[ "$(events '.service == "job"' | head -n 2 | jq -r .event | xargs)" = \
		"next-run started" ]
	service job '.schedule.text == "every 1s" and .failures == 0 and
		.schedule.next != null'
	# The service is idle most of the time, but not always.
	wait_until 20 sees 'by its schedule (every 1s)' status
	wait_until 20 sees 'its schedule runs it' explain job
	volume_validate "$dir/vol"
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a time that comes during a run is skipped and counted; one run at a time" {
	dir=$(ns_dir)
	mkfifo "$dir/go"
	cat >"$dir/dashpot.ini" <<-END
		[service:job]
		type = oneshot
		shell = echo x >>$dir/runs; read -r line <$dir/go
		schedule = every 1s
	END
	ns_start "$dir"
	wait_until 20 events '.event == "tick-skipped"'
	wait_until 20 skipped 3
	[ "$(wc -l <"$dir/runs")" = 1 ]
	[ "$(events '.event == "tick-skipped"' | wc -l)" = 1 ]
	run ctl status job
	[[ $output == *running* ]]
	echo go >"$dir/go"
	wait_until 20 runs job 2
	volume_validate "$dir/vol"
	ns_stop
}

@test "a run that fails is reported, blocks nothing, and the next one comes" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		metrics_file = yes
		[service:job]
		type = oneshot
		shell = echo broken; exit 127
		max_failures = 1 in 1h
		schedule = every 1s
		[service:web]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 20 runs job 3
	wait_until 20 idle job
	service job '.breaker == "closed" and .failures_since_stable >= 2 and
		(.ends[0].code == 127)'
	events '.event == "run-failed" and .level == "warning" and .failures == 2'
	[ -z "$(events '.event == "blocked" or .event == "failed"' || true)" ]
	run ctl explain job
	[ "$status" = 1 ]
	[[ $output == *"exited with code 127"*broken* ]]
	# `health` without names does not look at it.
	ctl health
	run ctl health job
	[ "$status" = 1 ]
	grep -q 'dashpot_service_last_run_failed{service="job"} 1' \
		"$dir/vol/metrics.prom"
	grep -q 'dashpot_service_next_run_time_seconds{service="job"} [0-9]' \
		"$dir/vol/metrics.prom"
	volume_validate "$dir/vol"
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "start runs it now and says what came of it; stop ends its schedule" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:good]
		type = oneshot
		command = true
		schedule = 15 3 29 2 *
		[service:bad]
		type = oneshot
		command = false
		schedule = every 7h
		[service:fast]
		type = oneshot
		command = true
		schedule = every 1s
	END
	ns_start "$dir"
	wait_until 20 idle good
	service good '.next.what == "schedule" and
		(.next.time | test("-02-29T03:15:00.000Z$"))'
	ctl start good
	service good '.starts == 1' || wait_until 20 runs good 1
	run ctl start bad
	[ "$status" = 1 ]
	[[ $output == *"bad: failed"* ]]
	ctl stop fast
	wait_until 20 service fast '.state == "stopped" and
		.schedule.next == null'
	starts=$(service fast .starts)
	stays 3 service fast ".starts == $starts"
	ctl start fast
	wait_until 20 runs fast $((starts + 2))
	ctl wait good fast
	# The last run of bad failed: the answer is no, at once.
	run -1 ctl wait --timeout 1m
	[[ $output == bad:*"1 run in a row failed"* ]]
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a schedule keeps the container running; all else done, it goes on" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:once]
		type = oneshot
		command = true
		[service:job]
		type = oneshot
		command = true
		schedule = every 1s
		after = once
	END
	ns_start "$dir"
	wait_until 20 service once '.state == "done"'
	wait_until 20 runs job 2
	ns_alive
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a reload keeps the next time of a schedule that it does not change" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:job]
		type = oneshot
		command = true
		schedule = every 1h
	END
	ns_start "$dir"
	wait_until 20 idle job
	next=$(service job .schedule.next_monotonic_ms)
	echo 'stop_timeout = 1s' >>"$dir/dashpot.ini"
	ctl reload
	wait_until 20 events '.event == "reloaded" and .changed == 1'
	[ "$(ctl status --json | jq .services.job.schedule.next_monotonic_ms)" = \
		"$next" ]
	sed -i 's/every 1h/every 1s/' "$dir/dashpot.ini"
	ctl reload
	wait_until 20 runs job 2
	ns_stop
}

@test "mistakes in schedules are told before anything starts" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:a]
		command = true
		type = oneshot
		schedule = 0 0 31 2 *
		[service:b]
		command = true
		schedule = every 1s
		[service:c]
		command = true
		type = oneshot
		schedule = every 1s
		[service:d]
		command = true
		after = c
	END
	run --separate-stderr "$DASHPOT" check -c "$dir/dashpot.ini"
	[ "$status" = 100 ]
	[[ $stderr == *"dashpot.ini:4: schedule = 0 0 31 2 *: names days that none"* ]]
	[[ $stderr == *"dashpot.ini:7: schedule in [service:b], which is a daemon"* ]]
	[[ $stderr == *"dashpot.ini:14: after: c has a schedule"* ]]
	[[ $stderr == *"3 mistakes"* ]]
	cat >"$dir/dashpot.ini" <<-END
		[service:a]
		command = true
		type = oneshot
		schedule = 0 4 * * mon-fri
		timezone = +02:00
	END
	run "$DASHPOT" check --explain-policy -c "$dir/dashpot.ini"
	[ "$status" = 0 ]
	[[ $output == *"a: run by its schedule, 0 4 * * mon-fri UTC+02:00; never a second time"* ]]
}

# within_rate: apart from first runs there were twenty runs, and no more than
# restart_rate allows
within_rate()
{
	ctl status --json | jq -e '([.services[].starts] | add) as $runs |
		if $runs - 6 > 1 + .container.uptime_ms / 1000
		then error("\($runs) runs are too many") else $runs >= 20 end'
}

@test "each run but the first takes a token of restart_rate" {
	dir=$(ns_dir)
	printf '[dashpot]\nrestart_rate = 1/s burst 1\n' >"$dir/dashpot.ini"
	for i in 1 2 3 4 5 6; do
		cat >>"$dir/dashpot.ini" <<-END
			[service:job$i]
			type = oneshot
			command = true
			schedule = every 1s
		END
	done
	ns_start "$dir"
	wait_until 90 within_rate
	# Services that wait for a token skip their next times.
	ctl status --json | jq -e '[.services[].schedule.skipped] | add > 0'
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

# waited NAME: how long its second start waited behind its first end, in ms
waited()
{
	events ".service == \"$1\" and (.event == \"ended\" or .event == \"started\")" |
		jq -s '[.[].monotonic_ms] | .[2] - .[1]'
}

# others_ini NUMBER LINE...: a budget of 5/s, and NUMBER services that need more
others_ini()
{
	local i number=$1
	shift
	printf '[dashpot]\nrestart_rate = 5/s burst 5\n'
	for i in $(seq "$number"); do
		printf '[service:other%s]\n' "$i"
		printf '%s\n' "$@"
	done
}

@test "schedules starve no daemon of its restart, nor daemons a schedule" {
	dir=$(ns_dir)
	others_ini 8 'type = oneshot' 'command = true' 'schedule = every 1s' \
		>"$dir/dashpot.ini"
	cat >>"$dir/dashpot.ini" <<-END
		[service:daemon]
		shell = [ -e $dir/once ] && exec sleep 1000; touch $dir/once; sleep 3; exit 1
	END
	ns_start "$dir"
	wait_until 60 service daemon '.starts == 2'
	# 5 s and 2 x 9 tokens are the bound; its rank makes it the next.
	at_most "$(waited daemon)" 8850 'ms for a token of nine'
	wait_until 60 service other8 '.starts > 1'
	ns_stop
	dir=$(ns_dir two)
	others_ini 8 'command = false' 'max_failures = none' \
		'restart_delay = 1ms..1ms' >"$dir/dashpot.ini"
	printf '[service:job]\ntype = oneshot\ncommand = true\nschedule = every 1s\n' \
		>>"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 60 runs job 3
	ns_stop
}

# sleeps_on: PID 1 is not woken for two seconds
sleeps_on()
{
	local before
	before=$(grep ctxt "/proc/$NS_PID/status")
	sleep 2
	[ "$(grep ctxt "/proc/$NS_PID/status")" = "$before" ]
}

@test "between two times nothing wakes PID 1" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:job]
		type = oneshot
		command = true
		schedule = 15 3 29 2 *
		[service:other]
		type = oneshot
		command = true
		schedule = every 6h
	END
	ns_start "$dir"
	wait_until 20 idle job
	wait_until 30 sleeps_on
	ns_stop
}

@test "a clock that is set forward runs what was due once; set back, nothing twice" {
	cat >"$BATS_TEST_TMPDIR/dashpot.ini" <<-END
		[dashpot]
		diagnostics = /tmp/vol
		control = /tmp/sock
		[service:job]
		type = oneshot
		shell = date -u +%F.%H:%M >>/tmp/runs
		schedule = 15 3 * * *
	END
	cat >"$BATS_TEST_TMPDIR/script" <<-'END'
		until_true()
		{
			n=0
			until eval "$1"; do
				n=$((n + 1))
				[ $n -lt 300 ] || { echo "not: $1"; /dashpot status --control /tmp/sock; exit 1; }
				sleep 0.1
			done
		}
		next_is()
		{
			/dashpot status --json --control /tmp/sock | grep -q "\"next\":\"$1"
		}
		: >/tmp/runs
		date -u -s '2027-02-27 01:00:00' || exit 1
		unshare -pf --mount-proc /dashpot run -c /dashpot.ini >/tmp/out 2>&1 &
		until_true '/dashpot health --control /tmp/sock >/dev/null 2>&1'
		until_true 'next_is 2027-02-27T03:15'
		date -u -s '2027-02-27 03:14:59'
		until_true '[ "$(wc -l </tmp/runs)" = 1 ]'
		until_true 'next_is 2027-02-28T03:15'
		# Ten times are missed.
		date -u -s '2027-03-10 12:00:00'
		until_true '[ "$(wc -l </tmp/runs)" = 2 ]'
		until_true 'next_is 2027-03-11T03:15'
		date -u -s '2027-03-11 03:14:59'
		until_true '[ "$(wc -l </tmp/runs)" = 3 ]'
		date -u -s '2027-03-11 03:10:00'
		until_true 'next_is 2027-03-12T03:15'
		date -u -s '2027-03-01 00:00:00'
		until_true 'next_is 2027-03-01T03:15'
		cat /tmp/runs
		[ "$(wc -l </tmp/runs)" = 3 ] || exit 1
		kill $!
		echo WELL
	END
	run uml_run "$BATS_TEST_TMPDIR/script" "$BATS_TEST_TMPDIR/dashpot.ini"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *WELL* ]]
}
