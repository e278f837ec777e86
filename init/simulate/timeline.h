/* SPDX-License-Identifier: ISC */
/* A simulation in words or in JSON, on stdout: the timeline while it runs,
 * its first and its last lines where it is long, then the totals. */
#ifndef INIT_SIMULATE_TIMELINE_H
#define INIT_SIMULATE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "init/simulate/simulation.h"

enum {
	TIMELINE_FIRST = 30, /* events that are shown of a long timeline ... */
	TIMELINE_LAST = 10,  /* ... at its end */
};

struct timeline {
	const struct simulation_plan *plan;
	bool is_json;
	bool is_all;     /* show every event */
	uint64_t events; /* told so far */
	uint64_t shown;
	int column;      /* where what is told begins */
	int err;         /* first failed write: -errno */
	struct simulation_event last[TIMELINE_LAST]; /* ring */
};

/* What stands before the first event. */
void timeline_begin(struct timeline *t);

/* As simulation_tell; to: a struct timeline. */
void timeline_tell(void *to, const struct simulation_event *event);

/* The last events and the totals. 0, or -errno when something of it all could
 * not be written. */
int timeline_end(struct timeline *t, const struct simulation_result *result);

#endif
