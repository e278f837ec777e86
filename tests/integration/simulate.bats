#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# `dashpot simulate`, and that PID 1 does the same.
#
# Each pattern is run twice: by dashpot with short times, and by the simulation
# of the same file. The values compared do not depend on the speed of the
# machine: starts, failures and trips until the breaker latches, or until all
# services are well.

load ../lib/dashpot
load ../lib/verify

# write LINE...: write the file for both, in $dir
write()
{
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'log_format = json' "$@" >"$dir/dashpot.ini"
}

# simulate ARG...: run it; its document is in $dir/simulated
simulate()
{
	"$DASHPOT" simulate -c "$dir/dashpot.ini" --json "$@" >"$dir/simulated"
	jq -e '.is_complete' "$dir/simulated" >/dev/null
}

# simulated JQ-EXPRESSION
simulated()
{
	jq -er "$1" "$dir/simulated"
}

# same SERVICE...: starts, trips and state equal those of the simulation
same()
{
	local name real fake
	for name in "$@"; do
		real=$(service "$name" '"\(.starts) \(.trips) \(.state) \(.breaker)"')
		fake=$(jq -r --arg name "$name" '.services[$name] |
			"\(.starts) \(.trips) \(.state) \(.breaker)"' "$dir/simulated")
		echo "$name: real $real, simulated $fake"
		[ "$real" = "$fake" ] || return
	done
}

# --- Against reality ---------------------------------------------------------

@test "pattern 1: dies at once; starts until it is given up are the real ones" {
	write '[service:web]' 'command = false' 'restart_delay = 10ms..40ms' \
		'cooldown = 100ms..400ms' 'max_trips = 4'
	ns_start "$dir"
	wait_until 20 service web '.breaker == "latched"'
	simulate --lifetime 0
	same web
	[ "$(simulated .services.web.starts)" = 6 ]
}

@test "pattern 2: lives too long for the first window; the second one catches it" {
	write '[service:web]' 'command = sh -c "sleep 0.6; exit 1"' \
		'max_failures = 3 in 1s, 5 in 1m' 'restart_delay = 10ms..10ms' \
		'cooldown = 100ms' 'max_trips = 2'
	ns_start "$dir"
	wait_until 30 service web '.breaker == "latched"'
	simulate --lifetime 600ms
	same web
	[ "$(simulated .services.web.starts)" = 6 ]
}

@test "pattern 3: a fatal code; one start for each trip" {
	write '[service:web]' 'command = sh -c "exit 78"' 'fatal_codes = 78' \
		'cooldown = 50ms..400ms' 'max_trips = 5'
	ns_start "$dir"
	wait_until 20 service web '.breaker == "latched"'
	simulate --lifetime 0 --exit 78
	same web
	[ "$(simulated .services.web.starts)" = 5 ]
}

@test "pattern 4: an outage that ends; the probe stays up and closes the breaker" {
	# The service fails until the file `well` exists, which is made while it
	# is blocked.
	write '[service:web]' "command = sh -c \"test -e $BATS_TEST_TMPDIR/well && exec sleep 1000\"" \
		'restart_delay = 10ms..10ms' 'cooldown = 2s' 'stable = 200ms'
	ns_start "$dir"
	wait_until 10 service web '.state == "blocked"'
	touch "$BATS_TEST_TMPDIR/well"
	wait_until 20 service web '.state == "running" and .breaker == "closed"'
	simulate --lifetime 0 --outage 1s
	[ "$(service web .starts)" = "$(simulated .services.web.starts)" ]
	[ "$(simulated '.services.web | "\(.starts) \(.state) \(.breaker)"')" = \
		'4 running closed' ]
}

@test "pattern 5: four services share a budget that is short" {
	write 'restart_rate = 2/s burst 1' \
		'[defaults]' 'restart_delay = 10ms..10ms' \
		'max_failures = 3 in 2s' 'max_trips = 1' \
		'[service:a]' 'command = false' '[service:b]' 'command = false' \
		'[service:c]' 'command = false' '[service:d]' 'command = false'
	ns_start "$dir"
	wait_until 30 diag '[.services[] | select(.breaker == "latched")] | length == 4'
	simulate --lifetime 0
	same a b c d
	# Both took as long as eight tokens need: no restart went without a
	# token.
	[ "$(simulated .restarts)" = 8 ]
	took=$(said_of a started | sed -n 1p)
	took=$(($(said '.event == "latched"' | jq .monotonic_ms | sort -n | tail -n 1) - took))
	is_between 3400 "$took" 20000
	is_between 3400 "$(simulated '[.timeline[] | select(.event == "latched")] | last | .at_ms')" 3700
}

@test "pattern 6: ends well, but too early" {
	write '[service:web]' 'command = sleep 0.05' 'min_runtime = 30s' \
		'restart_delay = 10ms..10ms' 'cooldown = 100ms' 'max_trips = 2'
	ns_start "$dir"
	wait_until 20 service web '.breaker == "latched"'
	simulate --lifetime 50ms --exit 0
	same web
}

# --- What it says ------------------------------------------------------------

# `make bench` measures the time; the manual promises about a second.
@test "a simulated day of ten services that die all the time is simulated whole" {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		printf '%s\n' "[service:s$i]" 'command = x' 'max_failures = none' \
			'restart_delay = 0'
	done >"$BATS_TEST_TMPDIR/ten.ini"
	run -0 timeout 60 "$DASHPOT" simulate -c "$BATS_TEST_TMPDIR/ten.ini" \
		--for 1d --json
	jq -e '.is_complete and .restarts > 400000' <<<"$output"
}

@test "the timeline is told in words, its middle left out, the totals below" {
	write '[service:web]' 'command = x'
	run -0 "$DASHPOT" simulate -c "$dir/dashpot.ini" --lifetime 2s --no-exit \
		--for 12h --all
	[[ $output == *'0:00:00.000  web      start 1'* ]]
	[[ $output == *'fails after 2 s (failure 1 of 3 within 15 s); again in '* ]]
	[[ $output == *'fails after 2 s; blocked for 10 s (trip 1: 3 failures within 15 s)'* ]]
	[[ $output == *'a probe'* ]]
	[[ $output == *'SERVICE'*'STARTS'*'LONGEST GAP'*'TRIPS'* ]]
	all=${#lines[@]}
	run -0 "$DASHPOT" simulate -c "$dir/dashpot.ini" --lifetime 2s --no-exit \
		--for 12h
	is_between 1 "${#lines[@]}" 50
	omitted=$(printf '%s\n' "$output" | sed -n 's/^ *\.\.\. \([0-9,]*\) more.*/\1/p')
	[ $((${#lines[@]} - 1 + ${omitted//,/})) = "$all" ]
	write '[service:web]' 'command = x' 'max_failures = 1 in 15s'
	run -0 "$DASHPOT" simulate -c "$dir/dashpot.ini" --lifetime 2s --no-exit
	[[ $output == *'(trip 1: 1 failure within 15 s)'* ]]
}

@test "--json is one document, with as many events as there were" {
	write '[service:web]' 'command = x'
	simulate --for 12h --no-exit --all
	all=$(simulated '.timeline | length')
	[ "$(simulated '.timeline_omitted + 0 | tostring')" = 0 ]
	simulate --for 12h --no-exit
	[ $(($(simulated '.timeline | length') + $(simulated .timeline_omitted))) = "$all" ]
}

@test "a service that is never healthy, or never ready, is blocked by its tenth failure in a row" {
	write '[service:web]' 'command = x' 'health = tcp:127.0.0.1:1'
	run -0 "$DASHPOT" simulate -c "$dir/dashpot.ini" --unhealthy --for 2h \
		--no-exit --all
	[[ $output == *'fails after 1 m 30 s (failure 8 of 10 in a row); again in '* ]]
	[[ $output == *'blocked for 10 s (trip 1: 10 failures in a row)'* ]]
	write '[service:web]' 'command = x' 'ready = unix:/nowhere' \
		'ready_timeout = 20m' 'max_failures = 3 in 15s, 4 in a row'
	simulate --unhealthy --for 2h
	simulated '[.timeline[] | select(.event == "blocked")][0]
		| .failures == 4 and .max_failures == 4 and .window_ms == null'
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" --unhealthy --lifetime 1s
	[[ $output == *'lasts until dashpot gives up on it'* ]]
	write '[service:web]' 'command = x'
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" --unhealthy
	[[ $output == *'web has neither a health check nor a ready_timeout'* ]]
}

@test "a window counts by age, also across stable runs" {
	write '[service:web]' 'command = x' 'stable = 1s' 'max_failures = 3 in 15s'
	simulate --lifetime 1500ms --for 1m --all
	simulated '[.timeline[] | select(.event == "stable")] | length >= 3'
	simulated '.services.web.trips >= 1'
	write '[service:web]' 'command = x' 'stable = 1s' 'max_failures = 3 in a row'
	simulate --lifetime 1500ms --for 10m
	simulated '.services.web.trips == 0 and .services.web.failures > 100'
}

@test "where dashpot would exit, the simulation ends and says why" {
	write '[service:web]' 'command = x' 'essential = yes'
	run -0 "$DASHPOT" simulate -c "$dir/dashpot.ini" --exit 9
	[[ $output == *'dashpot exits with code 9: web is essential'* ]]
	simulate --exit 9
	[ "$(simulated '.exit | "\(.why) \(.code)"')" = 'essential 9' ]
}

@test "only daemons that start by themselves are simulated, unless named" {
	write '[service:web]' 'command = x' '[service:manual]' 'command = x' \
		'autostart = no' '[service:once]' 'command = x' 'type = oneshot'
	simulate
	[ "$(simulated '.services | keys | join(" ")')" = web ]
	simulate --service manual --service once
	[ "$(simulated '.services | keys | join(" ")')" = 'manual once' ]
}

@test "the same seed tells the same, another one something else" {
	write '[service:web]' 'command = x'
	simulate --lifetime 1s..20s --seed 7
	cp "$dir/simulated" "$dir/first"
	simulate --lifetime 1s..20s --seed 7
	cmp "$dir/simulated" "$dir/first"
	simulate --lifetime 1s..20s --seed 8
	fails cmp "$dir/simulated" "$dir/first"
}

@test "wrong options are 100, with what is wrong and what to do" {
	write '[service:web]' 'command = x'
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" --lifetime 2
	[[ $output == *'--lifetime 2 has no unit; write 2s'* ]]
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" --service wep
	[[ $output == *'did you mean web?'* ]]
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" --exit 256
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" --for
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" --fro 1h
	[[ $output == *'--fro: no such option'* ]]
	run -100 "$DASHPOT" simulate -c "$dir/dashpot.ini" -- true
	run -100 "$DASHPOT" simulate -c "$dir/none.ini"
}

@test "a full disk is an error, 111" {
	write '[service:web]' 'command = x'
	# shellcheck disable=SC2016 # for sh
	run -111 sh -c '"$1" simulate -c "$2" >/dev/full' sh "$DASHPOT" \
		"$dir/dashpot.ini"
}
