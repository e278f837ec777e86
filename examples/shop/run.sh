#!/bin/sh
# SPDX-License-Identifier: ISC
# A whole application in one container. With HARDENED=yes as uid 1000, without
# capabilities, on a read-only root.
. "$(dirname "$0")/../common.sh"

# ask COMMAND...: run a command of dashpot in the container
ask()
{
	echo "\$ dashpot $*"
	"$engine" exec "$name" /dashpot "$@"
}

build
if [ "${HARDENED:-no}" = yes ]; then
	[ "$(id -u)" != 0 ] || chown 1000:1000 "$volume"
	start --read-only --tmpfs /tmp --user 1000:1000 --cap-drop ALL \
		--security-opt no-new-privileges
else
	start
fi
ask wait --timeout 60s web worker
ask status
"$engine" exec "$name" redis-cli lpush orders tea coffee >/dev/null
"$engine" exec "$name" sh -c 'until [ "$(redis-cli llen sold)" = 2 ]; do
	sleep 0.1; done; echo "two orders sold"'
ask health
stop
