#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The diagnostics volume hangs, fills, goes away, or the processes that write
# and print die: PID 1 keeps its deadlines and reports each problem once, and
# the files on the volume are whole at every instant and up to date afterwards.

load ../lib/dashpot
load ../lib/faults

setup_file()
{
	need_program crowd
}

teardown()
{
	thaw
	faults_cleanup
	bad=$?
	if [ -e "$BATS_TEST_TMPDIR/mounts" ]; then
		while read -r mount; do
			timeout 10 umount --lazy "$mount" || true
		done <"$BATS_TEST_TMPDIR/mounts"
	fi
	return $bad
}

# mounted DIR: have DIR unmounted after the test
mounted()
{
	echo "$1" >>"$BATS_TEST_TMPDIR/mounts"
}

thaw()
{
	[ ! -e "$BATS_TEST_TMPDIR/frozen" ] || {
		timeout 10 fsfreeze --unfreeze "$(cat "$BATS_TEST_TMPDIR/frozen")" &&
			rm -f "$BATS_TEST_TMPDIR/frozen"
	}
}

# loop_ini: a service that ends each 100 ms and prints when it began, and the
# services on standard input
loop_ini()
{
	{
		cat <<-END_INI
			[dashpot]
			restart_rate = 1000/s burst 1000
			[defaults]
			max_failures = none
			restart_delay = 100ms..100ms
			[service:looper]
			shell = cut -d ' ' -f 1 /proc/uptime >>$dir/loops; exit 1
		END_INI
		cat
	} >"$dir/dashpot.ini"
}

# is_newest: diagnostic.json comes to include every start before this call
is_newest()
{
	local starts
	starts=$(lines_now "$dir/loops")
	wait_until 5 service looper ".starts >= $starts"
}

# on_time FROM: no restart since FROM was late
on_time()
{
	at_most "$(longest_gap "$dir/loops" "$1" "$(now_ms)")" 1500 "a restart took ms"
}

# stop_in MS: dashpot ends with 0 within MS
stop_in()
{
	local began
	began=$(now_ms)
	ns_stop
	[ "$NS_STATUS" = 0 ]
	at_most $(($(now_ms) - began)) "$1" "the stop took ms"
}

@test "a volume frozen for three seconds of a crash loop delays no start, and has the newest state after the thaw" {
	dir=$(ns_dir)
	truncate -s 16M "$dir/disk"
	mkfs.ext4 -q -E lazy_itable_init=0 "$dir/disk"
	mount -o loop,noatime "$dir/disk" "$dir/vol" || skip "no loop device"
	mounted "$dir/vol"
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 has_lines "$dir/loops" 3
	wait_until 5 diag .generation
	began=$(now_ms)
	echo "$dir/vol" >"$BATS_TEST_TMPDIR/frozen"
	timeout 10 fsfreeze --freeze "$dir/vol"
	sleep 3
	seen=$(service looper .starts)
	[ "$(lines_now "$dir/loops")" -gt $((seen + 5)) ] # it is frozen indeed
	on_time "$began"
	figure "longest time between two starts while frozen: $(longest_gap "$dir/loops" "$began" "$(now_ms)") ms"
	said_once "$dir/vol does not answer"
	thaw
	is_newest
	wait_until 5 said_once "$dir/vol is written again after 3"
	stop_in 3000
	diag '.phase == "exiting"'
}

@test "a volume that stays frozen does not hold up the stop" {
	dir=$(ns_dir)
	truncate -s 16M "$dir/disk"
	mkfs.ext4 -q -E lazy_itable_init=0 "$dir/disk"
	mount -o loop,noatime "$dir/disk" "$dir/vol" || skip "no loop device"
	mounted "$dir/vol"
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 diag .generation
	echo "$dir/vol" >"$BATS_TEST_TMPDIR/frozen"
	timeout 10 fsfreeze --freeze "$dir/vol"
	wait_until 5 has_lines "$dir/loops" 10
	began=$(now_ms)
	ns_signal TERM
	wait_until 5 said "dashpot exits with code 0"
	at_most $(($(now_ms) - began)) 2500 "the stop took ms"
	# The end of the PID namespace waits for the recorder, which cannot be
	# killed.
	sleep 0.7
	thaw
	ns_wait
	[ "$NS_STATUS" = 0 ]
}

@test "a full volume: said once, the old file stays whole, written again once there is space" {
	dir=$(ns_dir)
	mount -t tmpfs -o size=96k tmpfs "$dir/vol"
	mounted "$dir/vol"
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 diag .generation
	began=$(now_ms)
	dd if=/dev/zero of="$dir/vol/ballast" bs=4k 2>/dev/null || true
	wait_until 5 said "$dir/vol cannot be written: .* (ENOSPC); services are not affected, tried again"
	generation=$(diag .generation)
	sleep 3 # several more attempts
	said_once "cannot be written"
	volume_validate "$dir/vol"
	on_time "$began"
	rm "$dir/vol/ballast"
	wait_until 10 said_once "$dir/vol is written again after"
	wait_until 5 diag ".generation > $generation"
	is_newest
	stop_in 3000
}

@test "a read-only volume: said once, written again once it is writable" {
	dir=$(ns_dir)
	mount -t tmpfs tmpfs "$dir/vol"
	mounted "$dir/vol"
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 diag .generation
	began=$(now_ms)
	mount -o remount,ro "$dir/vol"
	wait_until 5 said "$dir/vol cannot be written: creating a file failed: read-only file system (EROFS)"
	sleep 3
	said_once "cannot be written"
	on_time "$began"
	mount -o remount,rw "$dir/vol"
	wait_until 10 said_once "$dir/vol is written again after"
	is_newest
	stop_in 3000
}

@test "a volume that is missing and cannot be made: said once, used as soon as it can be" {
	dir=$(ns_dir)
	: >"$dir/wall"
	loop_ini <<-END_INI
		[dashpot]
		diagnostics = $dir/wall/vol
	END_INI
	ns_start "$dir"
	wait_until 5 has_lines "$dir/loops" 3
	wait_until 5 said "$dir/wall/vol cannot be written: opening the directory failed: .* (ENOTDIR)"
	sleep 3
	said_once "cannot be written"
	on_time "$(($(now_ms) - 2500))"
	rm "$dir/wall"
	wait_until 10 said_once "$dir/wall/vol is written again after"
	rm -r "$dir/vol"
	ln -s wall/vol "$dir/vol"
	is_newest
	stop_in 3000
	volume_validate "$dir/wall/vol"
}

@test "a default volume that cannot be used is one line of information" {
	dir=$(ns_dir)
	loop_ini </dev/null
	ns_run "$dir" unshare --mount --propagation private sh -c "
		mkdir -p /var/lib/dashpot
		mount -t tmpfs -o ro tmpfs /var/lib/dashpot
		exec '$DASHPOT' run -c '$dir/dashpot.ini'"
	wait_until 5 has_lines "$dir/loops" 20
	wait_until 5 said_once "/var/lib/dashpot cannot be written: .*; mount a volume there to keep diagnostics"
	stop_in 3000
	said_once "cannot be written"
}

@test "a volume that is removed while in use is made again, with both files, said once" {
	dir=$(ns_dir)
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 registry .schema
	began=$(now_ms)
	rm -r "$dir/vol"
	wait_until 10 diag .generation
	wait_until 5 registry .schema
	wait_until 5 said_once "$dir/vol was replaced, removed or mounted over: goes on in the new one"
	is_newest
	on_time "$began"
	wait_until 5 said_once "$dir/vol is written again"
	stop_in 3000
}

@test "a volume that is lazily unmounted: goes on in the directory below it, with both files" {
	dir=$(ns_dir)
	mount -t tmpfs tmpfs "$dir/vol"
	mounted "$dir/vol"
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 registry .schema
	began=$(now_ms)
	ns_exec umount --lazy "$dir/vol"
	umount --lazy "$dir/vol"
	wait_until 10 diag .generation
	wait_until 5 registry .schema
	wait_until 5 said_once "$dir/vol was replaced, removed or mounted over"
	is_newest
	on_time "$began"
	stop_in 3000
}

@test "a volume that is mounted over: goes on in the new one, with both files" {
	dir=$(ns_dir)
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 registry .schema
	began=$(now_ms)
	ns_exec mount -t tmpfs tmpfs "$dir/vol"
	over=/proc/$NS_PID/root$dir/vol
	wait_until 10 test -s "$over/diagnostic.json"
	wait_until 5 test -s "$over/process-registry.json"
	wait_until 5 said_once "$dir/vol was replaced, removed or mounted over"
	seen=$(jq .generation "$over/diagnostic.json")
	wait_until 5 jq -e ".generation > $seen" "$over/diagnostic.json"
	volume_validate "$over"
	on_time "$began"
	stop_in 3000
}

has_temp()
{
	[ -e "$dir/vol/.diagnostic.json.tmp" ] ||
		[ -e "$dir/vol/.process-registry.json.tmp" ]
}

# kill_while_writing PID: kill it as soon as a file is being written
kill_while_writing()
{
	local end
	end=$(($(now_ms) + 3000))
	until has_temp || [ "$(now_ms)" -gt "$end" ]; do
		until has_temp || [ $((++turns % 1000)) = 0 ]; do
			:
		done
	done
	kill -s KILL "$1"
}

@test "a recorder killed in the middle of writes leaves whole files each time, and is back each time" {
	dir=$(ns_dir)
	loop_ini < <(for i in $(seq 20); do
		printf '[service:s%s]\ncommand = false\n' "$i"
	done)
	ns_start "$dir"
	wait_until 5 diag .generation
	began=$(now_ms)
	kills=0 hits=0
	while [ $kills -lt 9 ]; do
		wait_until 5 kid recorder
		kill_while_writing "$(kid recorder)"
		kills=$((kills + 1))
		! has_temp || hits=$((hits + 1))
		volume_validate "$dir/vol"
	done
	figure "$hits of $kills kills left a file half written, none that anybody reads"
	[ $hits -gt 0 ]
	wait_until 5 diag ".helpers.recorder | .restarts == $kills and .pid != null"
	is_newest
	on_time "$began"
	[ "$(say_count 'the recorder was killed by SIGKILL: another one is started')" = $kills ]
	stop_in 3000
	[ -z "$(find "$dir/vol" -name '*.tmp')" ]
}

# fill_eventfds PID: fill the eventfds of this process almost completely
fill_eventfds()
{
	python3 - "$1" <<-'END'
		import ctypes, os, sys
		pid = int(sys.argv[1])
		pidfd = os.pidfd_open(pid)
		for fd in os.listdir(f"/proc/{pid}/fd"):
		    if "eventfd" not in os.readlink(f"/proc/{pid}/fd/{fd}"):
		        continue
		    info = open(f"/proc/{pid}/fdinfo/{fd}").read()
		    count = int(info.split("eventfd-count:")[1].split()[0], 16)
		    own = ctypes.CDLL(None).syscall(438, pidfd, int(fd), 0)  # pidfd_getfd
		    # Room for a few, because PID 1 writes at the same time.
		    os.write(own, (2**64 - 2 - count - 5).to_bytes(8, sys.byteorder))
	END
}

@test "a helper that fills the counter PID 1 wakes it by does not stop PID 1" {
	dir=$(ns_dir)
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 diag .generation
	began=$(now_ms)
	kill_kid recorder STOP
	fill_eventfds "$(kid recorder)"
	wait_until 10 has_lines "$dir/loops" $(($(lines_now "$dir/loops") + 20))
	kill_kid recorder CONT
	is_newest
	on_time "$began"
	stop_in 3000
}

@test "a relay that is killed is back, and no message is lost" {
	dir=$(ns_dir)
	loop_ini <<-END_INI
		[dashpot]
		log_format = json
		[defaults]
		restart_delay = 20ms..20ms
	END_INI
	sed -i 's/^restart_delay = 100ms..100ms//' "$dir/dashpot.ini"
	ns_start "$dir"
	for i in 1 2 3 4 5; do
		wait_until 10 has_lines "$dir/loops" $((i * 10))
		wait_until 5 kill_kid relay
	done
	stop_in 3000
	jq -r 'select(.event == "started") | .start' "$dir/stderr" >"$dir/said"
	# Once, or twice when the relay died between printing and noting that.
	uniq "$dir/said" | diff - <(seq "$(service looper .starts)")
	[ "$(jq -c 'select(.event == "helper-died" and .helper == "relay")' "$dir/stderr" | sort -u | wc -l)" = 5 ]
}

@test "a second dashpot on the same volume writes to a directory named by its host name, and says so" {
	dir=$(ns_dir)
	loop_ini </dev/null
	ns_start "$dir"
	wait_until 5 registry .schema
	first=$dir
	dir=$(ns_dir two)
	loop_ini <<-END_INI
		[dashpot]
		diagnostics = $first/vol
	END_INI
	ns_start "$dir"
	own=$first/vol/$(uname -n)
	wait_until 5 test -s "$own/diagnostic.json"
	wait_until 5 said_once "another dashpot has $first/vol: this one writes to $own, without memory"
	wait_until 5 jq -e '.volume.is_second and .services.looper.starts > 3' "$own/diagnostic.json"
	[[ $(jq -r .volume.held_by "$own/diagnostic.json") = \
		"host $(uname -n), pid 1, since 20"* ]]
	[ ! -e "$own/process-registry.json" ]
	jq -e '.volume.is_second == false' "$first/vol/diagnostic.json"
	rmdir "$dir/vol"
	stop_in 3000
	ns_use "$first"
	dir=$first
	is_newest
	stop_in 3000
}

@test "dashpots of two users on a volume that both may write keep out of each other's files" {
	[ "$(id -u)" = 0 ] || skip "another user takes root"
	for mode in 777 1777; do
		first=$(ns_dir "first-$mode")
		mkdir -p "$first/vol"
		chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR" "$first"
		chmod "$mode" "$first/vol"
		dir=$first
		loop_ini </dev/null
		NS_PREFIX=(setpriv --reuid=65533 --regid=65533 --clear-groups)
		ns_start "$dir"
		wait_until 10 registry .schema
		dir=$(ns_dir "second-$mode")
		chmod 755 "$dir"
		loop_ini <<-END_INI
			[dashpot]
			diagnostics = $first/vol
		END_INI
		NS_PREFIX=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		ns_start "$dir"
		own=$first/vol/$(uname -n)
		wait_until 10 jq -e '.volume.is_second and .services.looper.starts > 3' "$own/diagnostic.json"
		[ "$(jq -r .volume.held_by "$own/diagnostic.json")" = "another user" ]
		said_once "another dashpot has $first/vol: this one writes to $own, without memory"
		[ ! -e "$first/vol/process-registry.json.bad" ]
		stop_in 3000
		ns_use "$first"
		dir=$first
		is_newest
		diag '.volume.is_second == false'
		stop_in 3000
	done
}

@test "a service that locks the volume, or what it may write there, does not take it from the recorder" {
	[ "$(id -u)" = 0 ] || skip "services of another user take root"
	dir=$(ns_dir)
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR" "$dir" "$dir/vol"
	loop_ini <<-END_INI
		[service:taker]
		command = flock $dir/vol sleep 1000
		user = nobody
		[service:planter]
		shell = rm -f $dir/vol/.dashpot.lock && touch $dir/vol/.dashpot.lock && exec flock $dir/vol/.dashpot.lock sleep 1000
		user = nobody
		autostart = no
	END_INI
	ns_start "$dir"
	wait_until 10 diag '.services.taker.state == "running" and .services.looper.starts > 2'
	run ! flock -n "$dir/vol" true
	kill_kid recorder
	wait_until 10 diag '.helpers.recorder.restarts == 1'
	is_newest
	diag '.volume == { "directory": "'"$dir/vol"'", "is_second": false, "held_by": null, "is_registry_bad": false }'
	[ ! -e "$dir/vol/$(uname -n)" ]
	# In a directory that every user may write a service removes the lock
	# and puts another file in its place. The recorder, as root, believes
	# neither.
	chmod 777 "$dir/vol"
	ns_exec "$DASHPOT" start planter
	kill_kid recorder
	wait_until 10 diag '.helpers.recorder.restarts == 2'
	is_newest
	diag '.volume.is_second == false'
	[ "$(stat -c %U%a "$dir/vol/.dashpot.lock")" = root600 ]
	stop_in 3000
	run ! grep -q "another dashpot" "$dir/stderr"
}

@test "a stderr that nobody reads delays neither restarts nor the stop" {
	dir=$(ns_dir)
	mkfifo "$dir/fifo"
	exec {fifo}<>"$dir/fifo"
	dd if=/dev/zero of="$dir/fifo" bs=4k oflag=nonblock 2>/dev/null || true
	loop_ini </dev/null
	NS_STDERR=$dir/fifo
	ns_start "$dir"
	wait_until 5 has_lines "$dir/loops" 3
	began=$(now_ms)
	wait_until 10 has_lines "$dir/loops" 30
	on_time "$began"
	is_newest
	# The relay is given 500 ms to print the last messages.
	stop_in 2500
	diag '.phase == "exiting"'
	exec {fifo}<&-
}
