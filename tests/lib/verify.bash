# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# For tests of dashpot in a namespace: `load ../lib/dashpot`, then this.
#
# Every document that a test left on a volume is validated when the test is
# over, and dashpot's messages can be queried.

teardown()
{
	verify_volumes
}

# verify_volumes: end every dashpot, then validate its documents
verify_volumes()
{
	local dirs=() dir
	[ ! -e "$BATS_TEST_TMPDIR/ns.list" ] ||
		mapfile -t dirs < <(sort -u "$BATS_TEST_TMPDIR/ns.list")
	ns_cleanup
	for dir in "${dirs[@]}"; do
		! compgen -G "$dir/vol/*.json" >/dev/null ||
			volume_validate "$dir/vol" || return
	done
}

# said JQ-EXPRESSION: print dashpot's messages (log_format = json) that match,
# one on each line; fails when there is none
said()
{
	jq -Rc "fromjson? | objects | select($1)" "$NS_DIR/stderr" | grep .
}

# said_of SERVICE EVENT [FIELD]: FIELD (monotonic_ms) of the messages about that
# event
said_of()
{
	said ".service == \"$1\" and .event == \"$2\"" | jq ".${3:-monotonic_ms}"
}

# count_is NUMBER COMMAND...: the command prints exactly NUMBER lines
count_is()
{
	[ "$("${@:2}" | wc -l)" = "$1" ]
}

# is_between LEAST NUMBER MOST
is_between()
{
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ] && return
	echo "$2 is not in $1 .. $3" >&2
	return 1
}

# fails COMMAND...: the command has to fail (bats overlooks a plain `!`)
fails()
{
	! "$@" >/dev/null 2>&1
}
