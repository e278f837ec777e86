/* SPDX-License-Identifier: ISC */
/* The delay before a restart: doubling, its cap, and both ends of the jitter.
 * UINT32_MAX / 2 as the random number gives the delay without jitter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/backoff.h"

#define WEEK_MS ((int64_t)7 * 24 * 60 * 60 * 1000)
#define MIDDLE (UINT32_MAX / 2)

static const struct backoff_policy defaults = { 250, 30000 };

static void clean_end_and_first_failure_get_the_first_delay(void **state)
{
	(void)state;
	assert_int_equal(backoff_delay_ms(&defaults, 0, MIDDLE), 250);
	assert_int_equal(backoff_delay_ms(&defaults, 1, MIDDLE), 250);
}

static void delay_doubles_with_each_failure_up_to_its_cap(void **state)
{
	static const int64_t expected_ms[] = { 250,  500,   1000,  2000, 4000,
					       8000, 16000, 30000, 30000 };

	(void)state;
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(backoff_delay_ms(&defaults, i + 1, MIDDLE),
				 expected_ms[i]);
}

static void any_number_of_failures_stays_at_the_cap(void **state)
{
	(void)state;
	for (uint32_t failures = 8; failures < 200; failures++)
		assert_int_equal(backoff_delay_ms(&defaults, failures, MIDDLE),
				 30000);
	assert_int_equal(backoff_delay_ms(&defaults, UINT32_MAX, MIDDLE),
			 30000);
	assert_int_equal(backoff_delay_ms(&defaults, UINT32_MAX - 1, MIDDLE),
			 30000);
}

static void jitter_reaches_ten_percent_to_either_side_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(backoff_delay_ms(&defaults, 1, 0), 225);
	assert_int_equal(backoff_delay_ms(&defaults, 1, UINT32_MAX), 275);
	assert_int_equal(backoff_delay_ms(&defaults, 99, 0), 27000);
	assert_int_equal(backoff_delay_ms(&defaults, 99, UINT32_MAX), 33000);
}

static void jitter_reaches_every_step_equally_often(void **state)
{
	uint32_t count[51] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 51000; i++) {
		int64_t ms = backoff_delay_ms(&defaults, 1, i * 84215U);

		assert_in_range(ms, 225, 275);
		count[ms - 225]++;
	}
	for (int i = 0; i < 51; i++)
		assert_in_range(count[i], 990, 1010);
}

static void delay_of_zero_stays_zero(void **state)
{
	static const struct backoff_policy p = { 0, 30000 };

	(void)state;
	for (uint32_t failures = 0; failures < 100; failures++) {
		assert_int_equal(backoff_delay_ms(&p, failures, 0), 0);
		assert_int_equal(backoff_delay_ms(&p, failures, UINT32_MAX), 0);
	}
}

static void delay_too_short_for_jitter_has_none(void **state)
{
	static const struct backoff_policy p = { 9, 9 };

	(void)state;
	assert_int_equal(backoff_delay_ms(&p, 1, 0), 9);
	assert_int_equal(backoff_delay_ms(&p, 1, UINT32_MAX), 9);
}

static void min_equal_to_max_is_a_fixed_delay(void **state)
{
	static const struct backoff_policy p = { WEEK_MS, WEEK_MS };

	(void)state;
	for (uint32_t failures = 0; failures < 100; failures++)
		assert_int_equal(backoff_delay_ms(&p, failures, MIDDLE),
				 WEEK_MS);
	assert_int_equal(backoff_delay_ms(&p, 3, 0), WEEK_MS - WEEK_MS / 10);
	assert_int_equal(backoff_delay_ms(&p, 3, UINT32_MAX),
			 WEEK_MS + WEEK_MS / 10);
}

static void doubling_stops_before_it_would_overflow(void **state)
{
	(void)state;
	assert_true(backoff_doubled_ms(1, INT64_MAX, 62) == (int64_t)1 << 62);
	assert_true(backoff_doubled_ms(1, INT64_MAX, 63) == INT64_MAX);
	assert_true(backoff_doubled_ms(1, INT64_MAX, UINT32_MAX) == INT64_MAX);
	assert_true(backoff_doubled_ms(3, INT64_MAX, 62) == INT64_MAX);
	assert_true(backoff_doubled_ms(INT64_MAX, INT64_MAX, 0) == INT64_MAX);
	assert_true(backoff_doubled_ms(INT64_MAX, INT64_MAX, 1) == INT64_MAX);
	assert_int_equal(backoff_doubled_ms(5, 40, 3), 40);
	assert_int_equal(backoff_doubled_ms(5, 41, 3), 40);
	assert_int_equal(backoff_doubled_ms(5, 39, 3), 39);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			clean_end_and_first_failure_get_the_first_delay),
		cmocka_unit_test(delay_doubles_with_each_failure_up_to_its_cap),
		cmocka_unit_test(any_number_of_failures_stays_at_the_cap),
		cmocka_unit_test(
			jitter_reaches_ten_percent_to_either_side_and_no_more),
		cmocka_unit_test(jitter_reaches_every_step_equally_often),
		cmocka_unit_test(delay_of_zero_stays_zero),
		cmocka_unit_test(delay_too_short_for_jitter_has_none),
		cmocka_unit_test(min_equal_to_max_is_a_fixed_delay),
		cmocka_unit_test(doubling_stops_before_it_would_overflow),
	};

	return cmocka_run_group_tests_name("dampen", tests, NULL, NULL);
}
