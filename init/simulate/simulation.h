/* SPDX-License-Identifier: ISC */
/* The policy in fast time: what PID 1 would decide about services that die,
 * without a process, a clock or a sleep.
 *
 * Breaker, dampening, budget, life table and the judgement of ends are the
 * very functions that PID 1 calls; time leaps from one deadline to the next.
 * A start takes no time, is ready at once and is never short of room; a stop
 * takes no time either. */
#ifndef INIT_SIMULATE_SIMULATION_H
#define INIT_SIMULATE_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "init/config/config.h"
#include "policy/breaker.h"
#include "policy/life.h"

/* What is tried. */
struct simulation_plan {
	const struct config *config;
	bool is_simulated[CONFIG_SERVICES]; /* by index; the others are ready
					     * (a oneshot: done) and stay so */
	int64_t for_ms;          /* the end, 0 .. a week */
	int64_t lifetime_min_ms; /* a run ends after this ... */
	int64_t lifetime_max_ms; /* ... to this, evenly spread */
	int64_t outage_ms;       /* runs that start then or later stay up;
				  * INT64_MAX: none does */
	int64_t work;            /* most looks at a service, all in all; 0:
				  * so many as take about a second */
	uint32_t seed;           /* of lifetimes and jitter */
	int exit_code;           /* of each end, 0 .. 255 */
	bool is_endless;         /* goes on where dashpot would exit */
	bool is_unhealthy;       /* runs end when dashpot gives up on them:
				  * never ready, or else never healthy;
				  * lifetimes and exit_code do not matter */
};

/* What happens, and what the numbers of the event are then. */
enum simulation_what {
	SIMULATION_STARTED, /* number: start */
	SIMULATION_PROBE,   /* number: start */
	SIMULATION_BUDGET,  /* waits for a token */
	SIMULATION_AWAITS,  /* waits; number: index of whom it depends on */
	SIMULATION_RETRY,   /* failed; number: failures, next_ms: delay */
	SIMULATION_CLEAN,   /* ended well; next_ms: delay */
	SIMULATION_BLOCKED, /* failed; number: trips, next_ms: cooldown */
	SIMULATION_LATCHED, /* failed; number: trips */
	SIMULATION_DONE,    /* ended well, for good */
	SIMULATION_FAILED,  /* failed, for good */
	SIMULATION_STABLE,  /* stable again; number: failures until now */
	SIMULATION_CLOSED,  /* stable: no longer blocked */
	SIMULATION_PARTED,  /* stopped; number: index of whom it requires */
	SIMULATION_EARLY,   /* is to be probed before its cooldown is over;
			     * number: index of whom it depends on */
};

struct simulation_event {
	int64_t at_ms;
	int64_t ran_ms;  /* ends: how long the run was */
	int64_t next_ms;
	uint32_t number;
	uint32_t service;
	enum simulation_what what;
	struct breaker_tally tally; /* RETRY, BLOCKED: how near it is, or what
				     * has opened it */
};

/* How long a run of the service lasts that never becomes ready, or that is
 * ready and never healthy; 0: dashpot does not give up on it for that. */
int64_t simulation_unready_ms(const struct config_service *s);
int64_t simulation_unhealthy_ms(const struct config_service *s);

/* Is called for each event, in the order of time. */
typedef void simulation_tell(void *to, const struct simulation_event *event);

/* What one service went through until the end. */
struct simulation_total {
	int64_t up_ms;
	int64_t blocked_ms; /* blocked, also for good */
	int64_t short_ms;   /* waited for tokens */
	int64_t gap_ms;     /* longest time without a process */
	uint32_t starts, failures, trips;
	enum life_state state;
	enum breaker_state breaker;
};

/* Why dashpot would have exited. */
enum simulation_exit {
	SIMULATION_NO_EXIT,
	SIMULATION_ESSENTIAL,   /* exit_service was essential */
	SIMULATION_ALL_BLOCKED, /* exit_when_all_blocked */
	SIMULATION_ALL_ENDED,   /* nothing can start again by itself */
};

struct simulation_result {
	int64_t ended_ms;    /* for_ms, or when it ended before */
	uint64_t restarts;   /* tokens taken */
	enum simulation_exit exit;
	int exit_code;
	uint32_t exit_service; /* ESSENTIAL only */
	bool is_cut;         /* ended before: too many events to follow */
	/* By index, of the simulated ones. */
	struct simulation_total total[CONFIG_SERVICES];
};

/* Run it. 0, or -ENOMEM. */
int simulation_run(const struct simulation_plan *plan, simulation_tell *tell,
		   void *to, struct simulation_result *result);

#endif
