#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The first command of README: the report that it prints at the end.

load ../lib/dashpot

# demo [SECONDS]: run it; its output is in $BATS_TEST_TMPDIR/said
demo()
{
	DEMO_SECONDS=${1:-6} DASHPOT=$DASHPOT timeout -k 5 60 \
		"$DASHPOT_TOP/examples/demo/run.sh" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&-
}

# says REGEX: the last part of the output, the report, matches this extended
# regular expression
says()
{
	sed -n '/^== What happened/,$p' "$BATS_TEST_TMPDIR/said" | grep -E -- "$1" || {
		cat "$BATS_TEST_TMPDIR/said"
		return 1
	}
}

@test "the demo tells what was started, blocked, left behind and reaped" {
	demo
	says '^- healthy was started once\. Now running: for [0-9.]+ s, pid [0-9]+\.$'
	says '^- crash-looper was started 3 times and failed 3 times\. Now blocked: 3 failures within 15 s, last: exited with code 3 after [0-9]+ ms; next probe in [0-9.]+ s\.$'
	says '^- ghost-maker was started [1-4] times '
	says '^  Its dead processes left (5|10|15|20) others behind, which were ended before its next start\.$'
	says '^- A look through /proc finds (0|5) children of the ghost-maker( \(it is running\))?\.$'
	says '^- PID 1 reaped [1-9][0-9]* orphans; its worst deadline was [0-9]+ ms late\.$'
	says '^- Memory of PID 1: [0-9]+ KiB at the start, [0-9]+ KiB now\.$'
	says '^- Stopped by SIGTERM, dashpot ended with exit code 0\.$'
}

@test "the demo leaves no process and no file behind" {
	mkdir "$BATS_TEST_TMPDIR/tmp"
	TMPDIR=$BATS_TEST_TMPDIR/tmp demo 1
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
	run ! grep -lsa "$BATS_TEST_TMPDIR/tmp" /proc/[0-9]*/cmdline
}

@test "make demo and README run the same demo" {
	grep -qx 'examples/demo/run.sh  *#.*' "$DASHPOT_TOP/README.md"
	make -C "$DASHPOT_TOP" -n demo | grep -q 'examples/demo/run.sh'
}
