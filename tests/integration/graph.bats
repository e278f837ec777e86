#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Services that depend on each other: the order of many services, as parallel as
# it allows, and the cost of a lost requirement. Every single rule is in
# tests/unit/test_dependency_tree.c.

load ../lib/dashpot

# graph_of SEED COUNT: start COUNT services with a random graph, and stop them
# when all are up
graph_of()
{
	dir=$(ns_dir)
	python3 "$DASHPOT_LIB/graph.py" make "$1" "$2" 'sleep 1000' \
		>"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 180 diag '[.services[] |
		select(.state == "running" or .state == "done")] | length == '"$2"
	ns_stop TERM 180
	[ "$NS_STATUS" = 0 ]
}

@test "a thousand services with a random graph start and stop in its order" {
	graph_of 20 1000
	python3 "$DASHPOT_LIB/graph.py" check "$dir/dashpot.ini" \
		"$dir/vol/events.jsonl"
}

# moved SERVICE EVENT HOW: the record with that event moved, and numbered anew
moved()
{
	jq -sc --arg name "$1" --arg event "$2" 'map(. + { is_moved:
		(.service == $name and .event == $event) }) | '"$3"' |
		to_entries[] | .value + { seq: (.key + 1) }' \
		"$dir/vol/events.jsonl"
}

@test "the order is found in a record that breaks it" {
	graph_of 7 20
	python3 "$DASHPOT_LIB/graph.py" check "$dir/dashpot.ini" \
		"$dir/vol/events.jsonl"
	# Planted: a service that depends on another starts first of all, and
	# ends last.
	name=$(awk '/^.service:/ { gsub(/.service:|\]/, ""); name = $0 }
		/^(after|requires)/ { print name; exit }' "$dir/dashpot.ini")
	moved "$name" started 'sort_by(.is_moved | not)' >"$dir/early"
	run python3 "$DASHPOT_LIB/graph.py" check "$dir/dashpot.ini" "$dir/early"
	[ "$status" = 1 ]
	[[ $output == *"$name started before"* ]]
	moved "$name" stopped 'sort_by(.is_moved)' >"$dir/late"
	run python3 "$DASHPOT_LIB/graph.py" check "$dir/dashpot.ini" "$dir/late"
	[ "$status" = 1 ]
	[[ $output == *"was told to stop before $name was stopped"* ]]
}

@test "what does not depend on each other starts at once: twelve that wait for each other" {
	dir=$(ns_dir)
	mkdir "$dir/here"
	{
		printf '%s\n' '[defaults]' 'type = oneshot'
		for i in {1..12}; do
			# Each service ends once all twelve are up.
			printf '%s\n' "[service:s$i]" "shell = : >$dir/here/$i; until \
[ \$(ls $dir/here | wc -l) = 12 ]; do sleep 0.05; done"
		done
		printf '%s\n' '[service:last]' "shell = : >$dir/last" \
			'requires = s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12'
	} >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 60
	[ "$NS_STATUS" = 0 ]
	[ -e "$dir/last" ]
}

# database LINE...: a database with these lines and fifty that require it
database()
{
	dir=$(ns_dir)
	{
		printf '%s\n' '[service:db]' "$@"
		for i in {1..50}; do
			printf '%s\n' "[service:web-$i]" 'command = sleep 1000' \
				'requires = db'
		done
	} >"$dir/dashpot.ini"
	ns_start "$dir"
}

# most_starts: the most starts of any of the fifty
most_starts='[.services[] | select(.name != "db").starts] | max'

@test "a database in a crash loop starts each of its fifty dependents once" {
	database 'shell = sleep 0.5; exit 1' 'cooldown = 500ms..500ms' \
		'restart_delay = 10ms..10ms'
	wait_until 60 diag '.services.db.trips >= 5'
	diag "$most_starts == 1"
	[ "$(events '.event == "parted" and .dependency == "db"' | wc -l)" = 50 ]
	diag '[.services[] | select(.name != "db" and .state != "waiting")] |
		length == 0'
}

@test "each life of a database beyond two seconds starts a dependent once more at most" {
	database 'shell = sleep 2.7; exit 1' 'max_failures = 1 in 1m' \
		'cooldown = 300ms..300ms'
	wait_until 60 diag "$most_starts == 2"
	wait_until 60 diag '.services.db.trips >= 4'
	diag "($most_starts) <= 1 + .services.db.trips"
	# And all of them together follow restart_rate.
	diag '([.services[].starts] | add) - 51 <= 20 + 5 * .container.uptime_ms / 1000'
}

@test "a stop by hand takes what requires it first, a start by hand brings all back" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:db]
		command = sleep 1000
		autostart = no
		[service:web]
		command = sleep 1000
		requires = db
		[service:front]
		command = sleep 1000
		requires = web
		[service:other]
		command = sleep 1000
		after = db
	END
	ns_start "$dir"
	# db is started without autostart, because web requires it.
	wait_until 20 diag '[.services[] | select(.state == "running")] | length == 4'
	ctl stop db
	wait_until 10 events '.event == "stopped" and .service == "db"'
	[ "$(events '.event == "stopped"' | jq -r .service | paste -sd ' ')" = \
		'front web db' ]
	service other '.state == "running"'
	# The waiting service names the requirement, and the requirement its
	# waiters.
	chain='for web, which waits for db, which somebody stopped'
	run ctl start front
	[ "$status" = 1 ]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"$chain"* ]]
	run ctl status front
	[[ $output == *'for web, which waits for db'* ]]
	run ctl explain db
	[[ $output == *'1 service waits for it: web'* ]]
	service front '.waiting.services == ["web"]'
	ctl start db
	wait_until 20 diag '[.services[] | select(.state == "running")] | length == 4'
	# A restart of db stops no other service.
	ctl restart db
	wait_until 10 service db '.starts == 3 and .state == "running"'
	service web '.starts == 2 and .state == "running"'
	service front '.starts == 2 and .state == "running"'
}

@test "what was blocked while a dependency was down is tried as soon as that is ready" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		shell = test -e $dir/data && exec sleep 1000
		after = first
		max_failures = 1 in 1m
		cooldown = 1h..1h
		[service:first]
		type = oneshot
		command = true
		[service:data]
		shell = until [ -e $dir/go ]; do sleep 0.05; done; : >$dir/data
		type = oneshot
		autostart = no
	END
	# Only the reload makes web depend on a missing service.
	ns_start "$dir"
	wait_until 20 service web '.state == "blocked"'
	ctl start --no-wait data || true
	sed -i 's/^after = first/after = first data/' "$dir/dashpot.ini"
	ctl reload
	wait_until 20 service web '.state == "blocked"'
	: >"$dir/go"
	wait_until 20 service web '.state == "probing"'
	events '.event == "early-probe" and .service == "web" and .dependency == "data"'
}

@test "a requirement that is ready again in time stops nobody, one that is late stops its dependents" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:db]
		shell = [ ! -e $dir/slow ] && : >$dir/up; exec sleep 1000
		ready = file:$dir/up
		ready_timeout = 6s
		max_failures = none
		restart_delay = 10ms..10ms
		[service:web]
		command = sleep 1000
		requires = db
	END
	ns_start "$dir"
	wait_until 20 service web '.state == "running"'
	rm "$dir/up"
	ns_exec kill -s KILL "$(service db .pid)"
	wait_until 20 service db '.starts == 2 and .state == "running"'
	service web '.starts == 1 and .state == "running"'
	: >"$dir/slow"
	rm "$dir/up"
	ns_exec kill -s KILL "$(service db .pid)"
	wait_until 20 service web '.state == "waiting" and .waiting.service == "db"'
	events '.event == "parted" and .service == "web"'
	rm "$dir/slow"
	wait_until 30 service web '.starts == 2 and .state == "running"'
}
