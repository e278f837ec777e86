#!/bin/sh
# SPDX-License-Identifier: ISC
# The settings of pod.yaml with docker or podman: a user that is not root, no
# capabilities, a read-only root, a volume for the diagnostics.
. "$(dirname "$0")/../common.sh"

build
[ "$(id -u)" != 0 ] || chown 1000:1000 "$volume"
start --read-only --user 1000:1000 --cap-drop ALL \
	--security-opt no-new-privileges
wait_until '.services.broken.state == "blocked"'
show
stop
