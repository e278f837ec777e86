/* SPDX-License-Identifier: ISC */
/* Every look is a pass over the services in their order of start, so that what
 * a service depends on has been looked at before it, or in the opposite order,
 * so that its dependents have been. */
#include "init/service/dependency_tree.h"

#include "init/service/lifecycle.h"
#include "policy/health.h"

static bool is_oneshot(const struct sup *sup, uint32_t i)
{
	return config_service(sup->config, i)->type == CONFIG_ONESHOT;
}

static bool is_well(const struct sup *sup, uint32_t i)
{
	const struct config_service *c = settings(sup, i);
	const struct service *s = &sup->service[i];
	const struct check *check = s->is_checked ? &sup->check[i] : NULL;

	return health_of(&(struct health_facts){
		.state = s->state,
		.failed_runs = s->failures,
		.unhealthy = check ? check->failures : 0,
		.most_unhealthy = c->health_failures,
		.is_autostart = c->is_autostart,
		.is_oneshot = is_oneshot(sup, i),
		.is_scheduled = config_is_scheduled(sup->config, i),
		.is_ready = s->ready_ms != NEVER,
		.is_to_stop = s->is_stop_asked || s->is_parted,
		.has_health = c->health.kind != CONFIG_CHECK_NONE,
		.has_passed = s->has_passed,
		.is_excused = c->health_grace_ms > 0 &&
			      (!check || check->answer == BOARD_ANSWER_NONE),
	}) == WELL_YES;
}

/* A daemon that has ended well is not there for those that require it. */
static bool is_there(const struct sup *sup, uint32_t i)
{
	return is_well(sup, i) && (is_oneshot(sup, i) ||
				   sup->service[i].state != LIFE_DONE);
}

/* Is there nothing of this dependency to wait for? */
static bool is_met(const struct sup *sup, const struct config_dep *dep)
{
	return dep->is_required ? is_there(sup, dep->service)
				: is_well(sup, dep->service);
}

bool tree_is_lost(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	switch (s->state) {
	case LIFE_BLOCKED:
	case LIFE_FAILED:
	case LIFE_STOPPED:
		return true;
	case LIFE_STOPPING:
		return s->is_late ||
		       (!s->is_wanted && s->gone != LIFE_GONE_RETRY);
	case LIFE_DONE:
		return !is_oneshot(sup, i);
	case LIFE_WAITING:
	case LIFE_STARTING:
	case LIFE_RUNNING:
	case LIFE_BACKOFF:
	case LIFE_PROBING:
	case LIFE_IDLE:
	case LIFE_STATES:
		break;
	}
	return s->is_stop_asked || s->is_late;
}

int32_t tree_awaits(const struct sup *sup, uint32_t i, int64_t *when_ms)
{
	const struct config_service *c = config_service(sup->config, i);

	*when_ms = NEVER;
	for (uint32_t d = 0; d < c->deps; d++) {
		const struct config_dep *dep =
			config_dep(sup->config, c->deps_first + d);
		int64_t settled_ms;

		if (!is_met(sup, dep))
			return dep->service;
		if (!dep->is_required || !sup->service[i].is_parted ||
		    is_oneshot(sup, dep->service))
			continue;
		settled_ms = sup->service[dep->service].ready_ms +
			     LIFE_SETTLE_MS;
		if (sup->now_ms < settled_ms) {
			*when_ms = settled_ms;
			return dep->service;
		}
	}
	return -1;
}

/* --- What follows from a change ---------------------------------------- */

/* Is service i to run, now or once something is over? */
static bool is_meant_to_run(const struct service *s)
{
	return s->state != LIFE_STOPPED && s->state != LIFE_DONE &&
	       s->state != LIFE_FAILED &&
	       (s->state != LIFE_STOPPING || s->is_wanted ||
		(s->gone != LIFE_GONE && s->gone != LIFE_GONE_BAD));
}

/* What a service requires is wanted with it, be it `autostart = no`; unless a
 * person stopped it. Dependents are looked at first, so that one pass reaches
 * what the required ones require. */
static void want_required(struct sup *sup)
{
	for (uint32_t k = sup->config->services; k-- > 0;) {
		uint16_t i = config_order(sup->config)[k];
		const struct config_service *c = config_service(sup->config, i);

		if (!is_meant_to_run(&sup->service[i]))
			continue;
		for (uint32_t d = 0; d < c->deps; d++) {
			const struct config_dep *dep =
				config_dep(sup->config, c->deps_first + d);
			const struct service *on = &sup->service[dep->service];

			if (dep->is_required && on->state == LIFE_STOPPED &&
			    !on->is_stop_asked)
				service_take(sup, dep->service, LIFE_WANT);
		}
	}
}

/* What one pass over the services in their order of start finds out. */
struct look {
	bool is_lost[CONFIG_SERVICES]; /* itself, or what it requires */
	bool has_come[CONFIG_SERVICES]; /* ready, and was not */
};

static void note_readiness(struct sup *sup, struct look *look, uint32_t i)
{
	struct service *s = &sup->service[i];
	bool is_now = is_there(sup, i);

	look->has_come[i] = is_now && !s->was_ready;
	if (!is_now && s->was_ready)
		s->down_ms = sup->now_ms;
	s->was_ready = is_now;
}

/* Part service i from a requirement that is lost: one that is up is to stop,
 * any other one that is to run waits until that has settled. */
static void part(struct sup *sup, struct look *look, uint32_t i)
{
	const struct config_service *c = config_service(sup->config, i);
	struct service *s = &sup->service[i];
	bool is_to_stop = life_is_up(s->state) && s->state != LIFE_STOPPING;
	int32_t on = -1;

	for (uint32_t d = 0; d < c->deps && on < 0; d++) {
		const struct config_dep *dep =
			config_dep(sup->config, c->deps_first + d);

		if (dep->is_required && look->is_lost[dep->service])
			on = dep->service;
	}
	look->is_lost[i] = tree_is_lost(sup, i) ||
			   (on >= 0 && is_meant_to_run(s));
	/* A stop that has not begun may be called off. */
	if (is_to_stop && on >= 0 && !s->is_parted && !s->is_stop_asked)
		SUP_SAY(sup, BOARD_EV_PARTED, (int)i, on);
	if (is_to_stop || (on >= 0 && is_meant_to_run(s)))
		s->is_parted = on >= 0;
}

/* One that was blocked while something that it depends on was down failed for
 * that, perhaps: now that this is ready it is worth a probe, once. */
static void probe_early(struct sup *sup, const struct look *look, uint32_t i)
{
	const struct config_service *c = config_service(sup->config, i);
	struct service *s = &sup->service[i];

	/* Of one that another container has blocked nobody knows. */
	if (s->state != LIFE_BLOCKED || (s->is_remembered && s->starts == 0))
		return;
	for (uint32_t d = 0; d < c->deps; d++) {
		uint32_t on =
			config_dep(sup->config, c->deps_first + d)->service;

		if (!look->has_come[on] ||
		    s->since_ms < sup->service[on].down_ms)
			continue;
		SUP_SAY(sup, BOARD_EV_EARLY_PROBE, (int)i, on);
		service_take(sup, i, LIFE_WANT);
		return;
	}
}

/* Tell those that a person or the loss of a requirement stops: each once all
 * that stop as well, and depend on it, are down. */
static void stop_in_order(struct sup *sup)
{
	bool is_held[CONFIG_SERVICES] = { false };

	for (uint32_t k = sup->config->services; k-- > 0;) {
		uint16_t i = config_order(sup->config)[k];
		const struct config_service *c = config_service(sup->config, i);
		struct service *s = &sup->service[i];

		/* It ended by itself before it was its turn. */
		if (s->is_stop_asked && !life_is_up(s->state) &&
		    is_meant_to_run(s))
			service_stop(sup, i, false);
		if (!life_is_up(s->state) ||
		    (s->state != LIFE_STOPPING && !s->is_stop_asked &&
		     !s->is_parted))
			continue;
		if (s->state != LIFE_STOPPING && !is_held[i])
			service_stop(sup, i, !s->is_stop_asked);
		for (uint32_t d = 0; d < c->deps; d++)
			is_held[config_dep(sup->config, c->deps_first + d)
					->service] = true;
	}
}

/* --- The end of everything --------------------------------------------- */

/* Can service i run, now or later, without anybody's help? What it depends on
 * has been asked before and is noted in can_run. A latched one that is not
 * essential keeps dashpot running for the operator. */
static bool can_run(const struct sup *sup, uint32_t i, const bool *can_run_yet)
{
	const struct config_service *c = config_service(sup->config, i);
	const struct service *s = &sup->service[i];

	switch (s->state) {
	case LIFE_STARTING:
	case LIFE_RUNNING:
	case LIFE_BACKOFF:
	case LIFE_BLOCKED:
	case LIFE_PROBING:
	case LIFE_STOPPING:
	case LIFE_IDLE:
		return true;
	case LIFE_FAILED:
		return sup->breaker[i].state == BREAKER_LATCHED &&
		       !c->is_removed;
	case LIFE_WAITING:
		break;
	case LIFE_STOPPED:
	case LIFE_DONE:
	case LIFE_STATES:
		return s->is_swept || s->is_stop_asked;
	}
	for (uint32_t d = 0; d < c->deps; d++) {
		const struct config_dep *dep =
			config_dep(sup->config, c->deps_first + d);

		if (!is_met(sup, dep) && !can_run_yet[dep->service])
			return false;
	}
	return true;
}

static bool is_anything_left(const struct sup *sup)
{
	bool can[CONFIG_SERVICES];
	bool is_left = false;

	for (uint32_t k = 0; k < sup->config->services; k++) {
		uint16_t i = config_order(sup->config)[k];

		can[i] = can_run(sup, i, can);
		is_left = is_left || can[i];
	}
	return is_left;
}

bool tree_is_blocked(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];
	const enum breaker_state breaker = sup->breaker[i].state;

	return s->state == LIFE_BLOCKED || s->state == LIFE_PROBING ||
	       (s->state == LIFE_WAITING && breaker != BREAKER_CLOSED) ||
	       (s->state == LIFE_FAILED && breaker == BREAKER_LATCHED &&
		!settings(sup, i)->is_removed);
}

/* Every daemon that is to run is blocked, and nothing else runs or is about
 * to, or waits for a person? Who waits for one of them counts as nothing. */
static bool is_all_blocked(struct sup *sup)
{
	bool has_blocked = false;

	sup->is_probe_up = false;
	for (uint32_t i = 0; i < sup->config->services; i++) {
		const struct service *s = &sup->service[i];

		if (tree_is_blocked(sup, i)) {
			has_blocked = true;
			sup->is_probe_up |= s->state == LIFE_PROBING;
		} else if (life_is_up(s->state) || s->state == LIFE_BACKOFF ||
			   s->is_stop_asked ||
			   (s->state == LIFE_WAITING &&
			    s->wait != BOARD_WAIT_DEPENDENCY)) {
			return false;
		}
	}
	return has_blocked;
}

int64_t tree_blocked_ms(const struct sup *sup)
{
	int64_t limit_ms = sup->config->exit_when_all_blocked_ms;

	if (limit_ms <= 0 || sup->blocked_since_ms == NEVER ||
	    sup->is_probe_up || sup->stop.phase != STOP_NOT)
		return NEVER;
	return sup->blocked_since_ms + limit_ms;
}

bool tree_follow(struct sup *sup)
{
	struct look look = { { false }, { false } };

	sup->is_tree_changed = false;
	sup->is_queue_due = true;
	if (sup->stop.phase != STOP_NOT)
		return true;
	want_required(sup);
	for (uint32_t k = 0; k < sup->config->services; k++) {
		uint16_t i = config_order(sup->config)[k];

		part(sup, &look, i);
		note_readiness(sup, &look, i);
		probe_early(sup, &look, i);
	}
	stop_in_order(sup);
	if (!is_all_blocked(sup))
		sup->blocked_since_ms = NEVER;
	else if (sup->blocked_since_ms == NEVER)
		sup->blocked_since_ms = sup->now_ms;
	return is_anything_left(sup);
}

bool tree_stop(struct sup *sup, bool is_all)
{
	bool is_needed[CONFIG_SERVICES] = { false };
	bool is_over = true;

	for (uint32_t k = sup->config->services; k-- > 0;) {
		uint16_t i = config_order(sup->config)[k];
		const struct config_service *c = config_service(sup->config, i);
		struct service *s = &sup->service[i];

		if (is_meant_to_run(s) && s->state != LIFE_STOPPING &&
		    (!life_is_up(s->state) || is_all || !is_needed[i]))
			service_stop(sup, i, false);
		if (!life_is_up(s->state) && !s->is_swept)
			continue;
		is_over = false;
		for (uint32_t d = 0; d < c->deps; d++)
			is_needed[config_dep(sup->config, c->deps_first + d)
					  ->service] = true;
	}
	return is_over;
}
