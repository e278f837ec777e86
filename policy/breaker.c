/* SPDX-License-Identifier: ISC */
/* One ring of the last 64 failures serves all windows: the failure that could
 * share a window with the latest one is looked up, not searched for.
 *
 * Always: 0 <= held_ms <= last_ms, the ring's filled slots are 0 .. filled-1,
 * and their times never fall from the oldest to the latest. So no difference
 * of two times can overflow. */
#include "policy/breaker.h"

#include "policy/backoff.h"

enum {
	MAX_DOUBLINGS = 62,    /* more would not fit an int64_t */
	AT_ONCE_LENGTHENS = 3, /* this at-once trip in a row is the first */
};

/* Time only grows; what passes while held is taken out of own time. */
static void tick(struct breaker *b, int64_t now_ms)
{
	if (now_ms <= b->last_ms)
		return;
	if (b->is_held)
		b->held_ms += now_ms - b->last_ms;
	b->last_ms = now_ms;
}

static int64_t own_ms(const struct breaker *b)
{
	return b->last_ms - b->held_ms;
}

/* A fresh breaker, but for its clock. */
static void forget(struct breaker *b)
{
	*b = (struct breaker){
		.last_ms = b->last_ms,
		.held_ms = b->held_ms,
		.is_held = b->is_held,
	};
}

static void record(struct breaker *b)
{
	b->failed_ms[b->next] = own_ms(b);
	b->next = (b->next + 1) % BREAKER_SLOTS;
	if (b->filled < BREAKER_SLOTS)
		b->filled++;
	if (b->in_row < BREAKER_ROW)
		b->in_row++;
}

/* Did the failure just recorded make the number within the window? */
static bool is_reached(const struct breaker *b, const struct breaker_window *w)
{
	uint32_t oldest;

	if (b->filled < w->max_failures)
		return false;
	oldest = (b->next + BREAKER_SLOTS - w->max_failures) % BREAKER_SLOTS;
	return own_ms(b) - b->failed_ms[oldest] < w->window_ms;
}

static bool is_any_reached(const struct breaker *b,
			   const struct breaker_policy *p)
{
	for (uint32_t i = 0; i < p->windows; i++)
		if (is_reached(b, &p->window[i]))
			return true;
	return p->max_in_row > 0 && b->in_row >= p->max_in_row;
}

static void open_for(struct breaker *b, int64_t wait_ms)
{
	b->state = BREAKER_OPEN;
	b->until_ms = b->last_ms > INT64_MAX - wait_ms ? INT64_MAX
						       : b->last_ms + wait_ms;
}

static enum breaker_verdict trip(struct breaker *b,
				 const struct breaker_policy *p,
				 bool is_longer)
{
	if (b->trips < UINT32_MAX)
		b->trips++;
	if (is_longer && b->doublings < MAX_DOUBLINGS)
		b->doublings++;
	if (p->max_trips > 0 && b->trips >= p->max_trips) {
		b->state = BREAKER_LATCHED;
		return BREAKER_LATCH;
	}
	open_for(b, breaker_cooldown_ms(b, p));
	return BREAKER_BLOCK;
}

/* An operator's probe has failed: all is as it was before it. */
static enum breaker_verdict open_again(struct breaker *b,
				       const struct breaker_policy *p)
{
	open_for(b, breaker_cooldown_ms(b, p));
	return BREAKER_BLOCK;
}

static enum breaker_verdict trip_ordinary(struct breaker *b,
					  const struct breaker_policy *p)
{
	b->at_once = 0;
	return trip(b, p, b->trips > 0);
}

static enum breaker_verdict trip_at_once(struct breaker *b,
					 const struct breaker_policy *p)
{
	if (b->at_once < UINT32_MAX)
		b->at_once++;
	return trip(b, p, b->at_once >= AT_ONCE_LENGTHENS);
}

enum breaker_verdict breaker_failed(struct breaker *b,
				    const struct breaker_policy *p,
				    int64_t now_ms)
{
	tick(b, now_ms);
	switch (b->state) {
	case BREAKER_OPEN:
		return BREAKER_BLOCK;
	case BREAKER_LATCHED:
		return BREAKER_LATCH;
	case BREAKER_HALF_OPEN:
		record(b);
		return b->is_asked ? open_again(b, p) : trip_ordinary(b, p);
	case BREAKER_CLOSED:
		break;
	}
	record(b);
	return is_any_reached(b, p) ? trip_ordinary(b, p) : BREAKER_RETRY;
}

enum breaker_verdict breaker_failed_at_once(struct breaker *b,
					    const struct breaker_policy *p,
					    int64_t now_ms)
{
	tick(b, now_ms);
	if (b->state == BREAKER_OPEN)
		return BREAKER_BLOCK;
	if (b->state == BREAKER_LATCHED)
		return BREAKER_LATCH;
	record(b);
	return b->state == BREAKER_HALF_OPEN && b->is_asked
		       ? open_again(b, p)
		       : trip_at_once(b, p);
}

bool breaker_probe(struct breaker *b, int64_t now_ms, enum breaker_start by)
{
	/* What never failed is not written: its page stays untouched. */
	if (b->state == BREAKER_CLOSED)
		return true;
	tick(b, now_ms);
	if (b->state == BREAKER_OPEN &&
	    (by != BREAKER_START_DUE || b->last_ms >= b->until_ms)) {
		b->state = BREAKER_HALF_OPEN;
		b->until_ms = 0;
	}
	if (b->state == BREAKER_HALF_OPEN)
		b->is_asked = by == BREAKER_START_ASKED;
	return b->state == BREAKER_HALF_OPEN;
}

void breaker_succeeded(struct breaker *b)
{
	if (b->state == BREAKER_HALF_OPEN)
		forget(b);
	else if (b->state == BREAKER_CLOSED)
		breaker_ended_clean(b);
}

/* The test keeps the page of a service that never failed untouched. */
void breaker_ended_clean(struct breaker *b)
{
	if (b->in_row > 0)
		b->in_row = 0;
}

void breaker_reset(struct breaker *b)
{
	forget(b);
}

bool breaker_is_fresh(const struct breaker *b)
{
	return b->state == BREAKER_CLOSED && b->filled == 0 && b->in_row == 0;
}

void breaker_hold(struct breaker *b, int64_t now_ms)
{
	tick(b, now_ms);
	b->is_held = true;
}

void breaker_release(struct breaker *b, int64_t now_ms)
{
	if (!b->is_held)
		return;
	tick(b, now_ms);
	b->is_held = false;
}

void breaker_restore(struct breaker *b, const struct breaker_policy *p,
		     uint32_t trips, uint32_t at_once, uint32_t doublings,
		     int64_t now_ms, int64_t wait_ms)
{
	tick(b, now_ms);
	forget(b);
	b->trips = trips > 0 ? trips : 1;
	b->at_once = at_once < b->trips ? at_once : b->trips;
	b->doublings = doublings < b->trips ? doublings : b->trips - 1;
	if (b->doublings > MAX_DOUBLINGS)
		b->doublings = MAX_DOUBLINGS;
	if (wait_ms < 0)
		wait_ms = 0;
	if (wait_ms > p->cooldown_max_ms)
		wait_ms = p->cooldown_max_ms;
	open_for(b, wait_ms);
}

void breaker_restore_row(struct breaker *b, uint32_t in_row)
{
	b->in_row = in_row < BREAKER_ROW ? in_row : BREAKER_ROW;
}

uint32_t breaker_count(const struct breaker *b, const struct breaker_policy *p,
		       uint32_t i, int64_t now_ms)
{
	int64_t at_ms = own_ms(b);
	uint32_t count = 0;

	if (!b->is_held && now_ms > b->last_ms)
		at_ms = now_ms - b->held_ms;
	for (uint32_t slot = 0; slot < b->filled; slot++)
		if (at_ms - b->failed_ms[slot] < p->window[i].window_ms)
			count++;
	return count;
}

/* Is a nearer to opening than b? 0 of 0 is as far as can be. */
static bool is_fuller(const struct breaker_tally *a,
		      const struct breaker_tally *b)
{
	return b->max_failures == 0 ||
	       (uint64_t)a->failures * b->max_failures >
		       (uint64_t)b->failures * a->max_failures;
}

struct breaker_tally breaker_fullest(const struct breaker *b,
				     const struct breaker_policy *p,
				     int64_t now_ms)
{
	const struct breaker_tally row = {
		.failures = b->in_row,
		.max_failures = p->max_in_row,
		.window_ms = BREAKER_IN_A_ROW,
	};
	struct breaker_tally best = { .failures = 0 };

	for (uint32_t i = 0; i < p->windows; i++) {
		const struct breaker_tally one = {
			.failures = breaker_count(b, p, i, now_ms),
			.max_failures = p->window[i].max_failures,
			.window_ms = p->window[i].window_ms,
		};

		if (is_fuller(&one, &best))
			best = one;
	}
	return row.max_failures > 0 && is_fuller(&row, &best) ? row : best;
}

int64_t breaker_cooldown_ms(const struct breaker *b,
			    const struct breaker_policy *p)
{
	return backoff_doubled_ms(p->cooldown_min_ms, p->cooldown_max_ms,
				 b->doublings);
}
