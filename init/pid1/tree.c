/* SPDX-License-Identifier: ISC */
/* Every look is one pass over the services in their order of start, so that
 * what a service depends on has been looked at before it. */
#include "init/pid1/tree.h"

#include "init/pid1/services.h"
#include "init/pid1/shutdown.h"

static bool is_oneshot(const struct sup *sup, uint32_t i)
{
	return config_service(sup->config, i)->type == CONFIG_ONESHOT;
}

static bool is_ready(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	if (is_oneshot(sup, i))
		return s->state == LIFE_DONE;
	return s->ready_ms != NEVER &&
	       (s->state == LIFE_RUNNING || s->state == LIFE_PROBING);
}

/* Blocked, ended or stopped: not ready, and not just about to be again. */
static bool is_lost(const struct sup *sup, uint32_t i)
{
	switch (sup->service[i].state) {
	case LIFE_BLOCKED:
	case LIFE_FAILED:
	case LIFE_STOPPED:
		return true;
	case LIFE_STOPPING: /* given up, it may be about to start again */
		return sup->service[i].gone != LIFE_GONE_RETRY;
	case LIFE_DONE:
		return !is_oneshot(sup, i);
	case LIFE_WAITING:
	case LIFE_STARTING:
	case LIFE_RUNNING:
	case LIFE_BACKOFF:
	case LIFE_PROBING:
	case LIFE_STATES:
		break;
	}
	return false;
}

int32_t tree_awaits(const struct sup *sup, uint32_t i, int64_t *when_ms)
{
	const struct config_service *c = config_service(sup->config, i);

	*when_ms = NEVER;
	for (uint32_t d = 0; d < c->deps; d++) {
		const struct config_dep *dep =
			config_dep(sup->config, c->deps_first + d);
		int64_t settled_ms;

		if (!is_ready(sup, dep->service))
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

static void part_from_lost(struct sup *sup, uint32_t i)
{
	const struct config_service *c = config_service(sup->config, i);
	struct service *s = &sup->service[i];

	if (!life_is_up(s->state) || s->state == LIFE_STOPPING)
		return;
	for (uint32_t d = 0; d < c->deps; d++) {
		const struct config_dep *dep =
			config_dep(sup->config, c->deps_first + d);

		if (!dep->is_required || !is_lost(sup, dep->service))
			continue;
		s->is_parted = true;
		service_stop(sup, i, true);
		return;
	}
}

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
		uint32_t on =
			config_dep(sup->config, c->deps_first + d)->service;

		if (!is_ready(sup, on) && !can_run_yet[on])
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

/* Is service i blocked, as far as the end of everything is concerned? Its
 * probe, or the wait for it, does not change that until it is stable. */
static bool is_hopeless(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	return s->state == LIFE_BLOCKED || s->state == LIFE_PROBING ||
	       (s->state == LIFE_WAITING &&
		sup->breaker[i].state != BREAKER_CLOSED);
}

/* Every daemon that is to run is blocked, and nothing else runs or is about
 * to, or waits for a person? Who waits for one of them counts as nothing. */
static bool is_all_blocked(struct sup *sup)
{
	bool has_blocked = false;

	sup->is_probe_up = false;
	for (uint32_t i = 0; i < sup->config->services; i++) {
		const struct service *s = &sup->service[i];

		if (is_hopeless(sup, i)) {
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

void tree_follow(struct sup *sup)
{
	sup->is_tree_changed = false;
	sup->is_queue_due = true;
	if (sup->stop.phase != STOP_NOT)
		return;
	for (uint32_t k = 0; k < sup->config->services; k++)
		part_from_lost(sup, config_order(sup->config)[k]);
	if (!is_all_blocked(sup))
		sup->blocked_since_ms = NEVER;
	else if (sup->blocked_since_ms == NEVER)
		sup->blocked_since_ms = sup->now_ms;
	if (!is_anything_left(sup))
		shutdown_all_ended(sup);
}

bool tree_stop(struct sup *sup, bool is_all)
{
	bool is_needed[CONFIG_SERVICES] = { false };
	bool is_over = true;

	for (uint32_t k = sup->config->services; k-- > 0;) {
		uint16_t i = config_order(sup->config)[k];
		const struct config_service *c = config_service(sup->config, i);
		struct service *s = &sup->service[i];

		if (!life_is_up(s->state) ||
		    (s->state != LIFE_STOPPING && (is_all || !is_needed[i])))
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
