/* SPDX-License-Identifier: ISC */
#include "init/kernel/fork.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "init/kernel/clone.h"

pid_t fork_child(void (*child)(void *with), void *with)
{
	pid_t pid = clone_process();

	if (pid == 0) {
		child(with);
		_exit(111);
	}
	return pid < 0 ? -errno : pid;
}

void fork_signal(pid_t child, int number)
{
	/* Dashpot's own uid, or PID 1 of its namespace: it is permitted. */
	(void)kill(child, number);
}
