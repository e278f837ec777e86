/* SPDX-License-Identifier: ISC */
/* Years are counted from March, so that the leap day is the last of its year,
 * and days from 0000-03-01. */
#include "policy/date.h"

enum {
	EPOCH = 719468,   /* days from 0000-03-01 to 1970-01-01 */
	DAYS_400 = 146097, /* of 400 years, after which the calendar repeats */
};

/* Days from the first of March to the first of the month-th month after it:
 * 0, 31, 61, 92, … */
static int days_before(int month)
{
	return (153 * month + 2) / 5;
}

struct date date_of_day(int64_t day)
{
	int64_t since = day + EPOCH;
	int64_t era = (since >= 0 ? since : since - (DAYS_400 - 1)) / DAYS_400;
	int in_era = (int)(since - era * DAYS_400);
	int year = (in_era - in_era / 1460 + in_era / 36524 -
		    in_era / (DAYS_400 - 1)) /
		   365;
	int in_year = in_era - (365 * year + year / 4 - year / 100);
	int month = (5 * in_year + 2) / 153;

	return (struct date){
		.year = (int)(era * 400) + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = in_year - days_before(month) + 1,
	};
}

int64_t date_to_day(const struct date *d)
{
	int64_t year = d->year - (d->month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int in_era = (int)(year - era * 400);
	int month = d->month > 2 ? d->month - 3 : d->month + 9;

	return era * DAYS_400 + 365 * in_era + in_era / 4 - in_era / 100 +
	       days_before(month) + d->day - 1 - EPOCH;
}
