/* SPDX-License-Identifier: ISC */
#include "init/kernel/fork.h"

#include <errno.h>
#include <unistd.h>

#include "init/kernel/spawn.h"

pid_t fork_child(void (*child)(void *with), void *with)
{
	pid_t pid = spawn_clone();

	if (pid == 0) {
		child(with);
		_exit(111);
	}
	return pid < 0 ? -errno : pid;
}
