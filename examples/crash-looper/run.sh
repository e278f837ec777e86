#!/bin/sh
# SPDX-License-Identifier: ISC
# A crash-looping service is blocked; the service beside it keeps its process.
. "$(dirname "$0")/../common.sh"

build
start
wait_until '.services.web.state == "running"'
before=$(jq .services.web.pid "$volume/diagnostic.json")
wait_until '.services.broken.state == "blocked"'
show
after=$(jq .services.web.pid "$volume/diagnostic.json")
[ "$before" = "$after" ]
echo "web kept its pid, $after"
stop
