/* SPDX-License-Identifier: ISC */
/* Services as they depend on each other: who waits for whom, who stops with
 * whom, and whether anything can still start by itself. */
#ifndef INIT_SERVICE_DEPENDENCY_TREE_H
#define INIT_SERVICE_DEPENDENCY_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "init/service/supervisor.h"

/* The first dependency of service i that is not ready (a oneshot: done), or
 * -1. A requirement that it was stopped for must have been ready for
 * LIFE_SETTLE_MS; *when_ms is then the time at which it will have been, else
 * NEVER. */
int32_t tree_awaits(const struct sup *sup, uint32_t i, int64_t *when_ms);

/* True when service i is not ready and not just about to be again: blocked,
 * ended, stopped, about to stop because a person asked for it, or not ready
 * within its ready_timeout, until it is started again. */
bool tree_is_lost(const struct sup *sup, uint32_t i);

/* Some service's state has changed. In this order: want what a service that
 * is to run requires and nobody stopped; part from what is lost, and from what
 * is parted itself; give those that were blocked while a dependency was down a
 * probe when that becomes ready; tell those that are to stop, dependents first;
 * false when nothing runs, nor can start again by itself. */
bool tree_follow(struct sup *sup);

/* While stopping everything: tell each service whose dependents are all down;
 * with is_all everybody. True when nothing of any service runs. */
bool tree_stop(struct sup *sup, bool is_all);

/* Is service i blocked, as far as the end of everything is concerned? One that
 * has latched is; a probe, or the wait for it, changes nothing until it is
 * stable. */
bool tree_is_blocked(const struct sup *sup, uint32_t i);

/* When exit_when_all_blocked comes due; NEVER while it does not. */
int64_t tree_blocked_ms(const struct sup *sup);

#endif
