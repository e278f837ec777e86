#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The table "Which service is well" of docs/CONTROL.md in a running container:
# every command and file gives the same answer. Followers (`f-NAME`, after =
# NAME) show the answer of dependencies.

load ../lib/dashpot

# Settings of each service, and its answer: yes, no, or nothing expected.
declare -gA IS_WELL=(
	[plain]=yes [web]=yes [sick]=no [grace]=yes [excused]=no [flap]=yes
	[ended]=yes [once]=yes [bad]=no [halted]=no [off]=unasked
	[tick]=yes [tock]=no [latched]=no [blocked]=no [ignored]=no
	[probing]=yes [backoff]=no [waiting]=no [slow]=no [stopping]=no
)

services()
{
	cat <<-END
		[dashpot]
		listen = 127.0.0.1:$PORT
		restart_rate = 100/s burst 100
		[service:plain]
		command = sleep 1000
		[service:web]
		command = sleep 1000
		health = exec:true
		[service:sick]
		command = sleep 1000
		health = tcp:127.0.0.1:1
		health_interval = 1h
		[service:grace]
		command = sleep 1000
		health = exec:false
		health_grace = 1h
		[service:excused]
		command = sleep 1000
		health = exec:false
		health_grace = 100ms
		health_interval = 1h
		[service:flap]
		command = sleep 1000
		health = exec:test -e $dir/up
		health_interval = 100ms
		health_failures = 1000
		[service:ended]
		command = true
		restart = on-failure
		[service:once]
		type = oneshot
		command = true
		[service:bad]
		type = oneshot
		command = false
		restart = never
		[service:halted]
		command = sleep 1000
		[service:off]
		command = sleep 1000
		autostart = no
		[service:tick]
		type = oneshot
		command = true
		schedule = every 1h
		[service:tock]
		type = oneshot
		command = false
		schedule = every 1s
		[service:latched]
		command = false
		max_failures = 1 in 1h
		max_trips = 1
		[service:blocked]
		command = false
		max_failures = 1 in 1h
		cooldown = 1h..1h
		[service:ignored]
		command = false
		max_failures = 1 in 1h
		cooldown = 1h..1h
		health_ignore = yes
		[service:probing]
		shell = test -e $dir/tried && exec sleep 1000; touch $dir/tried; exit 1
		max_failures = 1 in 1h
		cooldown = 100ms..100ms
		stable = 1h
		[service:backoff]
		command = false
		restart_delay = 1h..1h
		max_failures = none
		[service:waiting]
		command = sleep 1000
		after = sick
		[service:slow]
		command = sleep 1000
		ready = exec:false
		ready_timeout = 1h
		[service:stopping]
		shell = trap '' TERM; echo deaf; while :; do sleep 1; done
		stop_timeout = 1h
	END
	for name in "${!IS_WELL[@]}"; do
		[[ $name != t?ck ]] || continue # refused after a schedule
		printf '[service:f-%s]\ncommand = sleep 1000\nafter = %s\nhealth_ignore = yes\n' \
			"$name" "$name"
	done
}

# is NAME STATE: the service has that state
is()
{
	service "$1" ".state == \"$2\""
}

page()
{
	python3 -c 'import http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
c.request("GET", sys.argv[2])
sys.stdout.write(c.getresponse().read().decode())' "$PORT" "$1"
}

# agree WHO: the file with lines of NAME ANSWER equals the table
agree()
{
	local name
	for name in "${!IS_WELL[@]}"; do
		echo "$name ${IS_WELL[$name]}"
	done | sort | diff - <(sort "$dir/$1") || {
		echo "$1 says something else" >&2
		return 1
	}
}

# ask COMMAND...: print the answer of its exit code for each service
ask()
{
	ns_exec sh -c 'for name in $NAMES; do
			"$@" "$name" >/dev/null && echo "$name yes" ||
				echo "$name no"
		done' sh "$DASHPOT" "$@" | sed 's/^off no$/off unasked/'
}

IN_JSON='.services | to_entries[] | select(.key | startswith("f-") | not) |
	.key + " " + (if .value.is_well == null then "unasked"
		elif .value.is_well then "yes" else "no" end)'

@test "all that answer agree with the table" {
	local dir name
	dir=$(ns_dir)
	PORT=$((20000 + RANDOM % 12000))
	touch "$dir/up"
	export NAMES="${!IS_WELL[*]}"
	services >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 is plain running
	wait_until 10 service flap '.is_well'
	rm "$dir/up"
	ctl stop halted
	ctl stop stopping --timeout 1ms || :
	wait_until 20 is probing probing
	for name in latched bad; do
		wait_until 20 is "$name" failed
	done
	for name in blocked ignored; do
		wait_until 20 is "$name" blocked
	done
	wait_until 20 is ended "done"
	wait_until 20 service excused '.health.failures > 0'
	wait_until 20 service flap '.health.failures > 0'
	wait_until 20 service tock '.is_well | not'
	wait_until 20 is backoff backoff

	# These followers started before, or did where the machine was slow.
	for name in halted stopping excused latched bad blocked ignored backoff; do
		ctl restart "f-$name" --timeout 1ms || :
		wait_until 10 is "f-$name" waiting
	done

	jq -r "$IN_JSON" "$dir/vol/diagnostic.json" >"$dir/volume"
	ctl status --json >"$dir/now"
	jq -r "$IN_JSON" "$dir/now" >"$dir/status"
	ask health >"$dir/health"
	ask explain >"$dir/explain"
	ask wait --timeout 1ms >"$dir/wait"
	page /metrics | sed -n '/="f-/d;s/^dashpot_service_well{service="\([^"]*\)".*} \(.\)$/\1 \2/p' |
		sed 's/ 1$/ yes/;s/ 0$/ no/;$aoff unasked' >"$dir/metrics"
	jq -r '.services | to_entries[] | select(.key | startswith("f-")) |
		.key[2:] + " " + .value.state' "$dir/now" |
		sed -e 's/running$/yes/;s/waiting$/no/;$atick yes\ntock no' \
			-e 's/^off no$/off unasked/' >"$dir/after"
	for name in volume status health explain wait metrics after; do
		agree "$name"
	done

	# Without a name: daemons, except `off` and `ignored`.
	page /readyz
	page /readyz | sed 's/:.*//' >"$dir/readyz"
	ctl health --json | jq -r '.reasons[].service' >"$dir/all"
	for name in "${!IS_WELL[@]}"; do
		[[ ${IS_WELL[$name]} != no || $name =~ ^(bad|tock|ignored)$ ]] ||
			echo "$name"
	done | sort >"$dir/ill"
	diff "$dir/ill" <(sort "$dir/readyz")
	diff "$dir/ill" <(sort "$dir/all")
}

@test "who requires a daemon that ended well is told that nothing comes" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:ended]
		command = true
		restart = on-failure
		[service:after]
		command = sleep 1000
		after = ended
		[service:requires]
		command = sleep 1000
		requires = ended
		[service:behind]
		command = sleep 1000
		after = requires
	END
	ns_start "$dir"
	wait_until 10 is after running
	# No service can become well by itself: no command waits until the time
	# is over.
	for name in requires behind; do
		run ctl wait "$name" --timeout 5m
		[ "$status" = 1 ]
		[[ $output != *"in time"* ]]
		run ctl start "$name" --timeout 5m
		[ "$status" != 0 ]
		[[ $output == *failed* ]]
	done
	service requires '.why == "waiting: for ended, which has ended for good"'
	service requires '.waiting.is_settling == false'
}
