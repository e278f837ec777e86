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

@test "the binary has at most 128 KiB" {
	size=$(wc -c <"$DASHPOT")
	echo "# $size bytes" >&3
	[ "$size" -le 131072 ]
}

@test "idle PID 1 has at most 200 KiB resident, with what it shares" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = sleep 1000
	END
	ns_start "$dir"
	wait_until 5 service web '.state == "running"'
	rss=$(awk '/^Rss:/ { print $2 }' "/proc/$NS_PID/smaps_rollup")
	echo "# $rss KiB" >&3
	[ "$rss" -gt 0 ]
	[ "$rss" -le 200 ]
	ns_stop
	[ "$NS_STATUS" = 0 ]
}
