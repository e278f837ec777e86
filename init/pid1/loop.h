/* SPDX-License-Identifier: ISC */
/* PID 1: made before the loop, and the loop. */
#ifndef INIT_PID1_LOOP_H
#define INIT_PID1_LOOP_H

#include <stdint.h>

#include "init/config/config.h"
#include "init/loader/loader.h"
#include "init/pid1/supervisor.h"

enum {
	/* What epoll says of the readiness pipe of service 0; the others
	 * follow. Below are the indices of services: their verdicts. */
	LOOP_NOTICES = CONFIG_SERVICES,
};

/* Supervise the services of `config`, which was loaded from `source` and is
 * loaded from there anew at a reload, until the end of it all. argv is the
 * program's, for the names of helpers in ps. Signals must be blocked. Ends
 * the program: with the code that DESIGN says, or 111 when a system call that
 * it cannot do without fails before the loop. */
_Noreturn void loop_run(const struct config *config,
			const struct loader_source *source, char **argv);

/* Tell the loop that service i has a verdict pipe to be watched. A pipe that
 * cannot be watched is looked at when its child ends. */
void loop_watch_verdict(struct sup *sup, uint32_t i);

#endif
