#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Services as Debian packages them, run as an operator would run them: they
# become ready, are stopped cleanly, are killed, and are paused while they run.

load ../lib/dashpot

PG_BIN=$(echo /usr/lib/postgresql/*/bin)

setup()
{
	[ "$(id -u)" = 0 ] || skip "needs root, to become the users of the packages"
}

# begin: start DIR/dashpot.ini with a loopback network of its own, whose ports
# no other process uses, and with shared memory that ends with it. Every user
# can reach the directory.
begin()
{
	NS_UNSHARE=(--net --ipc)
	NS_PREFIX=(sh -c 'ip link set lo up && mount -t tmpfs shm /dev/shm &&
		exec "$@"' sh)
	chmod a+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR" "$dir"
	ns_start "$dir"
}

# inside COMMAND...: run it in the namespaces of PID 1, with that network
inside()
{
	nsenter --target "$NS_PID" --pid --mount --net -- "$@"
}

# runs NAME [START]: the service is ready, in its start of that number
runs()
{
	wait_until 60 service "$1" ".state == \"running\" and .starts == ${2:-1}"
}

# strike SIGNAL NAME: send the signal to the service's process
strike()
{
	inside kill -s "$1" "$(service "$2" .pid)"
}

# was_unhealthy NAME: the service's last end has the cause unhealthy
was_unhealthy()
{
	service "$1" '.ends[0] | .cause == "unhealthy" and .is_failure'
}

# ends_well NAME CODE: dashpot stops with 0, NAME ends by itself with CODE, and
# no process had to be killed
ends_well()
{
	ns_stop TERM 60
	[ "$NS_STATUS" = 0 ]
	service "$1" ".ends[0] | .cause == \"asked\" and .code == $2"
	run ! events '.event == "killed"'
	volume_validate "$dir/vol"
}

# --- nginx ---------------------------------------------------------------------

# nginx_begin STOP-TIMEOUT
nginx_begin()
{
	dir=$(ns_dir)
	mkdir "$dir/tmp"
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		pid $dir/tmp/pid;
		error_log stderr;
		worker_processes 2;
		events {}
		http {
			access_log off;
			client_body_temp_path $dir/tmp/body;
			proxy_temp_path $dir/tmp/proxy;
			fastcgi_temp_path $dir/tmp/fastcgi;
			uwsgi_temp_path $dir/tmp/uwsgi;
			scgi_temp_path $dir/tmp/scgi;
			server {
				listen 127.0.0.1:8080;
				location / { return 200 "well\n"; }
			}
		}
	END
	cat >"$dir/dashpot.ini" <<-END
		[service:web]
		command = nginx -e stderr -c $dir/nginx.conf
		ready = http:127.0.0.1:8080/
		health = http:127.0.0.1:8080/
		health_interval = 500ms
		health_timeout = 4s
		health_failures = 2
		stop_signal = QUIT
		stop_timeout = $1
	END
	begin
	runs web
}

# nginx_answers
nginx_answers()
{
	inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080
		printf "GET / HTTP/1.0\r\n\r\n" >&3; cat <&3' | grep -qx well
}

@test "nginx: ready when it answers, ends by QUIT with 0" {
	nginx_begin 30s
	nginx_answers
	ends_well web 0
}

@test "nginx: killed, it comes back, and its workers are not in its way" {
	nginx_begin 30s
	strike KILL web
	runs web 2
	nginx_answers
	service web '.ends[0] | .cause == "signalled" and .signal == "SIGKILL"'
	[ "$(ns_pids 'nginx: master' | wc -l)" = 1 ]
	ends_well web 0
}

@test "nginx: workers that hear nothing make it unhealthy, and it starts anew" {
	nginx_begin 3s
	# shellcheck disable=SC2046 # a list of pids
	inside kill -s STOP $(ns_pids 'nginx: worker')
	runs web 2
	was_unhealthy web
	# nginx waits for its workers, which take no QUIT either.
	events '.event == "killed" and .service == "web"'
	nginx_answers
}

# --- redis ----------------------------------------------------------------------

redis_begin()
{
	dir=$(ns_dir)
	install -d -o redis -g redis "$dir/data"
	cat >"$dir/redis.conf" <<-END
		bind 127.0.0.1
		port 6379
		dir $dir/data
		supervised systemd
		appendonly yes
		appendfsync always
		save ""
	END
	cat >"$dir/dashpot.ini" <<-END
		[service:redis]
		command = redis-server $dir/redis.conf
		user = redis
		ready = notify
		health = exec:redis-cli ping
		health_interval = 500ms
		health_timeout = 4s
		health_failures = 2
		stop_timeout = 30s
	END
	begin
	runs redis
}

@test "redis: ready when it says so by sd_notify, ends by TERM with 0" {
	redis_begin
	[ "$(inside redis-cli set key value)" = OK ]
	grep -q 'Ready to accept connections' <(service redis 'tostring')
	ends_well redis 0
	# Its last message about its end is believed, however late it is read.
	run ! events '.event == "notice-stray"'
}

@test "redis: killed, it comes back with what it was given" {
	redis_begin
	[ "$(inside redis-cli set key value)" = OK ]
	strike KILL redis
	runs redis 2
	[ "$(inside redis-cli get key)" = value ]
	ends_well redis 0
}

@test "redis: stopped in its tracks it is unhealthy, and the next one has its data" {
	redis_begin
	[ "$(inside redis-cli set key value)" = OK ]
	strike STOP redis
	runs redis 2
	was_unhealthy redis
	[ "$(inside redis-cli get key)" = value ]
	# The stopped process was continued to get its stop signal, and ended.
	ends_well redis 0
}

# --- postgresql ----------------------------------------------------------------

postgresql_begin()
{
	dir=$(ns_dir)
	install -d -o postgres -g postgres -m 700 "$dir/data"
	cat >"$dir/dashpot.ini" <<-END
		[defaults]
		user = postgres
		[service:create]
		type = oneshot
		command = $PG_BIN/initdb --auth=trust --no-sync -D $dir/data
		[service:postgresql]
		command = $PG_BIN/postgres -D $dir/data -k $dir/data -c listen_addresses=127.0.0.1
		requires = create
		ready = exec:$PG_BIN/pg_isready --quiet --host=127.0.0.1
		health = exec:$PG_BIN/pg_isready --quiet --host=127.0.0.1
		health_interval = 500ms
		health_timeout = 4s
		health_failures = 2
		stop_signal = INT
		stop_timeout = 60s
	END
	begin
	runs postgresql
	[ "$(query 'create table t as select 42 as n')" = 'SELECT 1' ]
}

# query SQL: print the answer of the database
query()
{
	inside "$PG_BIN/psql" --no-psqlrc --tuples-only --no-align \
		--host=127.0.0.1 --username=postgres --command="$1"
}

@test "postgresql: prepared, ready when it takes connections, ends by INT with 0" {
	postgresql_begin
	ends_well postgresql 0
	grep -q 'database system is shut down' "$dir/stderr"
	grep -q 'received fast shutdown request' "$dir/stderr"
}

@test "postgresql: killed, it comes back with its tables" {
	postgresql_begin
	strike KILL postgresql
	wait_until 60 service postgresql '.state == "running" and .starts > 1'
	[ "$(query 'select n from t')" = 42 ]
	ends_well postgresql 0
}

@test "postgresql: stopped in its tracks it is unhealthy, and the next one has its tables" {
	postgresql_begin
	strike STOP postgresql
	runs postgresql 2
	was_unhealthy postgresql
	[ "$(query 'select n from t')" = 42 ]
	ends_well postgresql 0
}

# --- cron ------------------------------------------------------------------------

# cron_begin: cron with a job for each minute and without the jobs of this
# machine
cron_begin()
{
	dir=$(ns_dir)
	mkdir "$dir/none" "$dir/cron.d"
	echo "* * * * * root echo ticked >>$dir/ticks" >"$dir/cron.d/tick"
	: >"$dir/crontab"
	cat >"$dir/alone" <<-END
		#!/bin/sh -e
		mount --bind $dir/cron.d /etc/cron.d
		mount --bind $dir/none /var/spool/cron/crontabs
		mount --bind $dir/crontab /etc/crontab
		exec cron -f
	END
	chmod +x "$dir/alone"
	cat >"$dir/dashpot.ini" <<-END
		[service:cron]
		command = unshare --mount $dir/alone
		ready = file:/run/crond.pid
		health = file:/run/crond.pid
		health_interval = 500ms
		health_failures = 2
	END
	begin
	runs cron
}

@test "cron: as a service it runs its jobs and ends by TERM" {
	cron_begin
	wait_until 150 grep -q ticked "$dir/ticks"
	# cron has no handler for the signal.
	ends_well cron 15
	service cron '.ends[0].signal == "SIGTERM"'
}

@test "cron: killed, or without its pid file, it comes back" {
	cron_begin
	strike KILL cron
	wait_until 60 service cron '.state == "running" and .starts == 2'
	inside rm /run/crond.pid
	runs cron 3
	was_unhealthy cron
	ns_exec test -e /run/crond.pid
	ends_well cron 15
}

@test "cron's jobs as schedules: one each second runs again and again, without cron" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:tick]
		type = oneshot
		schedule = every 1s
		shell = echo ticked >>$dir/ticks
		[service:broken]
		type = oneshot
		schedule = every 1s
		command = false
	END
	begin
	ticks() { [ "$(wc -l <"$dir/ticks")" -ge 3 ]; }
	wait_until 60 ticks
	wait_until 60 service tick '.starts >= 3'
	# A failing job is not blocked; its schedule goes on.
	wait_until 60 service broken '.failures >= 3 and .breaker == "closed"'
	ns_stop TERM 30
	[ "$NS_STATUS" = 0 ]
	volume_validate "$dir/vol"
}
