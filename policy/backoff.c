/* SPDX-License-Identifier: ISC */
/* Doubling delays with jitter. Nothing is remembered here: the caller keeps
 * the number of failures and brings the random number. */
#include "policy/backoff.h"

enum {
	MAX_SHIFT = 62,    /* an int64_t of 1 can be doubled this often */
	JITTER_SHARE = 10, /* a tenth to either side */
};

int64_t backoff_doubled_ms(int64_t min_ms, int64_t max_ms, uint32_t doublings)
{
	if (min_ms == 0)
		return 0;
	if (doublings > MAX_SHIFT || min_ms > max_ms >> doublings)
		return max_ms;
	return min_ms << doublings;
}

int64_t backoff_delay_ms(const struct backoff_policy *p, uint32_t failures,
			uint32_t random)
{
	uint32_t doublings = failures > 1 ? failures - 1 : 0;
	int64_t delay_ms = backoff_doubled_ms(p->min_ms, p->max_ms, doublings);
	int64_t side_ms = delay_ms / JITTER_SHARE;
	/* Scaled, not modulo: both ends are reached, steps equally often. */
	uint64_t steps = 2 * (uint64_t)side_ms + 1;

	return delay_ms - side_ms + (int64_t)(steps * random >> 32);
}
