/* SPDX-License-Identifier: ISC */
#include "init/kernel/clone.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/kernel/oom_score.h"

pid_t clone_process(void)
{
	pid_t pid;

	/* All arguments but the flags are 0, so their order, which every
	 * architecture has its own of, matters only where the flags are not
	 * the first (clone(2)). */
#ifdef __s390__
	pid = (pid_t)syscall(SYS_clone, 0UL, (unsigned long)SIGCHLD, 0UL, 0UL,
			     0UL);
#else
	pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0UL, 0UL, 0UL,
			     0UL);
#endif
	if (pid == 0)
		oom_score_go_before();
	return pid;
}
