#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# How small dashpot is: on disk and in memory.

load ../lib/dashpot
load ../lib/verify

@test "the binary is static: it names no interpreter" {
	run readelf -lW "$DASHPOT"
	[ "$status" = 0 ]
	[[ $output == *LOAD* ]]
	[[ $output != *INTERP* ]]
}

# private PID...: KiB of memory that these processes share with no other process
private()
{
	local pid
	for pid in "$@"; do
		cat "/proc/$pid/smaps_rollup"
	done | awk '/^Private_(Clean|Dirty):/ { kib += $2 } END { print kib + 0 }'
}

# of_dashpot PID...: the pids among them of dashpot itself
of_dashpot()
{
	local pid
	for pid in "$@"; do
		[ "$(readlink "/proc/$pid/exe")" != "$DASHPOT" ] || echo "$pid"
	done
}

# Supervisor, log relay with rotation, flight recorder and the commands that
# read it, in one file without a library beside it. The limit is a budget: it is
# raised with a new function, never because a build came out larger.
@test "the binary has at most 345 KiB" {
	size=$(wc -c <"$DASHPOT")
	echo "# $size bytes" >&3
	[ "$size" -le 352800 ]
}

@test "an init for one command has at most 88 KiB of private memory" {
	dir=$(ns_dir)
	# Pages of a file that no other process executes count as private.
	cp "$DASHPOT" "$dir/dashpot"
	DASHPOT=$dir/dashpot
	ns_run "$dir" "$DASHPOT" -- sh -c "touch $dir/up && sleep 1000"
	wait_until 5 test -e "$dir/up"
	kib=$(private "$NS_PID")
	echo "# $kib KiB" >&3
	[ "$kib" -gt 0 ]
	[ "$kib" -le 88 ]
	ns_stop
}

@test "all processes of dashpot over ten services have at most 256 KiB" {
	dir=$(ns_dir)
	cp "$DASHPOT" "$dir/dashpot"
	DASHPOT=$dir/dashpot
	for i in 0 1 2 3 4 5 6 7 8 9; do
		printf '%s\n' "[service:s$i]" 'command = sleep 1000'
	done >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 diag '[.services[] | select(.state == "running")] | length == 10'
	read -r -a children < <(cat "/proc/$NS_PID/task/$NS_PID/children" && echo)
	mapfile -t own < <(of_dashpot "$NS_PID" "${children[@]}")
	[ "${#own[@]}" -ge 3 ]
	kib=$(private "${own[@]}")
	echo "# $kib KiB in ${#own[@]} processes" >&3
	[ "$kib" -gt 0 ]
	[ "$kib" -le 256 ]
	ns_stop
	[ "$NS_STATUS" = 0 ]
}

@test "idle PID 1 has at most 92 KiB resident beside its program, shared or not" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	rss=$(awk '/^[0-9a-f]+-/ { is_program = $2 == "r-xp" }
		/^Rss:/ && !is_program { kib += $2 }
		END { print kib + 0 }' "/proc/$NS_PID/smaps")
	echo "# $rss KiB" >&3
	[ "$rss" -gt 0 ]
	[ "$rss" -le 92 ]
	ns_stop
	[ "$NS_STATUS" = 0 ]
}
