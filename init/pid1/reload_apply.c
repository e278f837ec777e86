/* SPDX-License-Identifier: ISC */
/* First everything that can fail, then what cannot: nothing is half done. */
#include "init/pid1/reload_apply.h"

#include <errno.h>
#include <string.h>

#include "init/config/verify.h"
#include "init/kernel/task_limits.h"
#include "init/pid1/helpers.h"
#include "init/pid1/reload.h"
#include "init/service/checks.h"
#include "init/service/hooks.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"
#include "init/service/output_pipes.h"
#include "init/service/schedule_timer.h"

/* What a reload means for one service. */
enum change {
	SAME,
	CREATED,
	REMOVED,
	RESTARTED,
	CHANGED, /* without a restart */
	CHANGES,
};

/* Every index that has a service has it again: the loader was asked so, and
 * what it says is not believed. */
static bool keeps_services(const struct sup *sup, const struct config *next)
{
	const struct config *old = sup->config;
	bool is_well = next->services >= old->services;

	for (uint32_t i = 0; is_well && i < next->services; i++)
		is_well = config_service(next, i)->is_main ==
				  (i == sup->main_service) &&
			  (i >= old->services || service_is_gone(sup, i) ||
			   strcmp(config_name(old, i), config_name(next, i)) ==
				   0);
	return is_well;
}

/* A process that is to be replaced, or a start that failures hold back. */
static bool is_restarted(const struct service *s)
{
	const unsigned states = 1 << LIFE_STARTING | 1 << LIFE_RUNNING |
				1 << LIFE_PROBING | 1 << LIFE_BACKOFF |
				1 << LIFE_BLOCKED | 1 << LIFE_FAILED;

	return states >> s->state & 1;
}

static enum change compare(const struct sup *sup, const struct config *next,
			   uint32_t i)
{
	const struct config_service *to = config_service(next, i);
	const struct config_service *from =
		i < sup->config->services ? settings(sup, i) : NULL;

	if (to->is_removed)
		return from && !from->is_removed ? REMOVED : SAME;
	if (!from || from->is_removed)
		return CREATED;
	/* A run of a schedule comes to its end; the next one is of the new. */
	if (to->run_fingerprint != from->run_fingerprint &&
	    is_restarted(&sup->service[i]) &&
	    !config_is_scheduled(sup->config, i))
		return RESTARTED;
	return to->run_fingerprint != from->run_fingerprint ||
			       to->fingerprint != from->fingerprint
		       ? CHANGED
		       : SAME;
}

/* --- In force ---------------------------------------------------------- */

/* The index had another service, of which nothing is left. */
static void clear_index(struct sup *sup, uint32_t i)
{
	struct board_service *row = &sup->boards.board->service[i];
	const size_t behind = offsetof(struct board_service, state);

	board_row_begin(row);
	memset((char *)row + behind, 0, sizeof(*row) - behind);
	board_row_end(row);
	sup->breaker[i] = (struct breaker){ 0 };
}

static void create(struct sup *sup, const struct config *old, uint32_t i)
{
	struct service *s = &sup->service[i];
	const bool is_wanted = settings(sup, i)->is_autostart;

	if (i >= old->services ||
	    strcmp(config_name(old, i), config_name(sup->config, i)) != 0) {
		if (i < old->services)
			clear_index(sup, i);
		service_begin(sup, i);
		return;
	}
	/* It was removed, perhaps stops still, and comes back. */
	s->is_stop_asked = false;
	service_forgive(sup, i, true);
	if (s->state == LIFE_STOPPING)
		s->is_wanted = is_wanted;
	else if (is_wanted)
		service_want(sup, i);
}

static void take_away(struct sup *sup, uint32_t i)
{
	sup->service[i].is_stop_asked = false;
	service_stop(sup, i, false);
	service_touch(sup, i);
}

/* The new command is not bound by what the old one did. */
static void replace(struct sup *sup, uint32_t i)
{
	if (!life_is_up(sup->service[i].state)) {
		service_forgive(sup, i, true);
		return;
	}
	if (!breaker_is_fresh(&sup->breaker[i]))
		breaker_reset(&sup->breaker[i]);
	service_stop(sup, i, !sup->service[i].is_stop_asked);
}

/* Another schedule, or the first one, or none any more. */
static void follow_schedule(struct sup *sup, uint32_t i,
			    const struct config_service *from)
{
	const struct config_service *to = settings(sup, i);
	struct service *s = &sup->service[i];

	if (memcmp(&from->schedule, &to->schedule, sizeof(to->schedule)) == 0)
		return;
	timer_renew(sup, i);
	if (schedule_is_set(&from->schedule) == schedule_is_set(&to->schedule))
		return;
	breaker_reset(&sup->breaker[i]);
	s->failures = 0;
	/* Given up, and still stopping: there is no tick to wait for then. */
	if (s->gone == LIFE_GONE_TICK) {
		s->gone = LIFE_GONE;
		s->is_wanted = to->is_autostart && !s->is_stop_asked;
	}
	if (life_is_up(s->state))
		return;
	service_take(sup, i, LIFE_STOP);
	if (to->is_autostart && !s->is_stop_asked)
		service_want(sup, i);
}

static void change(struct sup *sup, const struct config *old, uint32_t i)
{
	const struct config_service *from = config_service(old, i);
	const struct config_service *to = settings(sup, i);
	struct service *s = &sup->service[i];

	if (to->run_fingerprint != from->run_fingerprint &&
	    (!life_is_up(s->state) || s->gone != LIFE_GONE))
		service_forgive(sup, i, true);
	/* `autostart = yes` is asked for now, not at the next container. */
	if (to->is_autostart && !from->is_autostart &&
	    s->state == LIFE_STOPPED && !s->is_stop_asked)
		service_want(sup, i);
	follow_schedule(sup, i, from);
	if (s->ready_ms != NEVER &&
	    to->health_fingerprint != from->health_fingerprint)
		checks_watch(sup, i);
	/* `stable` was over and waited for a check that there is no more. */
	if (s->ready_ms != NEVER && s->due_ms == NEVER && !s->was_stable &&
	    to->health.kind == CONFIG_CHECK_NONE)
		service_take(sup, i, LIFE_STABLE);
	service_touch(sup, i);
}

static void apply(struct sup *sup, const struct config *old, uint32_t i,
		  enum change what)
{
	switch (what) {
	case CREATED:
		create(sup, old, i);
		break;
	case REMOVED:
		take_away(sup, i);
		break;
	case RESTARTED:
		replace(sup, i);
		break;
	case CHANGED:
		change(sup, old, i);
		break;
	case SAME:
	case CHANGES:
		break;
	}
}

/* --- Before ------------------------------------------------------------ */

/* Room for its tasks under the pids limit: *limits is as it will be. 0, or
 * the number of tasks that can never fit. */
static int64_t fit_tasks(const struct sup *sup, const struct config *next,
			 struct limits *limits)
{
	const int64_t tasks = helpers_tasks(next);
	int64_t wished = 0, max = 0;

	*limits = sup->limits;
	for (int k = 0; k < limits->levels; k++)
		limits->level[k].fit = -1;
	return limits_fit(limits, next->headroom, tasks, &wished, &max) >= 0 &&
			       max < tasks
		       ? tasks
		       : 0;
}

void reload_apply(struct sup *sup, const struct config *next)
{
	const struct config *old = sup->config;
	uint8_t what[CONFIG_SERVICES] = { 0 };
	int64_t count[CHANGES] = { 0 };
	struct limits limits;
	int64_t needed;
	int err;

	if (!keeps_services(sup, next)) {
		reload_failed(sup, BOARD_RELOAD_DAMAGED, VERIFY_NAME, 0);
		return;
	}
	needed = fit_tasks(sup, next, &limits);
	if (needed) {
		reload_failed(sup, BOARD_RELOAD_TASKS, needed, 0);
		return;
	}
	err = pipes_follow(sup, next, &needed);
	if (err < 0) {
		reload_failed(sup, BOARD_RELOAD_FILES, needed, -err);
		return;
	}
	err = notify_follow(sup, next);
	if (err < 0) {
		pipes_stay(sup, next);
		reload_failed(sup, BOARD_RELOAD_FILES, needed, -err);
		return;
	}
	for (uint32_t i = 0; i < next->services; i++) {
		what[i] = (uint8_t)compare(sup, next, i);
		count[what[i]]++;
	}
	sup->config = next;
	sup->limits = limits;
	sup->reloads++;
	/* Whoever tells events goes on with the new names behind this one. */
	SUP_SAY(sup, BOARD_EV_RELOADED, -1, count[CREATED], count[REMOVED],
		count[RESTARTED], count[CHANGED], (int64_t)sup->reloads);
	for (uint32_t i = 0; i < next->services; i++)
		apply(sup, old, i, (enum change)what[i]);
	notify_settle(sup);
	sup->is_tree_changed = true;
	sup->is_queue_due = true;
	sup->is_head_changed = true;
	helpers_renew(sup);
}

void adopt_nothing(struct sup *sup)
{
	SUP_SAY(sup, BOARD_EV_RELOADED, -1, 0, 0, 0, 0, (int64_t)sup->reloads);
}
