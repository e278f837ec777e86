#!/bin/sh
# SPDX-License-Identifier: ISC
# One command as in any image, `dashpot run --` before it, and a helper service
# beside it.
. "$(dirname "$0")/../common.sh"

build
start
wait_until '.services.main.state == "running"'
show
stop
