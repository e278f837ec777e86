/* SPDX-License-Identifier: ISC */
/* Which service waits for which. Of the rows of other services only single
 * members are read, each of which is whole at any time. */
#include "init/report/diagnostic_json.h"

#include "init/report/service_health.h"
#include "policy/breaker.h"
#include "policy/life.h"

enum { LINKS = 6 }; /* of a chain that are told */

static const struct board_service *row_of(const struct report *r, uint32_t i)
{
	return &r->board->service[i];
}

static bool is_well(const struct report *r, uint32_t i)
{
	return service_health(config_service(r->config, i), row_of(r, i)) ==
	       WELL_YES;
}

/* As PID 1 sees it, see dependency_tree.c. */
static bool is_missed(const struct report *r, const struct config_dep *dep)
{
	return !is_well(r, dep->service) ||
	       (dep->is_required &&
		config_service(r->config, dep->service)->type ==
			CONFIG_DAEMON &&
		row_of(r, dep->service)->state == LIFE_DONE);
}

static bool is_named(const struct report *r, const struct board_service *row)
{
	return row->wait == BOARD_WAIT_DEPENDENCY && row->on >= 0 &&
	       (uint32_t)row->on < r->config->services;
}

bool report_is_settling(const struct report *r,
			const struct board_service *row)
{
	return is_named(r, row) && is_well(r, (uint32_t)row->on) &&
	       row_of(r, (uint32_t)row->on)->state != LIFE_DONE;
}

uint32_t report_awaited(const struct report *r, uint32_t i,
			const struct board_service *row, uint32_t *at)
{
	const struct config_service *s = config_service(r->config, i);

	if (!is_named(r, row))
		return UINT32_MAX;
	if ((*at)++ == 0)
		return (uint32_t)row->on;
	for (uint32_t d = *at - 2; d < s->deps; d++, ++*at) {
		const struct config_dep *dep =
			config_dep(r->config, s->deps_first + d);

		if (dep->service != row->on && is_missed(r, dep))
			return dep->service;
	}
	return UINT32_MAX;
}

static void add_in(struct phrase *w, const struct report *r,
		   const struct board_service *row, const char *what)
{
	int64_t next_ms = row->next_ms;

	phrase_add(w, "%s", what);
	if (next_ms <= r->now.mono_ms)
		return;
	phrase_add(w, " in ");
	phrase_duration(w, next_ms - r->now.mono_ms);
}

/* What keeps it from starting; the next link of the chain, or UINT32_MAX. */
static uint32_t add_wait(struct phrase *w, const struct report *r,
			 const struct board_service *row)
{
	switch ((enum board_wait)row->wait) {
	case BOARD_WAIT_DEPENDENCY:
		if (!is_named(r, row))
			break;
		phrase_add(w, "waits for %s",
			   config_name(r->config, (uint32_t)row->on));
		return report_is_settling(r, row) ? UINT32_MAX :
						    (uint32_t)row->on;
	case BOARD_WAIT_BUDGET:
		phrase_add(w, "waits for its turn");
		return UINT32_MAX;
	case BOARD_WAIT_HEADROOM:
		phrase_add(w, "waits for room");
		return UINT32_MAX;
	case BOARD_WAIT_LEFTOVERS:
		phrase_add(w, "waits for leftovers of its last run to end");
		return UINT32_MAX;
	case BOARD_WAIT_SCHEDULE:
		phrase_add(w, "waits for its schedule");
		return UINT32_MAX;
	case BOARD_WAIT_NOTHING:
	case BOARD_WAIT_RESTORE:
		break;
	}
	phrase_add(w, "is about to start");
	return UINT32_MAX;
}

/* Why service i is not ready; the one that it waits for, or UINT32_MAX. */
static uint32_t add_link(struct phrase *w, const struct report *r, uint32_t i)
{
	const struct board_service *row = row_of(r, i);

	switch ((enum life_state)row->state) {
	case LIFE_WAITING:
		return add_wait(w, r, row);
	case LIFE_STARTING:
		phrase_add(w, row->is_stuck ? "is stuck in its start" :
					      "is starting");
		break;
	case LIFE_RUNNING:
		phrase_add(w, row->is_stop_asked || row->is_parted ||
					      row->is_unready ?
				      "is about to stop" :
			   config_service(r->config, i)->type ==
					   CONFIG_ONESHOT ?
				      "is not done yet" :
				      "is not healthy yet");
		break;
	case LIFE_BACKOFF:
		add_in(w, r, row, "ended, and starts again");
		break;
	case LIFE_BLOCKED:
		add_in(w, r, row, "is blocked, and probed");
		break;
	case LIFE_PROBING:
		phrase_add(w, "is being probed");
		break;
	case LIFE_STOPPING:
		phrase_add(w, "is stopping");
		break;
	case LIFE_STOPPED:
		phrase_add(w, row->is_stop_asked ?
				      "somebody stopped" :
				      "nobody starts (autostart = no)");
		break;
	case LIFE_IDLE:
		phrase_add(w, "waits for its schedule");
		break;
	case LIFE_DONE:
		phrase_add(w, "has ended for good");
		break;
	case LIFE_FAILED:
		phrase_add(w, row->breaker == BREAKER_LATCHED ?
				      "has failed, and needs a reset" :
				      "has failed");
		break;
	case LIFE_STATES:
		phrase_add(w, "is not ready");
		break;
	}
	return UINT32_MAX;
}

void report_waits(struct phrase *w, const struct report *r, uint32_t i,
		  const struct board_service *row)
{
	uint32_t at = 0, others = 0;
	uint32_t on = report_awaited(r, i, row, &at);

	if (on == UINT32_MAX) {
		phrase_add(w, "for another service");
		return;
	}
	phrase_add(w, "for %s", config_name(r->config, on));
	if (report_is_settling(r, row)) {
		phrase_add(w, ", which has to have been ready for ");
		phrase_duration(w, LIFE_SETTLE_MS);
	}
	for (int link = 0; link < LINKS && on != UINT32_MAX &&
			   !report_is_settling(r, row); link++) {
		phrase_add(w, ", which ");
		on = add_link(w, r, on);
	}
	while (report_awaited(r, i, row, &at) != UINT32_MAX)
		others++;
	if (others > 0)
		phrase_add(w, "; and for %u other%s", others,
			   others == 1 ? "" : "s");
}
