/* SPDX-License-Identifier: ISC */
/* The restart budget: its promise over random walks, its edges, and the order
 * of those that want a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/restart_budget.h"

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

static struct budget_claim claim(int64_t since_ms, uint32_t failures,
				 const char *what)
{
	return (struct budget_claim){
		.since_ms = since_ms,
		.failures = failures,
		.is_essential = strchr(what, 'e') != NULL,
		.is_scheduled = strchr(what, 'c') != NULL,
		.was_stable = strchr(what, 's') != NULL,
	};
}

static void assert_order(struct budget_claim a, struct budget_claim b)
{
	assert_true(budget_before(&a, &b));
	assert_false(budget_before(&b, &a));
}

static void essential_goes_before_everything(void **state)
{
	(void)state;
	assert_order(claim(900, 99, "e"), claim(0, 0, "s"));
	assert_order(claim(900, 99, "ec"), claim(0, 0, "s"));
}

static void restart_goes_before_a_scheduled_run(void **state)
{
	(void)state;
	assert_order(claim(900, 99, ""), claim(0, 0, "cs"));
	assert_order(claim(900, 99, "e"), claim(0, 0, "ecs"));
}

static void stable_last_run_goes_before_few_failures(void **state)
{
	(void)state;
	assert_order(claim(900, 99, "s"), claim(0, 0, ""));
	assert_order(claim(900, 99, "es"), claim(0, 0, "e"));
	assert_order(claim(900, 99, "cs"), claim(0, 0, "c"));
}

static void few_failures_go_before_long_waiting(void **state)
{
	(void)state;
	assert_order(claim(900, 1, ""), claim(0, 2, ""));
	assert_order(claim(900, 0, "es"), claim(0, UINT32_MAX, "es"));
}

static void longest_waiting_goes_first_among_equals(void **state)
{
	(void)state;
	assert_order(claim(5, 1, ""), claim(6, 1, ""));
	assert_order(claim(INT64_MIN, 1, "es"), claim(INT64_MAX, 1, "es"));
}

static void equal_claims_are_before_neither_way(void **state)
{
	struct budget_claim a = claim(5, 1, "e");

	(void)state;
	assert_false(budget_before(&a, &a));
	assert_false(budget_older(&a, &a, 5 + BUDGET_LONG_MS));
}

static struct budget_claim nth_claim(int n)
{
	return (struct budget_claim){ n & 1, (uint32_t)(n >> 1 & 1),
				      (n & 4) != 0, (n & 8) != 0,
				      (n & 16) != 0 };
}

static void order_of_all_claims_is_total(void **state)
{
	(void)state;
	for (int i = 0; i < 32; i++) {
		int beaten = 0, beats = 0;

		for (int k = 0; k < 32; k++) {
			struct budget_claim a = nth_claim(i), b = nth_claim(k);

			beats += budget_before(&a, &b);
			beaten += budget_before(&b, &a);
		}
		assert_int_equal(beats + beaten, 31);
	}
}

/* Age. */

static void claim_is_old_from_the_stated_millisecond_on(void **state)
{
	struct budget_claim a = claim(100, 99, "c"), b = claim(101, 0, "es");

	(void)state;
	assert_false(budget_older(&a, &b, 99 + BUDGET_LONG_MS));
	assert_true(budget_older(&a, &b, 100 + BUDGET_LONG_MS));
	assert_true(budget_older(&a, &b, 101 + BUDGET_LONG_MS));
	assert_false(budget_older(&b, &a, 101 + BUDGET_LONG_MS));
	b.since_ms = 100;
	assert_false(budget_older(&a, &b, 101 + BUDGET_LONG_MS));
	assert_false(budget_older(&b, &a, 101 + BUDGET_LONG_MS));
}

static void extreme_claims_do_not_overflow(void **state)
{
	struct budget_claim least = claim(INT64_MIN, 0, ""),
			    most = claim(INT64_MAX, 0, "");

	(void)state;
	assert_true(budget_older(&least, &most, INT64_MAX));
	assert_false(budget_older(&most, &least, INT64_MAX));
	assert_false(budget_older(&least, &most, INT64_MIN));
	assert_false(budget_older(&most, &least, INT64_MIN));
	assert_true(budget_older(&least, &most,
				 INT64_MIN + BUDGET_LONG_MS));
	assert_false(budget_older(&least, &most,
				  INT64_MIN + BUDGET_LONG_MS - 1));
}

static void token_goes_by_age_every_second_time(void **state)
{
	struct budget b = budget_full(&defaults, 0);

	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(b.is_by_age, i & 1);
		assert_true(budget_take(&b, &defaults, 0));
	}
	assert_false(b.is_by_age);
	assert_false(budget_take(&b, &defaults, 0));
	assert_false(b.is_by_age);
}

/* The law: a start of n that wait for nothing but a token has it after
 * BUDGET_LONG_MS and 2 n tokens. Played with claims that are made again at once
 * or after a while, of any rank. */

enum { MOST_CLAIMS = 40 };

static struct crowd {
	struct budget_claim claim[MOST_CLAIMS]; /* waiting, or will from .. */
	int n;
	int64_t pause_ms; /* at most so long until it is made again */
	bool has_age;
} crowd;

static int first_of_crowd(const struct budget *b, int64_t now_ms)
{
	int first = -1;

	for (int i = 0; i < crowd.n; i++) {
		const bool is_by_age = crowd.has_age && b->is_by_age;
		const struct budget_claim *c = &crowd.claim[i], *best;

		if (c->since_ms > now_ms)
			continue;
		best = &crowd.claim[first < 0 ? i : first];
		if (first < 0 ||
		    (is_by_age && budget_older(c, best, now_ms)) ||
		    (!(is_by_age && budget_older(best, c, now_ms)) &&
		     budget_before(c, best)))
			first = i;
	}
	return first;
}

static int64_t next_of_crowd(const struct budget *b,
			     const struct budget_policy *p, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	if (first_of_crowd(b, now_ms) >= 0)
		return budget_next_ms(b, p, now_ms);
	for (int i = 0; i < crowd.n; i++)
		if (crowd.claim[i].since_ms < next_ms)
			next_ms = crowd.claim[i].since_ms;
	return next_ms;
}

/* Returns the longest wait, in ms, of `tokens` tokens. */
static int64_t longest_wait_ms(const struct budget_policy *p, int tokens)
{
	struct budget b = budget_full(p, 0);
	int64_t most_ms = 0, now_ms = 0;

	while (tokens > 0) {
		int i = first_of_crowd(&b, now_ms);

		if (i < 0 || !budget_take(&b, p, now_ms)) {
			now_ms = next_of_crowd(&b, p, now_ms);
			continue;
		}
		tokens--;
		if (now_ms - crowd.claim[i].since_ms > most_ms)
			most_ms = now_ms - crowd.claim[i].since_ms;
		crowd.claim[i].since_ms =
			now_ms + 1 +
			(crowd.pause_ms > 0
				 ? rnd((uint32_t)crowd.pause_ms) : 0);
	}
	for (int i = 0; i < crowd.n; i++)
		if (now_ms - crowd.claim[i].since_ms > most_ms)
			most_ms = now_ms - crowd.claim[i].since_ms;
	return most_ms;
}

static int64_t bound_ms(const struct budget_policy *p, int n)
{
	return BUDGET_LONG_MS + (2 * n * p->period_ms + p->rate - 1) / p->rate;
}

static void every_claim_has_its_token_within_the_bound(void **state)
{
	int64_t closest = 0;

	(void)state;
	for (int play = 0; play < 400; play++) {
		const struct budget_policy p = {
			.period_ms = play % 3 ? 1000 : 60000,
			.rate = 1 + rnd(20),
			.burst = 1 + rnd(30),
		};
		int64_t wait_ms, most_ms;

		crowd = (struct crowd){ .n = 1 + (int)(rnd(MOST_CLAIMS)),
					.has_age = true };
		crowd.pause_ms = rnd(4) == 0 ? 0 : rnd(20000);
		most_ms = bound_ms(&p, crowd.n);
		for (int i = 0; i < crowd.n; i++) {
			crowd.claim[i] = nth_claim((int)(rnd(32)));
			crowd.claim[i].since_ms = rnd(3000);
		}
		wait_ms = longest_wait_ms(&p, 2000);
		assert_in_range(wait_ms, 0, most_ms);
		if (wait_ms * 1000 / most_ms > closest)
			closest = wait_ms * 1000 / most_ms;
	}
	print_message("longest wait: %d/1000 of the bound\n", (int)closest);
	assert_true(closest > 700);
}

static void by_rank_alone_the_last_one_would_starve(void **state)
{
	(void)state;
	for (int has_age = 0; has_age < 2; has_age++) {
		int64_t wait_ms;

		crowd = (struct crowd){ .n = 9, .has_age = has_age };
		for (int i = 0; i < 8; i++)
			crowd.claim[i] = claim(0, 0, "");
		crowd.claim[8] = claim(1, 1, "");
		wait_ms = longest_wait_ms(&defaults, 1000);
		if (has_age)
			assert_in_range(wait_ms, 1, bound_ms(&defaults, 9));
		else
			assert_true(wait_ms > 150000);
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
		cmocka_unit_test(restart_goes_before_a_scheduled_run),
		cmocka_unit_test(stable_last_run_goes_before_few_failures),
		cmocka_unit_test(few_failures_go_before_long_waiting),
		cmocka_unit_test(longest_waiting_goes_first_among_equals),
		cmocka_unit_test(equal_claims_are_before_neither_way),
		cmocka_unit_test(order_of_all_claims_is_total),
		cmocka_unit_test(claim_is_old_from_the_stated_millisecond_on),
		cmocka_unit_test(extreme_claims_do_not_overflow),
		cmocka_unit_test(token_goes_by_age_every_second_time),
		cmocka_unit_test(every_claim_has_its_token_within_the_bound),
		cmocka_unit_test(by_rank_alone_the_last_one_would_starve),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
