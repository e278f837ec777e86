/* SPDX-License-Identifier: ISC */
/* All that PID 1 makes before its loop. What may fail, block or allocate is
 * here. */
#ifndef INIT_PID1_SETUP_H
#define INIT_PID1_SETUP_H

#include "init/config/config.h"
#include "init/loader/loader.h"
#include "init/service/supervisor.h"

/* Make *sup, which is all zero, ready for its first turn: memory, descriptors,
 * helpers, and services that wait for their start. config, source and argv stay
 * the caller's and live as long as sup. Ends the program, with 111, where a
 * system call fails that PID 1 cannot do without. */
void setup_run(struct sup *sup, const struct config *config,
	       const struct loader_source *source, char **argv);

#endif
