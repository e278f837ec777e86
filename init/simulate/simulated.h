/* SPDX-License-Identifier: ISC */
/* One service of a simulation: its life and what it went through. */
#ifndef INIT_SIMULATE_SIMULATED_H
#define INIT_SIMULATE_SIMULATED_H

#include <stdbool.h>
#include <stdint.h>

#include "init/lib/earlier.h"
#include "init/simulate/simulation.h"
#include "policy/restart_budget.h"

#define NEVER INT64_MAX

/* One service, beside its breaker and its totals. */
struct subject {
	int64_t due_ms;     /* delay, cooldown or `stable` is over */
	int64_t end_ms;     /* its run ends */
	int64_t started_ms; /* its run began */
	int64_t ready_ms;   /* NEVER: has no process */
	int64_t down_ms;    /* has none since */
	int64_t since_ms;   /* in this state since */
	int64_t short_ms;   /* waits for a token since; NEVER */
	int32_t awaits;     /* waits for that service; -1 */
	int32_t awaits_said; /* ... was said; -1 */
	uint32_t failures;  /* since the last stable run */
	enum life_state state;
	bool was_stable;
	bool is_parted;     /* from a lost requirement: wants it settled */
	bool is_early;      /* its next start is a probe, whatever is due */
	bool was_ready;     /* when it was looked at last */
	bool is_unwell;     /* its run is one that never is well */
};

struct simulation {
	const struct simulation_plan *plan;
	const struct config *config;
	struct simulation_result *result;
	simulation_tell *tell;
	void *to;
	/* One a service each; apart, because every turn looks through the
	 * first two. */
	int64_t *next_ms;        /* the earlier of due_ms and end_ms */
	struct subject *subject;
	struct breaker *breaker;
	struct budget budget;
	int64_t now_ms;
	int64_t queue_ms;        /* look at the queue then */
	int64_t blocked_since_ms;
	int64_t work;            /* left */
	uint32_t random;
	uint32_t waiting;        /* services that are LIFE_WAITING */
	uint32_t fresh;          /* ... that were never started */
	bool is_changed;         /* some state has changed */
	bool is_probe_up;
	bool has_deps;           /* some service depends on another */
	bool has_others;         /* daemons that are up and not simulated */
	bool is_over;
};

/* Tell the event. */
void simulated_say(struct simulation *m, uint32_t i,
		   enum simulation_what what, uint32_t number,
		   int64_t next_ms);

/* Take an event of the life table and do the deeds of its row. */
void simulated_take(struct simulation *m, uint32_t i, enum life_event event);

/* Start it now, with a token where it needs one. */
void simulated_start(struct simulation *m, uint32_t i);

/* `stable` is over, but the run was never healthy. */
void simulated_unstable(struct simulation *m, uint32_t i);

/* Its run has ended by itself, or dashpot has given up on it. */
void simulated_end(struct simulation *m, uint32_t i);

/* It stops, because service `on`, which it requires, is lost; it still wants
 * to run. */
void simulated_part(struct simulation *m, uint32_t i, uint32_t on);

/* It waits for a token: its own time stands still; or does so no longer. */
void simulated_hold(struct simulation *m, uint32_t i);
void simulated_release(struct simulation *m, uint32_t i);

/* The simulation is over: complete its totals. */
void simulated_finish(struct simulation *m, uint32_t i);

/* dashpot would exit here: end the simulation, unless it is endless. */
void simulated_leave(struct simulation *m, enum simulation_exit why,
		     uint32_t i, int code);

/* What dashpot exits with on behalf of one that failed. */
int simulated_failed_code(const struct simulation *m);

#endif
