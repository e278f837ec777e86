/* SPDX-License-Identifier: ISC */
/* Whose is a process that nobody runs? A helper's view of what PID 1 calls
 * orphans and leftovers: made of the board, the marks (init/kernel/processes.h)
 * and the cgroups (init/kernel/service_cgroup.h). */
#ifndef INIT_REPORT_PROCESS_OWNER_H
#define INIT_REPORT_PROCESS_OWNER_H

#include "init/board/board.h"
#include "init/config/config.h"
#include "init/kernel/proc.h"
#include "init/text/json_writer.h"

struct strays {
	const struct config *config;
	const struct board *board;
};

/* What strays_owner() answers beside the index of a service that has no process
 * of its own any more, but this one. */
enum {
	STRAYS_NONE = -1,   /* somebody looks after it, or it has ended */
	STRAYS_NOBODY = -2, /* an orphan: dashpot's child, and of no service */
};

int strays_owner(const struct strays *s, int proc_fd,
		 const struct proc_seen *p);

/* Put every stray, as the items of an array: its pid, its service or null, its
 * uid, its age and its command line. Of *j only put, context and err are used;
 * err is -ENOENT where there is no /proc. */
void strays_write(struct json *j, const struct strays *s);

#endif
