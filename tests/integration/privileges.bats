#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What the process of a service may do: user, group, groups, capabilities,
# limits and priorities, as root, as a user, with fewer rights than usual, and
# in a user namespace.

load ../lib/dashpot

setup()
{
	[ "$(id -u)" = 0 ] || skip "needs root, to become others"
}

# one LINE...: start a dashpot with [service:one] of these keys, which tells
# its rights
one()
{
	dir=$(ns_dir)
	printf '%s\n' '[service:one]' 'stdout = inherit' \
		'shell = cat /proc/self/status; exec sleep 1000' "$@" \
		>"$dir/dashpot.ini"
	ns_start "$dir"
}

# as UID [OPTION of setpriv...]: dashpot runs as that user
as()
{
	dir=$(ns_dir)
	chmod a+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	chown "$1:$1" "$dir/vol"
	NS_PREFIX=(setpriv --reuid "$1" --regid "$1" "${@:2}")
}

# has KEY VALUE: its process has that line in /proc/PID/status
has()
{
	wait_until 10 grep -Pq "^$1:\s+$2\s*$" "$dir/stdout"
}

# fails_at STEP ERRNO TEXT: it could not be started, and who asks is told why
fails_at()
{
	wait_until 10 service one ".state == \"blocked\" and .starts == 1 and
		(.ends[0] | .cause == \"start-failed\" and .step == \"$1\" and
			.errno_name == \"$2\")"
	service one '.ends[0].text' | grep -F -- "$3"
	wait_until 10 grep -qF -- "one: could not be started: $1: $3" "$dir/stderr"
	volume_validate "$dir/vol"
}

# --- user, group, groups ---------------------------------------------------------

@test "another user, group or list of groups is a failed start where dashpot is a user" {
	as 1000 --clear-groups
	one 'user = 1001'
	fails_at user EPERM 'not permitted (EPERM)'
	ns_stop
	one 'group = 1001'
	fails_at group EPERM 'not permitted (EPERM)'
	ns_stop
	one 'groups = 1001'
	fails_at groups EPERM 'not permitted (EPERM)'
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
	fails_at groups EPERM 'not permitted (EPERM)'
}

@test "groups that a container gave its user stay, those of another user never do" {
	as 1000 --groups 2000 --inh-caps -all,+setuid --ambient-caps +setuid
	one 'user = 1000'
	has Groups 2000
	ns_stop
	one 'user = 1001'
	fails_at groups EPERM 'not permitted (EPERM)'
}

@test "in a user namespace that forbids setgroups its only user works, and no other" {
	NS_UNSHARE=(--user --map-root-user)
	one 'user = root'
	has Uid '0\s+0\s+0\s+0'
	ns_stop
	one 'group = 1001'
	fails_at group EINVAL 'invalid argument (EINVAL)'
}
