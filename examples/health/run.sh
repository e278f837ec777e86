#!/bin/sh
# SPDX-License-Identifier: ISC
# The commands that an operator types about a running container, and the answers
# of a health check.
. "$(dirname "$0")/../common.sh"

# ask COMMAND...: run a command of dashpot in the container
ask()
{
	echo "\$ dashpot $*"
	"$engine" exec "$name" /dashpot "$@"
}

build
start
ask wait --timeout 20s
ask status
ask health
ask restart 'worker-*'
ask logs prepare
ask stop worker-2
ask health || echo "exit code $?: a container engine calls this unhealthy"
ask start worker-2
ask health
stop
