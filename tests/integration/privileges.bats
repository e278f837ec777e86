#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The rights of a service's process: user, group, groups, capabilities, limits
# and priorities, as root, as a user, with fewer rights than usual, and in a
# user namespace.

load ../lib/dashpot

setup()
{
	[ "$(id -u)" = 0 ] || skip "needs root, to become others"
}

# one LINE...: start a dashpot with [service:one] of these keys, which executes
# $run or prints its rights
one()
{
	dir=$(ns_dir)
	printf '%s\n' '[service:one]' 'stdout = inherit' "$@" \
		"${run:-shell = cat /proc/self/status; exec sleep 1000}" \
		>"$dir/dashpot.ini"
	ns_start "$dir"
}

# as UID [OPTION of setpriv...]: run dashpot as that user
as()
{
	dir=$(ns_dir)
	chmod a+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	chown "$1:$1" "$dir/vol"
	NS_PREFIX=(setpriv --reuid "$1" --regid "$1" "${@:2}")
}

# has KEY VALUE: the service's process has that line in /proc/PID/status
has()
{
	wait_until 10 grep -Pq "^$1:\s+$2\s*$" "$dir/stdout"
}

# fails_at STEP ERRNO TEXT: the service could not be started, and
# diagnostic.json and stderr say why
fails_at()
{
	wait_until 10 service one ".state == \"blocked\" and .starts == 1 and
		(.ends[0] | .cause == \"start-failed\" and .step == \"$1\" and
			.errno_name == \"$2\")"
	service one '.ends[0].text' | grep -F -- "$3"
	wait_until 10 grep -qF -- "one: could not be started: $3" "$dir/stderr"
	volume_validate "$dir/vol"
}

# --- user, group, groups ---------------------------------------------------------

@test "another user, group or list of groups is a failed start where dashpot is a user" {
	as 1000 --clear-groups
	one 'user = 1001'
	fails_at user EPERM 'user: not permitted (EPERM)'
	ns_stop
	one 'group = 1001'
	fails_at group EPERM 'group: not permitted (EPERM)'
	ns_stop
	one 'groups = 1001'
	fails_at groups EPERM 'groups: not permitted (EPERM)'
}

@test "its own user, group and groups work where dashpot is a user without capabilities" {
	as 1000 --groups 2000,2001
	one 'user = 1000' 'group = 1000'
	has Uid '1000\s+1000\s+1000\s+1000'
	has Groups '2000 2001'
	ns_stop
	one 'groups = 2001,1000,2000'
	has Groups '2000 2001'
	ns_stop
	one 'user = 1000' 'groups = 2000'
	fails_at groups EPERM 'groups: not permitted (EPERM)'
}

@test "groups that a container gave its user stay, those of another user never do" {
	as 1000 --groups 2000 --inh-caps -all,+setuid --ambient-caps +setuid
	one 'user = 1000'
	has Groups 2000
	ns_stop
	one 'user = 1001'
	fails_at groups EPERM 'groups: not permitted (EPERM)'
}

@test "in a user namespace that forbids setgroups its only user works, and no other" {
	NS_UNSHARE=(--user --map-root-user)
	one 'user = root'
	has Uid '0\s+0\s+0\s+0'
	ns_stop
	one 'group = 1001'
	fails_at group EINVAL 'group: invalid argument (EINVAL)'
}

# --- capabilities ------------------------------------------------------------------

@test "capabilities: root keeps those of the list and no other, whatever it executes" {
	one 'capabilities = chown, CAP_KILL'
	for set in CapPrm CapEff CapBnd CapInh; do
		has "$set" 0000000000000021
	done
	has CapAmb 0000000000000000
	ns_stop
	one 'capabilities = none'
	for set in CapPrm CapEff CapBnd CapInh CapAmb; do
		has "$set" 0000000000000000
	done
}

@test "capabilities: a user other than root has them too, with no_new_privileges" {
	one 'user = www-data' 'capabilities = net_bind_service' \
		'no_new_privileges = yes'
	for set in CapPrm CapEff CapBnd CapInh CapAmb; do
		has "$set" 0000000000000400
	done
	has NoNewPrivs 1
}

@test "capabilities: www-data listens on port 80 with net_bind_service, not without" {
	local run='command = python3 -c "import socket, time
s = socket.create_server((str(), 80))
print(str(80), flush=True)
time.sleep(1000)"'
	run=${run//$'\n'/; }
	NS_UNSHARE=(--net)
	one 'user = www-data' 'capabilities = net_bind_service'
	wait_until 20 grep -x 80 "$dir/stdout"
	ns_stop
	one 'user = www-data'
	wait_until 20 grep -q PermissionError "$dir/stderr"
}

@test "capabilities: one that dashpot does not have is a failed start that names it" {
	NS_PREFIX=(setpriv --bounding-set=-net_raw)
	one 'capabilities = chown net_raw'
	fails_at capabilities EPERM \
		'capabilities: net_raw: not permitted (EPERM), dashpot does not have it'
	service one '.ends[0] | .which == "net_raw" and .code == null'
	ns_stop
	one 'capabilities = - chown net_raw'
	has CapEff 0000000000000001
	has CapBnd 0000000000000001
	ns_stop
	NS_PREFIX=(setpriv --securebits=+keep_caps_locked)
	one 'user = www-data' 'capabilities = chown'
	fails_at capabilities EPERM 'capabilities: chown: not permitted (EPERM)'
}

@test "capabilities: one that cannot be given up for good is a failed start that names it" {
	as 1000 --clear-groups
	one 'capabilities = none'
	fails_at bounding_set EPERM 'bounding_set: chown: not permitted (EPERM), giving it up takes'
	ns_stop
	# No privilege can be gained from it then.
	one 'capabilities = none' 'no_new_privileges = yes'
	has CapPrm 0000000000000000
	ns_stop
	one 'capabilities = -none'
	has CapPrm 0000000000000000
}

@test "capabilities: one that an exec would lose is a failed start that names it" {
	# SECBIT_NO_CAP_AMBIENT_RAISE, which this setpriv may not know
	NS_PREFIX=(python3 -c 'import ctypes, os, sys
assert ctypes.CDLL(None).prctl(28, 64, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])')
	one 'user = www-data' 'capabilities = kill'
	fails_at ambient_set EPERM 'ambient_set: kill: not permitted (EPERM)'
	ns_stop
	one 'user = www-data' 'capabilities = -kill'
	has CapPrm 0000000000000000
	has CapBnd 0000000000000020
}

@test "capabilities: dashpot as a user gives those that its container gave it" {
	as 1000 --clear-groups --inh-caps -all,+net_bind_service,+setpcap \
		--ambient-caps +net_bind_service,+setpcap
	one 'capabilities = net_bind_service'
	for set in CapPrm CapEff CapBnd CapInh CapAmb; do
		has "$set" 0000000000000400
	done
	ns_stop
	one
	has CapEff 0000000000000500
}

@test "capabilities: root keeps them where its securebits make root nobody special" {
	NS_PREFIX=(setpriv --securebits=+noroot --inh-caps +kill,+setpcap
		--ambient-caps +kill,+setpcap)
	one 'capabilities = kill'
	has CapEff 0000000000000020
	has CapAmb 0000000000000020
}

@test "capabilities: in a user namespace they are those of the namespace" {
	NS_UNSHARE=(--user --map-root-user)
	one 'user = root' 'capabilities = chown'
	has CapEff 0000000000000001
	has CapBnd 0000000000000001
}

# --- limits and priorities ------------------------------------------------------------

@test "a limit above the hard one is a failed start that names it, with - it is not" {
	as 1000 --clear-groups
	NS_PREFIX=(prlimit --nofile=300:400 "${NS_PREFIX[@]}")
	local run='shell = ulimit -Sn; ulimit -Hn; exec sleep 1000'
	one 'limit.core = 0' 'limit.nofile = 500'
	fails_at limit EPERM 'limit.nofile: not permitted (EPERM), the hard limit is lower'
	service one '.ends[0].which == "limit.nofile"'
	ns_stop
	one 'limit.nofile = -500'
	wait_until 10 grep -x 400 "$dir/stdout"
	grep -x 300 "$dir/stdout"
}

@test "a better priority than a user may have is a failed start, with - it is not" {
	as 1000 --clear-groups
	local run='shell = nice; cat /proc/self/oom_score_adj; exec sleep 1000'
	one 'nice = -5'
	fails_at nice EACCES 'nice: permission denied (EACCES), less takes CAP_SYS_NICE'
	ns_stop
	one 'oom_score_adj = -500'
	fails_at oom_score_adj EACCES 'oom_score_adj: permission denied (EACCES), less takes CAP_SYS_RESOURCE'
	ns_stop
	one 'nice = --5' 'oom_score_adj = --500'
	# As a service without the key: PID 1 is to be killed last.
	wait_until 10 grep -x $(($(cat "/proc/$NS_PID/oom_score_adj") + 100)) \
		"$dir/stdout"
	grep -x "$(nice)" "$dir/stdout"
}

@test "PID 1 is the last to be killed, and its own user cannot write to it" {
	as 1000 --clear-groups
	local run='shell = cat /proc/self/oom_score_adj; (: >/proc/1/mem) || echo kept; exec sleep 1000'
	one
	wait_until 10 grep -x kept "$dir/stdout"
	grep -x $(($(cat "/proc/$NS_PID/oom_score_adj") + 100)) "$dir/stdout"
	ns_stop
	one 'oom_score_adj = 777'
	wait_until 10 grep -x 777 "$dir/stdout"
	ns_stop
	NS_PREFIX=(sh -c 'echo 1000 >/proc/self/oom_score_adj && exec "$@"' sh
		"${NS_PREFIX[@]}")
	one
	wait_until 10 grep -x 1000 "$dir/stdout"
	# dashpot lowers its own value where it may, and otherwise says what
	# follows.
	[ "$(cat "/proc/$NS_PID/oom_score_adj")" -lt 1000 ] ||
		wait_until 10 grep 'killed first (oom_score_adj 1000)' "$dir/stderr"
}

@test "without files of users numbers work, and names are mistakes that say so" {
	NS_PREFIX=(sh -c 'mount --bind /dev/null /etc/passwd
		mount --bind /dev/null /etc/group; exec "$@"' sh)
	one 'user = 1234' 'group = 1235' 'groups = 1236'
	has Uid '1234\s+1234\s+1234\s+1234'
	has Gid '1235\s+1235\s+1235\s+1235'
	has Groups 1236
	ns_stop
	one 'user = www-data' 'group = www-data'
	ns_wait
	[ "$NS_STATUS" = 100 ]
	grep -F 'user = www-data: is not in /etc/passwd; add it there or write a number' \
		"$dir/stderr"
	grep -F 'group = www-data: is not in /etc/group' "$dir/stderr"
}

# --- containers ------------------------------------------------------------------------

# box NAME FILE [PODMAN-OPTION...]: run it with that configuration
box()
{
	NS_DIR=$BATS_TEST_TMPDIR/$1
	mkdir -p "$NS_DIR/vol"
	chmod 777 "$NS_DIR/vol"
	cat >"$NS_DIR/dashpot.ini"
	: >"$NS_DIR/stdout"
	: >"$NS_DIR/stderr"
	container_run "$1" -v "$NS_DIR:/box:ro" -v "$NS_DIR/vol:/var/lib/dashpot" \
		"${@:2}" localhost/dashpot-test /dashpot run -c /box/dashpot.ini
}

# said NAME REGEX: a line of the container's output
said()
{
	wait_until 20 grep -qP -- "$2" <(container_logs "$1")
}

@test "a container that drops everything, read-only, as a user: what changes nothing works" {
	need_image test
	box drop --user 1000 --cap-drop=ALL --read-only \
		--security-opt=no-new-privileges <<-END
			[defaults]
			user = app
			no_new_privileges = yes
			capabilities = none
			[service:same]
			shell = grep -E '^(Uid|Gid|CapEff|CapBnd)' /proc/self/status; exec sleep 1000
			group = app
			umask = 027
			nice = 1
			oom_score_adj = 900
			limit.nofile = 200
			[service:other]
			command = sleep 1000
			user = nobody
			[service:raw]
			command = sleep 1000
			capabilities = net_raw
		END
	wait_until 20 service same '.state == "running"'
	wait_until 20 service other '.state == "blocked" and
		(.ends[0] | .step == "groups" and .errno_name == "EPERM")'
	wait_until 20 service raw '.state == "blocked" and
		(.ends[0] | .step == "capabilities" and .which == "net_raw")'
	said drop 'CapBnd:\s0+$'
	said drop 'Uid:\s1000\s'
	[ "$(container_stop drop)" = 0 ]
}

@test "a container with ids of its own: each user gets what the file says" {
	need_image test
	box mapped --uidmap 0:100000:65536 --gidmap 0:100000:65536 <<-END
		[service:app]
		shell = grep -E '^(Uid|Groups|CapEff)' /proc/self/status; exec sleep 1000
		user = app
		capabilities = net_bind_service
		[service:nowhere]
		command = sleep 1000
		user = 100000
	END
	wait_until 20 service app '.state == "running"'
	said mapped 'Uid:\s1000\s'
	said mapped 'Groups:\s1000 2000 *$'
	said mapped 'CapEff:\s0+400$'
	wait_until 20 service nowhere '.ends[0].text | test("user: invalid argument .EINVAL., this user namespace has no such id")'
	[ "$(container_stop mapped)" = 0 ]
}
