#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Processes that escape the process that started them, in every way of the table
# in dashpot(8): which are ended, and which are orphans.

load ../lib/dashpot
load ../lib/faults
load ../lib/verify

teardown()
{
	verify_volumes
}

setup_file()
{
	need_program ghost
}

# table COLUMN WORD: the kinds with that word in the manual's table; column 3 is
# with a cgroup, 4 without
table()
{
	awk -F ' Ta ' -v column="$1" -v word="$2" '
		/^\.It .* Ta / && $column == word { sub(/^\.It /, "", $1); print $1 }
	' "$DASHPOT_TOP/docs/dashpot.8"
}

# ghosts_ini PATH KIND...: for each KIND a service that leaves such a process
# and dies; and `other`, which leaves a process of kind double and lives
ghosts_ini()
{
	local kind ghost=$1
	shift
	printf '[dashpot]\nlog_format = json\n[defaults]\nrestart = never\n'
	for kind in "$@"; do
		printf '[service:%s]\ncommand = %s %s\n' "$kind" "$ghost" "$kind"
	done
	printf '[service:other]\ncommand = %s double stay\n' "$ghost"
}

# ghosts_alive: the names of ghosts that live
ghosts_alive()
{
	ns_exec ps -eo state=,args= | awk '$1 != "Z" && $2 ~ /^ghost-/ { print $2 }' | sort
}

@test "without a cgroup, what the table says is ended when the service's leader dies, and no other one" {
	dir=$(ns_dir)
	mapfile -t ended < <(table 4 ended)
	mapfile -t orphans < <(table 4 orphan)
	[ "${#ended[@]} ${#orphans[@]}" = '7 1' ]
	ghosts_ini "$BATS_FILE_TMPDIR/ghost" "${ended[@]}" "${orphans[@]}" >"$dir/dashpot.ini"
	ns_start "$dir"
	for kind in "${ended[@]}"; do
		wait_until 20 service "$kind" '.state == "failed" and .leftovers == 0 and .leftovers_ended == 1'
		said_of "$kind" leftovers | grep .
	done
	wait_until 20 service "${orphans[0]}" '.state == "failed" and .leftovers == 0'
	[ "$(ghosts_alive | paste -sd ' ')" = "ghost-double ghost-${orphans[0]}" ]
	count_is 0 said_of "${orphans[0]}" leftovers
}

# Inside a service of another dashpot the limit is the outer mark, and cannot be
# raised: the inner numbers are smaller, and not those just below it.
@test "under a lower limit that it cannot raise, dashpot marks its services all the same" {
	dir=$(ns_dir)
	limit=$((1 << 52))
	ghosts_ini "$BATS_FILE_TMPDIR/ghost" double >"$dir/dashpot.ini"
	NS_PREFIX=(setpriv --bounding-set=-sys_resource prlimit "--locks=$limit")
	ns_start "$dir"
	wait_until 20 service double '.state == "failed" and .leftovers == 0 and .leftovers_ended == 1'
	pid=$(service other .pid)
	mark=$(ns_exec awk '/^Max file locks/ { print $4 }' "/proc/$pid/limits")
	is_between $((limit / 5)) "$mark" $((limit / 2))
}

# The numbers of neighbours' marks lie next to each other.
@test "no limits that a user can set make it a neighbour's: that starts on, and nobody of it is ended" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:b]
		command = sleep 1000
		[service:a]
		command = /run/ghost neighbour
		user = nobody
		[service:c]
		command = sleep 1001
	END
	# The service's user may not open the directories of the tests.
	NS_PREFIX=(sh -c 'cp "$0" /run/ghost && exec "$@"' "$BATS_FILE_TMPDIR/ghost")
	ns_start "$dir"
	wait_until 20 grep -q 'pairs refused' "$dir/stdout"
	# 5 x 11 pairs raise one limit, 6 x 5 pairs the other.
	grep '85 of 121 pairs refused' "$dir/stdout"
	for name in b c; do
		wait_until 20 service "$name" '.state == "running"'
		ns_exec kill -s KILL "$(service "$name" .pid)"
		wait_until 20 service "$name" '.starts == 2 and .state == "running"'
		waited=$(($(nth_of "$name" 2 started) - $(nth_of "$name" 1 ended)))
		is_between 0 "$waited" 1500
		service "$name" '.leftovers_ended == 0'
	done
	[ "$(ghosts_alive | wc -l)" = 121 ]
	count_is 0 said '.event == "leftovers"'
	# A process that has kept its mark still belongs to a.
	ns_exec kill -s KILL "$(service a .pid)"
	wait_until 20 service a '.leftovers_ended >= 1'
}

# nth_of NAME NUMBER EVENT: time of the service's event of that number
nth_of()
{
	said_of "$1" "$3" | sed -n "$2p"
}

# in_uml WITH: the same on a kernel of its own, WITH or without a cgroup; prints
# the processes that live at the end
in_uml()
{
	local dir=$BATS_TEST_TMPDIR column=$((4 - $1)) kind
	local -a all
	mapfile -t all < <(table "$column" ended; table "$column" orphan)
	{
		[ "$1" = 1 ] || echo 'umount /sys/fs/cgroup'
		echo "cat >/d.ini <<-END_INI"
		ghosts_ini /ghost "${all[@]}"
		printf '[dashpot]\ndiagnostics = /tmp/vol\nlog_level = debug\nEND_INI\n'
		cat <<-'END'
			unshare -pf --mount-proc /dashpot run -c /d.ini 2>/err &
			n=400
			until [ "$(grep -c '"state":[[:space:]]*"failed"' /tmp/vol/diagnostic.json)" = 8 ] 2>/dev/null; do
				n=$((n - 1))
				[ $n -gt 0 ] || { cat /err; exit 1; }
				usleep 50000
			done
			echo "cgroups: $(grep -c '"event":"cgroups"' /err)"
			echo "leftovers: $(grep -c '"event":"leftovers"' /err)"
			for ghost in /proc/[0-9]*/cmdline; do
				tr '\0' '\n' <$ghost 2>/dev/null | grep '^ghost-'
			done | sort
		END
	} >"$dir/script"
	uml_run "$dir/script" "$BATS_FILE_TMPDIR/ghost" || return
}

@test "with a cgroup, every kind of ghost is ended when its service's leader dies" {
	in_uml 1 >"$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	cat "$BATS_TEST_TMPDIR/out"
	grep -qx 'cgroups: 1' "$BATS_TEST_TMPDIR/out"
	grep -qx 'leftovers: 8' "$BATS_TEST_TMPDIR/out"
	[ "$(grep '^ghost' "$BATS_TEST_TMPDIR/out")" = ghost-double ]
}

@test "on a kernel where no cgroup is mounted the table's other column holds" {
	in_uml 0 >"$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	cat "$BATS_TEST_TMPDIR/out"
	grep -qx 'cgroups: 0' "$BATS_TEST_TMPDIR/out"
	grep -qx 'leftovers: 7' "$BATS_TEST_TMPDIR/out"
	[ "$(grep '^ghost' "$BATS_TEST_TMPDIR/out" | paste -sd ' ')" = 'ghost-double ghost-unmarked' ]
}

@test "a daemon that ends with code 0 and leaves itself running is told to stay in the foreground" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:web]
		command = $BATS_FILE_TMPDIR/ghost double 0
		max_failures = 1 in 1m
		[service:oneshot]
		command = $BATS_FILE_TMPDIR/ghost double 0
		type = oneshot
		[service:fails]
		command = $BATS_FILE_TMPDIR/ghost double 1
		max_failures = 1 in 1m
		[service:other]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 20 service web '.state == "blocked" and .leftovers == 0'
	count_is 1 said_of web daemonises
	said_of web daemonises message | grep 'run it in the foreground'
	wait_until 20 service oneshot '.state == "done" and .leftovers == 0'
	wait_until 20 service fails '.state == "blocked" and .leftovers == 0'
	count_is 0 said_of oneshot daemonises
	count_is 0 said_of fails daemonises
	ctl explain web | grep "It daemonises: run it in the foreground"
}

@test "more zombies than zombie_limit are a failure of the service, though nothing else happens" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		[service:web]
		command = $BATS_FILE_TMPDIR/ghost zombies 6
		zombie_limit = 5
		max_failures = 1 in 1m
		[service:few]
		command = $BATS_FILE_TMPDIR/ghost zombies 5
		zombie_limit = 5
		[service:other]
		command = $BATS_FILE_TMPDIR/ghost zombies 7
	END
	ns_start "$dir"
	wait_until 60 service web '.state == "blocked" and .ends[0].cause == "zombies" and .ends[0].is_failure'
	said_of web zombie-limit zombies | grep -x 6
	service few '.state == "running" and .usage.zombies == 5'
	service other '.state == "running" and .usage.zombies == 7'
	ctl explain web | grep 'never waits for them'
}

@test "without a zombie_limit the recorder sleeps" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 20 service web '.state == "running"'
	recorder=$(ns_pids 'dashpot: recorder')
	sleep 1 # what is written last is written
	before=$(switches)
	sleep 7
	[ "$(switches)" = "$before" ]
}

# switches: how often the recorder has gone to sleep
switches()
{
	ns_exec sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$recorder/status"
}


@test "orphans are listed with their age and command line, and not what was let in from outside" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = $BATS_FILE_TMPDIR/ghost double stay
	END
	ns_start "$dir"
	wait_until 20 service web '.state == "running"'
	[ "$(ctl status --orphans)" = 'no orphans' ]
	ns_exec bash -c 'exec -a shell sleep 1000' &
	shell=$!
	ns_exec bash -c 'sleep 1111 & exit'
	wait_until 20 lists_one 'sleep 1111'
	[ "$(ctl status --orphans | wc -l)" = 1 ]
	ctl status --orphans | grep -E '^pid [0-9]+, uid 0, .* old: sleep 1111$'
	ctl status --orphans --json | jq -e 'length == 1 and .[0].service == null and .[0].age_ms >= 0'
	kill "$shell"
}

lists_one()
{
	ctl status --orphans | grep -q "$1"
}

@test "orphans = kill-after ends orphans of that age, by SIGKILL where SIGTERM does nothing, and nobody else" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_format = json
		orphans = kill-after 2s
		[service:web]
		command = $BATS_FILE_TMPDIR/ghost double stay
	END
	ns_start "$dir"
	wait_until 20 service web '.state == "running"'
	ns_exec bash -c 'exec -a shell sleep 1000' &
	shell=$!
	ns_exec bash -c 'sleep 1111 & (trap "" TERM; exec sleep 1112) & exit'
	wait_until 20 count_is 0 ns_pids 'sleep 111'
	count_is 2 said '.event == "orphan-told" and .signal == "SIGTERM" and .age_ms >= 2000'
	count_is 1 said '.event == "orphan-told" and .signal == "SIGKILL"'
	kill -0 "$shell"
	[ "$(ghosts_alive)" = ghost-double ]
	kill "$shell"
}

@test "sweep ends what a service left that does not run, and with --orphans the orphans" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[defaults]
		leftovers = keep
		[service:web]
		command = $BATS_FILE_TMPDIR/ghost double
		restart = never
		[service:db]
		command = $BATS_FILE_TMPDIR/ghost session
		restart = never
		[service:other]
		command = $BATS_FILE_TMPDIR/ghost double stay
	END
	ns_start "$dir"
	wait_until 20 service web '.state == "failed"'
	wait_until 20 service db '.state == "failed"'
	ns_exec bash -c 'sleep 1111 & exit'
	wait_until 20 lists_one 'sleep 1111'
	ctl sweep --dry-run >"$dir/said"
	grep -E '^would end pid [0-9]+ of web, .* old: ghost-double be$' "$dir/said"
	grep -E '^would end pid [0-9]+ of db, .* old: ghost-session be$' "$dir/said"
	[ "$(wc -l <"$dir/said")" = 2 ]
	[ "$(ghosts_alive | wc -l)" = 3 ]
	run -100 ctl sweep --dry-run wbe
	[[ "$output" == *wbe* ]]
	ctl sweep db | grep -E '^ended pid [0-9]+ of db, '
	[ "$(ghosts_alive | paste -sd ' ')" = 'ghost-double ghost-double' ]
	ctl sweep --orphans >"$dir/said"
	grep -E '^ended pid [0-9]+ of web, ' "$dir/said"
	grep -E '^ended pid [0-9]+, uid 0, .*: sleep 1111$' "$dir/said"
	[ "$(ghosts_alive)" = ghost-double ]
	[ "$(ctl sweep --orphans)" = 'nothing is left behind' ]
	run -1 ctl sweep other
	[[ "$output" == *"other: refused"* ]]
	service other '.state == "running"'
}
