/* SPDX-License-Identifier: ISC */
/* The restart budget: its promise over random walks, its edges, and the order
 * of those that want a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/budget.h"

static const struct budget_policy defaults = { 1000, 5, 20 };

static void fresh_bucket_gives_its_burst_and_no_more(void **state)
{
	struct budget b = budget_full(&defaults, 1000);

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(budget_tokens(&b, &defaults, 1000), 20 - i);
		assert_true(budget_take(&b, &defaults, 1000));
	}
	assert_int_equal(budget_tokens(&b, &defaults, 1000), 0);
	assert_false(budget_take(&b, &defaults, 1000));
}

static struct budget emptied(const struct budget_policy *p, int64_t now_ms)
{
	struct budget b = budget_full(p, now_ms);

	while (budget_take(&b, p, now_ms))
		;
	return b;
}

static void next_token_comes_exactly_at_its_millisecond(void **state)
{
	struct budget b = emptied(&defaults, 1000);

	(void)state;
	assert_int_equal(budget_next_ms(&b, &defaults, 1000), 1200);
	assert_int_equal(budget_next_ms(&b, &defaults, 1199), 1200);
	assert_false(budget_take(&b, &defaults, 1199));
	assert_int_equal(budget_next_ms(&b, &defaults, 1200), 1200);
	assert_true(budget_take(&b, &defaults, 1200));
	assert_false(budget_take(&b, &defaults, 1200));
}

static void rate_that_does_not_divide_loses_nothing(void **state)
{
	static const struct budget_policy p = { 1000, 3, 2 };
	struct budget b = emptied(&p, 0);
	int64_t taken = 0;

	(void)state;
	assert_int_equal(budget_next_ms(&b, &p, 0), 334);
	for (int64_t now_ms = 1; now_ms <= 100000; now_ms++)
		taken += budget_take(&b, &p, now_ms);
	assert_int_equal(taken, 300);
}

static void refused_take_costs_nothing(void **state)
{
	struct budget b = emptied(&defaults, 0);

	(void)state;
	for (int64_t now_ms = 0; now_ms < 200; now_ms++)
		assert_false(budget_take(&b, &defaults, now_ms));
	assert_true(budget_take(&b, &defaults, 200));
}

static void savings_stop_at_the_burst(void **state)
{
	struct budget b = emptied(&defaults, 0);

	(void)state;
	assert_int_equal(budget_tokens(&b, &defaults, 3999), 19);
	assert_int_equal(budget_tokens(&b, &defaults, 4000), 20);
	assert_int_equal(budget_tokens(&b, &defaults, 86400000), 20);
}

static void clock_that_goes_back_gives_no_token(void **state)
{
	struct budget b = emptied(&defaults, 5000);

	(void)state;
	assert_false(budget_take(&b, &defaults, 0));
	assert_int_equal(b.last_ms, 5000);
	assert_int_equal(budget_next_ms(&b, &defaults, -5), 5200);
	assert_false(budget_take(&b, &defaults, 5000));
	assert_false(budget_take(&b, &defaults, 5199));
	/* Exactly one token is there: no wait, whatever the clock says. */
	b = emptied(&defaults, 5000);
	assert_int_equal(budget_tokens(&b, &defaults, 5200), 1);
	b.parts = defaults.period_ms;
	assert_int_equal(budget_next_ms(&b, &defaults, -5), -5);
	assert_true(budget_take(&b, &defaults, 5200));
}

static void extreme_times_and_rates_do_not_overflow(void **state)
{
	static const struct budget_policy most = { 86400000, 100000, 100000 };
	struct budget b = emptied(&most, INT64_MIN);

	(void)state;
	assert_int_equal(budget_next_ms(&b, &most, INT64_MIN),
			 INT64_MIN + 864);
	assert_int_equal(budget_tokens(&b, &most, INT64_MAX), 100000);
	b = emptied(&most, INT64_MAX);
	assert_false(budget_take(&b, &most, INT64_MIN));
	assert_int_equal(budget_next_ms(&b, &most, 0), INT64_MAX);
	b = emptied(&most, INT64_MAX - 864);
	assert_int_equal(budget_next_ms(&b, &most, 0), INT64_MAX);
	b = emptied(&most, INT64_MAX - 865);
	assert_int_equal(budget_next_ms(&b, &most, 0), INT64_MAX - 1);
}

static void smaller_burst_after_a_reload_cuts_the_savings(void **state)
{
	static const struct budget_policy small = { 1000, 5, 2 };
	struct budget b = budget_full(&defaults, 0);

	(void)state;
	assert_int_equal(budget_tokens(&b, &small, 0), 2);
	assert_int_equal(budget_tokens(&b, &small, 1), 2);
	assert_true(budget_take(&b, &small, 0));
	assert_true(budget_take(&b, &small, 0));
	assert_false(budget_take(&b, &small, 0));
}

static uint32_t seed = 7;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* Greedy and lazy phases, and steps back; each taken at the latest time that
 * the bucket was told. */
static size_t random_takes(const struct budget_policy *p, int64_t *at_ms,
			   size_t room)
{
	struct budget b = budget_full(p, 0);
	int64_t now_ms = 0, told_ms = 0;
	size_t taken = 0;

	while (taken < room) {
		uint32_t step = rnd(3) ? rnd(4) : rnd(300);
		int64_t back = rnd(5) == 0 ? (int64_t)rnd(2000) : 0;

		now_ms += step;
		for (uint32_t tries = rnd(30); tries > 0; tries--) {
			if (now_ms - back > told_ms)
				told_ms = now_ms - back;
			if (taken < room && budget_take(&b, p, now_ms - back))
				at_ms[taken++] = told_ms;
		}
	}
	return taken;
}

static void never_more_than_burst_and_rate_in_any_stretch(void **state)
{
	static int64_t at_ms[400];

	(void)state;
	for (int round = 0; round < 100; round++) {
		struct budget_policy p = { 1 + rnd(3000), 1 + rnd(50),
					   1 + rnd(60) };
		size_t n = random_takes(&p, at_ms, 400);

		for (size_t i = 0; i < n; i++) {
			for (size_t k = i; k < n; k++) {
				int64_t took = (int64_t)(k - i + 1);
				int64_t t_ms = at_ms[k] - at_ms[i];

				assert_true((took - p.burst) * p.period_ms <=
					    t_ms * p.rate);
			}
		}
	}
}

static void take_succeeds_exactly_from_the_foretold_time_on(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct budget_policy p = { 1 + rnd(3000), 1 + rnd(5000),
					   1 + rnd(3) };
		struct budget b = emptied(&p, 0);
		int64_t next_ms;

		b.parts = rnd((uint32_t)p.period_ms);
		next_ms = budget_next_ms(&b, &p, 0);
		assert_true(next_ms >= 1);
		assert_int_equal(budget_tokens(&b, &p, next_ms - 1), 0);
		assert_true(budget_tokens(&b, &p, next_ms) >= 1);
		assert_true(budget_take(&b, &p, next_ms));
	}
}

/* Order. Each of these beats the next, whatever its later ranks say. */

static void assert_order(struct budget_claim a, struct budget_claim b)
{
	assert_true(budget_before(&a, &b));
	assert_false(budget_before(&b, &a));
}

static void essential_goes_before_everything(void **state)
{
	(void)state;
	assert_order((struct budget_claim){ 900, 99, true, false },
		     (struct budget_claim){ 0, 0, false, true });
}

static void stable_last_run_goes_before_few_failures(void **state)
{
	(void)state;
	assert_order((struct budget_claim){ 900, 99, false, true },
		     (struct budget_claim){ 0, 0, false, false });
	assert_order((struct budget_claim){ 900, 99, true, true },
		     (struct budget_claim){ 0, 0, true, false });
}

static void few_failures_go_before_long_waiting(void **state)
{
	(void)state;
	assert_order((struct budget_claim){ 900, 1, false, false },
		     (struct budget_claim){ 0, 2, false, false });
	assert_order((struct budget_claim){ 900, 0, true, true },
		     (struct budget_claim){ 0, UINT32_MAX, true, true });
}

static void longest_waiting_goes_first_among_equals(void **state)
{
	(void)state;
	assert_order((struct budget_claim){ 5, 1, false, false },
		     (struct budget_claim){ 6, 1, false, false });
	assert_order((struct budget_claim){ INT64_MIN, 1, true, true },
		     (struct budget_claim){ INT64_MAX, 1, true, true });
}

static void equal_claims_are_before_neither_way(void **state)
{
	struct budget_claim a = { 5, 1, true, false };

	(void)state;
	assert_false(budget_before(&a, &a));
}

static struct budget_claim nth_claim(int n)
{
	return (struct budget_claim){ n & 1, (uint32_t)(n >> 1 & 1),
				      (n & 4) != 0, (n & 8) != 0 };
}

static void order_of_all_claims_is_total(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++) {
		int beaten = 0, beats = 0;

		for (int k = 0; k < 16; k++) {
			struct budget_claim a = nth_claim(i), b = nth_claim(k);

			beats += budget_before(&a, &b);
			beaten += budget_before(&b, &a);
		}
		assert_int_equal(beats + beaten, 15);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_bucket_gives_its_burst_and_no_more),
		cmocka_unit_test(next_token_comes_exactly_at_its_millisecond),
		cmocka_unit_test(rate_that_does_not_divide_loses_nothing),
		cmocka_unit_test(refused_take_costs_nothing),
		cmocka_unit_test(savings_stop_at_the_burst),
		cmocka_unit_test(clock_that_goes_back_gives_no_token),
		cmocka_unit_test(extreme_times_and_rates_do_not_overflow),
		cmocka_unit_test(smaller_burst_after_a_reload_cuts_the_savings),
		cmocka_unit_test(never_more_than_burst_and_rate_in_any_stretch),
		cmocka_unit_test(
			take_succeeds_exactly_from_the_foretold_time_on),
		cmocka_unit_test(essential_goes_before_everything),
		cmocka_unit_test(stable_last_run_goes_before_few_failures),
		cmocka_unit_test(few_failures_go_before_long_waiting),
		cmocka_unit_test(longest_waiting_goes_first_among_equals),
		cmocka_unit_test(equal_claims_are_before_neither_way),
		cmocka_unit_test(order_of_all_claims_is_total),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
