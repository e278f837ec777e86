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

/* Show the pid of a hook at once, for processes that ask whose a process is, or
 * 0 once it was reaped. No helper is woken for it. */
void publish_hook(struct sup *sup, uint32_t i, enum hook_kind kind, pid_t pid);

/* Give the end its number, and keep it in the ring of service i. */
void publish_end(struct sup *sup, uint32_t i, struct board_end *end);

/* A look has found so many living processes of what service i left: count there
 * how many have ended since the last look, and the most that its last run has
 * left. */
void publish_left(struct sup *sup, uint32_t i, uint32_t found);

/* Count so many processes that a run or a hook of service i had left. */
void publish_left_ended(struct sup *sup, uint32_t i, uint32_t ended);

#endif
