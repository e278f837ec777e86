#!/bin/sh
# SPDX-License-Identifier: ISC
# The command of the image with `dashpot run --` before it, and a helper service
# beside it.
. "$(dirname "$0")/../common.sh"

build
start
wait_until '.services.main.state == "running"'
show
stop
