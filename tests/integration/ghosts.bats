#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Processes that get away from who started them, in every way of the table in
# dashpot(8): what is ended and what is only reported.

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

KINDS="child group session double uid cleared stopped"

# ghosts_ini KIND...: a service for each kind, that leaves it and dies
ghosts_ini()
{
	local kind
	printf '[dashpot]\nlog_format = json\n[defaults]\nrestart = never\n'
	for kind in "$@"; do
		printf '[service:%s]\ncommand = %s/ghost %s\n' "$kind" \
			"$BATS_FILE_TMPDIR" "$kind"
	done
}

# ghosts_alive: the command lines of those that live
ghosts_alive()
{
	ns_exec ps -eo state=,args= | awk '$1 != "Z" && $2 ~ /^ghost-/ { print $2 }'
}

@test "without a cgroup, every kind of ghost is ended when its service's leader dies" {
	dir=$(ns_dir)
	{
		# Something that keeps dashpot up.
		printf '[service:other]\ncommand = %s/ghost double stay\n' "$BATS_FILE_TMPDIR"
		ghosts_ini $KINDS
	} >"$dir/dashpot.ini"
	ns_start "$dir"
	for kind in $KINDS; do
		wait_until 20 service "$kind" '.state == "failed" and .leftovers == 0 and .leftovers_ended == 1'
		said_of "$kind" leftovers | grep .
	done
	# The ghost of one that lives is not touched.
	[ "$(ghosts_alive)" = ghost-double ]
}
