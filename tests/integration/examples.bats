#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Every example, built from its Dockerfile as it stands and run by its run.sh.

load ../lib/dashpot

EXAMPLES=$DASHPOT_TOP/examples

setup_file()
{
	product_image >&2
	# The docker of an example: podman with the settings of the tests.
	# conmon leaves a file in its working directory.
	export ENGINE=$BATS_FILE_TMPDIR/engine PODMAN=$DASHPOT_LIB/podman
	cat >"$ENGINE" <<-'END'
		#!/bin/sh
		case $1 in
		build)
			shift
			exec "$PODMAN" build --pull=never --isolation=chroot --network=host "$@"
			;;
		run)
			shift
			cd "$(dirname "$0")" || exit
			exec "$PODMAN" run --network=none --pull=never "$@"
			;;
		esac
		exec "$PODMAN" "$@"
	END
	chmod +x "$ENGINE"
}

teardown()
{
	if [ -e "$BATS_TEST_TMPDIR/pod" ]; then
		podman kube down "$EXAMPLES/kubernetes/pod.yaml" >/dev/null 2>&1 || true
		podman volume rm --force "$(claim)" >/dev/null 2>&1 || true
	fi
	ns_cleanup
}

# example NAME: run it; what it prints is $output, its volume $NS_DIR/vol
example()
{
	NS_DIR=$BATS_TEST_TMPDIR/$1
	mkdir -p "$NS_DIR/vol"
	NAME=$(container_name "$1") VOLUME=$NS_DIR/vol
	export NAME VOLUME
	echo "$NAME" >>"$BATS_TEST_TMPDIR/container.list"
	run timeout -k 5 240 "$EXAMPLES/$1/run.sh" 3>&-
	echo "$output"
	[ "$status" = 0 ]
	volume_validate "$NS_DIR/vol"
}

# claim: the name of the volume in pod.yaml
claim()
{
	sed -n 's/^ *claimName: //p' "$EXAMPLES/kubernetes/pod.yaml"
}

# pid1_has REGEX: a line of /proc/1/status in the pod
pid1_has()
{
	local status
	status=$(podman exec dashpot-example-app cat /proc/1/status) || return
	grep -E "$1" <<<"$status" || { echo "$status"; return 1; }
}

@test "the image of the Dockerfile holds nothing but dashpot" {
	[ "$(podman run --rm --network=none localhost/dashpot version 3>&-)" = \
		"$("$DASHPOT" version)" ]
	local id
	id=$(podman create --network=none localhost/dashpot version)
	files=$(podman export "$id" | tar -t | grep -vE '/$|^(dev|proc|sys|run|etc)/')
	podman rm "$id" >/dev/null
	[ "$files" = dashpot ]
}

@test "every example has its files and its line in README" {
	local dir name
	for dir in "$EXAMPLES"/*/; do
		name=$(basename "$dir")
		[ -x "$dir/run.sh" ] && [ -e "$dir/dashpot.ini" ]
		[ "$name" = demo ] || [ -e "$dir/Dockerfile" ]
		grep -q "^| \[examples/$name\](examples/$name/" "$DASHPOT_TOP/README.md"
	done
}

@test "crash-looper: the one is blocked, the other keeps its process" {
	example crash-looper
	grep -q 'broken: blocked: 3 failures within 15 s' <<<"$output"
	grep -q 'web kept its pid' <<<"$output"
	grep -qx 'stopped, exit code 0' <<<"$output"
	diag '.services.web.starts == 1 and .services.broken.starts == 3'
}

@test "kubernetes: as uid 1000 without capabilities on a read-only root" {
	example kubernetes
	grep -q 'broken: blocked: 3 failures within 15 s' <<<"$output"
	grep -qx 'stopped, exit code 0' <<<"$output"
	[ "$(stat -c %u:%g "$NS_DIR/vol/diagnostic.json")" = 1000:1000 ]
}

@test "kubernetes: pod.yaml runs as it stands, with what it asks for" {
	local app=dashpot-example-app
	"$ENGINE" build --quiet --tag dashpot-example-kubernetes "$EXAMPLES/kubernetes"
	touch "$BATS_TEST_TMPDIR/pod"
	cd "$BATS_TEST_TMPDIR"
	podman kube play --replace --network=none "$EXAMPLES/kubernetes/pod.yaml" 3>&-
	NS_DIR=$BATS_TEST_TMPDIR
	ln -s "$(podman volume inspect --format '{{.Mountpoint}}' "$(claim)")" vol
	wait_until 20 diag '.services.broken.state == "blocked"'
	wait_until 10 pid1_has '^Uid:\s+1000\s+1000\s'
	pid1_has '^CapEff:\s+0+$'
	pid1_has '^NoNewPrivs:\s+1$'
	run ! podman exec "$app" touch /etc/here
	podman logs "$app" 2>&1 | grep '"event":"blocked"' | jq -e '.service == "broken"'
	volume_validate "$BATS_TEST_TMPDIR/vol/"
}

@test "health: the check sees a worker that was stopped, and the commands say what they did" {
	example health
	grep -qx ready <<<"$output"
	grep -qE '^worker-1  running ' <<<"$output"
	grep -qE '^worker-2: running: for ' <<<"$output"
	grep -qx prepared <<<"$output"
	grep -qE '^worker-2: stopped: somebody asked for it' <<<"$output"
	grep -qx 'exit code 1: a container engine calls this unhealthy' <<<"$output"
	[ "$(grep -cx healthy <<<"$output")" = 2 ]
	grep -qx 'stopped, exit code 0' <<<"$output"
}

@test "shop: as root, and as uid 1000 without capabilities on a read-only root" {
	for HARDENED in no yes; do
		export HARDENED
		rm -rf "$BATS_TEST_TMPDIR/shop"
		example shop
		grep -qE '^worker:1 +running ' <<<"$output"
		grep -qE '^clean-up +' <<<"$output"
		grep -qx 'two orders sold' <<<"$output"
		grep -qx healthy <<<"$output"
		grep -qx 'stopped, exit code 0' <<<"$output"
		diag '[.services[] | select(.user != "shop")] == []'
	done
	[ "$(stat -c %u "$NS_DIR/vol/diagnostic.json")" = 1000 ]
}

@test "stopsignal: SIGQUIT stops dashpot, and each service by its own stop_signal" {
	example stopsignal
	grep -qx 'stopped, exit code 0' <<<"$output"
	grep -qE '^web ended as asked after ' <<<"$output"
	diag '.services.web.ends[0].code == 0'
}

@test "README's Dockerfile has ten lines and is that of examples/nginx" {
	awk '/^```dockerfile$/ { on = 1; next } /^```/ { on = 0 } on' \
		"$DASHPOT_TOP/README.md" >"$BATS_TEST_TMPDIR/Dockerfile"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/Dockerfile")" = 10 ]
	diff "$BATS_TEST_TMPDIR/Dockerfile" "$EXAMPLES/nginx/Dockerfile"
}

@test "nginx: the Dockerfile of README builds, runs and stops by SIGQUIT" {
	example nginx
	grep -qE '^  main: running: ' <<<"$output"
	grep -qE '^  reopen-logs: running: ' <<<"$output"
	grep -qx 'stopped, exit code 0' <<<"$output"
	diag '.services.main.ends[0] | .cause == "asked" and .code == 0'
}
