/* SPDX-License-Identifier: ISC */
/* Ends what a service's dead leader left, before anything of
 * that service starts again. All services that are due share one look through
 * /proc, but for those that have a cgroup. */
#ifndef INIT_SERVICE_LEFTOVERS_H
#define INIT_SERVICE_LEFTOVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "init/service/supervisor.h"

/* The leader of service i is reaped: look in this turn for what it left. A
 * service that is stopping gives them the rest of its stop_timeout, any other
 * one leftover_grace. is_asked: a person asks for it, also where leftovers are
 * kept; it has no leader then. */
void leftovers_begin(struct sup *sup, uint32_t i, bool is_asked);

/* Are the leftovers of service i kept now? Not when everything stops, nor when
 * a person asks for their end. */
bool leftovers_keeps(const struct sup *sup, uint32_t i);

/* An orphan was reaped: those that are waited for may be gone. */
void leftovers_soon(struct sup *sup);

/* Service i is at rest, perhaps: remove the cgroup that it no longer needs. */
void leftovers_tidy(struct sup *sup, uint32_t i);

/* Is there a child of ours that we did not start? Who outlives a leader is
 * below one: the kernel gave us what the leader left, and that stays with us
 * until we wait for it. So as long as there is none, nothing of anybody is
 * left, which is known without a look at every process. */
bool leftovers_has_strangers(const struct sup *sup);

/* Look for all whose time has come. A stopping service of which nothing is
 * left takes LIFE_GONE. */
void leftovers_run(struct sup *sup);

struct processes;

/* processes_look() for n sets, once sup->look_ms has come: after a look none
 * comes for a time that grows with what it cost. */
int leftovers_look(struct sup *sup, struct processes *set, uint32_t n);

#endif
