/* SPDX-License-Identifier: ISC */
/* The life of one service: one table of states and events.
 *
 * Conditions are not in it. Whoever sees an end asks breaker, type and restart
 * setting first, and the answer is the event. life_step() says what is to be
 * done and does none of it.
 *
 * A service has one deadline at most, and every row says what becomes of it:
 * exactly one of READY, STABLE, DELAY, COOLDOWN, TELL (armed anew) or DISARM. A
 * service is in the queue exactly while it is LIFE_WAITING.
 *
 * Pairs without a row, on purpose:
 * - WANT while it is up or waiting: it has what it wants. While stopping: the
 *   caller remembers the wish and sends WANT after GONE.
 * - A failure or end while stopping: the end was asked for, GONE follows.
 * - A failure or end without a process: there is nothing that could fail.
 * - STOP when stopped, done or failed: nothing runs and nothing is due; how it
 *   ended stays readable.
 * - READY when running, STABLE when starting: late or early news.
 * - DUE of a schedule in any state but idle: the last run still goes on, or
 *   waits for its start. The caller counts that tick as skipped.
 *
 * Asked by the caller, before the event: whether a latched breaker allows
 * WANT at all (reset it first); whether a restored service is wanted (with
 * autostart = no it gets no RESTORED event, for DUE would start it); whether a
 * process was ready before (READY again would arm `stable` again). */
#ifndef POLICY_LIFE_H
#define POLICY_LIFE_H

#include <stdbool.h>

enum {
	LIFE_SETTLE_MS = 2000, /* who was stopped with a requirement starts
				* again once that has been ready so long */
};

enum life_state {
	LIFE_STOPPED,  /* nobody wants it to run */
	LIFE_WAITING,  /* wants to start: for dependency, room or token */
	LIFE_STARTING, /* has a process that is not ready yet */
	LIFE_RUNNING,  /* ready */
	LIFE_BACKOFF,  /* ended; starts again when its delay is over */
	LIFE_BLOCKED,  /* breaker open; probed when its cooldown is over */
	LIFE_PROBING,  /* has a process that is the half-open probe */
	LIFE_STOPPING, /* told to stop; something of it still runs */
	LIFE_DONE,     /* ended for good, with success */
	LIFE_FAILED,   /* ended for good without success, or latched */
	LIFE_IDLE,     /* has a schedule; its next tick starts it */
	LIFE_STATES,
};

enum life_event {
	LIFE_WANT,           /* boot, an operator or a dependency wants it */
	LIFE_SPAWNED,        /* its process exists: an ordinary start */
	LIFE_SPAWNED_PROBE,  /* its process exists: the half-open probe */
	LIFE_REFUSED,        /* the machine refused this start after all */
	LIFE_READY,          /* it executes and is ready */
	LIFE_STABLE,         /* it has been up and ready for `stable` */
	LIFE_DUE,            /* delay or cooldown is over; idle: a tick */
	LIFE_FAILED_RETRY,   /* failed; the breaker lets it be restarted */
	LIFE_FAILED_BLOCK,   /* failed; the breaker has opened */
	LIFE_FAILED_LATCH,   /* failed; the breaker has latched */
	LIFE_ENDED_CLEAN,    /* ended well; it is to run again */
	LIFE_ENDED_DONE,     /* ended well, for good */
	LIFE_ENDED_BAD,      /* ended without success, for good */
	LIFE_STOP,           /* is to stop: asked, shutdown, dependency; or
	                        dashpot gave up on it (time-out, unhealthy) */
	LIFE_GONE,           /* while stopping: nothing of it runs any more */
	LIFE_GONE_RETRY,     /* ... after dashpot gave up: as FAILED_RETRY */
	LIFE_GONE_BLOCK,     /* ... after dashpot gave up: as FAILED_BLOCK */
	LIFE_GONE_BAD,       /* ... after dashpot gave up: as FAILED_LATCH, or
	                        for good (restart = never) */
	LIFE_RESTORED_BLOCK, /* at boot: its breaker was open, not due yet */
	LIFE_SCHEDULED,      /* its schedule is to start it from now on */
	LIFE_ENDED_TICK,     /* a run of its schedule ended, well or not */
	LIFE_GONE_TICK,      /* while stopping, after dashpot gave up: as
	                        ENDED_TICK */
	LIFE_EVENTS,
};

/* Deeds: what the caller has to do after a step, as a set. */
enum life_deed {
	LIFE_DO_QUEUE = 1 << 0,    /* join those that wait for a start */
	LIFE_DO_STABLE = 1 << 1,   /* arm the `stable` deadline */
	LIFE_DO_DELAY = 1 << 2,    /* arm the restart delay */
	LIFE_DO_COOLDOWN = 1 << 3, /* arm the breaker's until_ms */
	LIFE_DO_DISARM = 1 << 4,   /* no deadline any more */
	LIFE_DO_TELL = 1 << 5,     /* send stop_signal, arm stop_timeout */
	LIFE_DO_CALM = 1 << 6,     /* stable: forget delay; a probe: trips */
	LIFE_DO_READY = 1 << 7,    /* arm ready_timeout, where there is one */
};

/* Take `event` in *state and return the deeds. A pair without a row changes
 * nothing and returns 0. */
unsigned life_step(enum life_state *state, enum life_event event);

/* The word that people and JSON read ("backoff"); never NULL. Who is idle is
 * "waiting", too. */
const char *life_word(enum life_state state);

/* True while a process of the service exists in this state (starting,
 * running, probing, stopping). */
bool life_is_up(enum life_state state);

#endif
