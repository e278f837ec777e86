/* SPDX-License-Identifier: ISC */
/* Comparing task counts with limits. Numbers come from the kernel and from
 * people, so any int64_t the header allows must give an answer, not an
 * overflow. */
#include "policy/headroom.h"

int64_t headroom_reserve(int64_t written, int64_t max, int64_t fit)
{
	int64_t reserve = written;

	if (written < 0) {
		reserve = HEADROOM_RESERVE;
		if (max >= 0 && max / HEADROOM_SHARE < reserve)
			reserve = max / HEADROOM_SHARE;
	}
	if (fit >= 0 && fit < reserve)
		reserve = fit;
	return reserve;
}

int64_t headroom_fit(int64_t max, int64_t tasks)
{
	return max < 0 ? INT64_MAX : max - tasks;
}

/* What is left beyond the reserve; reserve is never negative. */
static int64_t spare(int64_t left, int64_t reserve)
{
	return left < INT64_MIN + reserve ? INT64_MIN : left - reserve;
}

struct headroom_verdict headroom_judge(const struct headroom_limit *limit,
				       const int64_t *reserve, size_t n)
{
	struct headroom_verdict v = {
		.binding = n, .left = INT64_MAX,
	};
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		int64_t left;

		if (limit[i].max < 0)
			continue;
		left = limit[i].max - limit[i].current;
		if (v.binding < n && spare(left, reserve[i]) >= least)
			continue;
		least = spare(left, reserve[i]);
		v.binding = i;
		v.left = left;
		v.reserve = reserve[i];
	}
	v.is_enough = least >= 1;
	return v;
}
