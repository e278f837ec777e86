/* SPDX-License-Identifier: ISC */
/* The circuit breaker of one service: whether a failure may still be answered
 * by a restart.
 *
 * It knows failures and times, nothing of processes. All-zero memory is a
 * fresh, closed breaker, so that a service that never failed costs no page.
 * Times are monotonic milliseconds; one that lies before the last one seen
 * counts as the last one, a negative one therefore as 0. Any int64_t is
 * accepted: sums that would overflow stop at INT64_MAX. No function here can
 * fail. */
#ifndef POLICY_BREAKER_H
#define POLICY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	BREAKER_WINDOWS = 4, /* windows that one service can have */
	BREAKER_SLOTS = 64,  /* most failures that one window can count */
	BREAKER_ROW = 1000,  /* most failures that can be counted in a row */
};

enum breaker_state {
	BREAKER_CLOSED,    /* failures are answered by restarts */
	BREAKER_OPEN,      /* blocked until the cooldown is over */
	BREAKER_HALF_OPEN, /* exactly one probe start may be tried */
	BREAKER_LATCHED,   /* blocked until an operator's reset */
};

/* "max_failures = 3 in 15s": one sliding window. */
struct breaker_window {
	int64_t window_ms;     /* 1 .. 7 days */
	uint32_t max_failures; /* 1 .. BREAKER_SLOTS: this one opens */
};

/* Whose start a start is. */
enum breaker_start {
	BREAKER_START_DUE,   /* dashpot's own */
	BREAKER_START_EARLY, /* ... before the cooldown is over */
	BREAKER_START_ASKED, /* an operator's, who waits for no cooldown */
};

/* The settings of one service; written by the configuration, never here. */
struct breaker_policy {
	struct breaker_window window[BREAKER_WINDOWS];
	uint32_t windows;        /* used, 0 .. BREAKER_WINDOWS */
	uint32_t max_in_row;     /* "10 in a row": 1 .. BREAKER_ROW, this
	                            failure opens; 0: no count in a row. With no
	                            window either only at-once failures open */
	uint32_t max_trips;      /* trips in a row that latch; 0: no limit */
	int64_t cooldown_min_ms; /* after the first trip, 0 .. 7 days */
	int64_t cooldown_max_ms; /* doubling stops here, >= cooldown_min_ms */
};

/* What one service has gone through. */
struct breaker {
	int64_t failed_ms[BREAKER_SLOTS]; /* ring of failures, on own time */
	int64_t last_ms;  /* latest monotonic time seen, >= 0 */
	int64_t held_ms;  /* own time = last_ms - held_ms; 0 .. last_ms */
	int64_t until_ms; /* open: monotonic time at which a probe is due;
	                     0 in any other state */
	uint32_t filled;  /* ring slots in use, 0 .. BREAKER_SLOTS */
	uint32_t next;    /* ring slot that the next failure takes */
	uint32_t in_row;  /* failures since the last stable run, or the last
	                     one that ended well; 0 .. BREAKER_ROW */
	uint32_t trips;   /* in a row, since it was last closed for good */
	uint32_t at_once; /* of those, at-once trips in a row, latest last */
	uint32_t doublings; /* of the cooldown, 0 .. 62 */
	enum breaker_state state;
	bool is_held;     /* own time stands still */
	bool is_asked;    /* half-open: the probe is an operator's start */
};

/* What a failure led to. */
enum breaker_verdict {
	BREAKER_RETRY, /* still closed: restart after the delay */
	BREAKER_BLOCK, /* now open: a probe is due at until_ms */
	BREAKER_LATCH, /* now latched: only breaker_reset() helps */
};

/* Record one ordinary failure at now_ms.
 *
 * Closed: it opens when this failure and the max_failures - 1 before it lie
 * less than window_ms apart on the service's own time, for any window; two
 * failures exactly window_ms apart share no window. While held, the failure
 * counts at the standing own time. It opens as well when this failure is number
 * max_in_row since breaker_succeeded(), however far apart they lie.
 * Half-open: the probe has failed, it opens again. Open or latched: nothing
 * changes, and the verdict repeats the state.
 *
 * Opening is trip number trips + 1 in a row. Number max_trips latches; the
 * others open for min, and from the second on for twice the time before, at
 * most max. An operator's probe that failed is no trip: it opens for the same
 * time as before, and never latches. */
enum breaker_verdict breaker_failed(struct breaker *b,
				    const struct breaker_policy *p,
				    int64_t now_ms);

/* Record a failure that retrying cannot help (exec ENOENT, exit 127, ...):
 * it opens whatever the windows say. Such a trip lengthens the cooldown only
 * from the third at-once trip in a row on, because late mounts cure
 * themselves: 10 s, 10 s, 20 s, 40 s. An ordinary trip ends that row and
 * always lengthens, unless it is the first of all. */
enum breaker_verdict breaker_failed_at_once(struct breaker *b,
					    const struct breaker_policy *p,
					    int64_t now_ms);

/* Let the probe be tried: open becomes half-open when its cooldown is over,
 * with an early or asked start before that. True when a start may be tried now:
 * closed or half-open. Latched stays latched, whoever asks. Called for every
 * start: whether a half-open breaker's probe is an operator's depends on the
 * last of these calls. */
bool breaker_probe(struct breaker *b, int64_t now_ms, enum breaker_start by);

/* The service was stable, or ended well where that is an end. Half-open:
 * closed, windows, row and trips forgotten. Closed: the row is over, windows
 * forget by age alone. Open or latched: nothing. */
void breaker_succeeded(struct breaker *b);

/* A run ended well and long enough, where that is no end: the row is over. */
void breaker_ended_clean(struct breaker *b);

/* An operator's reset: closed, and all failures and trips forgotten, whatever
 * it was. Its clock goes on: a service that is held stays held. */
void breaker_reset(struct breaker *b);

/* True while there is nothing that breaker_reset() would forget. */
bool breaker_is_fresh(const struct breaker *b);

/* Stop the service's own time (its start waits for headroom or budget), and
 * let it go on. Both may be repeated; only the change counts. */
void breaker_hold(struct breaker *b, int64_t now_ms);
void breaker_release(struct breaker *b, int64_t now_ms);

/* Bring back what the registry remembers of an open or latched breaker: open
 * with its probe due wait_ms from now (0: at once). What the breaker knew is
 * forgotten, but for its clock. Numbers out of range are cut to range, so that
 * a damaged registry cannot harm: trips >= 1, at_once <= trips,
 * doublings <= trips - 1, wait_ms 0 .. cooldown_max_ms. */
void breaker_restore(struct breaker *b, const struct breaker_policy *p,
		     uint32_t trips, uint32_t at_once, uint32_t doublings,
		     int64_t now_ms, int64_t wait_ms);

/* Bring back what the registry remembers of the row; more than BREAKER_ROW
 * counts as that many. */
void breaker_restore_row(struct breaker *b, uint32_t in_row);

/* Failures that lie within window i at now_ms, 0 .. BREAKER_SLOTS: for
 * reports ("2 of 3 in 15 s"). i must be below p->windows. */
uint32_t breaker_count(const struct breaker *b, const struct breaker_policy *p,
		       uint32_t i, int64_t now_ms);

/* How near a breaker is to opening, by the window or row that is fullest. */
struct breaker_tally {
	uint32_t failures;
	uint32_t max_failures; /* opens it; 0: no number of failures does */
	int64_t window_ms;     /* they lie within; BREAKER_IN_A_ROW */
};

enum { BREAKER_IN_A_ROW = -1 };

/* The tally at now_ms. Of equals the first window; the row is behind them. */
struct breaker_tally breaker_fullest(const struct breaker *b,
				     const struct breaker_policy *p,
				     int64_t now_ms);

/* The cooldown that the present trip has, in ms: min doubled, at most max. */
int64_t breaker_cooldown_ms(const struct breaker *b,
			    const struct breaker_policy *p);

#endif
