#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Mistakes in the configuration are all reported, and then nothing is started.

load ../lib/dashpot
load ../lib/verify

# told FILE:LINE TEXT: stderr has a message about that line with that text
told()
{
	grep -F -- "$1: " "$dir/stderr" | grep -F -- "$2"
}

# messages: the messages with a file and a line
messages()
{
	grep -E '^/[^ ]*:[0-9]+: ' "$dir/stderr"
}

@test "ten mistakes: ten messages with their lines, exit 100, nothing is started" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[dashpot]
		log_level = loud
		[service:good]
		command = touch $dir/started
		[service:web]
		comand = nginx
		command = nginx | tee log
		stop_timeout = 8
		max_failures = 3 within 15s
		user = nosuchuser
		after = good
		stop_signal = TREM
		limit.nofile = many
		[service:web]
		command = nginx
		[servise:db]
	END
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 100 ]
	told "$dir/dashpot.ini:2" 'log_level = loud'
	told "$dir/dashpot.ini:6" 'did you mean command?'
	told "$dir/dashpot.ini:7" shell
	told "$dir/dashpot.ini:8" 8s
	told "$dir/dashpot.ini:9" max_failures
	told "$dir/dashpot.ini:10" nosuchuser
	told "$dir/dashpot.ini:12" 'TERM'
	told "$dir/dashpot.ini:13" limit.nofile
	told "$dir/dashpot.ini:14" 'declared already'
	told "$dir/dashpot.ini:16" '[service:db]'
	count_is 10 messages
	tail -n 1 "$dir/stderr" | grep -x 'dashpot: 10 mistakes: nothing was started'
	[ ! -e "$dir/started" ]
	[ -z "$(ls -A "$dir/vol")" ]
	[ ! -e "$dir/sock" ]
}

@test "the mistakes of two files are reported together" {
	dir=$(ns_dir)
	printf '%s\n' '[service:a]' 'command = true' 'stop_timeout = soon' >"$dir/one.ini"
	printf '%s\n' '' '[service:b]' 'restrat = never' 'command = true' >"$dir/two.ini"
	ns_run "$dir" "$DASHPOT" run -c "$dir/one.ini" -c "$dir/two.ini"
	ns_wait 5
	[ "$NS_STATUS" = 100 ]
	told "$dir/one.ini:3" stop_timeout
	told "$dir/two.ini:3" 'did you mean restart?'
	count_is 2 messages
}

@test "a file that is not there is a mistake of its own" {
	dir=$(ns_dir)
	echo '[nonsense]' >"$dir/one.ini"
	ns_run "$dir" "$DASHPOT" run -c "$dir/none.ini" -c "$dir/one.ini"
	ns_wait 5
	[ "$NS_STATUS" = 100 ]
	grep -F "$dir/none.ini: " "$dir/stderr"
	told "$dir/one.ini:1" '[nonsense] is no section'
}

@test "dependencies in a circle are a mistake" {
	dir=$(ns_dir)
	printf '%s\n' '[service:a]' 'command = true' 'after = b' \
		'[service:b]' 'command = true' 'requires = a' >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 100 ]
	count_is 1 messages
}

@test "an unset variable is a mistake, one with a default is none" {
	dir=$(ns_dir)
	printf '%s\n' '[service:a]' 'command = echo ${NO_SUCH_NAME:-well} ${NO_SUCH_NAME}' \
		>"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 100 ]
	told "$dir/dashpot.ini:2" NO_SUCH_NAME
	printf '%s\n' '[service:a]' 'command = echo ${NO_SUCH_NAME:-all well} $x' \
		'type = oneshot' >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 0 ]
	[ "$(cat "$dir/stdout")" = 'all well $x' ]
}

@test "no service at all is a mistake" {
	dir=$(ns_dir)
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 100 ]
	grep 'no service is declared' "$dir/stderr"
}

@test "check says the same and starts nothing" {
	dir=$(ns_dir)
	printf '%s\n' '[service:a]' "command = touch $dir/started" >"$dir/good.ini"
	printf '%s\n' '[service:a]' 'command = true' 'stop_timeout = 8' >"$dir/bad.ini"
	run -0 "$DASHPOT" check -c "$dir/good.ini"
	run -100 "$DASHPOT" check -c "$dir/bad.ini"
	[[ $output == *"$dir/bad.ini:3: "* ]]
	[ ! -e "$dir/started" ]
}

@test "a wrong control socket, owner, mode or address is a mistake with its line" {
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'control = run/ctl' 'control_mode = 0888' \
		'control_owner = nosuchuser' 'listen = example.org:80' \
		'[service:a]' 'command = true' >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 100 ]
	told "$dir/dashpot.ini:2" 'start it with /'
	told "$dir/dashpot.ini:3" octal
	told "$dir/dashpot.ini:4" nosuchuser
	told "$dir/dashpot.ini:5" 'no numeric host'
	count_is 4 messages
}

@test "a service starts beside every key of the control socket" {
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' "control = $dir/ctl" 'control_mode = 0660' \
		'control_owner = root:1' 'listen = 127.0.0.1:9101' \
		'[service:a]' 'command = true' 'type = oneshot' \
		'health_ignore = yes' >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 0 ]
}

@test "check notes an address that others can reach, and no loopback one" {
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'listen = ADDRESS:9101' '[service:a]' \
		'command = true' 'essential = yes' >"$dir/a.ini"
	for address in 127.0.0.1 localhost '[::1]' 127.8.8.8; do
		sed "s/ADDRESS/$address/" "$dir/a.ini" >"$dir/loopback.ini"
		run -0 --separate-stderr "$DASHPOT" check --strict -c "$dir/loopback.ini"
		[ "$stderr" = '' ]
	done
	for address in 0.0.0.0 '[::]' 192.0.2.1; do
		sed "s/ADDRESS/$address/" "$dir/a.ini" >"$dir/open.ini"
		run -0 --separate-stderr "$DASHPOT" check --strict -c "$dir/open.ini"
		[[ $stderr == *"note: listen = $address:9101 "*'without authentication' ]]
	done
}

@test "check warns of a shutdown_timeout that cannot be enough" {
	dir=$(ns_dir)
	printf '%s\n' '[dashpot]' 'shutdown_timeout = 12s' '[service:a]' \
		'command = true' '[service:b]' 'command = true' 'after = a' >"$dir/short.ini"
	run -0 "$DASHPOT" check -c "$dir/short.ini"
	[[ $output == *'needs up to 17.5 s, but shutdown_timeout gives less' ]]
	sed -i 's/12s/18s/' "$dir/short.ini"
	run -0 "$DASHPOT" check -c "$dir/short.ini"
	[[ $output == *'needs up to 17.5 s' ]]
}

@test "[defaults] counts for every service that says nothing else" {
	dir=$(ns_dir)
	cat >"$dir/dashpot.ini" <<-END
		[service:a]
		shell = umask
		[defaults]
		umask = 027
		type = oneshot
		[service:b]
		shell = umask
		umask = 007
		after = a
	END
	ns_start "$dir"
	ns_wait 5
	[ "$NS_STATUS" = 0 ]
	[ "$(paste -sd ' ' "$dir/stdout")" = 'a | 0027 b | 0007' ]
}

# --- The default places --------------------------------------------------------

# with_etc: dashpot as PID 1 that sees the files of DIR/etc as /etc/dashpot.ini
# and /etc/dashpot.d
with_etc()
{
	mkdir -p "$dir/lower" "$dir/var"
	# A tmpfs over /etc in a mount namespace of its own: the machine's /etc is
	# linked into it, so that users and libraries are still found.
	cat >"$dir/wrap" <<-END
		#!/bin/sh -e
		mount --bind /etc $dir/lower
		mount -t tmpfs none /etc
		for file in $dir/lower/* ; do
			ln -s "\$file" /etc/
		done
		rm -f /etc/dashpot.ini /etc/dashpot.d
		cp -R $dir/etc/. /etc/
		mkdir -p /var/lib
		mount --bind $dir/var /var/lib
		exec "\$@"
	END
	chmod 755 "$dir/wrap"
	NS_PREFIX=("$dir/wrap" "${BELOW[@]}")
	ns_run "$dir" "$DASHPOT" "$@"
}

@test "below another init, dashpot alone supervises what is in /etc; a script without run is told to say it" {
	dir=$(ns_dir)
	mkdir -p "$dir/etc/dashpot.d"
	printf '%s\n' '[service:a]' 'shell = echo from a; exec sleep 1000' >"$dir/etc/dashpot.d/a.ini"
	# shellcheck disable=SC2016
	BELOW=(sh -c '"$@" & wait $!; echo "it exits with $?"; sleep 1000' sh)
	with_etc
	wait_until 5 grep -x 'from a' "$dir/stdout"
	grep 'supervises 1 service, not as PID 1' "$dir/stderr"
	ns_exec kill "$(ns_ps | awk '$4 ~ /dashpot$/ { print $1 }')"
	wait_until 5 grep -x 'it exits with 0' "$dir/stdout"
	ns_signal KILL
	ns_wait
	# shellcheck disable=SC2016
	BELOW=(sh -c 'sh -c "\"\$@\"; echo it exits with \$?" sh "$@"; exec sleep 1000' sh)
	with_etc
	wait_until 5 grep -x 'it exits with 100' "$dir/stdout"
	grep 'this is not PID 1: to supervise, say dashpot run$' "$dir/stderr"
	ns_signal KILL
	ns_wait
	# Without a configuration, too, the help alone must not look like
	# success.
	rm -r "$dir/etc/dashpot.d"
	# shellcheck disable=SC2016
	BELOW=(sh -c '"$@" & wait $!; echo "it exits with $?"; sleep 1000' sh)
	with_etc
	wait_until 5 grep -x 'it exits with 100' "$dir/stdout"
	grep 'neither /etc/dashpot.ini' "$dir/stderr"
}

@test "/etc/dashpot.ini and /etc/dashpot.d/*.ini are read where no -c is given" {
	dir=$(ns_dir)
	mkdir -p "$dir/etc/dashpot.d"
	printf '%s\n' '[defaults]' 'type = oneshot' '[service:a]' 'shell = echo from a' \
		>"$dir/etc/dashpot.ini"
	printf '%s\n' '[service:b]' 'shell = echo from b' 'after = a' \
		>"$dir/etc/dashpot.d/10-b.ini"
	printf '%s\n' '[service:c]' 'shell = echo from c' 'after = b' \
		>"$dir/etc/dashpot.d/20-c.ini"
	echo nonsense >"$dir/etc/dashpot.d/README"
	with_etc
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
	[ "$(paste -sd ' ' "$dir/stdout")" = 'a | from a b | from b c | from c' ]
	# ... and the volume is in its default place.
	volume_validate "$dir/var/dashpot"
}

@test "/etc/dashpot.d alone is enough" {
	dir=$(ns_dir)
	mkdir -p "$dir/etc/dashpot.d"
	printf '%s\n' '[service:b]' 'shell = echo from b' 'type = oneshot' \
		>"$dir/etc/dashpot.d/b.ini"
	with_etc run
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
	[ "$(cat "$dir/stdout")" = 'from b' ]
}

@test "the mistakes of both default places are reported together" {
	dir=$(ns_dir)
	mkdir -p "$dir/etc/dashpot.d"
	printf '%s\n' '[service:a]' 'command = true' 'a = b' >"$dir/etc/dashpot.ini"
	printf '%s\n' '[service:b]' 'command = true' '' 'c = d' \
		>"$dir/etc/dashpot.d/b.ini"
	with_etc
	ns_wait 10
	[ "$NS_STATUS" = 100 ]
	told /etc/dashpot.ini:3 'a is no key'
	told /etc/dashpot.d/b.ini:4 'c is no key'
	[ ! -e "$dir/var/dashpot" ]
}

@test "neither of the default places: it names them, 100" {
	dir=$(ns_dir)
	mkdir -p "$dir/etc"
	with_etc
	ns_wait 10
	[ "$NS_STATUS" = 100 ]
	grep -F '/etc/dashpot.ini' "$dir/stderr"
}

@test "a class path of 60,000 bytes and variables in defaults reach the program" {
	dir=$(ns_dir)
	{
		printf '[service:web]\ntype = oneshot\nshell = exit 0\n'
		printf '[service:java]\ntype = oneshot\ncommand = sh -c '
		# shellcheck disable=SC2016 # the inner shell's
		printf "'"'echo ${#1} tag=$2'"'"' sh '
		printf '/app/lib/%048d.jar:' $(seq 1000)
		# shellcheck disable=SC2016 # for dashpot
		printf ' ${TAG:-${VERSION:-"la}test"}}\n'
	} >"$dir/dashpot.ini"
	[ "$(wc -c <"$dir/dashpot.ini")" -gt 60000 ]
	ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
	grep -x '.*62000 tag=la}test' "$dir/stdout"
	TAG=v1 ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 0 ]
	grep -x '.*62000 tag=v1' "$dir/stdout"
}

@test "where nothing ever ran the exit code is not 0, and says who waited" {
	dir=$(ns_dir)
	printf '%s\n' '[service:a]' 'command = sleep 1000' 'autostart = no' \
		'[service:b]' 'command = sleep 1000' 'after = a' >"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 100 ]
	told "$dir/dashpot.ini:6" 'nothing would ever start'
	printf '%s\n' '[service:c]' 'shell = exit 0' 'type = oneshot' >>"$dir/dashpot.ini"
	ns_start "$dir"
	ns_wait 10
	[ "$NS_STATUS" = 1 ]
	tail -n 1 "$dir/stderr" | grep 'b: never ran, as it waits for what does not come; dashpot exits with code 1'
}
