#!/bin/sh
# SPDX-License-Identifier: ISC
# An image with STOPSIGNAL SIGQUIT, as the official nginx and php images have:
# dashpot stops at SIGQUIT, and every service gets its own stop_signal.
. "$(dirname "$0")/../common.sh"

build
start
wait_until '.services.web.state == "running"'
stop
jq -r '.services.web.ends[0].text | "web \(.)"' "$volume/diagnostic.json"
