/* SPDX-License-Identifier: ISC */
#include "init/service/consistency.h"

#include "init/lib/invariant.h"
#include "init/service/lifecycle.h"

/* A process that PID 1 has started, and a state that has one. */
static void check_process(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	const bool is_running = life_is_up(s->state) &&
				s->state != LIFE_STOPPING;

	/* By this copy each end finds its service. */
	if (!INVARIANT(sup->leader[i] == s->pid))
		sup->leader[i] = s->pid;
	/* It was lost: that counts as a failure, so that another one starts. */
	if (!INVARIANT(s->pid != 0 || !is_running))
		service_take(sup, i, LIFE_FAILED_RETRY);
	/* Readiness belongs to a process. */
	if (!INVARIANT(s->pid != 0 || s->ready_ms == NEVER))
		s->ready_ms = NEVER;
}

/* What waits for a time has one; else it would wait for ever. */
static void check_deadline(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	const bool is_due = s->state == LIFE_BACKOFF ||
			    s->state == LIFE_BLOCKED;

	if (!INVARIANT(!is_due || s->due_ms != NEVER)) {
		s->due_ms = sup->now_ms;
		service_touch(sup, i);
	}
	if (!INVARIANT(s->state != LIFE_IDLE || s->tick_ms != NEVER)) {
		s->tick_ms = sup->now_ms;
		service_touch(sup, i);
	}
}

/* The queue is looked at while this count is not 0. */
static void check_queue(struct sup *sup)
{
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < sup->config->services; i++)
		waiting += sup->service[i].state == LIFE_WAITING;
	if (!INVARIANT(sup->waiting == waiting))
		sup->waiting = waiting;
}

void consistency_check(struct sup *sup)
{
	/* A turn in which nothing changed costs nothing. */
	if (!sup->is_head_changed)
		return;
	for (uint32_t i = 0; i < sup->config->services; i++) {
		if (!sup->service[i].is_changed)
			continue;
		check_process(sup, i);
		check_deadline(sup, i);
	}
	check_queue(sup);
}
