/* SPDX-License-Identifier: ISC */
/* A tick by the calendar has two times: the one of the wall clock, which it is
 * about, and the monotonic one, which the loop sleeps until. */
#include "init/service/schedule_timer.h"

#include "init/kernel/wait.h"
#include "init/service/lifecycle.h"

enum {
	EARLY_MS = 1000,   /* both clocks are read, and rounded, apart */
	BACK_MS = 3600000, /* set back by less: nothing is run twice */
};

/* The next tick, from now on. */
static void plan(struct sup *sup, uint32_t i)
{
	const struct schedule *p = &settings(sup, i)->schedule;
	struct service *s = &sup->service[i];
	int64_t from_ms = sup->now_wall_ms, next_s;

	s->tick_wall_ms = -1;
	s->tick_ms = NEVER;
	if (p->every_ms != 0) {
		s->tick_ms = sup->now_ms + p->every_ms;
		return;
	}
	if (s->ticked_wall_ms > from_ms &&
	    s->ticked_wall_ms - from_ms <= BACK_MS)
		from_ms = s->ticked_wall_ms;
	next_s = schedule_next_s(p, from_ms / 1000);
	if (next_s == SCHEDULE_NEVER)
		return;
	s->tick_wall_ms = next_s * 1000;
	s->tick_ms = sup->now_ms + (s->tick_wall_ms - sup->now_wall_ms);
}

static bool has_ticks(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	return config_is_scheduled(sup->config, i) &&
	       s->state != LIFE_STOPPED && !s->is_stop_asked;
}

void timer_follow(struct sup *sup, uint32_t i, enum life_event event)
{
	struct service *s = &sup->service[i];

	if (!has_ticks(sup, i)) {
		s->tick_ms = NEVER;
		s->tick_wall_ms = -1;
	} else if (s->tick_ms == NEVER ||
		   (event == LIFE_WANT && s->tick_wall_ms < 0)) {
		plan(sup, i);
	}
}

void timer_renew(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->tick_ms = NEVER;
	s->ticked_wall_ms = -1;
	timer_follow(sup, i, LIFE_EVENTS);
}

/* Only the first one of a run is news. */
static void skip(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->skipped++;
	s->is_changed = true;
	if (s->skipped_now++ > 0)
		return;
	SUP_SAY(sup, BOARD_EV_TICK_SKIPPED, (int)i, !s->pid,
		(int64_t)s->skipped);
	service_touch(sup, i);
}

void timer_fire(struct sup *sup, uint32_t i)
{
	const struct schedule *p = &settings(sup, i)->schedule;
	struct service *s = &sup->service[i];

	if (p->every_ms != 0) {
		s->tick_ms = schedule_step_ms(p, s->tick_ms, sup->now_ms);
	} else {
		bool is_early = sup->now_wall_ms + EARLY_MS < s->tick_wall_ms;

		if (!is_early)
			s->ticked_wall_ms = s->tick_wall_ms;
		plan(sup, i);
		if (is_early)
			return;
	}
	if (s->state == LIFE_IDLE)
		service_take(sup, i, LIFE_DUE);
	else
		skip(sup, i);
}

void timer_clock_set(struct sup *sup)
{
	wait_clock_take(sup->clock_fd);
	for (uint32_t i = 0; i < sup->config->services; i++) {
		struct service *s = &sup->service[i];

		if (s->tick_ms == NEVER || s->tick_wall_ms < 0)
			continue;
		if (s->tick_wall_ms <= sup->now_wall_ms)
			s->tick_ms = sup->now_ms;
		else
			plan(sup, i);
		service_touch(sup, i);
	}
}
