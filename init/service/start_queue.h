/* SPDX-License-Identifier: ISC */
/* Services that wait for their start: for the registry, what they depend on,
 * what their last run left, a token of the restart budget, or room. */
#ifndef INIT_SERVICE_START_QUEUE_H
#define INIT_SERVICE_START_QUEUE_H

#include <stdint.h>

#include "init/service/supervisor.h"

/* Service i has begun to wait, or does so no longer (life table only). */
void queue_join(struct sup *sup, uint32_t i);
void queue_leave(struct sup *sup, uint32_t i);

/* Start whatever can start now, in the order of policy/restart_budget, and work
 * out sup->queue_ms, the time at which to try again. */
void queue_run(struct sup *sup);

/* The uid that service i runs as. */
uint32_t queue_uid(const struct sup *sup, uint32_t i);

/* After its clone the start of service i was refused, for want of headroom: all
 * that the same limit binds wait with it. */
void queue_refused(struct sup *sup, uint32_t i,
		   const struct board_limit *limit);

/* ... or at another step, which may be its own doing: it alone waits. */
void queue_set_aside(struct sup *sup, uint32_t i,
		     const struct board_limit *limit);

/* Service i executes: those that waited with it may follow. */
void queue_executes(struct sup *sup, uint32_t i);

/* A process was reaped: try sooner where room is short. */
void queue_has_room(struct sup *sup);

/* The essential service that has waited for room for the longest time, and when
 * that is held_timeout; -1 and NEVER where there is none. */
int32_t queue_held(const struct sup *sup, int64_t *when_ms);

#endif
