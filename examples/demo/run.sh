#!/bin/sh
# SPDX-License-Identifier: ISC
# examples/demo/run.sh: install what is missing (Debian, as root), build, and
# show dashpot at work for 20 seconds, as PID 1 of a PID namespace of its own.
# Environment: DEMO_SECONDS, how long (20); DASHPOT, a binary to show in place of
# building ./dashpot.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
seconds=${DEMO_SECONDS:-20}

fail()
{
	echo "demo: $*" >&2
	exit 1
}

# --- Packages ----------------------------------------------------------------

have()
{
	for tool; do
		command -v "$tool" >/dev/null || return 1
	done
}

install_missing()
{
	packages='gcc libc6-dev make musl-tools jq util-linux'
	# shellcheck disable=SC2086 # a list of words
	if [ -n "${DASHPOT:-}" ]; then
		have jq unshare && return
	else
		have gcc make musl-gcc jq unshare && return
	fi
	have apt-get ||
		fail "this is not Debian; it needs: gcc make musl-gcc jq unshare"
	[ "$(id -u)" = 0 ] || fail "packages are missing. As root:" \
		"apt-get update && apt-get install -y --no-install-recommends $packages"
	echo "== installing $packages"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq -o Acquire::Retries=3 update
	# shellcheck disable=SC2086 # a list of words
	apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends \
		$packages >/dev/null
}

build()
{
	echo '== building ./dashpot'
	"${MAKE:-make}" -s dashpot
	echo "   ./dashpot has $(wc -c <dashpot) bytes"
}

# --- The run -----------------------------------------------------------------

# new_namespace COMMAND...: run it as PID 1 of a new PID namespace with its own
# /proc
new_namespace()
{
	if [ "$(id -u)" = 0 ]; then
		exec unshare --pid --fork --mount-proc --kill-child "$@"
	else
		exec unshare --user --map-root-user --pid --fork --mount-proc \
			--kill-child "$@"
	fi
}

# memory: print the resident memory of PID 1, from /proc, if it can be read
memory()
{
	awk '/^VmRSS/ { print $2 " KiB" }' "/proc/$init/status" 2>/dev/null || true
}

# count COMMAND: number of processes of the namespace whose command line begins
# with COMMAND
count()
{
	space=$(readlink "/proc/$init/ns/pid")
	n=0
	for dir in /proc/[0-9]*; do
		[ "$(readlink "$dir/ns/pid" 2>/dev/null)" = "$space" ] || continue
		! tr '\0' ' ' 2>/dev/null <"$dir/cmdline" | grep -q "^$1" || n=$((n + 1))
	done
	echo "$n"
}

# init_pid: set init to the number of PID 1 in this namespace; fail while it does
# not run
init_pid()
{
	# No newline ends this file, so read fails even when it has read the number.
	read -r init _ 2>/dev/null <"/proc/$unshare/task/$unshare/children" || true
	[ -n "$init" ] && [ -e "$dir/vol/diagnostic.json" ]
}

# wait_for MESSAGE COMMAND...: wait until COMMAND succeeds, at most ten seconds;
# else fail with MESSAGE
wait_for()
{
	what=$1
	tries=0
	shift
	until "$@"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 100 ] || ! kill -0 "$unshare" 2>/dev/null; then
			fail "$what"
		fi
		sleep 0.1
	done
}

run()
{
	dir=$(mktemp -d)
	unshare=
	trap '[ -z "$unshare" ] || kill -KILL "$unshare" 2>/dev/null || true
		rm -rf "$dir"' EXIT
	printf '[dashpot]\ndiagnostics = %s/vol\n' "$dir" >"$dir/volume.ini"
	echo "== dashpot run -c examples/demo/dashpot.ini, for $seconds s:"
	new_namespace "$dashpot" run -c examples/demo/dashpot.ini \
		-c "$dir/volume.ini" &
	unshare=$!
	init=
	wait_for "PID 1 does not run. As a user this needs user namespaces \
(sysctl kernel.unprivileged_userns_clone=1); else run it as root" init_pid
	memory_before=$(memory)
	sleep "$seconds"
	cp "$dir/vol/diagnostic.json" "$dir/then.json"
	memory_after=$(memory)
	ghosts=$(count 'sleep 77777')
	echo '== docker stop'
	kill -TERM "$init"
	code=0
	wait "$unshare" || code=$?
	unshare=
}

# --- What happened -----------------------------------------------------------

report()
{
	echo
	echo "== What happened, from diagnostic.json after $seconds s"
	jq -r --arg ghosts "$ghosts" --arg before "$memory_before" \
		--arg after "$memory_after" -f examples/demo/report.jq "$dir/then.json"
	echo "- Stopped by SIGTERM, dashpot ended with exit code $code."
	[ "$code" = 0 ]
}

install_missing
dashpot=${DASHPOT:-./dashpot}
[ -n "${DASHPOT:-}" ] || build
run
report
