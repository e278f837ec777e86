#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The checks of the structure see what is planted: each works on a copy of the
# sources, with the objects that are built already.

load ../lib/dashpot

setup_file()
{
	cd "$BATS_TEST_DIRNAME/../.." || return
	make -s -j2 check-pure check-doors >/dev/null
}

# copy: the sources and what was built of them, as the working directory
copy()
{
	local top=$BATS_TEST_DIRNAME/../..
	mkdir -p "$BATS_TEST_TMPDIR/copy/build" "$BATS_TEST_TMPDIR/copy/tests"
	cd "$BATS_TEST_TMPDIR/copy" || return
	cp -a "$top"/{Makefile,policy,init} .
	cp -a "$top"/tests/check-* tests
	cp -a "$top"/build/{deps,pure,doors} build
}

# plant FILE LINE: put a line at the end of it
plant()
{
	printf '%s\n' "$2" >>"$1"
}

# refuses CHECK PATTERN: the check fails, and says why
refuses()
{
	run make -s "$1"
	echo "$output" | tail -n 5
	[ "$status" -ne 0 ]
	[[ $output == *$2* ]]
}

@test "check-doors passes here" {
	copy
	make -s check-doors
}

@test "check-doors sees a system call of init/service" {
	copy
	plant init/service/stop.c 'int getppid(void); int stop_planted(void); int stop_planted(void) { return getppid(); }'
	refuses check-doors 'getppid is not of init/kernel'
	[[ $output == *'needed by init/service/stop.c'* ]]
}

@test "check-doors sees a clock through init/lib" {
	copy
	sed -i 's/^int format(char \*to.*/long time(long *);\n&/; s/length = format_list(to, size, form, args);/length = format_list(to, size, form, args) + (int)(time(0) \& 0);/' init/lib/format.c
	refuses check-doors 'time is not of init/kernel'
	[[ $output == *'needed by init/lib/format.c'* ]]
}

@test "check-doors sees a system call that a header brings along" {
	copy
	sed -i 's/^void fork_signal(/int dup(int fd);\nstatic inline int fork_planted(void) { return dup(1); }\n&/' init/kernel/fork.h
	plant init/pid1/reload.c 'int reload_planted(void); int reload_planted(void) { return fork_planted(); }'
	refuses check-doors 'dup is not of init/kernel'
	[[ $output == *'needed by init/pid1/reload.c'* ]]
}

@test "check-doors sees errno" {
	copy
	plant init/pid1/reload.c 'int reload_planted(void); int reload_planted(void) { return errno; }'
	refuses check-doors '__errno_location is not of init/kernel'
}

@test "check-doors sees a system call without a function" {
	[ "$(uname -m)" = x86_64 ] || skip "the instruction planted is one of x86-64"
	copy
	plant init/service/stop.c 'int stop_planted(void); int stop_planted(void) { int n = 39; __asm__ volatile("syscall" : "+a"(n) : : "rcx", "r11"); return n; }'
	refuses check-doors 'a system call is made without a function'
}

@test "check-doors sees a name on its list that nothing needs" {
	copy
	sed -i 's/^door_names = /&rewinddir /' Makefile
	refuses check-doors 'nothing needs rewinddir'
}

@test "check-pure sees a header, a function and memory that policy/ may not have" {
	copy
	make -s check-pure
	plant policy/life.c '#include <time.h>'
	refuses check-pure 'time.h'
	cp "$BATS_TEST_DIRNAME/../../policy/life.c" policy/life.c
	plant policy/life.c 'long time(long *); long life_planted(void); long life_planted(void) { return time(0); }'
	refuses check-pure 'time'
	cp "$BATS_TEST_DIRNAME/../../policy/life.c" policy/life.c
	plant policy/life.c 'int life_planted;'
	refuses check-pure 'life_planted'
}

@test "check-layers passes here" {
	copy
	make -s check-layers
}

@test "check-layers sees a lower room that includes a higher one" {
	copy
	plant init/kernel/wait.c '#include "init/service/stop.h"'
	refuses check-layers 'init/kernel/wait.c includes init/service/stop.h, of a room above its own'
}

@test "check-layers sees a ring of two rooms, and a folder that has no room" {
	copy
	plant init/config/keys.h '#include "init/text/wording.h"'
	plant init/text/wording.h '#include "init/config/keys.h"'
	refuses check-layers 'init/config/keys.h includes init/text/wording.h'
	mkdir init/attic
	plant init/attic/old.c '#include "init/lib/hash.h"'
	refuses check-layers 'init/attic/old.c is in no room'
}

@test "check-layers sees rings of files" {
	copy
	plant init/lib/hash.h '#include "init/lib/sort.h"'
	plant init/lib/sort.c '#include "init/lib/hash.h"'
	refuses check-layers 'a ring of 2 modules:'
	plant init/service/publish.c '#include "init/service/hooks.h"'
	refuses check-layers 'a ring of 11 modules:'
}

@test "check-layers sees an exception that is none any more" {
	copy
	sed -i "s,^to_go=',&\ninit/lib/hash.c init/cli/ask.h," tests/check-layers
	refuses check-layers 'take it off the list'
}
