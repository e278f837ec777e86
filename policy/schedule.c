/* SPDX-License-Identifier: ISC */
/* Months that have no day of the schedule are passed over whole. */
#include "policy/schedule.h"

#include "policy/date.h"

enum {
	DAY_MIN = 24 * 60,
	MONTHS = 12 * 400, /* after which the calendar repeats */
	THURSDAY = 4,      /* 1970-01-01 */
};

/* a / b and the rest of it, rounded down also for a < 0. */
static int64_t whole(int64_t a, int64_t b, int64_t *rest)
{
	int64_t n = a / b;

	*rest = a - n * b;
	if (*rest < 0) {
		*rest += b;
		n--;
	}
	return n;
}

static int lowest_bit(uint64_t set)
{
	int n = 0;

	while (!(set >> n & 1))
		n++;
	return n;
}

/* Bits from n on. */
static uint64_t from_bit(uint64_t set, int n)
{
	return set >> n << n;
}

/* The days that a month can have, in a leap year, as bits. */
static uint32_t days_of_month(int month)
{
	uint32_t days = UINT32_MAX - 1;

	if (month == 2)
		return days >> 2 & ~UINT32_C(1);
	return month == 4 || month == 6 || month == 9 || month == 11
		       ? days >> 1 & ~UINT32_C(1)
		       : days;
}

static bool is_possible(const struct schedule *s)
{
	if (s->is_either_day)
		return true;
	/* In 400 years every date falls on every weekday. */
	for (int month = 1; month <= 12; month++)
		if ((s->months >> month & 1) && (s->days &
						 days_of_month(month)))
			return true;
	return false;
}

bool schedule_is_well(const struct schedule *s)
{
	const uint64_t week_ms = UINT64_C(7) * 24 * 3600 * 1000;

	if (s->east_min < -SCHEDULE_EAST || s->east_min > SCHEDULE_EAST)
		return false;
	if (s->every_ms != 0 || s->minutes == 0)
		return s->minutes == 0 && s->hours == 0 && s->days == 0 &&
		       s->months == 0 && s->weekdays == 0 &&
		       !s->is_either_day &&
		       (s->every_ms == 0 ||
			(s->every_ms >= SCHEDULE_LEAST_MS &&
			 (uint64_t)s->every_ms <= week_ms));
	return s->minutes >> 60 == 0 && s->hours != 0 && s->hours >> 24 == 0 &&
	       s->days != 0 && !(s->days & 1) && s->months != 0 &&
	       !(s->months & 1) && s->months >> 13 == 0 && s->weekdays != 0 &&
	       s->weekdays >> 7 == 0 && is_possible(s);
}

/* True when the schedule has that day, counted from 1970-01-01. */
static bool has_day(const struct schedule *s, int64_t day, int of_month)
{
	int64_t weekday;
	bool is_day = (s->days >> of_month & 1) != 0, is_weekday;

	whole(day + THURSDAY, 7, &weekday);
	is_weekday = (s->weekdays >> weekday & 1) != 0;
	return s->is_either_day ? is_day || is_weekday : is_day && is_weekday;
}

/* The first day from `day` on that the schedule has, or SCHEDULE_NEVER. */
static int64_t next_day(const struct schedule *s, int64_t day)
{
	struct date d = date_of_day(day);

	for (int n = 0; n <= MONTHS; n++) {
		const struct date next = {
			.year = d.year + (d.month == 12),
			.month = d.month % 12 + 1,
			.day = 1,
		};
		const int64_t end = date_to_day(&next);

		if (s->months >> d.month & 1)
			for (; day < end; day++, d.day++)
				if (has_day(s, day, d.day))
					return day;
		day = end;
		d = next;
	}
	return SCHEDULE_NEVER;
}

/* The first minute of a day from `minute` on that the schedule has, or -1. */
static int64_t next_minute(const struct schedule *s, int64_t minute)
{
	int hour = (int)(minute / 60);
	uint64_t minutes = from_bit(s->minutes, (int)(minute % 60));
	uint64_t hours = from_bit(s->hours, hour);

	if ((hours >> hour & 1) && minutes != 0)
		return hour * 60 + lowest_bit(minutes);
	hours = from_bit(s->hours, hour + 1);
	return hours == 0 ? -1
			  : lowest_bit(hours) * 60 + lowest_bit(s->minutes);
}

int64_t schedule_next_s(const struct schedule *s, int64_t after_s)
{
	const int64_t east_s = (int64_t)s->east_min * 60;
	int64_t second, minute, day, first, at;

	if (s->minutes == 0 || s->hours == 0)
		return SCHEDULE_NEVER;
	/* The first minute that begins later, on the schedule's own clock. */
	day = whole(whole(after_s + east_s, 60, &second) + 1, DAY_MIN,
		    &minute);
	first = next_day(s, day);
	if (first == SCHEDULE_NEVER)
		return SCHEDULE_NEVER;
	at = next_minute(s, first == day ? minute : 0);
	if (at < 0) {
		first = next_day(s, first + 1);
		if (first == SCHEDULE_NEVER)
			return SCHEDULE_NEVER;
		at = next_minute(s, 0);
	}
	return (first * DAY_MIN + at) * 60 - east_s;
}

int64_t schedule_step_ms(const struct schedule *s, int64_t last_ms,
			 int64_t now_ms)
{
	int64_t steps = now_ms < last_ms ? 0
					 : (now_ms - last_ms) / s->every_ms;

	return last_ms + (steps + 1) * s->every_ms;
}
