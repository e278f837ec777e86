/* SPDX-License-Identifier: ISC */
/* Children of PID 1 that execute nothing: helpers, the loader, and what sets up
 * a short command. */
#ifndef INIT_KERNEL_FORK_H
#define INIT_KERNEL_FORK_H

#include <sys/types.h>

/* Make a child, in which `child` is called and never returns. In PID 1: its
 * pid, or -errno (EAGAIN: a limit on processes, ENOMEM). Source: clone(2). */
pid_t fork_child(void (*child)(void *with), void *with);

/* Send a signal to such a child, which has not been waited for: its number is
 * nothing else's. Source: kill(2). */
void fork_signal(pid_t child, int number);

#endif
