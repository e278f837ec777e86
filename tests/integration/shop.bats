#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# examples/shop, as uid 1000 without capabilities on a read-only root: each
# service in turn is broken, and its README says what follows.

load ../lib/dashpot

setup_file()
{
	product_image >&2
	podman build --quiet --pull=never --isolation=chroot --network=host \
		--tag localhost/dashpot-example-shop "$DASHPOT_TOP/examples/shop" >&2 3>&-
}

# shop [BROKEN]: start it, with the file BROKEN that breaks a service from the
# start
shop()
{
	NS_DIR=$BATS_TEST_TMPDIR/shop
	mkdir -p "$NS_DIR"/{vol,data}
	chown 1000:1000 "$NS_DIR"/{vol,data}
	: >"$NS_DIR/stdout"
	: >"$NS_DIR/stderr"
	[ $# = 0 ] || : >"$NS_DIR/data/$1"
	container_run shop --read-only --tmpfs /tmp --user 1000:1000 \
		--cap-drop=ALL --security-opt=no-new-privileges \
		-v "$NS_DIR/vol:/var/lib/dashpot" -v "$NS_DIR/data:/data" \
		-e SHOP_COOLDOWN=2s..1m -e SHOP_HEALTH_INTERVAL=500ms \
		-e SHOP_CLEAN_UP='every 1s' -e SHOP_READY_TIMEOUT=5s \
		localhost/dashpot-example-shop
}

# is_open: every service runs
is_open()
{
	diag '[.services | .database, .["worker:0"], .["worker:1"], .web | .state]
		| all(. == "running")'
}

# open: start the shop and wait until it runs
open()
{
	shop
	wait_until 60 is_open
	before=$(diag .services)
}

# kept NAME...: the services still have the same processes
kept()
{
	local name
	for name; do
		service "$name" ".pid == $(jq ".[\"$name\"].pid" <<<"$before")"
	done
}

# ask COMMAND...: run a command of dashpot inside
ask()
{
	container_exec shop /dashpot "$@"
}

# strike SIGNAL NAME: send the signal to the service's process
strike()
{
	container_exec shop sh -c "kill -s $1 $(service "$2" .pid)"
}

# sells ORDER: the shop sells this order
sells()
{
	container_exec shop redis-cli -e lpush orders "$1"
	wait_until 30 is_sold "$1"
}

is_sold()
{
	container_exec shop redis-cli -e lrange sold 0 -1 | grep -qx "$1"
}

# seq EVENT SERVICE: the number of the first such event
seq()
{
	jq -se --arg event "$1" --arg service "$2" 'map(select(.event == $event and
		.service == $service))[0].seq' "$NS_DIR/vol/events.jsonl"
}

@test "shop: each starts when what it waits for is ready, and all of it stops" {
	open
	[ "$(seq ready database)" -lt "$(seq started migrate)" ]
	[ "$(seq "done" migrate)" -lt "$(seq started worker:0)" ]
	[ "$(seq "done" migrate)" -lt "$(seq started worker:1)" ]
	[ "$(seq "done" migrate)" -lt "$(seq started web)" ]
	sells tea
	run -0 container_exec shop grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' /proc/1/status
	[ "$(tr '\t' ' ' <<<"$output" | paste -sd ';')" = \
		'Uid: 1000 1000 1000 1000;CapEff: 0000000000000000;CapBnd: 0000000000000000;NoNewPrivs: 1' ]
	run ! container_exec shop touch /etc/here
	wait_until 30 service clean-up '.starts >= 2'
	ask health
	[ "$(container_stop shop 40)" = 0 ]
	run ! events '.event == "killed"'
	volume_validate "$NS_DIR/vol"
}

@test "shop: a killed database comes back with its data, and the workers stay" {
	open
	sells tea
	strike KILL database
	wait_until 60 service database '.state == "running" and .starts == 2'
	is_sold tea
	sells coffee
	kept worker:0 worker:1 web
	service migrate '.starts == 1'
}

@test "shop: a migration that fails keeps the others waiting, until it is tried again" {
	shop break-migrate
	wait_until 60 service migrate '.state == "failed"'
	local name
	for name in worker:0 worker:1 web; do
		wait_until 30 service "$name" '.state == "waiting" and
			.waiting.service == "migrate"'
	done
	service database '.state == "running"'
	ask explain migrate | grep -q 'version 7 is not known here'
	ask explain web | grep -q migrate
	run -1 ask health
	rm "$NS_DIR/data/break-migrate"
	ask start migrate
	wait_until 60 is_open
	sells tea
}

@test "shop: a worker that fails at each start is blocked, probed, and comes back" {
	open
	: >"$NS_DIR/data/break-worker-0"
	strike KILL worker:0
	wait_until 60 service worker:0 '.state == "blocked" and .breaker == "open"'
	ask explain worker:0 | grep -q 'my settings are gone'
	sells tea
	wait_until 60 service worker:0 '.trips >= 2'
	rm "$NS_DIR/data/break-worker-0"
	wait_until 90 service worker:0 '.state == "probing" and .is_ready'
	sells coffee
	ask health
	kept database worker:1 web
}

@test "shop: a worker that hangs is unhealthy and started again" {
	open
	strike STOP worker:1
	wait_until 90 service worker:1 '.state == "running" and .starts == 2'
	service worker:1 '.ends[0] | .cause == "unhealthy" and .is_failure'
	kept database worker:0 web
}

@test "shop: a clean-up that fails runs again at its next time and is never blocked" {
	open
	wait_until 30 service clean-up '.starts >= 1'
	: >"$NS_DIR/data/break-clean-up"
	wait_until 60 service clean-up '.failures >= 4'
	service clean-up '.breaker == "closed" and .trips == 0'
	rm "$NS_DIR/data/break-clean-up"
	wait_until 30 service clean-up '.ends[0].code == 0'
	run ! events '.service == "clean-up" and .event == "blocked"'
	kept database worker:0 worker:1 web
}

@test "shop: a killed web front comes back, and its old processes are gone" {
	open
	strike KILL web
	wait_until 60 service web '.state == "running" and .starts == 2'
	[ "$(container_exec shop sh -c 'cat /proc/[0-9]*/cmdline 2>/dev/null' |
		tr '\0' '\n' | grep -c 'nginx: master')" = 1 ]
	kept database worker:0 worker:1
	ask health
}

@test "shop: a web front that answers with an error is unhealthy, blocked, and back when it is right" {
	open
	mv "$NS_DIR/data/www/index.html" "$NS_DIR/data/index.html"
	wait_until 60 service web '.starts > 1'
	service web '[.ends[].cause] | contains(["unhealthy"])'
	wait_until 120 service web '.state == "blocked"'
	service web '[.ends[].cause] | contains(["start-timeout"])'
	run -1 ask health web
	mv "$NS_DIR/data/index.html" "$NS_DIR/data/www/index.html"
	wait_until 120 ask health web
	kept database worker:0 worker:1
	service database '.starts == 1'
}
