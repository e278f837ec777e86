# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers for the integration tests: `load ../lib/dashpot` in a .bats file.
#
# Every dashpot started here is PID 1 of a PID namespace or container of its
# own. Every process of a test is gone after it: teardown() ends it by the pid
# or the name that was remembered at its start, never by a pattern. A test file
# with a teardown() of its own has to call ns_cleanup in it.
#
# A test that starts a dashpot:
#
#     @test "a service that ends is started again" {
#         dir=$(ns_dir)
#         cat >"$dir/dashpot.ini" <<-END
#             [service:web]
#             command = sleep 0.1
#         END
#         ns_start "$dir"
#         wait_until 5 diag '.services.web.starts > 1'
#         ns_stop
#         [ "$NS_STATUS" = 0 ]
#     }

bats_require_minimum_version 1.5.0

DASHPOT_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DASHPOT_TOP=$(cd "$DASHPOT_LIB/../.." && pwd)
DASHPOT=${DASHPOT:-$DASHPOT_TOP/dashpot}

teardown()
{
	ns_cleanup
}

# --- waiting -----------------------------------------------------------------

# now_ms: monotonic milliseconds, for bounds on how long something took
now_ms()
{
	local up
	read -r up _ </proc/uptime
	echo "$((10#${up/./}))0"
}

# wait_until SECONDS COMMAND...: run it until it succeeds, every 20 ms. Fails
# after SECONDS, with the last output of the command.
wait_until()
{
	local end output
	end=$(($(now_ms) + $1 * 1000))
	shift
	until output=$("$@" 2>&1); do
		if [ "$(now_ms)" -ge "$end" ]; then
			printf 'not in time: %s\n%s\n' "$*" "$output" >&2
			[ -z "${NS_DIR:-}" ] || tail -n 20 "$NS_DIR"/std{out,err} >&2
			return 1
		fi
		sleep 0.02
	done
}

# stays SECONDS COMMAND...: the command has to succeed all the time
stays()
{
	local end
	end=$(($(now_ms) + $1 * 1000))
	shift
	while [ "$(now_ms)" -lt "$end" ]; do
		"$@" || { echo "did not stay: $*" >&2; return 1; }
		sleep 0.02
	done
}

# --- dashpot in a PID namespace of its own -----------------------------------

# ns_dir [NAME]: make and print a directory for one dashpot. The test puts
# dashpot.ini there; dashpot's files are vol/ (the diagnostics volume), stdout,
# stderr and status (once it has ended: see ns_wait).
ns_dir()
{
	local dir=$BATS_TEST_TMPDIR/${1:-one}
	mkdir -p "$dir/vol"
	echo "$dir"
}

# ns_start DIR [ARG...]: `dashpot run -c DIR/dashpot.ini ARG...` as PID 1. The
# diagnostics volume is DIR/vol unless the file names another. Returns once PID
# 1 exists; the test waits for what follows. See ns_run for the settings.
ns_start()
{
	local dir=$1
	shift
	[ -e "$dir/dashpot.ini" ] || : >"$dir/dashpot.ini"
	: >"$dir/volume.ini"
	grep -q '^ *diagnostics *=' "$dir/dashpot.ini" ||
		printf '[dashpot]\ndiagnostics = %s\n' "$dir/vol" >"$dir/volume.ini"
	ns_run "$dir" "$DASHPOT" run -c "$dir/dashpot.ini" -c "$dir/volume.ini" "$@"
}

# ns_run DIR COMMAND...: run any command as PID 1 of a new PID namespace with a
# /proc and an empty /run of its own: ns_run "$dir" "$DASHPOT" -- sleep 5. Sets
# NS_DIR and NS_PID (PID 1 as this shell sees it). These arrays, when set, go
# around it:
#   NS_UNSHARE  more options of unshare(1), e.g. (--net --user --map-root-user)
#   NS_PREFIX   a command that executes PID 1 without a fork, e.g. (prlimit
#               --nproc=40), (setpriv ...) or (strace -D -f -o FILE -e ...)
# NS_STDIN, NS_STDOUT, NS_STDERR: files instead of /dev/null and DIR/std*.
ns_run()
{
	local dir=$1 user=()
	shift
	mkdir -p "$dir/vol"
	rm -f "$dir/status" "$dir/pids"
	: >"$dir/stdout"
	: >"$dir/stderr"
	[ "$(id -u)" = 0 ] || user=(--user --map-root-user)
	# A shell makes its background jobs ignore INT and QUIT, and bats waits
	# for every process that holds one of its descriptors: neither may reach
	# PID 1.
	(
		close_fds
		env --default-signal unshare --mount "${user[@]}" -- \
			sh -c 'mount -t tmpfs run /run && exec "$@"' sh \
			unshare --pid --fork --mount-proc --kill-child \
			"${NS_UNSHARE[@]}" -- "${NS_PREFIX[@]}" "$@" &
		echo $! >"$dir/unshare"
		code=0
		wait $! || code=$?
		# unshare before util-linux 2.39 stumbles over a killed child.
		! tail -n 1 "$dir/stderr" | grep -q '^unshare: sigprocmask unblock' ||
			code=killed
		echo "$code" >"$dir/status"
	) <"${NS_STDIN:-/dev/null}" >"${NS_STDOUT:-$dir/stdout}" \
		2>"${NS_STDERR:-$dir/stderr}" &
	NS_DIR=$dir
	printf '%s\n' "$dir" >>"$BATS_TEST_TMPDIR/ns.list"
	wait_until 10 ns_find
	ns_use "$dir"
}

# close_fds: close all descriptors except stdin, stdout and stderr
close_fds()
{
	local fd
	for fd in "/proc/$BASHPID/fd/"*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-"
	done
}

# ns_use DIR: from now on ns_exec, ns_stop, diag and so on are about the dashpot
# of DIR
ns_use()
{
	NS_DIR=$1
	read -r NS_PID _ <"$NS_DIR/pids" || true
}

# ns_find: note the pids and start times of unshare and of its only child, so
# that no other process is ever signalled; fails while they do not exist yet
ns_find()
{
	local unshare child=
	[ ! -s "$NS_DIR/status" ] || { echo 0 0 0 0 >"$NS_DIR/pids"; return; }
	read -r unshare 2>/dev/null <"$NS_DIR/unshare" || return
	# No newline ends this file, so read fails even when it has read the
	# number.
	read -r child _ 2>/dev/null <"/proc/$unshare/task/$unshare/children" || true
	# Neither mount(8), which runs before, nor unshare itself until it
	# execs.
	grep -qs '^NSpid:.*[^0-9]1$' "/proc/$child/status" || return
	[ "$(readlink "/proc/$child/exe")" != "$(readlink "/proc/$unshare/exe")" ] ||
		return
	echo "$child $(born "$child") $unshare $(born "$unshare")" >"$NS_DIR/pids"
}

# born PID: start time of the process in clock ticks; empty when it is gone
born()
{
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	stat=${stat##*) }
	# shellcheck disable=SC2086 # fields
	set -- $stat
	echo "${20}"
}

# is_same PID START: the number still belongs to the same process
is_same()
{
	[ "$1" != 0 ] && [ -n "$2" ] && [ "$(born "$1")" = "$2" ]
}

# ns_alive: PID 1 runs (a zombie does not)
ns_alive()
{
	local pid start
	read -r pid start _ <"$NS_DIR/pids"
	is_same "$pid" "$start" && [ "$(ps -o state= -p "$pid")" != Z ]
}

# ns_ended: the exit code of PID 1 is known
ns_ended()
{
	[ -s "$NS_DIR/status" ]
}

# ns_signal SIGNAL: send it to PID 1 from outside, as a container engine does
ns_signal()
{
	ns_alive && kill -s "$1" "$NS_PID"
}

# ns_wait [SECONDS]: wait for the end of PID 1; NS_STATUS is its exit code, or
# `killed` where PID 1 was killed or crashed and the machine's unshare cannot
# tell how
ns_wait()
{
	wait_until "${1:-15}" ns_ended && read -r NS_STATUS <"$NS_DIR/status"
}

# ns_stop [SIGNAL [SECONDS]]: signal PID 1 (TERM) and wait for its end (15)
ns_stop()
{
	ns_signal "${1:-TERM}"
	ns_wait "${2:-15}"
}

# ns_exec COMMAND...: run the command inside, like `docker exec`
ns_exec()
{
	nsenter --target "$NS_PID" --pid --mount -- "$@"
}

# ns_ps: every process inside, as "PID PPID STATE ARGS", numbers as seen there
ns_ps()
{
	ns_exec ps -eo pid=,ppid=,state=,args= --sort=pid | grep -v ' ps -eo '
}

# ns_pids TEXT: pids inside whose command line has TEXT
ns_pids()
{
	ns_ps | awk -v text="$1" 'index($0, text) { print $1 }'
}

# ns_cleanup: end and forget every process that this test started
ns_cleanup()
{
	local dir pid start parent parent_start name
	if [ -e "$BATS_TEST_TMPDIR/ns.list" ]; then
		while read -r dir; do
			NS_DIR=$dir
			[ -e "$dir/pids" ] || wait_until 2 ns_find || continue
			read -r pid start parent parent_start <"$dir/pids"
			! is_same "$pid" "$start" || kill -s KILL "$pid"
			wait_until 5 ns_ended || ! is_same "$parent" "$parent_start" ||
				kill -s KILL "$parent"
		done <"$BATS_TEST_TMPDIR/ns.list"
		rm -f "$BATS_TEST_TMPDIR/ns.list"
	fi
	if [ -e "$BATS_TEST_TMPDIR/container.list" ]; then
		while read -r name; do
			podman rm --force --time 0 "$name" >/dev/null 2>&1 || true
		done <"$BATS_TEST_TMPDIR/container.list"
		rm -f "$BATS_TEST_TMPDIR/container.list"
	fi
	unset NS_DIR NS_PID NS_PREFIX NS_UNSHARE NS_STDIN NS_STDOUT NS_STDERR
}

# --- what it wrote -----------------------------------------------------------

# ctl COMMAND...: run a command of dashpot inside, e.g. ctl status --json
ctl()
{
	ns_exec "$DASHPOT" "$@"
}

# diag JQ-EXPRESSION: read diagnostic.json. Prints the value (strings without
# quotes); fails when the value is false or null or there is no file, so that
# `wait_until 5 diag '.services.web.state == "blocked"'` works.
diag()
{
	jq -er "$1" "$NS_DIR/vol/diagnostic.json"
}

# service NAME JQ-EXPRESSION: as diag, within the service of that name
service()
{
	jq -er --arg name "$1" ".services[\$name] | $2" "$NS_DIR/vol/diagnostic.json"
}

# registry JQ-EXPRESSION: read process-registry.json
registry()
{
	jq -er "$1" "$NS_DIR/vol/process-registry.json"
}

# events JQ-EXPRESSION: print the lines of events.jsonl that match; fails when
# there is none
events()
{
	jq -ec "select($1)" "$NS_DIR/vol/events.jsonl" | grep .
}

# volume_validate DIR: every document in DIR and its directories is whole and
# follows its schema in docs/. Fails when there is no document.
volume_validate()
{
	python3 "$DASHPOT_LIB/validate.py" "$DASHPOT_TOP/docs" "$1"
}

# --- containers --------------------------------------------------------------

# podman ARG...: podman with the settings and the storage of the tests
podman()
{
	"$DASHPOT_LIB/podman" "$@"
}

# need_image NAME: make the image `test` (localhost/dashpot-test) or `debian`
# (localhost/debian:bookworm-slim) unless it exists; best called in setup_file()
need_image()
{
	"$DASHPOT_LIB/images" "$1" >/dev/null 3>&-
}

# product_image: build the Dockerfile of this tree, as localhost/dashpot
product_image()
{
	need_image debian && podman build --quiet --pull=never --isolation=chroot \
		--network=host --tag localhost/dashpot "$DASHPOT_TOP" 3>&-
}

# container_run NAME [PODMAN-OPTION...] IMAGE [ARG...]: start a container,
# detached and without network, ./dashpot mounted read-only as /dashpot. NAME
# counts within this test. Options that work here: --pids-limit --memory --cpus
# --read-only --user --cap-drop --stop-signal --tmpfs -v --ulimit --uidmap
# --restart --security-opt --init-path.
container_run()
{
	local name option limits=() here=$PWD
	name=$(container_name "$1")
	shift
	# podman drops its default limits as soon as a limit is given.
	for option in nofile=1024:1024 nproc=4096:4096; do
		[[ " $* " == *[\ =]"${option%%=*}="* ]] || limits+=(--ulimit "$option")
	done
	echo "$name" >>"$BATS_TEST_TMPDIR/container.list"
	cd "$BATS_TEST_TMPDIR" || return # conmon leaves a file where it stands
	podman run --detach --name "$name" --network=none --pull=never \
		--volume "$DASHPOT:/dashpot:ro" "${limits[@]}" "$@" >/dev/null 3>&-
	cd "$here" || return
}

# container_name NAME: its name in podman
container_name()
{
	echo "dashpot-$1-$(printf %s "$BATS_TEST_TMPDIR" | cksum | cut -d ' ' -f 1)"
}

# container_stop NAME [SECONDS]: as `docker stop -t SECONDS` (10) does; prints
# the exit code
container_stop()
{
	podman stop --time "${2:-10}" "$(container_name "$1")" >/dev/null
	container_get "$1" .State.ExitCode
}

# container_exec NAME COMMAND...: run the command inside
container_exec()
{
	podman exec "$(container_name "$1")" "${@:2}"
}

# container_logs NAME: print its stdout and stderr
container_logs()
{
	podman logs "$(container_name "$1")" 2>&1
}

# container_get NAME FIELD: a field of podman inspect, e.g. .State.Status
container_get()
{
	podman inspect --format "{{$2}}" "$(container_name "$1")"
}

# container_is NAME STATUS: running, exited, ...
container_is()
{
	[ "$(container_get "$1" .State.Status)" = "$2" ]
}

# container_wait NAME SECONDS: wait for its end; prints the exit code
container_wait()
{
	wait_until "$2" container_is "$1" exited && container_get "$1" .State.ExitCode
}

# --- a kernel of its own -----------------------------------------------------

# uml_run SCRIPT [FILE...]: run the file SCRIPT by busybox sh, as root, on a
# kernel with writable cgroup v2; /dashpot and the FILEs are in its /. Prints
# the output of the script, returns its exit code. Takes three more seconds.
# busybox has `unshare -pf --mount-proc` to make dashpot PID 1.
uml_run()
{
	DASHPOT=$DASHPOT "$DASHPOT_LIB/uml" "$@" 3>&-
}
