/* SPDX-License-Identifier: ISC */
/* Shows PID 1's state on the board. */
#ifndef INIT_SERVICE_PUBLISH_H
#define INIT_SERVICE_PUBLISH_H

#include "init/service/supervisor.h"

/* Before the helpers exist: what they want to know first. */
void publish_begin(struct sup *sup);

/* Write what has changed since the last call. Memory only; never blocks.
 * Returns the helpers that are to be woken for it: bit n for helper n. */
unsigned publish(struct sup *sup);

/* Show the number of the run that is about to begin before its process can
 * print anything, because the log relay tells runs apart by it; and the old one
 * again if there is no process after all. */
void publish_run(struct sup *sup, uint32_t i, uint64_t run);

#endif
