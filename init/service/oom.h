/* SPDX-License-Identifier: ISC */
/* Was it the kernel that killed for want of memory? Answered by the counter of
 * such kills that dashpot's own cgroup keeps.
 *
 * A SIGKILL carries no sender. The counter rises before the signal is sent, so
 * it has risen when the victim is reaped; but it says only how many were
 * killed, so each rise explains one end and no more. A rise that no end has
 * explained after OOM_FRESH_MS (twice that while more are counted) belonged
 * to a process that a service's own process reaped: the event says how many.
 * Which process it was the kernel tells only its log. When the counter rose
 * cannot be told, only when that was seen: hence the look in every turn of the
 * loop. Version 2 wakes the loop for it, version 1 does not. */
#ifndef INIT_SERVICE_OOM_H
#define INIT_SERVICE_OOM_H

#include <stdbool.h>
#include <stdint.h>

#include "init/service/supervisor.h"

/* A large process takes so long from the kernel's SIGKILL to its end. */
enum { OOM_FRESH_MS = 2000 };

/* Find the counter and keep it open: memory.events of cgroup version 2,
 * memory.oom_control of version 1 (`oom_kill` since Linux 4.13). Before the
 * loop. Without one nothing is ever explained. */
void oom_find(struct memory *m);

/* Where there is none, use this one (-1: neither), which is kept open. */
void oom_fall_back(struct memory *m, int kills_fd);

/* Bring the account up to date; true when it has risen. One pread(2). */
bool oom_look(struct memory *m, int64_t now_ms);

/* A process that dashpot did not kill was reaped after SIGKILL: true when an
 * unexplained rise explains it, which it does no second time. */
bool oom_explains(struct memory *m, int64_t now_ms);

/* When oom_follow() is due; NEVER: it waits for nothing. */
int64_t oom_next_ms(const struct memory *m);

/* Bring it up to date, and when it has risen the counters of the services that
 * have some. Says what no end of a service explains, at most once every
 * OOM_FRESH_MS. */
void oom_follow(struct sup *sup);

/* Service i is about to be cloned: what its cgroup's counter says now, if there
 * is that cgroup, is of former runs. */
void oom_prepare(struct sup *sup, uint32_t i);

/* Service i executes, or was killed before: it has that cgroup, or has none. */
void oom_begin(struct sup *sup, uint32_t i);

/* The leader of service i was reaped after such a SIGKILL: was it for want of
 * memory? Where it has a cgroup with a counter of its own that is certain. */
enum board_oom oom_killed(struct sup *sup, uint32_t i);

#endif
