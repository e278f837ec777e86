/* SPDX-License-Identifier: ISC */
/* policy/date against the library's calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "policy/date.h"

static void every_day_is_the_library_s(void **state)
{
	(void)state;
	/* 0001-01-01 to 9999-12-31 in steps that meet every kind of day. */
	for (int64_t day = -719162; day <= 2932896; day += day % 3 ? 1 : 13) {
		time_t second = (time_t)day * 86400;
		struct date d = date_of_day(day);
		struct tm tm;

		gmtime_r(&second, &tm);
		assert_int_equal(d.year, tm.tm_year + 1900);
		assert_int_equal(d.month, tm.tm_mon + 1);
		assert_int_equal(d.day, tm.tm_mday);
		assert_int_equal(date_to_day(&d), day);
	}
}

static void leap_days_are_where_they_belong(void **state)
{
	const struct date leap = { 2000, 2, 29 }, none = { 1900, 2, 29 };
	struct date again = date_of_day(date_to_day(&none));

	(void)state;
	assert_int_equal(date_to_day(&leap), 11016);
	assert_int_equal(again.month, 3);
	assert_int_equal(again.day, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_is_the_library_s),
		cmocka_unit_test(leap_days_are_where_they_belong),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
