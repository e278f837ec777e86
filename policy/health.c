/* SPDX-License-Identifier: ISC */
/* The table in docs/CONTROL.md, as code; a test compares the two. */
#include "policy/health.h"

static enum well of_process(const struct health_facts *f)
{
	if (f->is_oneshot || !f->is_ready || f->is_to_stop)
		return WELL_NO;
	if (!f->has_health)
		return WELL_YES;
	return f->unhealthy < f->most_unhealthy &&
			       (f->has_passed || f->is_excused)
		       ? WELL_YES
		       : WELL_NO;
}

enum well health_of(const struct health_facts *f)
{
	if (f->state == LIFE_STOPPED)
		return f->is_autostart ? WELL_NO : WELL_UNASKED;
	if (f->is_scheduled)
		return f->failed_runs == 0 ? WELL_YES : WELL_NO;
	switch (f->state) {
	case LIFE_DONE:
		return WELL_YES;
	case LIFE_RUNNING:
	case LIFE_PROBING:
		return of_process(f);
	case LIFE_STOPPED:
	case LIFE_WAITING:
	case LIFE_STARTING:
	case LIFE_BACKOFF:
	case LIFE_BLOCKED:
	case LIFE_STOPPING:
	case LIFE_FAILED:
	case LIFE_IDLE:
	case LIFE_STATES:
		break;
	}
	return WELL_NO;
}
