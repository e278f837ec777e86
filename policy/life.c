/* SPDX-License-Identifier: ISC */
/* The table of a service's life, and the three functions that read it. Rows
 * are looked up by state and event; their order means nothing. */
#include "policy/life.h"

#include <stddef.h>

enum {
	QUEUE = LIFE_DO_QUEUE | LIFE_DO_DISARM,
	CALM = LIFE_DO_CALM | LIFE_DO_DISARM,
};

/* clang-format off */
static const struct life_row {
	enum life_state from; enum life_event on;
	enum life_state to;   unsigned deeds;
} life[] = {
	/* Somebody wants it; an operator's start waits for no deadline. */
	{ LIFE_STOPPED,  LIFE_WANT,           LIFE_WAITING,  QUEUE },
	{ LIFE_DONE,     LIFE_WANT,           LIFE_WAITING,  QUEUE },
	{ LIFE_FAILED,   LIFE_WANT,           LIFE_WAITING,  QUEUE },
	{ LIFE_BACKOFF,  LIFE_WANT,           LIFE_WAITING,  QUEUE },
	{ LIFE_BLOCKED,  LIFE_WANT,           LIFE_WAITING,  QUEUE },
	{ LIFE_BACKOFF,  LIFE_DUE,            LIFE_WAITING,  QUEUE },
	{ LIFE_BLOCKED,  LIFE_DUE,            LIFE_WAITING,  QUEUE },

	/* By its schedule: nothing that ends is an end for good. */
	{ LIFE_STOPPED,  LIFE_SCHEDULED,      LIFE_IDLE,     LIFE_DO_DISARM },
	{ LIFE_DONE,     LIFE_SCHEDULED,      LIFE_IDLE,     LIFE_DO_DISARM },
	{ LIFE_FAILED,   LIFE_SCHEDULED,      LIFE_IDLE,     LIFE_DO_DISARM },
	{ LIFE_IDLE,     LIFE_DUE,            LIFE_WAITING,  QUEUE },
	{ LIFE_IDLE,     LIFE_WANT,           LIFE_WAITING,  QUEUE },
	{ LIFE_IDLE,     LIFE_STOP,           LIFE_STOPPED,  LIFE_DO_DISARM },
	{ LIFE_STARTING, LIFE_ENDED_TICK,     LIFE_IDLE,     LIFE_DO_DISARM },
	{ LIFE_RUNNING,  LIFE_ENDED_TICK,     LIFE_IDLE,     LIFE_DO_DISARM },
	{ LIFE_PROBING,  LIFE_ENDED_TICK,     LIFE_IDLE,     LIFE_DO_DISARM },
	{ LIFE_STOPPING, LIFE_GONE_TICK,      LIFE_IDLE,     LIFE_DO_DISARM },

	/* Starting. */
	{ LIFE_WAITING,  LIFE_SPAWNED,        LIFE_STARTING, LIFE_DO_READY },
	{ LIFE_WAITING,  LIFE_SPAWNED_PROBE,  LIFE_PROBING,  LIFE_DO_READY },
	{ LIFE_STARTING, LIFE_REFUSED,        LIFE_WAITING,  QUEUE },
	{ LIFE_PROBING,  LIFE_REFUSED,        LIFE_WAITING,  QUEUE },
	{ LIFE_STARTING, LIFE_READY,          LIFE_RUNNING,  LIFE_DO_STABLE },
	{ LIFE_PROBING,  LIFE_READY,          LIFE_PROBING,  LIFE_DO_STABLE },
	{ LIFE_RUNNING,  LIFE_STABLE,         LIFE_RUNNING,  CALM },
	{ LIFE_PROBING,  LIFE_STABLE,         LIFE_RUNNING,  CALM },

	/* It failed. A probe that may retry had its breaker reset meanwhile. */
	{ LIFE_STARTING, LIFE_FAILED_RETRY,   LIFE_BACKOFF,  LIFE_DO_DELAY },
	{ LIFE_RUNNING,  LIFE_FAILED_RETRY,   LIFE_BACKOFF,  LIFE_DO_DELAY },
	{ LIFE_PROBING,  LIFE_FAILED_RETRY,   LIFE_BACKOFF,  LIFE_DO_DELAY },
	{ LIFE_STARTING, LIFE_FAILED_BLOCK,   LIFE_BLOCKED,  LIFE_DO_COOLDOWN },
	{ LIFE_RUNNING,  LIFE_FAILED_BLOCK,   LIFE_BLOCKED,  LIFE_DO_COOLDOWN },
	{ LIFE_PROBING,  LIFE_FAILED_BLOCK,   LIFE_BLOCKED,  LIFE_DO_COOLDOWN },
	{ LIFE_STARTING, LIFE_FAILED_LATCH,   LIFE_FAILED,   LIFE_DO_DISARM },
	{ LIFE_RUNNING,  LIFE_FAILED_LATCH,   LIFE_FAILED,   LIFE_DO_DISARM },
	{ LIFE_PROBING,  LIFE_FAILED_LATCH,   LIFE_FAILED,   LIFE_DO_DISARM },

	/* It ended, and that was no failure of the breaker's kind. */
	{ LIFE_STARTING, LIFE_ENDED_CLEAN,    LIFE_BACKOFF,  LIFE_DO_DELAY },
	{ LIFE_RUNNING,  LIFE_ENDED_CLEAN,    LIFE_BACKOFF,  LIFE_DO_DELAY },
	{ LIFE_PROBING,  LIFE_ENDED_CLEAN,    LIFE_BACKOFF,  LIFE_DO_DELAY },
	{ LIFE_STARTING, LIFE_ENDED_DONE,     LIFE_DONE,     LIFE_DO_DISARM },
	{ LIFE_RUNNING,  LIFE_ENDED_DONE,     LIFE_DONE,     LIFE_DO_DISARM },
	{ LIFE_PROBING,  LIFE_ENDED_DONE,     LIFE_DONE,     CALM },
	{ LIFE_STARTING, LIFE_ENDED_BAD,      LIFE_FAILED,   LIFE_DO_DISARM },
	{ LIFE_RUNNING,  LIFE_ENDED_BAD,      LIFE_FAILED,   LIFE_DO_DISARM },
	{ LIFE_PROBING,  LIFE_ENDED_BAD,      LIFE_FAILED,   LIFE_DO_DISARM },

	/* It is to stop. */
	{ LIFE_WAITING,  LIFE_STOP,           LIFE_STOPPED,  LIFE_DO_DISARM },
	{ LIFE_BACKOFF,  LIFE_STOP,           LIFE_STOPPED,  LIFE_DO_DISARM },
	{ LIFE_BLOCKED,  LIFE_STOP,           LIFE_STOPPED,  LIFE_DO_DISARM },
	{ LIFE_STARTING, LIFE_STOP,           LIFE_STOPPING, LIFE_DO_TELL },
	{ LIFE_RUNNING,  LIFE_STOP,           LIFE_STOPPING, LIFE_DO_TELL },
	{ LIFE_PROBING,  LIFE_STOP,           LIFE_STOPPING, LIFE_DO_TELL },
	{ LIFE_STOPPING, LIFE_GONE,           LIFE_STOPPED,  LIFE_DO_DISARM },
	{ LIFE_STOPPING, LIFE_GONE_RETRY,     LIFE_BACKOFF,  LIFE_DO_DELAY },
	{ LIFE_STOPPING, LIFE_GONE_BLOCK,     LIFE_BLOCKED,  LIFE_DO_COOLDOWN },
	{ LIFE_STOPPING, LIFE_GONE_BAD,       LIFE_FAILED,   LIFE_DO_DISARM },

	/* The registry remembers it, before its first start. */
	{ LIFE_STOPPED,  LIFE_RESTORED_BLOCK, LIFE_BLOCKED,  LIFE_DO_COOLDOWN },
	{ LIFE_WAITING,  LIFE_RESTORED_BLOCK, LIFE_BLOCKED,  LIFE_DO_COOLDOWN },
};
/* clang-format on */

unsigned life_step(enum life_state *state, enum life_event event)
{
	for (size_t i = 0; i < sizeof(life) / sizeof(life[0]); i++) {
		if (life[i].from != *state || life[i].on != event)
			continue;
		*state = life[i].to;
		return life[i].deeds;
	}
	return 0;
}

const char *life_word(enum life_state state)
{
	switch (state) {
	case LIFE_STOPPED:
		return "stopped";
	case LIFE_WAITING:
	case LIFE_IDLE:
		return "waiting";
	case LIFE_STARTING:
		return "starting";
	case LIFE_RUNNING:
		return "running";
	case LIFE_BACKOFF:
		return "backoff";
	case LIFE_BLOCKED:
		return "blocked";
	case LIFE_PROBING:
		return "probing";
	case LIFE_STOPPING:
		return "stopping";
	case LIFE_DONE:
		return "done";
	case LIFE_FAILED:
		return "failed";
	case LIFE_STATES:
		break;
	}
	return "unknown";
}

bool life_is_up(enum life_state state)
{
	return state == LIFE_STARTING || state == LIFE_RUNNING ||
	       state == LIFE_PROBING || state == LIFE_STOPPING;
}
