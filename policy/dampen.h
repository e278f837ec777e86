/* SPDX-License-Identifier: ISC */
/* The delay before a restart: it doubles with each failure since the last
 * stable run, so that a loop slows down before its breaker opens. */
#ifndef POLICY_DAMPEN_H
#define POLICY_DAMPEN_H

#include <stdint.h>

/* "restart_delay = 250ms..30s" */
struct dampen_policy {
	int64_t min_ms; /* first delay, 0 .. 7 days */
	int64_t max_ms; /* doubling stops here, >= min_ms */
};

/* The delay in ms after the given number of failures since the last stable
 * run. 0 (a clean end) and 1 give the first delay. random: any number; it
 * spreads the result evenly over 10 % to either side (max_ms included), so
 * that loops which died together do not return together. Never negative;
 * cannot fail or overflow. */
int64_t dampen_delay_ms(const struct dampen_policy *p, uint32_t failures,
			uint32_t random);

#endif
