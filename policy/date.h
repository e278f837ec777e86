/* SPDX-License-Identifier: ISC */
/* The proleptic Gregorian calendar in UTC, years 0 to 9999.
 *
 * The library's own comes with time zones and leap tables of which nothing
 * is needed here. */
#ifndef POLICY_DATE_H
#define POLICY_DATE_H

#include <stdint.h>

struct date {
	int year;  /* 0 .. 9999 */
	int month; /* 1 .. 12 */
	int day;   /* 1 .. 31 */
};

/* The date of a day, counted from 1970-01-01, and the day of a date. The day
 * of a date that does not exist is that of another one. */
struct date date_of_day(int64_t day);
int64_t date_to_day(const struct date *d);

#endif
