/* SPDX-License-Identifier: ISC */
/* A row that is newer than a command says what came of it. A run that failed
 * and was followed by another one between two looks is not noticed: what is
 * answered is true when it is answered. */
#include "init/control/watch.h"

#include "policy/life.h"

/* A probe is probing from its clone on. */
static bool has_ready_process(const struct board_service *row)
{
	return !row->is_unready &&
	       (row->state == LIFE_RUNNING ||
		(row->state == LIFE_PROBING && row->step == BOARD_STEP_NONE));
}

enum well watch_is_well(const struct config_service *s,
			const struct board_service *row)
{
	return health_of(&(struct health_facts){
		.state = (enum life_state)row->state,
		.failed_runs = row->failures,
		.unhealthy = row->unhealthy,
		.most_unhealthy = s->health_failures,
		.is_autostart = s->is_autostart,
		.is_oneshot = s->type == CONFIG_ONESHOT,
		.is_scheduled = schedule_is_set(&s->schedule),
		.is_ready = has_ready_process(row),
		.is_to_stop = row->is_stop_asked || row->is_parted,
		.has_health = s->health.kind != CONFIG_CHECK_NONE,
		.has_passed = row->has_passed,
		.is_excused = s->health_grace_ms > 0 &&
			      row->answer == BOARD_ANSWER_NONE,
	});
}

bool watch_is_ready(const struct config_service *s,
		    const struct board_service *row)
{
	/* Nobody waits for the end of one that is never done. */
	if (schedule_is_set(&s->schedule))
		return row->state != LIFE_STOPPED;
	if (s->type == CONFIG_ONESHOT)
		return row->state == LIFE_DONE;
	return has_ready_process(row);
}

void watch_begin(struct watch *w, const struct command_answer *answer)
{
	w->refused = answer->refused;
	w->events = answer->events;
	w->generation = answer->generation;
}

bool watch_reload(const struct watch *w, const struct board *b,
		  struct board_event *e)
{
	uint64_t events = atomic_load_explicit(&b->events,
					       memory_order_acquire);

	/* Only one reload goes on at a time: the next to end is this one. */
	for (uint64_t n = w->events + 1; n <= events; n++) {
		if (!board_event_read(b, n, e)) {
			e->kind = BOARD_EV_NONE;
			return true;
		}
		if (e->kind == BOARD_EV_RELOADED ||
		    e->kind == BOARD_EV_RELOAD_FAILED)
			return true;
	}
	return false;
}

/* Nothing comes of service i by itself. */
static bool is_stuck(const struct config *c, const struct board *b, uint32_t i,
		     const struct board_service *row)
{
	const volatile uint8_t *phase = &b->phase;

	if (row->state != LIFE_STOPPED)
		return row->state == LIFE_BLOCKED || row->state == LIFE_FAILED;
	/* Before the first starts every row says stopped. */
	return row->is_stop_asked ||
	       (row->starts == 0 && !config_service(c, i)->is_autostart &&
		*phase != BOARD_STARTING);
}

/* Service i waits, and one that it needs is stuck: not only the one that the
 * row names, which may be on its way. A daemon that ended well is there for
 * those that come after it, and never again for those that require it. */
static bool needs_stuck(const struct config *c, const struct board *b,
			uint32_t i)
{
	static struct board_service other;
	const struct config_service *s = config_service(c, i);

	for (uint32_t k = 0; k < s->deps; k++) {
		const struct config_dep *dep = config_dep(c, s->deps_first + k);
		const uint32_t on = dep->service;

		if (!board_row_read(&b->service[on], &other))
			continue;
		if (is_stuck(c, b, on, &other) ||
		    (dep->is_required && other.state == LIFE_DONE &&
		     config_service(c, on)->type == CONFIG_DAEMON))
			return true;
	}
	return false;
}

/* The same, of the services that it waits for in their turn. */
static bool is_hopeless(const struct config *c, const struct board *b,
			uint32_t i, const struct board_service *row)
{
	static struct board_service other;

	for (uint32_t k = 0; k < c->services; k++) {
		if (is_stuck(c, b, i, row))
			return true;
		if (row->state != LIFE_WAITING ||
		    row->wait != BOARD_WAIT_DEPENDENCY)
			return false;
		if (needs_stuck(c, b, i))
			return true;
		if (row->on < 0 || (uint32_t)row->on >= c->services)
			return false;
		i = (uint32_t)row->on;
		if (!board_row_read(&b->service[i], &other))
			return false;
		row = &other;
	}
	return false;
}

/* A start of one with a schedule is over with its run. */
static enum outcome of_scheduled_start(const struct board_service *row)
{
	if (row->state == LIFE_WAITING && row->wait == BOARD_WAIT_HEADROOM)
		return OUTCOME_REFUSED;
	if (!board_is_idle(row))
		return row->state == LIFE_STOPPED ? OUTCOME_FAILED
						  : OUTCOME_OPEN;
	return row->failures > 0 ? OUTCOME_FAILED : OUTCOME_DONE;
}

static enum outcome of_start(const struct config *c, const struct board *b,
			     uint32_t i, const struct board_service *row)
{
	if (config_is_scheduled(c, i))
		return of_scheduled_start(row);
	/* What has ended well since is as it was wished, too. */
	if (watch_is_ready(config_service(c, i), row) ||
	    row->state == LIFE_DONE)
		return OUTCOME_DONE;
	/* A start that was asked for does not wait for a delay: it failed. */
	if (row->state == LIFE_BACKOFF || is_hopeless(c, b, i, row))
		return OUTCOME_FAILED;
	return row->state == LIFE_WAITING &&
			       row->wait == BOARD_WAIT_HEADROOM ?
		       OUTCOME_REFUSED :
		       OUTCOME_OPEN;
}

enum outcome watch_outcome(const struct watch *w, const struct config *c,
			   const struct board *b, uint32_t i,
			   const struct board_service *row)
{
	if (command_has(&w->refused, i))
		return OUTCOME_REFUSED;
	/* PID 1 answers before it publishes. */
	if (w->generation != 0 &&
	    atomic_load_explicit(&b->generation, memory_order_acquire) <=
		    w->generation)
		return OUTCOME_OPEN;
	if (w->kind == REQUEST_START || w->kind == REQUEST_RESTART)
		return of_start(c, b, i, row);
	if (w->kind == REQUEST_STOP)
		return row->pid == 0 && row->state != LIFE_STOPPING ?
			       OUTCOME_DONE :
			       OUTCOME_OPEN;
	if (w->kind != REQUEST_WAIT)
		return OUTCOME_DONE;
	if (watch_is_well(config_service(c, i), row) == WELL_YES)
		return OUTCOME_DONE;
	/* Its last run failed, and the next one may be hours away. */
	if (board_is_idle(row))
		return OUTCOME_FAILED;
	return is_hopeless(c, b, i, row) ? OUTCOME_FAILED : OUTCOME_OPEN;
}
