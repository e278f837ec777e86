/* SPDX-License-Identifier: ISC */
/* What every process that PID 1 makes begins with. */
#ifndef INIT_KERNEL_CLONE_H
#define INIT_KERNEL_CLONE_H

#include <sys/types.h>

/* A process as fork(2) makes it: its pid, 0 in the child, -1 with errno. The
 * raw clone(2), because a library's fork takes locks and runs handlers that
 * PID 1 has no use for. */
pid_t clone_process(void);

#endif
