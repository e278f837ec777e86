/* SPDX-License-Identifier: ISC */
/* The facts of a row as policy/health.h asks for them. */
#include "init/report/service_health.h"

#include "policy/life.h"

/* A probe is probing from its clone on. */
static bool has_ready_process(const struct board_service *row)
{
	return !row->is_unready &&
	       (row->state == LIFE_RUNNING ||
		(row->state == LIFE_PROBING && row->step == BOARD_STEP_NONE));
}

enum well service_health(const struct config_service *s,
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

bool service_is_ready(const struct config_service *s,
		    const struct board_service *row)
{
	/* Nobody waits for the end of one that is never done. */
	if (schedule_is_set(&s->schedule))
		return row->state != LIFE_STOPPED;
	if (s->type == CONFIG_ONESHOT)
		return row->state == LIFE_DONE;
	return has_ready_process(row);
}
