/* SPDX-License-Identifier: ISC */
/* Process headroom: the reserve, the edge of one task, and the limit that is
 * named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/headroom.h"

enum { NOT_WRITTEN = -1, NOT_KNOWN = -1, NO_LIMIT = -1 };

static void default_reserve_is_16_and_at_most_an_eighth(void **state)
{
	static const int64_t max_and_reserve[][2] = {
		{ 0, 0 },    { 7, 0 },	  { 8, 1 },	  { 127, 15 },
		{ 128, 16 }, { 129, 16 }, { 500, 16 },
		{ INT64_MAX, 16 },
		{ -1, 16 },  { 64, 8 },	  { INT64_MIN, 16 },
	};

	(void)state;
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(headroom_reserve(NOT_WRITTEN,
						  max_and_reserve[i][0],
						  NOT_KNOWN),
				 max_and_reserve[i][1]);
}

static void written_reserve_holds_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(headroom_reserve(100, 120, NOT_KNOWN), 100);
	assert_int_equal(headroom_reserve(0, 500, NOT_KNOWN), 0);
	assert_true(headroom_reserve(INT64_MAX, 1, NOT_KNOWN) == INT64_MAX);
}

static void reserve_shrinks_to_what_a_full_container_leaves(void **state)
{
	(void)state;
	assert_int_equal(headroom_reserve(NOT_WRITTEN, 500, 15), 15);
	assert_int_equal(headroom_reserve(NOT_WRITTEN, 500, 16), 16);
	assert_int_equal(headroom_reserve(NOT_WRITTEN, 500, 17), 16);
	assert_int_equal(headroom_reserve(NOT_WRITTEN, 500, 0), 0);
	assert_int_equal(headroom_reserve(30, 500, 4), 4);
	assert_int_equal(headroom_reserve(30, 500, INT64_MIN), 30);
}

static void fit_is_what_stays_free_when_everything_runs(void **state)
{
	(void)state;
	assert_int_equal(headroom_fit(100, 90), 10);
	assert_int_equal(headroom_fit(100, 100), 0);
	assert_int_equal(headroom_fit(100, 101), -1);
	assert_true(headroom_fit(NO_LIMIT, 101) == INT64_MAX);
	assert_true(headroom_fit(INT64_MIN, INT64_MAX) == INT64_MAX);
	assert_true(headroom_fit(0, INT64_MAX) == -INT64_MAX);
}

static struct headroom_verdict judge(int64_t current, int64_t max,
				     int64_t reserve)
{
	struct headroom_limit limit = { current, max };

	return headroom_judge(&limit, &reserve, 1);
}

static void start_needs_its_own_task_and_the_reserve(void **state)
{
	struct headroom_verdict v = judge(483, 500, 16);

	(void)state;
	assert_true(v.is_enough); /* 483 + 1 + 16 = 500 */
	assert_int_equal(v.left, 17);
	assert_int_equal(v.reserve, 16);
	v = judge(484, 500, 16);
	assert_false(v.is_enough);
	assert_int_equal(v.binding, 0);
	assert_int_equal(v.left, 16);
}

static void without_reserve_the_last_task_may_be_used(void **state)
{
	(void)state;
	assert_true(judge(499, 500, 0).is_enough);
	assert_false(judge(500, 500, 0).is_enough);
	assert_false(judge(0, 0, 0).is_enough);
}

static void count_above_the_limit_leaves_less_than_nothing(void **state)
{
	struct headroom_verdict v = judge(520, 500, 16);

	(void)state;
	assert_false(v.is_enough);
	assert_int_equal(v.left, -20);
}

static void no_limit_binds_nothing(void **state)
{
	struct headroom_verdict v = judge(INT64_MAX, NO_LIMIT, INT64_MAX);

	(void)state;
	assert_true(v.is_enough);
	assert_int_equal(v.binding, 1);
	assert_true(v.left == INT64_MAX);
	assert_int_equal(v.reserve, 0);
	assert_true(judge(INT64_MAX, INT64_MIN, 0).is_enough);

	v = headroom_judge(NULL, NULL, 0);
	assert_true(v.is_enough);
	assert_int_equal(v.binding, 0);
}

static void limit_with_the_least_beyond_its_reserve_binds(void **state)
{
	static const struct headroom_limit limit[] = {
		{ 10, NO_LIMIT }, { 50, 100 }, { 60, 100 }, { 900, 1000 },
		{ 60, 100 },
	};
	static const struct headroom_limit equal[] = {
		{ 50, 100 }, { 60, 100 }, { 60, 100 },
	};
	static const int64_t reserve[] = { 16, 12, 12, 80, 12 };
	static const int64_t flat[] = { 12, 12, 12 };
	struct headroom_verdict v = headroom_judge(limit, reserve, 5);

	(void)state;
	/* Beyond the reserve: -, 38, 28, 20, 28. */
	assert_true(v.is_enough);
	assert_int_equal(v.binding, 3);
	assert_int_equal(v.left, 100);
	assert_int_equal(v.reserve, 80);
	/* Of equals the first. */
	assert_int_equal(headroom_judge(equal, flat, 3).binding, 1);
}

static void one_exhausted_limit_among_many_refuses(void **state)
{
	struct headroom_limit limit[6];
	int64_t reserve[6];

	(void)state;
	for (size_t full = 0; full < 6; full++) {
		for (size_t i = 0; i < 6; i++) {
			limit[i] = (struct headroom_limit){ 10, 100 };
			reserve[i] = 12;
		}
		limit[full].current = 88;
		assert_false(headroom_judge(limit, reserve, 6).is_enough);
		assert_int_equal(headroom_judge(limit, reserve, 6).binding,
				 full);
	}
}

static void largest_numbers_do_not_overflow(void **state)
{
	struct headroom_verdict v = judge(INT64_MAX, 0, INT64_MAX);

	(void)state;
	assert_false(v.is_enough);
	assert_true(v.left == -INT64_MAX);
	assert_true(judge(0, INT64_MAX, 0).is_enough);
	assert_int_equal(judge(0, INT64_MAX, 0).binding, 0);
	assert_true(judge(0, INT64_MAX, INT64_MAX - 1).is_enough);
	assert_false(judge(0, INT64_MAX, INT64_MAX).is_enough);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_reserve_is_16_and_at_most_an_eighth),
		cmocka_unit_test(written_reserve_holds_as_it_is),
		cmocka_unit_test(
			reserve_shrinks_to_what_a_full_container_leaves),
		cmocka_unit_test(fit_is_what_stays_free_when_everything_runs),
		cmocka_unit_test(start_needs_its_own_task_and_the_reserve),
		cmocka_unit_test(without_reserve_the_last_task_may_be_used),
		cmocka_unit_test(
			count_above_the_limit_leaves_less_than_nothing),
		cmocka_unit_test(no_limit_binds_nothing),
		cmocka_unit_test(limit_with_the_least_beyond_its_reserve_binds),
		cmocka_unit_test(one_exhausted_limit_among_many_refuses),
		cmocka_unit_test(largest_numbers_do_not_overflow),
	};

	return cmocka_run_group_tests_name("headroom", tests, NULL, NULL);
}
