#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Which dashpot is asked and which user may ask: a command that looks for
# dashpot itself finds the dashpot of its own container, and believes no other
# process.

load ../lib/dashpot

teardown()
{
	local pid start
	if [ -e "$BATS_TEST_TMPDIR/others" ]; then
		while read -r pid start; do
			! is_same "$pid" "$start" || kill -s KILL "$pid"
		done <"$BATS_TEST_TMPDIR/others"
	fi
	ns_cleanup
}

# beside COMMAND...: run it in the background until the test is over
beside()
{
	(
		close_fds
		exec "$@"
	) >"$BATS_TEST_TMPDIR/beside" 2>&1 </dev/null &
	echo "$! $(born $!)" >>"$BATS_TEST_TMPDIR/others"
}

# ini NAME [LINE...]: print a service of that name, and lines for [dashpot]
ini()
{
	printf '%s\n' '[dashpot]' "${@:2}" "[service:$1]" 'command = sleep 1000'
}

# is_up NAME: the dashpot inside answers that this service is well
is_up()
{
	ns_exec "$DASHPOT" health "$1"
}

# liar PLACE [UID]: start a process in the container that answers each request
# with "healthy"
liar()
{
	beside nsenter --target "$NS_PID" --pid --mount ${NS_NET:+--net} -- \
		python3 "$DASHPOT_LIB/clients.py" liar "$@"
	wait_until 10 grep -q ready "$BATS_TEST_TMPDIR/beside"
}

# near N: abstract name N of the container
near()
{
	echo "@dashpot-$(stat -Lc %i "/proc/$NS_PID/ns/pid")-$(stat -Lc %i \
		"/proc/$NS_PID/ns/mnt")-$1"
}

@test "two containers on one volume: commands reach their own dashpot, or none" {
	local one two vol
	vol=$(ns_dir shared)/vol
	one=$(ns_dir one) two=$(ns_dir two)
	# Both put their socket on the volume, where only the first has room.
	for dir in "$one" "$two"; do
		ini "web${dir##*/}" "diagnostics = $vol" >"$dir/dashpot.ini"
		NS_PREFIX=(sh -c 'mount -t tmpfs -o ro run /run && exec "$@"' sh)
		ns_start "$dir"
		wait_until 10 is_up "web${dir##*/}"
	done
	export DASHPOT_DIAGNOSTICS=$vol
	[ -S "$vol/dashpot.sock" ]
	run -100 ns_exec "$DASHPOT" restart webone
	[[ $output == *'no service `webone`'* ]]
	ns_stop
	# A container without a dashpot: the other container's socket is passed
	# over.
	run -1 unshare --pid --fork --mount-proc "$DASHPOT" health
	[[ $output == *"$vol/dashpot.sock was passed over: it is of another PID namespace; --control PATH asks it all the same"* ]]
	run -111 unshare --pid --fork --mount-proc "$DASHPOT" restart webone
	run -0 unshare --pid --fork --mount-proc \
		"$DASHPOT" health --control "$vol/dashpot.sock"
	# The same from the parent namespace, unless the socket is named.
	run -1 unshare --mount "$DASHPOT" health
	run -0 "$DASHPOT" health --control "$vol/dashpot.sock"
	DASHPOT_CONTROL=$vol/dashpot.sock run -0 "$DASHPOT" restart webone
	ns_use "$one"
	is_up webone
	NS_DIR=$(ns_dir shared) wait_until 10 events '.event == "command" and .service == "webone"'
	[ "$(NS_DIR=$(ns_dir shared) events '.event == "command"' | wc -l)" = 1 ]
}

@test "from outside: inside both namespaces as within, in the mounts alone only by --control" {
	dir=$(ns_dir)
	ini web >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 is_up web
	ns_exec "$DASHPOT" restart web
	run -1 nsenter --target "$NS_PID" --mount -- "$DASHPOT" health
	[[ $output == *'/run/dashpot.sock was passed over: it is of another PID namespace'* ]]
	nsenter --target "$NS_PID" --mount -- \
		"$DASHPOT" restart web --control /run/dashpot.sock
	# The abstract name is for the PID namespace, also for root.
	run -111 "$DASHPOT" restart web --control "$(near 0)"
	[[ $output == *'only processes of its own PID namespace may ask here'* ]]
	run -1 "$DASHPOT" health --control "$(near 0)"
}

@test "a process of another user who takes a name is not believed, and refuses no start" {
	dir=$(ns_dir)
	NS_UNSHARE=(--net)
	NS_NET=1
	ns_run "$dir" sleep 1000
	liar "$(near 0)" 65534
	run -1 ns_exec nsenter --target 1 --net -- "$DASHPOT" health
	[[ $output == *"$(near 0) was passed over: pid "*' of uid 65534 listens there, who is not believed'* ]]
	ini web >"$dir/dashpot.ini"
	beside nsenter --target "$NS_PID" --pid --mount --net -- \
		"$DASHPOT" run -c "$dir/dashpot.ini"
	well() { nsenter --target "$NS_PID" --pid --mount --net -- "$DASHPOT" health web; }
	wait_until 10 well
	[ "$(well)" = healthy ]
	nsenter --target "$NS_PID" --pid --mount --net -- grep -q "$(near 1)" /proc/net/unix
	# A path that is given skips only the check of the namespace.
	ns_exec mkdir -m 777 /run/open
	liar /run/open/liar.sock 65534
	run -1 ns_exec "$DASHPOT" health --control /run/open/liar.sock
	[[ $output == *' of uid 65534 listens there, who is not believed'* ]]
	liar /run/open/root.sock
	run -0 ns_exec "$DASHPOT" health --control /run/open/root.sock
	# A second dashpot in this container is refused as before.
	run -100 nsenter --target "$NS_PID" --pid --mount --net -- \
		"$DASHPOT" run -c "$dir/dashpot.ini"
	[[ $output == *'already supervised: a dashpot answers at /run/dashpot.sock'* ]]
}

@test "commands find a control = of the files, also where nothing can be written" {
	dir=$(ns_dir)
	ini web "control = $dir/odd.sock" >"$dir/dashpot.ini"
	ns_start "$dir"
	wait_until 10 is_up web
	[ -S "$dir/odd.sock" ]
	ns_exec "$DASHPOT" restart web
	run -0 ns_exec "$DASHPOT" status
	[[ $output == *'web'*'running'* ]]
	rm "$dir/odd.sock"
	is_up web
	# Two sources exclude each other.
	for word in status explain events; do
		run -100 ns_exec "$DASHPOT" "$word" --dir "$dir/vol" --control "$dir/odd.sock"
		[[ $output == *'--dir reads a volume, --control asks a running dashpot: give one'* ]]
	done
	ns_stop
	# A second socket at the path: the message has path, name of the error
	# and owner.
	(cd "$dir" && beside python3 "$DASHPOT_LIB/clients.py" liar odd.sock)
	wait_until 10 test -S "$dir/odd.sock"
	ns_start "$dir"
	wait_until 10 is_up web
	wait_until 10 grep -q "control = $dir/odd.sock cannot be used: already in use (EADDRINUSE); it belongs to uid 0" "$dir/stderr"
	ns_stop
	# A file that is no socket is left alone, and called that.
	rm "$dir/odd.sock" && mkdir "$dir/odd.sock"
	ns_start "$dir"
	wait_until 10 is_up web
	wait_until 10 grep -q "odd.sock cannot be used: already in use (EADDRINUSE); it belongs to uid 0, is no socket;" "$dir/stderr"
	[ -d "$dir/odd.sock" ]
	volume_validate "$dir/vol"
}

@test "two containers in one PID namespace, the second read-only, on one volume: both run and answer for their own" {
	local vol
	dir=$(ns_dir)
	vol=$dir/vol
	ini first "diagnostics = $vol" >"$dir/first.ini"
	{ ini second "diagnostics = $vol" && printf '[service:bad]\ncommand = false\ncooldown = 1h\n'; } >"$dir/second.ini"
	ns_run "$dir" sleep 1000
	for name in first second; do
		NAME=$name beside nsenter --target "$NS_PID" --pid --mount -- \
			unshare --mount sh -c "mount -t tmpfs -o ro run /run; echo \$\$ >$dir/$name.pid; exec $DASHPOT run -c $dir/$name.ini >$dir/$name.out 2>&1"
		wait_until 10 test -s "$dir/$name.pid"
		# in_NAME COMMAND...: in its container
		eval "in_$name() { ns_exec nsenter --target $(cat "$dir/$name.pid") --mount -- env DASHPOT_DIAGNOSTICS=$vol $DASHPOT \"\$@\"; }"
		wait_until 10 "in_$name" wait "$name"
	done
	run -0 in_first health
	wait_until 10 eval 'in_second status | grep -q "bad *blocked"'
	run -1 in_second health
	[[ $output == 'bad: blocked'* ]]
	run -0 in_first health
	run -100 in_second restart first
	run -0 in_second restart second
	run -100 in_second run -c "$dir/second.ini"
	[[ $output == *'already supervised: a dashpot answers at @dashpot-'* ]]
}
