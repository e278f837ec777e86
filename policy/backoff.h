/* SPDX-License-Identifier: ISC */
/* The delay before a restart: it doubles with each failure since the last
 * stable run, so that a loop slows down before its breaker opens. */
#ifndef POLICY_BACKOFF_H
#define POLICY_BACKOFF_H

#include <stdint.h>

/* "restart_delay = 250ms..30s" */
struct backoff_policy {
	int64_t min_ms; /* first delay, 0 .. 7 days */
	int64_t max_ms; /* doubling stops here, >= min_ms */
};

/* min_ms doubled `doublings` times, at most max_ms; 0 stays 0. Needs
 * 0 <= min_ms <= max_ms; any number of doublings is safe. The breaker's
 * cooldown uses it too. */
int64_t backoff_doubled_ms(int64_t min_ms, int64_t max_ms, uint32_t doublings);

/* The delay in ms after the given number of failures since the last stable
 * run. 0 (a clean end) and 1 give the first delay. random: any number; it
 * spreads the result evenly over 10 % to either side (max_ms included; 0 is
 * the low end, UINT32_MAX the high one), so that loops which died together do
 * not return together. Never negative; cannot fail or overflow. */
int64_t backoff_delay_ms(const struct backoff_policy *p, uint32_t failures,
			uint32_t random);

#endif
