#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# instances = N: one section, several services that commands take together.

load ../lib/dashpot

# state_of NAME STATE
state_of()
{
	service "$1" ".state == \"$2\""
}

# write_workers N: a service with N instances that note their number
write_workers()
{
	cat >"$dir/dashpot.ini" <<-END
		[service:worker]
		shell = echo "\$INSTANCE" >>$dir/seen; exec sleep 1000
		instances = $1
		directory = $dir/\${INSTANCE:-x}
		[service:other]
		command = sleep 2000
		after = worker
	END
	mkdir -p "$dir/"{0,1,2,3}
}

# up N: N services run
up()
{
	diag "[.services[] | select(.state == \"running\")] | length == $1"
}

reload()
{
	ctl reload
}

@test "three instances are three services, each with its number" {
	dir=$(ns_dir)
	write_workers 3
	ns_start "$dir"
	wait_until 20 up 4
	[ "$(diag '[.services[].name] | sort | join(" ")')" = \
		"other worker:0 worker:1 worker:2" ]
	wait_until 10 sh -c "[ \"\$(sort '$dir/seen' | tr -d '\n')\" = 012 ]"
	for i in 0 1 2; do
		pid=$(service "worker:$i" .pid)
		[ "$(ns_exec readlink "/proc/$pid/cwd")" = "$dir/$i" ]
		ns_exec cat "/proc/$pid/environ" | tr '\0' '\n' |
			grep -qx "INSTANCE=$i"
	done
	run ctl status
	[[ $output == *"worker:0 "*"worker:1 "*"worker:2 "* ]]
	volume_validate "$dir/vol"
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "a command takes NAME for all instances and NAME:1 for one" {
	dir=$(ns_dir)
	write_workers 3
	ns_start "$dir"
	wait_until 20 up 4
	ctl stop worker:1
	wait_until 10 state_of worker:1 stopped
	state_of worker:0 running
	state_of worker:2 running
	ctl stop worker
	for i in 0 1 2; do wait_until 10 state_of "worker:$i" stopped; done
	state_of other running
	ctl start 'worker:[02]'
	wait_until 10 state_of worker:0 running
	wait_until 10 state_of worker:2 running
	state_of worker:1 stopped
	run ctl status worker
	[ "$status" = 0 ]
	[ "$(grep -c ^worker: <<<"$output")" = 3 ]
	run ctl status worker:2
	[ "$(grep -c ^worker: <<<"$output")" = 1 ]
	run ctl explain worker
	[[ $output == *worker:0*worker:1*worker:2* ]]
	run ctl stop worker:3
	[ "$status" = 100 ]
	[[ $output == *"there is no service"*"worker:3"* ]]
	run ctl stop workr
	[ "$status" = 100 ]
	[[ $output == *"worker"* ]]
	ns_stop
}

@test "a reload with another number starts or stops only the difference" {
	dir=$(ns_dir)
	write_workers 2
	ns_start "$dir"
	wait_until 20 up 3
	first=$(service worker:0 .pid) second=$(service worker:1 .pid)
	other=$(service other .pid)
	write_workers 4
	reload
	wait_until 20 up 5
	[ "$(service worker:0 .pid)" = "$first" ]
	[ "$(service worker:1 .pid)" = "$second" ]
	[ "$(service other .pid)" = "$other" ]
	events '.event == "reloaded" and .new == 2 and .removed == 0 and
		.restarted == 0'
	write_workers 1
	reload
	# With one instance the name has no number: it is another service.
	wait_until 20 state_of worker running
	wait_until 20 diag '.services | has("worker:0") | not'
	wait_until 20 up 2
	[ "$(service other .pid)" = "$other" ]
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "what each instance prints has its name in front" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:worker]
		shell = echo "hello from \$INSTANCE"; exec sleep 1000
		instances = 2
	END
	ns_start "$dir"
	wait_until 20 grep -q '^worker:0 *| hello from 0$' "$dir/stdout"
	wait_until 20 grep -q '^worker:1 *| hello from 1$' "$dir/stdout"
	run ctl logs worker
	[[ $output == *"hello from 0"* ]]
	[[ $output == *"hello from 1"* ]]
	ns_stop
}

@test "one instance that fails is blocked alone; essential, it ends everything" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:worker]
		shell = [ "\$INSTANCE" = 0 ] || exit 5; exec sleep 1000
		instances = 2
		max_failures = 2 in 1h
		restart_delay = 1ms
	END
	ns_start "$dir"
	wait_until 20 state_of worker:1 blocked
	wait_until 5 state_of worker:0 running
	ns_stop
	echo 'essential = yes' >>"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 20
	[ "$NS_STATUS" = 5 ]
	grep -q 'worker:1' "$dir/stderr"
}
