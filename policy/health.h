/* SPDX-License-Identifier: ISC */
/* Is a service well? The one answer that health, wait, /readyz, status,
 * explain, diagnostic.json, metrics and the dependencies of `after` give. */
#ifndef POLICY_HEALTH_H
#define POLICY_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/life.h"

enum well {
	WELL_NO,
	WELL_YES,
	WELL_UNASKED, /* stopped, with autostart = no: nothing is expected */
};

/* What it depends on. */
struct health_facts {
	enum life_state state; /* LIFE_WAITING stands for LIFE_IDLE, too */
	uint32_t failed_runs;  /* with a schedule: the latest, in a row */
	uint32_t unhealthy;    /* health checks failed in a row */
	uint32_t most_unhealthy; /* health_failures */
	bool is_autostart, is_oneshot, is_scheduled;
	bool is_ready;         /* its process is, and has not said that it is
	                        * about to stop */
	bool is_to_stop;       /* once those that depend on it have */
	bool has_health;       /* a health check is set ... */
	bool has_passed;       /* ... and has passed in this run */
	bool is_excused;       /* health_grace is set, and no check of this run
	                        * was answered yet */
};

/* The answer. Cannot fail. */
enum well health_of(const struct health_facts *f);

#endif
