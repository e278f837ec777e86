/* SPDX-License-Identifier: ISC */
/* What happens to services, turned into events of policy/life, and the deeds
 * that come back, done. The reasons are in policy/; this asks it and acts. */
#ifndef INIT_SERVICE_LIFECYCLE_H
#define INIT_SERVICE_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "init/kernel/spawn.h"
#include "init/service/supervisor.h"

/* Put service i at its beginning and want it if it has autostart; or all. */
void service_begin(struct sup *sup, uint32_t i);
void services_begin(struct sup *sup);

/* Let service i run, at once or by its schedule. */
void service_want(struct sup *sup, uint32_t i);

/* Let service i take an event of its life, and do what follows from it. */
void service_take(struct sup *sup, uint32_t i, enum life_event event);

/* Service i has changed: its row on the board is out of date, and its next
 * deadline is worked out again. */
void service_touch(struct sup *sup, uint32_t i);

/* Only its deadline is worked out again: nothing that others see changed. */
void service_arm(struct sup *sup, uint32_t i);

/* Nothing runs or is left of service i, which the files no longer declare: its
 * index may become another's. */
bool service_is_gone(const struct sup *sup, uint32_t i);

/* Service i, which executes, is ready. Said of one that was ready before, or
 * is stopping, it means nothing. */
void service_ready(struct sup *sup, uint32_t i);

/* Service i says that it is about to end by itself: it is not ready any more,
 * and nobody asks how it is. */
void service_leaves(struct sup *sup, uint32_t i);

/* Ask service i to stop; with is_again it is wanted once it has stopped. */
void service_stop(struct sup *sup, uint32_t i, bool is_again);

/* Forget the failures of service i, also those that the registry remembers,
 * and start it if they hold it back. One that ended for good without success
 * starts only when it has a new command. */
void service_forgive(struct sup *sup, uint32_t i, bool has_new_command);

/* dashpot has decided that the run of service i failed, though its process
 * lives: the breaker is asked once, now; the service is told to stop, and the
 * end that follows is recorded with this cause and counts nothing more. Who
 * stops or starts it meanwhile has the last word on what comes then. Nothing
 * happens to one that has no process or is stopping. */
void service_give_up(struct sup *sup, uint32_t i, enum board_cause cause);

/* Kill what runs of service i at once. */
bool service_kill(struct sup *sup, uint32_t i);

/* Whose start the next start of a service is. */
static inline enum breaker_start service_start_kind(const struct service *s)
{
	return s->is_asked    ? BREAKER_START_ASKED
	       : s->is_forced ? BREAKER_START_EARLY
			      : BREAKER_START_DUE;
}

/* What a child of service i is to be made with, which is the service itself. */
static inline struct spawn_plan service_plan(const struct sup *sup, uint32_t i)
{
	return (struct spawn_plan){
		.config = sup->config,
		.service = i,
		.report = &sup->report[i],
		.limits = &sup->limits,
		.cells = &sup->cells,
		.pipe = &sup->pipe[2 * i],
		.mark_base = sup->mark_base,
		.mark = sup->service[i].mark,
		.terminal = sup->terminal,
		.ready_fd = sup->service[i].ready_peer_fd,
		.socket_fd = sup->socket[i],
	};
}

/* Fire every deadline that has come. */
void services_fire(struct sup *sup);

/* The next deadline of all services, or NEVER. */
int64_t services_next_ms(const struct sup *sup);

/* The verdict pipe of service i is readable: it executes, or its child has
 * reported why not and is about to exit. */
void service_verdict(struct sup *sup, uint32_t i);

#endif
