/* SPDX-License-Identifier: ISC */
/* Keeps the helpers: forked before any service, restarted when they died,
 * never a second one beside one that hangs. */
#ifndef INIT_PID1_HELPERS_H
#define INIT_PID1_HELPERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/service/supervisor.h"

/* Make their descriptors and fork them; files only where a service has an
 * output for it. 0, or -errno of a descriptor. */
int helpers_begin(struct sup *sup);

/* Tasks of dashpot itself, and one for a short command at a time where a
 * service has one. */
int64_t helpers_own_tasks(const struct config *c);

/* Tasks that run when everything does that the configuration wants: those of
 * dashpot, and one for each service. */
int64_t helpers_tasks(const struct config *c);

/* After a reload: end them, so that their successors work from what is in
 * force now. Each successor begins once its predecessor has ended, at once and
 * without a word; one that hangs keeps its place. */
void helpers_renew(struct sup *sup);

/* A reaped process: true when it was a helper. */
bool helpers_reaped(struct sup *sup, pid_t pid, int status);

/* Restart those whose delay is over. */
void helpers_run(struct sup *sup);

/* Everything has ended: restart now who waits for its restart, for the last
 * messages and files. */
void helpers_last(struct sup *sup);

/* When to restart the next one, or NEVER. */
int64_t helpers_next_ms(const struct sup *sup);

/* Let a helper look at the board. */
void helpers_wake(struct sup *sup, enum board_helper_kind kind);

/* Are recorder, relay and files gone (at the end they exit by themselves)? */
bool helpers_is_alone(const struct sup *sup);

#endif
