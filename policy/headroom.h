/* SPDX-License-Identifier: ISC */
/* Process headroom: may one more task be started under these limits, and if
 * not, which limit binds. It reads nothing itself; init/kernel/task_limits
 * brings the numbers. */
#ifndef POLICY_HEADROOM_H
#define POLICY_HEADROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HEADROOM_RESERVE = 16, /* default reserve in tasks */
	HEADROOM_SHARE = 8,    /* ... but at most this part of the limit */
};

/* One limit on tasks, as read. */
struct headroom_limit {
	int64_t current; /* tasks charged to it, >= 0 */
	int64_t max;     /* most tasks; negative: no limit */
};

struct headroom_verdict {
	bool is_enough;
	size_t binding;  /* index of the limit that is nearest; n if none */
	int64_t left;    /* tasks that still fit under it, may be negative;
	                    INT64_MAX if none binds */
	int64_t reserve; /* tasks that must stay free under it; 0 if none */
};

/* Tasks that must stay free under a limit of max. written: the `headroom`
 * key, negative when it was not written; a written number holds as it is, the
 * default is HEADROOM_RESERVE but at most max / HEADROOM_SHARE (a negative
 * max is no limit and no share). fit: the most that can stay free under this
 * limit when everything runs (headroom_fit()); written or not, the reserve is
 * no larger; negative: not known. Never negative. A caller whose headroom_fit()
 * is negative must refuse that configuration before it asks for a reserve. */
int64_t headroom_reserve(int64_t written, int64_t max, int64_t fit);

/* Tasks that stay free under max when `tasks` (>= 0) run; negative: it cannot
 * fit; INT64_MAX when max is no limit. */
int64_t headroom_fit(int64_t max, int64_t tasks);

/* May one task more be started under all n limits? Each needs
 * current + 1 + reserve <= max. reserve[i] belongs to limit[i]. The binding
 * limit is the one with the least left beyond its reserve, the first
 * of equals; it is named also when there is enough. Unlimited ones never bind:
 * with no other, binding is n and there is enough. Differences below INT64_MIN
 * count as INT64_MIN. */
struct headroom_verdict headroom_judge(const struct headroom_limit *limit,
				       const int64_t *reserve, size_t n);

#endif
