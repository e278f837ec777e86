/* SPDX-License-Identifier: ISC */
/* When a service with a schedule is to run next: in even steps, or by the
 * calendar as cron(8) has it.
 *
 * Steps are counted on the monotonic clock, so that whoever sets the wall clock
 * does not move them. The calendar is the proleptic Gregorian one, at a fixed
 * distance from UTC: there is no summer time, and each minute comes once. */
#ifndef POLICY_SCHEDULE_H
#define POLICY_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_NEVER INT64_MAX

enum {
	SCHEDULE_EAST = 14 * 60, /* most minutes away from UTC */
	SCHEDULE_LEAST_MS = 1000, /* shortest step */
};

/* All-zero: no schedule. */
struct schedule {
	int64_t every_ms;   /* a step; 0: by the calendar */
	uint64_t minutes;   /* bit n: in minute n, 0 .. 59 */
	uint32_t hours;     /* ... in hour n, 0 .. 23 */
	uint32_t days;      /* ... on day n of the month, 1 .. 31 */
	uint16_t months;    /* ... in month n, 1 .. 12 */
	uint8_t weekdays;   /* ... on weekday n, 0 (Sunday) .. 6 */
	bool is_either_day; /* a day of `days` or of `weekdays`; else of both */
	int32_t east_min;   /* its clock is so many minutes ahead of UTC */
};

/* True when there is a schedule. */
static inline bool schedule_is_set(const struct schedule *s)
{
	return s->every_ms != 0 || s->minutes != 0;
}

/* True when each field of a schedule is in its range and its time comes ever:
 * no schedule for 31 February is. Also true of no schedule. */
bool schedule_is_well(const struct schedule *s);

/* The first time by the calendar that is later than after_s; both are Unix
 * times in seconds. SCHEDULE_NEVER when none comes in the 400 years after
 * which the calendar repeats. Takes a few thousand steps at most. */
int64_t schedule_next_s(const struct schedule *s, int64_t after_s);

/* The first of the times last_ms + k * every_ms (k from 1 on) that is later
 * than now_ms: however late it is asked, the steps stay where they were. */
int64_t schedule_step_ms(const struct schedule *s, int64_t last_ms,
			 int64_t now_ms);

#endif
