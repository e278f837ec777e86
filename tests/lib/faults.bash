# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers for tests that take a resource away from a running dashpot: `load
# ../lib/faults` after ../lib/dashpot. PID 1 is the process of ns_start or,
# after container_use, of a container.

# need_program NAME: compile tests/lib/NAME.c as $BATS_FILE_TMPDIR/NAME, static;
# best called in setup_file()
need_program()
{
	gcc -static -O2 -Wall -o "$BATS_FILE_TMPDIR/$1" "$DASHPOT_LIB/$1.c"
}

# container_use NAME VOLUME: from now on PID 1 is the process of that container,
# and diag and service read the directory VOLUME
container_use()
{
	NS_DIR=$2
	NS_PID=$(container_get "$1" .State.Pid)
	mkdir -p "$NS_DIR"
	: >"$NS_DIR/stdout"
	: >"$NS_DIR/stderr"
	[ "$NS_PID" != 0 ]
}

# kid TEXT: the number, in this namespace, of the child of PID 1 whose command
# line has TEXT; fails when there is no such child
kid()
{
	ps --ppid "$NS_PID" -o pid=,args= | awk -v text="$1" '
		index($0, text) { print $1; found = 1; exit }
		END { exit !found }'
}

# kill_kid TEXT [SIGNAL]
kill_kid()
{
	local pid
	pid=$(kid "$1") && kill -s "${2:-KILL}" "$pid"
}

# kids TEXT: number of children of PID 1 with TEXT in their command line
kids()
{
	ps --ppid "$NS_PID" -o args= | awk -v text="$1" '
		index($0, text) { n++ } END { print n + 0 }'
}

# free_uid: a uid that no process on this machine has
free_uid()
{
	local uid=$((40000 + $$ % 20000))
	while [ -n "$(ps -U "$uid" -u "$uid" -o pid=)" ]; do
		uid=$((uid + 1))
	done
	echo "$uid"
}

# crowd_ini: the services on standard input, with a uid of their own for @uid@,
# and a crowd of 20 processes of that uid; the oneshot `full` is done when all
# exist
crowd_ini()
{
	local uid
	uid=$(free_uid)
	cat <<-END_INI
		[service:crowd]
		shell = for i in \$(seq 20); do sleep 4000 & done; wait
		user = $uid
		[service:full]
		shell = while [ "\$(ps -U $uid -o pid= | wc -l)" -lt 21 ]; do sleep 0.02; done
		type = oneshot
		after = crowd
	END_INI
	sed "s/@uid@/$uid/"
}

# stall DIR: the stderr of the next dashpot is a full pipe without a reader, for
# as long as this shell lives
stall()
{
	mkfifo "$1/stalled"
	exec {STALLED}<>"$1/stalled"
	dd if=/dev/zero of="$1/stalled" bs=1k oflag=nonblock status=none 2>/dev/null || true
	NS_STDERR=$1/stalled
}

# say_count PATTERN: number of dashpot's lines that match
say_count()
{
	grep -c -e "$1" "$NS_DIR/stderr" || true
}

# said PATTERN: a line of dashpot matches
said()
{
	grep -q -e "$1" "$NS_DIR/stderr"
}

# said_once PATTERN: exactly one line of dashpot matches
said_once()
{
	[ "$(say_count "$1")" = 1 ] || {
		echo "not said once: $1" >&2
		tail -n 20 "$NS_DIR/stderr" >&2
		return 1
	}
}

# lines_now FILE: number of lines of the file
lines_now()
{
	if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi
}

# has_lines FILE N: the file has at least N lines
has_lines()
{
	[ "$(lines_now "$1")" -ge "$2" ]
}

# longest_gap FILE FROM TO: the longest time in ms between neighbouring lines of
# FILE, each an uptime in seconds, from FROM ms to TO ms; both ends count too
longest_gap()
{
	awk -v from="$2" -v to="$3" '
		{ at = $1 * 1000 }
		at < from { last = at; next }
		at > to { if (at - last > most) most = at - last; exit }
		{ if (last && at - last > most) most = at - last; last = at }
		END { if (to - last > most) most = to - last; printf "%d\n", most }
	' "$1"
}

# at_most VALUE LIMIT WHAT: fail and print both when VALUE is more than LIMIT
at_most()
{
	[ "$1" -le "$2" ] || { echo "$3: $1, more than $2" >&2; return 1; }
}

# figure TEXT...: show a measured figure among the results
figure()
{
	echo "# $*" >&3
}

# faults_cleanup: ns_cleanup, once all documents that this test's dashpots left
# behind were validated; the teardown of a file that uses these helpers
faults_cleanup()
{
	local bad=0
	ns_cleanup
	if find "$BATS_TEST_TMPDIR" -xdev -name 'diagnostic.json' | grep -q .; then
		volume_validate "$BATS_TEST_TMPDIR" || bad=1
	fi
	return $bad
}
