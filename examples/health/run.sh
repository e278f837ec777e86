#!/bin/sh
# SPDX-License-Identifier: ISC
# What a person types about a running container, and what a health check sees.
. "$(dirname "$0")/../common.sh"

# ask COMMAND...: dashpot's command inside
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
