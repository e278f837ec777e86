/* SPDX-License-Identifier: ISC */
/* The circuit breaker at the edges of every rule in DESIGN "Policy: exactly".
 * Times are plain numbers; nothing here sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/breaker.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)

static const struct breaker_policy defaults = {
	.window = { { 15 * SECOND, 3 }, { 10 * MINUTE, 10 } },
	.windows = 2,
	.cooldown_min_ms = 10 * SECOND,
	.cooldown_max_ms = 5 * MINUTE,
};

static const struct breaker_policy one_window = {
	.window = { { 15 * SECOND, 3 } },
	.windows = 1,
	.cooldown_min_ms = 10 * SECOND,
	.cooldown_max_ms = 5 * MINUTE,
};

/* A closed breaker that opens at once and then waits for its cooldown. */
static struct breaker opened(const struct breaker_policy *p, int64_t now_ms)
{
	struct breaker b = { .state = BREAKER_CLOSED };

	while (breaker_failed(&b, p, now_ms) == BREAKER_RETRY)
		;
	return b;
}

static struct breaker half_open(const struct breaker_policy *p, int64_t now_ms)
{
	struct breaker b = opened(p, now_ms);

	assert_true(breaker_probe(&b, now_ms, BREAKER_START_EARLY));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	return b;
}

static void assert_fresh(const struct breaker *b)
{
	assert_int_equal(b->state, BREAKER_CLOSED);
	assert_int_equal(b->filled, 0);
	assert_int_equal(b->next, 0);
	assert_int_equal(b->trips, 0);
	assert_int_equal(b->at_once, 0);
	assert_int_equal(b->doublings, 0);
	assert_int_equal(b->until_ms, 0);
}

/* Windows. */

static void third_failure_within_15_s_opens_and_not_the_second(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_failed(&b, &defaults, 0), BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &defaults, 250), BREAKER_RETRY);
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_int_equal(breaker_failed(&b, &defaults, 750), BREAKER_BLOCK);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(b.trips, 1);
	assert_int_equal(b.until_ms, 10750);
}

static void failure_exactly_one_window_old_is_forgotten(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed(&b, &one_window, 1000);
	breaker_failed(&b, &one_window, 2000);
	assert_int_equal(breaker_failed(&b, &one_window, 16000), BREAKER_RETRY);
}

static void failure_one_ms_short_of_the_window_is_counted(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed(&b, &one_window, 1000);
	breaker_failed(&b, &one_window, 2000);
	assert_int_equal(breaker_failed(&b, &one_window, 15999), BREAKER_BLOCK);
}

static void window_slides_and_does_not_restart(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	/* A fixed window from 0 to 15 s would be empty again at 15 s. */
	breaker_failed(&b, &one_window, 0);
	breaker_failed(&b, &one_window, 14000);
	assert_int_equal(breaker_failed(&b, &one_window, 16000), BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &one_window, 17000), BREAKER_BLOCK);
}

static void six_second_crash_loop_is_caught_by_the_second_window(void **state)
{
	struct breaker b = { 0 };
	int64_t now_ms = 0;

	(void)state;
	/* 7.5 s between failures: never three in less than 15 s. */
	for (int i = 1; i < 10; i++, now_ms += 7500)
		assert_int_equal(breaker_failed(&b, &defaults, now_ms),
				 BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &defaults, now_ms), BREAKER_BLOCK);
}

static void loop_of_eight_seconds_opens_at_its_tenth_failure(void **state)
{
	struct breaker b = { 0 };
	int64_t now_ms = 0, delay_ms = 250;
	int failures = 1;

	(void)state;
	/* Runs of 8 s, each after a delay that doubles up to 30 s. */
	while (breaker_failed(&b, &defaults, now_ms) == BREAKER_RETRY) {
		now_ms += 8 * SECOND + delay_ms;
		delay_ms = delay_ms < 15000 ? 2 * delay_ms : 30000;
		failures++;
	}
	assert_int_equal(failures, 10);
}

static void slow_loop_that_no_window_counts_never_opens(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	for (int64_t now_ms = 0; now_ms < 10000 * MINUTE; now_ms += 67 * SECOND)
		assert_int_equal(breaker_failed(&b, &defaults, now_ms),
				 BREAKER_RETRY);
}

static void each_of_four_windows_can_open(void **state)
{
	static const struct breaker_policy p = {
		.window = { { 10, 2 }, { 100, 3 }, { 1000, 4 }, { 10000, 5 } },
		.windows = 4,
		.cooldown_max_ms = 1,
	};
	static const int64_t step_ms[] = { 9, 49, 333, 2499 };

	(void)state;
	for (int w = 0; w < 4; w++) {
		struct breaker b = { 0 };

		for (int n = 0; n < w + 1; n++)
			assert_int_equal(breaker_failed(&b, &p, n * step_ms[w]),
					 BREAKER_RETRY);
		assert_int_equal(breaker_failed(&b, &p, (w + 1) * step_ms[w]),
				 BREAKER_BLOCK);
	}
}

static void window_beyond_the_used_ones_is_ignored(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b = { 0 };

	(void)state;
	p.window[2] = (struct breaker_window){ 1000, 1 };
	assert_int_equal(breaker_failed(&b, &p, 0), BREAKER_RETRY);
}

static void max_failures_1_opens_at_the_first(void **state)
{
	static const struct breaker_policy p = {
		.window = { { 1, 1 } }, .windows = 1, .cooldown_max_ms = 1,
	};
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_failed(&b, &p, 5), BREAKER_BLOCK);
}

static void max_failures_64_opens_at_the_64th_and_across_the_ring(void **state)
{
	static const struct breaker_policy p = {
		.window = { { 6301, 64 } },
		.windows = 1,
		.cooldown_max_ms = 1,
	};
	struct breaker b = { 0 };
	int64_t now_ms = 0;

	(void)state;
	/* 200 failures 101 ms apart wrap the ring three times: 63 gaps are
	 * 6,363 ms. Closing up to 100 ms makes 63 gaps 6,300 ms. */
	for (int i = 0; i < 200; i++, now_ms += 101)
		assert_int_equal(breaker_failed(&b, &p, now_ms), BREAKER_RETRY);
	assert_int_equal(b.filled, BREAKER_SLOTS);
	now_ms -= 101;
	for (int i = 0; i < 62; i++)
		assert_int_equal(breaker_failed(&b, &p, now_ms += 100),
				 BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &p, now_ms += 100), BREAKER_BLOCK);

	b = (struct breaker){ 0 };
	for (int i = 1; i < 64; i++)
		assert_int_equal(breaker_failed(&b, &p, 0), BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &p, 0), BREAKER_BLOCK);
}

static void without_windows_ordinary_failures_never_open(void **state)
{
	static const struct breaker_policy p = { .cooldown_max_ms = 1 };
	struct breaker b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(breaker_failed(&b, &p, 7), BREAKER_RETRY);
	assert_int_equal(breaker_failed_at_once(&b, &p, 7), BREAKER_BLOCK);
}

static void failures_of_an_open_breaker_change_nothing(void **state)
{
	struct breaker b = opened(&defaults, 1000);
	struct breaker before = b;

	(void)state;
	assert_int_equal(breaker_failed(&b, &defaults, 1000), BREAKER_BLOCK);
	assert_int_equal(breaker_failed_at_once(&b, &defaults, 1000),
			 BREAKER_BLOCK);
	assert_memory_equal(&b, &before, sizeof(b));
}

/* Every verdict equals that of a list of all failures on own time, for random
 * policies, steps, holds and clocks that jump back. */
static uint32_t seed = 1;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static bool model_opens(const int64_t *at_ms, uint32_t n, uint32_t row_from,
			const struct breaker_policy *p)
{
	if (p->max_in_row > 0 && n - row_from >= p->max_in_row)
		return true;
	for (uint32_t i = 0; i < p->windows; i++) {
		uint32_t count = 0;

		for (uint32_t k = 0; k < n; k++)
			if (at_ms[n - 1] - at_ms[k] < p->window[i].window_ms)
				count++;
		if (count >= p->window[i].max_failures)
			return true;
	}
	return false;
}

static uint32_t walk_beside_the_model(const struct breaker_policy *p)
{
	int64_t at_ms[300], own_ms = 0, clock_ms = 0;
	struct breaker b = { 0 };
	bool is_held = false;
	uint32_t n = 0, row_from = 0;

	while (n < 300) {
		int64_t step_ms = rnd(3) ? rnd(40) : 0;
		int64_t back_ms = step_ms ? 0 : -(int64_t)rnd(9);
		enum breaker_verdict v;

		clock_ms += step_ms;
		own_ms += is_held ? 0 : step_ms;
		if (rnd(8) == 0) {
			is_held = !is_held;
			(is_held ? breaker_hold : breaker_release)(
				&b, clock_ms + back_ms);
			continue;
		}
		if (rnd(6) == 0) {
			(rnd(2) ? breaker_succeeded : breaker_ended_clean)(&b);
			row_from = n;
		}
		at_ms[n++] = own_ms;
		v = breaker_failed(&b, p, clock_ms + back_ms);
		assert_int_equal(v == BREAKER_BLOCK,
				 model_opens(at_ms, n, row_from, p));
		if (v == BREAKER_BLOCK)
			break;
	}
	return n;
}

static void verdicts_equal_those_of_an_unbounded_history(void **state)
{
	uint32_t late = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct breaker_policy p = { .windows = rnd(5),
					    .cooldown_max_ms = 1 };

		for (uint32_t i = 0; i < p.windows; i++) {
			p.window[i].max_failures = 1 + rnd(64);
			p.window[i].window_ms =
				1 + rnd(15 * p.window[i].max_failures);
		}
		late += walk_beside_the_model(&p) > 70;
	}
	assert_true(late > 100); /* the ring did wrap */
}

static void count_tells_the_failures_within_a_window_now(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_count(&b, &defaults, 0, 0), 0);
	breaker_failed(&b, &defaults, 1000);
	breaker_failed(&b, &defaults, 9000);
	assert_int_equal(breaker_count(&b, &defaults, 0, 9000), 2);
	assert_int_equal(breaker_count(&b, &defaults, 0, 15999), 2);
	assert_int_equal(breaker_count(&b, &defaults, 0, 16000), 1);
	assert_int_equal(breaker_count(&b, &defaults, 0, 24000), 0);
	assert_int_equal(breaker_count(&b, &defaults, 1, 24000), 2);
	assert_int_equal(breaker_count(&b, &defaults, 0, INT64_MIN), 2);
	assert_int_equal(breaker_count(&b, &defaults, 1, INT64_MAX), 0);
	assert_int_equal(b.last_ms, 9000);
}

static void count_is_at_most_64_and_stands_while_held(void **state)
{
	static const struct breaker_policy p = {
		.window = { { 100, 64 } }, .cooldown_max_ms = 1,
	};
	struct breaker b = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		breaker_failed(&b, &p, 10);
	breaker_hold(&b, 60);
	assert_int_equal(breaker_count(&b, &p, 0, 5000), 64);
	breaker_release(&b, 5000);
	assert_int_equal(breaker_count(&b, &p, 0, 5049), 64);
	assert_int_equal(breaker_count(&b, &p, 0, 5050), 0);
}

/* Clocks. */

static void clock_that_goes_back_counts_as_the_last_time(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed(&b, &one_window, 100000);
	breaker_failed(&b, &one_window, 5);
	assert_int_equal(b.last_ms, 100000);
	assert_int_equal(breaker_failed(&b, &one_window, INT64_MIN),
			 BREAKER_BLOCK);
	assert_int_equal(b.until_ms, 110000);
}

static void negative_time_counts_as_zero(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed(&b, &one_window, INT64_MIN);
	breaker_failed(&b, &one_window, -1);
	assert_int_equal(b.last_ms, 0);
	assert_int_equal(breaker_failed(&b, &one_window, 14999), BREAKER_BLOCK);
}

static void latest_time_of_all_saturates_the_cooldown(void **state)
{
	struct breaker b = opened(&defaults, INT64_MAX);

	(void)state;
	assert_int_equal(b.until_ms, INT64_MAX);
	assert_true(breaker_probe(&b, INT64_MAX, BREAKER_START_DUE));

	b = opened(&defaults, INT64_MAX - 10 * SECOND);
	assert_int_equal(b.until_ms, INT64_MAX);
	b = opened(&defaults, INT64_MAX - 10 * SECOND - 1);
	assert_int_equal(b.until_ms, INT64_MAX - 1);
}

static void longest_hold_does_not_overflow(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_hold(&b, INT64_MIN);
	breaker_failed(&b, &one_window, INT64_MAX);
	breaker_release(&b, INT64_MAX);
	assert_int_equal(b.held_ms, INT64_MAX);
	assert_int_equal(b.failed_ms[0], 0);
	assert_int_equal(breaker_count(&b, &one_window, 0, INT64_MAX), 1);
}

/* Open, half-open, closed. */

static void open_lets_no_probe_before_its_cooldown_is_over(void **state)
{
	struct breaker b = opened(&defaults, 1000);

	(void)state;
	assert_false(breaker_probe(&b, 10999, BREAKER_START_DUE));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_true(breaker_probe(&b, 11000, BREAKER_START_DUE));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_int_equal(b.until_ms, 0);
}

static void operator_probes_an_open_breaker_now(void **state)
{
	struct breaker b = opened(&defaults, 1000);

	(void)state;
	assert_true(breaker_probe(&b, 1000, BREAKER_START_EARLY));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
}

/* Whoever looks for a cause is not punished for it. */
static void operators_probe_that_fails_is_no_trip(void **state)
{
	const struct breaker_policy p = { .max_trips = 3,
					  .cooldown_min_ms = 10 * SECOND,
					  .cooldown_max_ms = MINUTE };
	struct breaker b = { 0 };
	int64_t now_ms = 0;

	(void)state;
	breaker_failed_at_once(&b, &p, 0);
	breaker_probe(&b, 10 * SECOND, BREAKER_START_DUE);
	breaker_failed(&b, &p, 10 * SECOND);
	assert_int_equal(b.trips, 2);
	assert_int_equal(breaker_cooldown_ms(&b, &p), 20 * SECOND);
	for (int i = 0; i < 50; i++) {
		now_ms = 11 * SECOND + i;
		assert_true(breaker_probe(&b, now_ms, BREAKER_START_ASKED));
		assert_int_equal(i % 2 ? breaker_failed(&b, &p, now_ms)
				       : breaker_failed_at_once(&b, &p, now_ms),
				 BREAKER_BLOCK);
		/* dashpot's own next start is a whole cooldown away. */
		assert_int_equal(b.until_ms, now_ms + 20 * SECOND);
		assert_int_equal(b.trips, 2);
		assert_int_equal(b.at_once, 0);
	}
	/* The next one is dashpot's own again, and the last. */
	assert_true(breaker_probe(&b, b.until_ms, BREAKER_START_DUE));
	assert_int_equal(breaker_failed(&b, &p, b.last_ms), BREAKER_LATCH);
}

static void probe_is_whose_who_asked_last(void **state)
{
	struct breaker b = opened(&defaults, 0);

	(void)state;
	/* Ended by request, then started by dashpot itself. */
	breaker_probe(&b, 0, BREAKER_START_ASKED);
	breaker_probe(&b, 0, BREAKER_START_DUE);
	breaker_failed(&b, &defaults, 0);
	assert_int_equal(b.trips, 2);
	breaker_probe(&b, b.until_ms, BREAKER_START_DUE);
	breaker_probe(&b, b.until_ms, BREAKER_START_ASKED);
	breaker_failed(&b, &defaults, 0);
	assert_int_equal(b.trips, 2);
	breaker_probe(&b, 0, BREAKER_START_ASKED);
	breaker_succeeded(&b);
	assert_fresh(&b);
}

static void closed_may_always_start(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	assert_true(breaker_probe(&b, 0, BREAKER_START_DUE));
	assert_true(breaker_probe(&b, 0, BREAKER_START_EARLY));
	assert_int_equal(b.state, BREAKER_CLOSED);
}

static void probe_that_fails_opens_again_for_twice_as_long(void **state)
{
	struct breaker b = half_open(&defaults, 1000);

	(void)state;
	/* Far beyond any window: a half-open breaker asks none. */
	assert_int_equal(breaker_failed(&b, &defaults, 90 * MINUTE),
			 BREAKER_BLOCK);
	assert_int_equal(b.trips, 2);
	assert_int_equal(b.until_ms, 90 * MINUTE + 20 * SECOND);
	assert_int_equal(breaker_count(&b, &defaults, 0, 90 * MINUTE), 1);
}

static void probe_that_is_stable_closes_and_forgets_everything(void **state)
{
	struct breaker b = half_open(&defaults, 1000);

	(void)state;
	breaker_failed(&b, &defaults, 1000);
	breaker_probe(&b, 1000, BREAKER_START_EARLY);
	breaker_succeeded(&b);
	assert_fresh(&b);
	assert_int_equal(breaker_failed(&b, &defaults, 1000), BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &defaults, 1000), BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &defaults, 1000), BREAKER_BLOCK);
	assert_int_equal(b.until_ms, 11000);
}

static void probe_ended_by_request_leaves_it_half_open(void **state)
{
	struct breaker b = half_open(&defaults, 1000);
	struct breaker before = b;

	(void)state;
	/* The caller calls nothing; the next start is a probe again. */
	assert_true(breaker_probe(&b, 1000, BREAKER_START_DUE));
	assert_memory_equal(&b, &before, sizeof(b));
}

static void probe_with_an_exec_error_opens_again(void **state)
{
	struct breaker b = half_open(&defaults, 1000);

	(void)state;
	assert_int_equal(breaker_failed_at_once(&b, &defaults, 2000),
			 BREAKER_BLOCK);
	assert_int_equal(b.trips, 2);
	assert_int_equal(b.at_once, 1);
	assert_int_equal(b.until_ms, 12000);
}

static void stable_run_of_a_closed_breaker_forgets_no_failure(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed(&b, &defaults, 0);
	breaker_failed(&b, &defaults, 1);
	breaker_succeeded(&b);
	assert_int_equal(breaker_failed(&b, &defaults, 2), BREAKER_BLOCK);
}

/* In a row. */

static const struct breaker_policy in_a_row = {
	.max_in_row = 3,
	.cooldown_min_ms = 10 * SECOND,
	.cooldown_max_ms = 5 * MINUTE,
};

static void third_in_a_row_opens_however_far_apart(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_failed(&b, &in_a_row, 0), BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &in_a_row, INT64_MAX / 2),
			 BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &in_a_row, INT64_MAX),
			 BREAKER_BLOCK);
	assert_int_equal(b.trips, 1);
}

static void one_in_a_row_opens_at_the_first(void **state)
{
	struct breaker_policy p = in_a_row;
	struct breaker b = { 0 };

	(void)state;
	p.max_in_row = 1;
	assert_int_equal(breaker_failed(&b, &p, 0), BREAKER_BLOCK);
}

static void thousand_in_a_row_outlast_the_ring(void **state)
{
	struct breaker_policy p = in_a_row;
	struct breaker b = { 0 };

	(void)state;
	p.max_in_row = BREAKER_ROW;
	for (int i = 1; i < BREAKER_ROW; i++)
		assert_int_equal(breaker_failed(&b, &p, i), BREAKER_RETRY);
	assert_int_equal(breaker_failed(&b, &p, BREAKER_ROW), BREAKER_BLOCK);
	/* Nor does the count go on for ever. */
	for (int i = 0; i < 10; i++) {
		breaker_probe(&b, 0, BREAKER_START_EARLY);
		breaker_failed(&b, &p, 0);
	}
	assert_int_equal(b.in_row, BREAKER_ROW);
}

static void success_and_a_clean_end_start_the_row_anew(void **state)
{
	void (*const ends[])(struct breaker *b) = {
		breaker_succeeded, breaker_ended_clean, breaker_reset,
	};

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct breaker b = { 0 };

		breaker_failed(&b, &in_a_row, 0);
		breaker_failed(&b, &in_a_row, 1);
		ends[k](&b);
		assert_int_equal(b.in_row, 0);
		breaker_failed(&b, &in_a_row, 2);
		assert_int_equal(breaker_failed(&b, &in_a_row, 3),
				 BREAKER_RETRY);
		assert_int_equal(breaker_failed(&b, &in_a_row, 4),
				 BREAKER_BLOCK);
	}
}

static void clean_end_of_a_probe_closes_nothing(void **state)
{
	struct breaker b = half_open(&defaults, 0);

	(void)state;
	breaker_ended_clean(&b);
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_int_equal(b.trips, 1);
}

static void failure_at_once_counts_in_the_row(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed_at_once(&b, &in_a_row, 0);
	assert_int_equal(b.in_row, 1);
}

static void held_time_does_not_end_a_row(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed(&b, &in_a_row, 0);
	breaker_hold(&b, 0);
	breaker_failed(&b, &in_a_row, 90 * MINUTE);
	breaker_release(&b, 99 * MINUTE);
	assert_int_equal(breaker_failed(&b, &in_a_row, 99 * MINUTE),
			 BREAKER_BLOCK);
}

static void without_a_number_no_row_opens(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	/* Exactly a window apart: no window fills, no row is counted. */
	for (int i = 0; i < 2000; i++)
		assert_int_equal(breaker_failed(&b, &one_window,
						i * 15 * SECOND),
				 BREAKER_RETRY);
}

static void restored_row_goes_on(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_restore_row(&b, 2);
	assert_false(breaker_is_fresh(&b));
	assert_int_equal(breaker_failed(&b, &in_a_row, 0), BREAKER_BLOCK);
	breaker_restore_row(&b, UINT32_MAX);
	assert_int_equal(b.in_row, BREAKER_ROW);
}

static void fullest_is_the_nearest_to_its_limit(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b = { 0 };
	struct breaker_tally t;

	(void)state;
	p.max_in_row = 10;
	t = breaker_fullest(&b, &p, 0);
	assert_int_equal(t.failures, 0);
	assert_int_equal(t.max_failures, 3);
	for (int i = 0; i < 7; i++)
		breaker_failed(&b, &p, i * 100 * SECOND);
	/* 6 lie within 10 m, 7 are in a row, 1 of 3 within 15 s. */
	t = breaker_fullest(&b, &p, 600 * SECOND);
	assert_int_equal(t.failures, 7);
	assert_int_equal(t.max_failures, 10);
	assert_int_equal(t.window_ms, BREAKER_IN_A_ROW);
	/* Of equals the window. */
	b.in_row = 6;
	t = breaker_fullest(&b, &p, 600 * SECOND);
	assert_int_equal(t.window_ms, 10 * MINUTE);
	p.windows = 0;
	assert_int_equal(breaker_fullest(&b, &p, 0).max_failures, 10);
	p.max_in_row = 0;
	assert_int_equal(breaker_fullest(&b, &p, 0).max_failures, 0);
}

static void success_does_not_close_an_open_or_latched_breaker(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b = opened(&defaults, 0);

	(void)state;
	breaker_succeeded(&b);
	assert_int_equal(b.state, BREAKER_OPEN);
	p.max_trips = 1;
	b = opened(&p, 0);
	breaker_succeeded(&b);
	assert_int_equal(b.state, BREAKER_LATCHED);
}

/* Cooldown. */

static void cooldown_doubles_with_each_trip_up_to_its_cap(void **state)
{
	static const int64_t expected_s[] = { 10, 20, 40, 80, 160, 300, 300 };
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_cooldown_ms(&b, &defaults), 10 * SECOND);
	b = opened(&defaults, 0);
	for (size_t i = 0; i < sizeof(expected_s) / sizeof(*expected_s); i++) {
		int64_t due_ms = b.last_ms + expected_s[i] * SECOND;

		assert_int_equal(b.until_ms, due_ms);
		assert_int_equal(breaker_cooldown_ms(&b, &defaults),
				 expected_s[i] * SECOND);
		assert_true(breaker_probe(&b, due_ms, BREAKER_START_DUE));
		breaker_failed(&b, &defaults, due_ms);
	}
}

static void hundred_thousand_trips_do_not_overflow(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b = opened(&p, 0);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		breaker_probe(&b, 0, BREAKER_START_EARLY);
		breaker_failed(&b, &p, 0);
		assert_in_range(b.doublings, 0, 62);
	}
	assert_int_equal(b.doublings, 62);
	assert_int_equal(b.trips, 100001);
	assert_int_equal(b.until_ms, 5 * MINUTE);
	p.cooldown_min_ms = 1;
	p.cooldown_max_ms = INT64_MAX;
	assert_true(breaker_cooldown_ms(&b, &p) == (int64_t)1 << 62);
	p.cooldown_min_ms = 2;
	assert_true(breaker_cooldown_ms(&b, &p) == INT64_MAX);
}

static void trip_counters_stop_at_their_largest_number(void **state)
{
	struct breaker b = half_open(&defaults, 0);

	(void)state;
	b.trips = UINT32_MAX;
	b.at_once = UINT32_MAX;
	breaker_failed_at_once(&b, &defaults, 0);
	assert_true(b.trips == UINT32_MAX);
	assert_true(b.at_once == UINT32_MAX);
}

static void cooldown_of_zero_lets_the_probe_at_once(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b;

	(void)state;
	p.cooldown_min_ms = 0;
	b = opened(&p, 500);
	for (int i = 0; i < 70; i++) {
		assert_int_equal(b.until_ms, 500);
		assert_true(breaker_probe(&b, 500, BREAKER_START_DUE));
		breaker_failed(&b, &p, 500);
	}
}

/* Trips at once. */

static void trip_at_once_needs_no_window(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	assert_int_equal(breaker_failed_at_once(&b, &defaults, 70),
			 BREAKER_BLOCK);
	assert_int_equal(b.trips, 1);
	assert_int_equal(b.at_once, 1);
	assert_int_equal(b.until_ms, 10070);
	assert_int_equal(breaker_count(&b, &defaults, 0, 70), 1);
}

static void third_trip_at_once_in_a_row_is_the_first_to_lengthen(void **state)
{
	static const int64_t expected_s[] = { 10, 10, 20, 40, 80 };
	struct breaker b = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		breaker_failed_at_once(&b, &defaults, 0);
		assert_int_equal(b.at_once, i + 1);
		assert_int_equal(b.until_ms, expected_s[i] * SECOND);
		breaker_probe(&b, 0, BREAKER_START_EARLY);
	}
}

static void ordinary_trip_ends_the_row_of_trips_at_once(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed_at_once(&b, &defaults, 0);
	breaker_probe(&b, 0, BREAKER_START_EARLY);
	breaker_failed_at_once(&b, &defaults, 0);
	breaker_probe(&b, 0, BREAKER_START_EARLY);
	breaker_failed(&b, &defaults, 0); /* third trip, ordinary: doubles */
	assert_int_equal(b.at_once, 0);
	assert_int_equal(b.until_ms, 20 * SECOND);
	for (int i = 1; i <= 2; i++) { /* first and second of a new row */
		breaker_probe(&b, 0, BREAKER_START_EARLY);
		breaker_failed_at_once(&b, &defaults, 0);
		assert_int_equal(b.at_once, i);
		assert_int_equal(b.until_ms, 20 * SECOND);
	}
	breaker_probe(&b, 0, BREAKER_START_EARLY);
	breaker_failed_at_once(&b, &defaults, 0);
	assert_int_equal(b.until_ms, 40 * SECOND);
}

/* Latching. */

static void max_trips_1_latches_at_the_first_trip(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b = { 0 };

	(void)state;
	p.max_trips = 1;
	breaker_failed(&b, &p, 0);
	breaker_failed(&b, &p, 1);
	assert_int_equal(breaker_failed(&b, &p, 2), BREAKER_LATCH);
	assert_int_equal(b.state, BREAKER_LATCHED);
	assert_int_equal(b.until_ms, 0);
	assert_int_equal(breaker_failed(&b, &p, 3), BREAKER_LATCH);
	assert_int_equal(breaker_failed_at_once(&b, &p, 3), BREAKER_LATCH);
	assert_int_equal(b.trips, 1);
}

static void max_trips_4_latches_exactly_at_the_fourth_of_any_kind(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b;

	(void)state;
	p.max_trips = 4;
	b = half_open(&p, 0);
	assert_int_equal(breaker_failed_at_once(&b, &p, 0), BREAKER_BLOCK);
	breaker_probe(&b, 0, BREAKER_START_EARLY);
	assert_int_equal(breaker_failed(&b, &p, 0), BREAKER_BLOCK);
	breaker_probe(&b, 0, BREAKER_START_EARLY);
	assert_int_equal(breaker_failed_at_once(&b, &p, 0), BREAKER_LATCH);
	assert_int_equal(b.trips, 4);
}

static void success_between_trips_starts_the_row_anew(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b;

	(void)state;
	p.max_trips = 2;
	b = half_open(&p, 0);
	breaker_succeeded(&b);
	assert_int_equal(breaker_failed_at_once(&b, &p, 0), BREAKER_BLOCK);
	breaker_probe(&b, 0, BREAKER_START_EARLY);
	assert_int_equal(breaker_failed_at_once(&b, &p, 0), BREAKER_LATCH);
}

static void latched_starts_neither_late_nor_forced(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b;

	(void)state;
	p.max_trips = 1;
	b = opened(&p, 0);
	assert_false(breaker_probe(&b, INT64_MAX, BREAKER_START_DUE));
	assert_false(breaker_probe(&b, INT64_MAX, BREAKER_START_EARLY));
	assert_int_equal(b.state, BREAKER_LATCHED);
}

static void reset_makes_any_breaker_fresh_but_for_its_clock(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b[4];

	(void)state;
	memset(b, 0, sizeof(b));
	breaker_failed(&b[0], &defaults, 9);
	b[1] = opened(&defaults, 9);
	b[2] = half_open(&defaults, 9);
	p.max_trips = 1;
	b[3] = opened(&p, 9);
	for (int i = 0; i < 4; i++) {
		breaker_hold(&b[i], 10);
		breaker_reset(&b[i]);
		assert_fresh(&b[i]);
		assert_true(b[i].is_held);
		assert_int_equal(b[i].last_ms, 10);
		assert_true(breaker_probe(&b[i], 10, BREAKER_START_DUE));
		assert_int_equal(breaker_failed(&b[i], &defaults, 10),
				 BREAKER_RETRY);
	}
}

/* Own time. */

static void own_time_stands_still_while_a_start_waits(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_failed(&b, &one_window, 1000);
	breaker_hold(&b, 1250);
	breaker_release(&b, 60000);
	breaker_failed(&b, &one_window, 60000);
	breaker_hold(&b, 60500);
	breaker_release(&b, 120000);
	assert_int_equal(breaker_failed(&b, &one_window, 120000),
			 BREAKER_BLOCK);
}

static void time_outside_the_holds_counts_to_the_millisecond(void **state)
{
	(void)state;
	for (int extra = 0; extra <= 1; extra++) {
		struct breaker b = { 0 };

		breaker_failed(&b, &one_window, 1000);
		breaker_hold(&b, 8000); /* 7,000 */
		breaker_release(&b, 90000);
		breaker_failed(&b, &one_window, 91000); /* 8,000 */
		breaker_hold(&b, 92000); /* 9,000 */
		breaker_release(&b, 92000);
		assert_int_equal(
			breaker_failed(&b, &one_window, 97999 + extra),
			extra ? BREAKER_RETRY : BREAKER_BLOCK);
	}
}

static void hold_and_release_may_be_repeated(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_release(&b, 500); /* never held */
	assert_int_equal(b.held_ms, 0);
	breaker_hold(&b, 1000);
	breaker_hold(&b, 2000);
	breaker_hold(&b, 1500);
	breaker_release(&b, 4000);
	assert_int_equal(b.held_ms, 3000);
	breaker_release(&b, 5000);
	assert_int_equal(b.held_ms, 3000);
}

/* Its page would cost memory with each service that is started. */
static void start_leaves_a_fresh_breaker_as_zero_memory(void **state)
{
	const struct breaker zero = { 0 };
	struct breaker b = { 0 };

	(void)state;
	breaker_release(&b, 500);
	assert_true(breaker_probe(&b, 1000, BREAKER_START_DUE));
	assert_true(breaker_probe(&b, 2000, BREAKER_START_ASKED));
	breaker_succeeded(&b);
	breaker_ended_clean(&b);
	assert_memory_equal(&b, &zero, sizeof(b));
}

static void failure_while_held_counts_at_the_standing_time(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_hold(&b, 1000);
	breaker_failed(&b, &one_window, 20000);
	breaker_failed(&b, &one_window, 40000);
	assert_int_equal(b.failed_ms[0], 1000);
	assert_int_equal(b.failed_ms[1], 1000);
	assert_int_equal(breaker_failed(&b, &one_window, 60000), BREAKER_BLOCK);
	/* The cooldown is no window: it runs on the monotonic clock. */
	assert_int_equal(b.until_ms, 70000);
	assert_true(breaker_probe(&b, 70000, BREAKER_START_DUE));
}

/* Restored from the registry. */

static void restored_breaker_keeps_its_trips_and_probes_at_once(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_restore(&b, &defaults, 3, 0, 2, 5000, 0);
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(b.until_ms, 5000);
	assert_true(breaker_probe(&b, 5000, BREAKER_START_DUE));
	breaker_failed(&b, &defaults, 5000);
	assert_int_equal(b.trips, 4);
	assert_int_equal(b.until_ms, 5000 + 80 * SECOND);
}

static void restored_breaker_waits_as_told_in_an_outer_loop(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_restore(&b, &defaults, 1, 1, 0, 5000, 60000);
	assert_false(breaker_probe(&b, 64999, BREAKER_START_DUE));
	assert_true(breaker_probe(&b, 65000, BREAKER_START_DUE));
	breaker_failed_at_once(&b, &defaults, 65000);
	assert_int_equal(b.at_once, 2);
}

static void restored_at_its_last_trip_latches_when_the_probe_fails(void **state)
{
	struct breaker_policy p = defaults;
	struct breaker b = { 0 };

	(void)state;
	p.max_trips = 3;
	breaker_restore(&b, &p, 3, 0, 2, 0, 0);
	assert_true(breaker_probe(&b, 0, BREAKER_START_DUE));
	assert_int_equal(breaker_failed(&b, &p, 0), BREAKER_LATCH);
}

static void damaged_registry_numbers_are_cut_to_range(void **state)
{
	struct breaker b;

	(void)state;
	memset(&b, 0, sizeof(b));
	breaker_restore(&b, &defaults, 0, 9, 9, INT64_MIN, INT64_MIN);
	assert_int_equal(b.trips, 1);
	assert_int_equal(b.at_once, 1);
	assert_int_equal(b.doublings, 0);
	assert_int_equal(b.until_ms, 0);

	breaker_restore(&b, &defaults, 5, 5, 5, 0, 0);
	assert_int_equal(b.at_once, 5);
	assert_int_equal(b.doublings, 4);

	breaker_restore(&b, &defaults, UINT32_MAX, UINT32_MAX, UINT32_MAX, 7,
			INT64_MAX);
	assert_true(b.trips == UINT32_MAX && b.at_once == UINT32_MAX);
	assert_int_equal(b.doublings, 62);
	assert_int_equal(b.until_ms, 7 + 5 * MINUTE);
	assert_true(breaker_probe(&b, 7 + 5 * MINUTE, BREAKER_START_DUE));
	assert_int_equal(breaker_failed(&b, &defaults, INT64_MAX),
			 BREAKER_BLOCK);

	breaker_restore(&b, &defaults, 1, 0, 0, INT64_MAX, INT64_MAX);
	assert_int_equal(b.until_ms, INT64_MAX);
}

static void restoring_forgets_what_the_breaker_knew_but_its_clock(void **state)
{
	struct breaker b = opened(&defaults, 1000);

	(void)state;
	breaker_hold(&b, 2000);
	breaker_restore(&b, &defaults, 2, 0, 1, 3000, 0);
	assert_int_equal(b.filled, 0);
	assert_int_equal(b.held_ms, 1000);
	assert_true(b.is_held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			third_failure_within_15_s_opens_and_not_the_second),
		cmocka_unit_test(failure_exactly_one_window_old_is_forgotten),
		cmocka_unit_test(failure_one_ms_short_of_the_window_is_counted),
		cmocka_unit_test(window_slides_and_does_not_restart),
		cmocka_unit_test(
			six_second_crash_loop_is_caught_by_the_second_window),
		cmocka_unit_test(
			loop_of_eight_seconds_opens_at_its_tenth_failure),
		cmocka_unit_test(slow_loop_that_no_window_counts_never_opens),
		cmocka_unit_test(each_of_four_windows_can_open),
		cmocka_unit_test(window_beyond_the_used_ones_is_ignored),
		cmocka_unit_test(max_failures_1_opens_at_the_first),
		cmocka_unit_test(
			max_failures_64_opens_at_the_64th_and_across_the_ring),
		cmocka_unit_test(without_windows_ordinary_failures_never_open),
		cmocka_unit_test(failures_of_an_open_breaker_change_nothing),
		cmocka_unit_test(verdicts_equal_those_of_an_unbounded_history),
		cmocka_unit_test(count_tells_the_failures_within_a_window_now),
		cmocka_unit_test(count_is_at_most_64_and_stands_while_held),
		cmocka_unit_test(clock_that_goes_back_counts_as_the_last_time),
		cmocka_unit_test(negative_time_counts_as_zero),
		cmocka_unit_test(latest_time_of_all_saturates_the_cooldown),
		cmocka_unit_test(longest_hold_does_not_overflow),
		cmocka_unit_test(
			open_lets_no_probe_before_its_cooldown_is_over),
		cmocka_unit_test(operator_probes_an_open_breaker_now),
		cmocka_unit_test(operators_probe_that_fails_is_no_trip),
		cmocka_unit_test(probe_is_whose_who_asked_last),
		cmocka_unit_test(third_in_a_row_opens_however_far_apart),
		cmocka_unit_test(one_in_a_row_opens_at_the_first),
		cmocka_unit_test(thousand_in_a_row_outlast_the_ring),
		cmocka_unit_test(success_and_a_clean_end_start_the_row_anew),
		cmocka_unit_test(clean_end_of_a_probe_closes_nothing),
		cmocka_unit_test(failure_at_once_counts_in_the_row),
		cmocka_unit_test(held_time_does_not_end_a_row),
		cmocka_unit_test(without_a_number_no_row_opens),
		cmocka_unit_test(restored_row_goes_on),
		cmocka_unit_test(fullest_is_the_nearest_to_its_limit),
		cmocka_unit_test(closed_may_always_start),
		cmocka_unit_test(
			probe_that_fails_opens_again_for_twice_as_long),
		cmocka_unit_test(
			probe_that_is_stable_closes_and_forgets_everything),
		cmocka_unit_test(probe_ended_by_request_leaves_it_half_open),
		cmocka_unit_test(probe_with_an_exec_error_opens_again),
		cmocka_unit_test(
			stable_run_of_a_closed_breaker_forgets_no_failure),
		cmocka_unit_test(
			success_does_not_close_an_open_or_latched_breaker),
		cmocka_unit_test(cooldown_doubles_with_each_trip_up_to_its_cap),
		cmocka_unit_test(hundred_thousand_trips_do_not_overflow),
		cmocka_unit_test(trip_counters_stop_at_their_largest_number),
		cmocka_unit_test(cooldown_of_zero_lets_the_probe_at_once),
		cmocka_unit_test(trip_at_once_needs_no_window),
		cmocka_unit_test(
			third_trip_at_once_in_a_row_is_the_first_to_lengthen),
		cmocka_unit_test(ordinary_trip_ends_the_row_of_trips_at_once),
		cmocka_unit_test(max_trips_1_latches_at_the_first_trip),
		cmocka_unit_test(
			max_trips_4_latches_exactly_at_the_fourth_of_any_kind),
		cmocka_unit_test(success_between_trips_starts_the_row_anew),
		cmocka_unit_test(latched_starts_neither_late_nor_forced),
		cmocka_unit_test(
			reset_makes_any_breaker_fresh_but_for_its_clock),
		cmocka_unit_test(own_time_stands_still_while_a_start_waits),
		cmocka_unit_test(
			time_outside_the_holds_counts_to_the_millisecond),
		cmocka_unit_test(hold_and_release_may_be_repeated),
		cmocka_unit_test(start_leaves_a_fresh_breaker_as_zero_memory),
		cmocka_unit_test(
			failure_while_held_counts_at_the_standing_time),
		cmocka_unit_test(
			restored_breaker_keeps_its_trips_and_probes_at_once),
		cmocka_unit_test(
			restored_breaker_waits_as_told_in_an_outer_loop),
		cmocka_unit_test(
			restored_at_its_last_trip_latches_when_the_probe_fails),
		cmocka_unit_test(damaged_registry_numbers_are_cut_to_range),
		cmocka_unit_test(
			restoring_forgets_what_the_breaker_knew_but_its_clock),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
