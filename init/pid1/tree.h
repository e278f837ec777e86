/* SPDX-License-Identifier: ISC */
/* Services as they depend on each other: who waits for whom, who stops with
 * whom, and whether anything can still start by itself. */
#ifndef INIT_PID1_TREE_H
#define INIT_PID1_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "init/pid1/sup.h"

/* The first dependency of service i that is not ready (a oneshot: done), or
 * -1. A requirement that it was stopped for must have been ready for
 * LIFE_SETTLE_MS; *when_ms is then the time at which it will have been, else
 * NEVER. */
int32_t tree_awaits(const struct sup *sup, uint32_t i, int64_t *when_ms);

/* Some service's state has changed: stop those that require one which is
 * blocked, ended or stopped, and shut down when nothing can start again by
 * itself. */
void tree_follow(struct sup *sup);

/* While stopping everything: tell each service whose dependents are all down;
 * with is_all everybody. True when nothing of any service runs. */
bool tree_stop(struct sup *sup, bool is_all);

/* When exit_when_all_blocked comes due; NEVER while it does not. */
int64_t tree_blocked_ms(const struct sup *sup);

#endif
