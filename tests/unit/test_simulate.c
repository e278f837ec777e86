/* SPDX-License-Identifier: ISC */
/* The simulation: PID 1's decisions without PID 1. Delays are a millisecond
 * where jitter would matter: a tenth of it is nothing. */
#include "tests/unit/config_world.h"

#include "init/simulate/simulation.h"

enum { EVENTS = 65536 };

static struct simulation_plan plan;
static struct simulation_result result;
static struct simulation_event events[EVENTS];
static size_t count;

static void keep(void *to, const struct simulation_event *event)
{
	assert_ptr_equal(to, &events);
	assert_true(count < EVENTS);
	events[count++] = *event;
}

static void drop(void *to, const struct simulation_event *event)
{
	(void)to;
	(void)event;
}

/* Load a text and plan its services to die at once for an hour. */
static void plan_for(const char *text)
{
	forget(NULL);
	load_text(text);
	if (loaded.c == NULL)
		print_message("%s", loaded.said);
	assert_non_null(loaded.c);
	plan = (struct simulation_plan){
		.config = loaded.c,
		.for_ms = 3600000,
		.outage_ms = INT64_MAX,
		.seed = 1,
		.exit_code = 1,
		.is_endless = true,
	};
	for (uint32_t i = 0; i < loaded.c->services; i++)
		plan.is_simulated[i] = true;
}

static void simulate(void)
{
	count = 0;
	assert_int_equal(simulation_run(&plan, keep, &events, &result), 0);
	for (size_t i = 1; i < count; i++)
		assert_true(events[i - 1].at_ms <= events[i].at_ms);
}

/* One service with these lines. */
static void simulate_one(const char *lines)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "[service:s]\ncommand = /bin/x\n"
		 "restart_delay = 1ms..1ms\n%s\n", lines);
	plan_for(text);
}

/* Event number n (from 0) of that kind, of any service. */
static const struct simulation_event *nth(enum simulation_what what, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (events[i].what == what && n-- == 0)
			return &events[i];
	fail_msg("no such event");
	return NULL;
}

static size_t count_of(enum simulation_what what)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += events[i].what == what;
	return n;
}

static void third_failure_blocks_and_probes_wait_doubled_times(void **state)
{
	simulate_one("");
	simulate();
	assert_int_equal(nth(SIMULATION_STARTED, 2)->at_ms, 2);
	assert_int_equal(count_of(SIMULATION_STARTED), 3);
	assert_int_equal(nth(SIMULATION_BLOCKED, 0)->next_ms, 10000);
	assert_int_equal(nth(SIMULATION_PROBE, 0)->at_ms, 10002);
	assert_int_equal(nth(SIMULATION_PROBE, 1)->at_ms, 30002);
	assert_int_equal(nth(SIMULATION_PROBE, 2)->at_ms, 70002);
	assert_int_equal(nth(SIMULATION_BLOCKED, 9)->next_ms, 300000);
	assert_int_equal(result.total[0].gap_ms, 300000);
	assert_int_equal(result.total[0].starts,
			 3 + count_of(SIMULATION_PROBE));
	assert_int_equal(result.total[0].blocked_ms, 3600000 - 2);
	assert_int_equal(result.total[0].state, LIFE_BLOCKED);
	assert_int_equal(result.total[0].breaker, BREAKER_OPEN);
}

static void second_window_catches_an_eight_second_loop(void **state)
{
	simulate_one("");
	plan.lifetime_min_ms = plan.lifetime_max_ms = 8000;
	simulate();
	assert_int_equal(count_of(SIMULATION_STARTED), 10);
	assert_int_equal(nth(SIMULATION_BLOCKED, 0)->at_ms, 80009);
	assert_int_equal(result.total[0].up_ms,
			 (int64_t)result.total[0].starts * 8000);
}

static void fatal_code_blocks_and_lengthens_from_the_third(void **state)
{
	simulate_one("fatal_codes = 78");
	plan.exit_code = 78;
	simulate();
	assert_int_equal(count_of(SIMULATION_STARTED), 1);
	assert_int_equal(nth(SIMULATION_BLOCKED, 0)->next_ms, 10000);
	assert_int_equal(nth(SIMULATION_BLOCKED, 1)->next_ms, 10000);
	assert_int_equal(nth(SIMULATION_BLOCKED, 2)->next_ms, 20000);
}

static void outage_that_ends_closes_the_breaker_after_stable(void **state)
{
	simulate_one("stable = 20s");
	plan.outage_ms = 15000;
	simulate();
	/* Down at 0, 1, 2 and 10,002; the probe after that stays up. */
	assert_int_equal(nth(SIMULATION_PROBE, 1)->at_ms, 30002);
	assert_int_equal(nth(SIMULATION_CLOSED, 0)->at_ms, 50002);
	assert_int_equal(result.total[0].starts, 5);
	assert_int_equal(result.total[0].trips, 2);
	assert_int_equal(result.total[0].up_ms, 3600000 - 30002);
	assert_int_equal(result.total[0].state, LIFE_RUNNING);
	assert_int_equal(result.total[0].breaker, BREAKER_CLOSED);
}

static void stable_run_resets_the_delay_of_a_closed_service(void **state)
{
	plan_for("[service:s]\ncommand = /bin/x\nstable = 5s\n"
		 "restart_delay = 1s..60s\nmax_failures = none\n");
	plan.lifetime_min_ms = plan.lifetime_max_ms = 5000;
	simulate();
	assert_true(count_of(SIMULATION_RETRY) > 500);
	for (size_t i = 0; i < count_of(SIMULATION_RETRY); i++) {
		assert_int_equal(nth(SIMULATION_RETRY, i)->number, 1);
		assert_in_range(nth(SIMULATION_RETRY, i)->next_ms, 900, 1100);
	}
}

static void max_trips_latches_and_nothing_starts_after_it(void **state)
{
	simulate_one("max_trips = 3");
	simulate();
	assert_int_equal(nth(SIMULATION_LATCHED, 0)->number, 3);
	assert_int_equal(events[count - 1].what, SIMULATION_LATCHED);
	assert_int_equal(result.total[0].starts, 5);
	assert_int_equal(result.total[0].state, LIFE_FAILED);
	assert_int_equal(result.total[0].breaker, BREAKER_LATCHED);
	assert_int_equal(result.total[0].gap_ms, 3600000 - 30002);
}

static void clean_worker_is_restarted_and_never_blocked(void **state)
{
	simulate_one("min_runtime = 1s");
	plan.lifetime_min_ms = plan.lifetime_max_ms = 1000;
	plan.exit_code = 0;
	simulate();
	assert_int_equal(count_of(SIMULATION_BLOCKED), 0);
	assert_true(count_of(SIMULATION_CLEAN) > 3500);
	assert_int_equal(result.total[0].failures, 0);
}

static void clean_end_before_min_runtime_counts(void **state)
{
	simulate_one("min_runtime = 1s");
	plan.lifetime_min_ms = plan.lifetime_max_ms = 999;
	plan.exit_code = 0;
	simulate();
	assert_int_equal(count_of(SIMULATION_STARTED), 3);
	assert_true(count_of(SIMULATION_BLOCKED) > 1);
}

static void restart_setting_says_what_ends_for_good(void **state)
{
	simulate_one("restart = never");
	simulate();
	assert_int_equal(result.total[0].state, LIFE_FAILED);
	assert_int_equal(result.total[0].starts, 1);
	simulate_one("restart = on-failure");
	plan.exit_code = 0;
	simulate();
	assert_int_equal(result.total[0].state, LIFE_DONE);
	assert_int_equal(result.total[0].failures, 0);
}

/* Thirty services without a breaker, for ten minutes. */
static void plan_thirty(void)
{
	static char text[4096];
	size_t used = (size_t)snprintf(text, sizeof(text),
		"[dashpot]\nrestart_rate = 5/s burst 20\n[defaults]\n"
		"max_failures = none\nrestart_delay = 0\n");

	for (int i = 0; i < 30; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"[service:s%d]\ncommand = /bin/x\n", i);
	plan_for(text);
	plan.for_ms = 600000;
}

static void restarts_never_exceed_the_budget_in_any_span(void **state)
{
	static int64_t at[EVENTS];
	size_t n = 0;

	plan_thirty();
	simulate();
	for (size_t i = 0; i < count; i++)
		if (events[i].what == SIMULATION_STARTED &&
		    events[i].number > 1)
			at[n++] = events[i].at_ms;
	assert_int_equal(n, result.restarts);
	assert_int_equal(n, 20 + 5 * 600);
	for (size_t from = 0; from < n; from++)
		for (size_t to = from; to < n; to++)
			assert_true((int64_t)(to - from + 1) * 1000 <=
				    20000 + 5 * (at[to] - at[from]));
}

static void equals_take_turns_for_the_tokens(void **state)
{
	uint32_t least = UINT32_MAX, most = 0;

	plan_thirty();
	simulate();
	for (int i = 0; i < 30; i++) {
		uint32_t starts = result.total[i].starts;

		least = starts < least ? starts : least;
		most = starts > most ? starts : most;
	}
	assert_true(most - least <= 1);
}

static void essential_service_gets_the_tokens_first(void **state)
{
	plan_for("[dashpot]\nrestart_rate = 1/s burst 1\n[defaults]\n"
		 "max_failures = none\nrestart_delay = 0\n"
		 "[service:a]\ncommand = /bin/x\n"
		 "[service:b]\ncommand = /bin/x\nessential = yes\n");
	simulate();
	/* Who has waited for 5 s has every second token, and waits again. */
	assert_int_equal(result.total[0].starts, 1 + 600);
	assert_int_equal(result.total[0].starts + result.total[1].starts,
			 2 + result.restarts);
	assert_in_range(result.total[0].short_ms, 3590000, 3600000);
}

static void own_time_stands_still_while_a_token_is_waited_for(void **state)
{
	/* Four times two restarts at one a second: no service gets its third
	 * failure within two seconds by the clock. */
	plan_for("[dashpot]\nrestart_rate = 1/s burst 1\n[defaults]\n"
		 "max_failures = 3 in 2s\nrestart_delay = 1ms..1ms\n"
		 "cooldown = 1h\n"
		 "[service:a]\ncommand = /bin/x\n"
		 "[service:b]\ncommand = /bin/x\n"
		 "[service:c]\ncommand = /bin/x\n"
		 "[service:d]\ncommand = /bin/x\n");
	simulate();
	assert_true(nth(SIMULATION_BLOCKED, 3)->at_ms > 6000);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(result.total[i].starts, 3);
		assert_int_equal(result.total[i].trips, 1);
	}
}

static void dependent_starts_behind_the_one_it_requires(void **state)
{
	plan_for("[defaults]\nrestart_delay = 1ms..1ms\n"
		 "[service:web]\ncommand = /bin/x\nrequires = db\n"
		 "[service:db]\ncommand = /bin/x\n");
	plan.lifetime_min_ms = plan.lifetime_max_ms = 10000;
	simulate();
	assert_int_equal(events[0].service, 1);
	assert_int_equal(events[0].what, SIMULATION_STARTED);
	assert_int_equal(events[1].service, 0);
	assert_int_equal(events[1].what, SIMULATION_STARTED);
	assert_int_equal(nth(SIMULATION_BLOCKED, 0)->at_ms, 100009);
}

static void parted_dependent_waits_until_the_other_has_settled(void **state)
{
	const struct simulation_event *parted, *waits;

	/* db fails for good at 5 s and is probed 10 s later; web stays up. */
	plan_for("[defaults]\nrestart_delay = 1ms..1ms\n"
		 "[service:web]\ncommand = /bin/x\nrequires = db\n"
		 "success_codes = 1\nmin_runtime = 0\n"
		 "[service:db]\ncommand = /bin/x\nmax_failures = 1 in 1s\n");
	plan.lifetime_min_ms = 4000;
	plan.lifetime_max_ms = 6000;
	plan.outage_ms = 5;
	simulate();
	parted = nth(SIMULATION_PARTED, 0);
	waits = nth(SIMULATION_AWAITS, 0);
	assert_int_equal(parted->service, 0);
	assert_int_equal(parted->number, 1);
	assert_int_equal(waits->at_ms, parted->at_ms);
	assert_int_equal(nth(SIMULATION_PROBE, 0)->at_ms,
			 parted->at_ms + 10000);
	assert_int_equal(events[count - 2].at_ms, parted->at_ms + 12000);
	assert_int_equal(events[count - 2].service, 0);
	assert_int_equal(events[count - 2].what, SIMULATION_STARTED);
	assert_int_equal(events[count - 1].what, SIMULATION_CLOSED);
}

static void loss_reaches_through_a_chain(void **state)
{
	/* db is blocked when it ends first; the two others never fail. */
	plan_for("[defaults]\nsuccess_codes = 1\nmin_runtime = 0\n"
		 "restart_delay = 1ms..1ms\n"
		 "[service:front]\ncommand = /bin/x\nrequires = web\n"
		 "[service:web]\ncommand = /bin/x\nrequires = db\n"
		 "[service:db]\ncommand = /bin/x\nsuccess_codes = 0\n"
		 "max_failures = 1 in 1s\n");
	plan.lifetime_min_ms = 4000;
	plan.lifetime_max_ms = 6000;
	plan.outage_ms = 5;
	simulate();
	assert_int_equal(nth(SIMULATION_PARTED, 0)->service, 1);
	assert_int_equal(nth(SIMULATION_PARTED, 1)->service, 0);
	assert_int_equal(nth(SIMULATION_PARTED, 1)->at_ms,
			 nth(SIMULATION_PARTED, 0)->at_ms);
}

static void blocked_one_is_tried_when_its_dependency_is_back(void **state)
{
	/* Both fail after a second; db is back about 500 ms later. */
	plan_for("[service:web]\ncommand = /bin/x\nafter = db\n"
		 "max_failures = 1 in 1s\n"
		 "[service:db]\ncommand = /bin/x\nmax_failures = none\n"
		 "restart_delay = 500ms..500ms\n");
	plan.lifetime_min_ms = plan.lifetime_max_ms = 1000;
	plan.outage_ms = 5;
	simulate();
	assert_int_equal(nth(SIMULATION_BLOCKED, 0)->at_ms, 1000);
	assert_int_equal(nth(SIMULATION_EARLY, 0)->service, 0);
	assert_int_equal(nth(SIMULATION_EARLY, 0)->number, 1);
	assert_true(nth(SIMULATION_EARLY, 0)->at_ms < 1600);
	assert_int_equal(nth(SIMULATION_PROBE, 0)->at_ms,
			 nth(SIMULATION_EARLY, 0)->at_ms);
	assert_int_equal(nth(SIMULATION_PROBE, 0)->service, 0);
}

static void essential_service_that_is_blocked_ends_dashpot(void **state)
{
	simulate_one("essential = yes");
	plan.exit_code = 9;
	plan.is_endless = false;
	simulate();
	assert_int_equal(result.exit, SIMULATION_ESSENTIAL);
	assert_int_equal(result.exit_code, 9);
	assert_int_equal(result.ended_ms, 2);
	simulate_one("essential = yes\nmax_trips = 2");
	plan.is_endless = false;
	simulate();
	assert_int_equal(result.ended_ms, 10002);
}

static void all_blocked_for_five_minutes_ends_dashpot(void **state)
{
	simulate_one("");
	plan.is_endless = false;
	simulate();
	assert_int_equal(result.exit, SIMULATION_ALL_BLOCKED);
	assert_int_equal(result.exit_code, 1);
	assert_int_equal(result.ended_ms, 2 + 300000);
}

static void latched_for_five_minutes_ends_dashpot_too(void **state)
{
	simulate_one("max_trips = 1");
	plan.is_endless = false;
	simulate();
	assert_int_equal(result.exit, SIMULATION_ALL_BLOCKED);
	assert_int_equal(result.ended_ms, 2 + 300000);
}

static void another_daemon_that_is_up_keeps_dashpot_running(void **state)
{
	plan_for("[service:a]\ncommand = /bin/x\n"
		 "[service:b]\ncommand = /bin/x\n");
	plan.is_simulated[1] = false;
	plan.is_endless = false;
	simulate();
	assert_int_equal(result.exit, SIMULATION_NO_EXIT);
	assert_int_equal(result.ended_ms, 3600000);
}

static void all_ended_ends_dashpot_and_a_latched_one_does_not(void **state)
{
	simulate_one("restart = never");
	plan.is_endless = false;
	plan.exit_code = 7;
	simulate();
	assert_int_equal(result.exit, SIMULATION_ALL_ENDED);
	assert_int_equal(result.exit_code, 7);
	simulate_one("restart = on-failure");
	plan.is_endless = false;
	plan.exit_code = 0;
	simulate();
	assert_int_equal(result.exit, SIMULATION_ALL_ENDED);
	assert_int_equal(result.exit_code, 0);
	plan_for("[dashpot]\nexit_when_all_blocked = 0\n"
		 "[service:a]\ncommand = /bin/x\nmax_trips = 1\n");
	plan.is_endless = false;
	simulate();
	assert_int_equal(result.exit, SIMULATION_NO_EXIT);
}

static void same_seed_same_story_another_seed_another_one(void **state)
{
	static struct simulation_event first[EVENTS];
	size_t first_count;

	plan_thirty();
	plan.lifetime_max_ms = 20000;
	simulate();
	memcpy(first, events, sizeof(first));
	first_count = count;
	simulate();
	assert_int_equal(count, first_count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(events[i].at_ms, first[i].at_ms);
		assert_int_equal(events[i].service, first[i].service);
		assert_true(events[i].ran_ms == first[i].ran_ms);
	}
	plan.seed = 2;
	simulate();
	assert_true(count != first_count ||
		    memcmp(first, events, count * sizeof(*events)) != 0);
}

static void lifetimes_are_spread_over_the_whole_range(void **state)
{
	int64_t least = INT64_MAX, most = 0, sum = 0;
	size_t n = 0;

	plan_thirty();
	plan.lifetime_min_ms = 1000;
	plan.lifetime_max_ms = 20000;
	simulate();
	for (size_t i = 0; i < count; i++) {
		if (events[i].what != SIMULATION_RETRY)
			continue;
		least = events[i].ran_ms < least ? events[i].ran_ms : least;
		most = events[i].ran_ms > most ? events[i].ran_ms : most;
		sum += events[i].ran_ms;
		n++;
	}
	assert_true(n > 1000);
	assert_in_range(least, 1000, 1200);
	assert_in_range(most, 19800, 20000);
	assert_in_range(sum / (int64_t)n, 9800, 11200);
}

static void times_of_a_service_add_up(void **state)
{
	simulate_one("cooldown = 1s..8s");
	plan.lifetime_min_ms = plan.lifetime_max_ms = 250;
	simulate();
	/* Two delays of 1 ms, the rest is up or blocked. */
	assert_int_equal(result.total[0].up_ms + result.total[0].blocked_ms,
			 3600000 - 2);
}

static void endless_work_is_cut_and_said(void **state)
{
	plan_for("[dashpot]\nrestart_rate = 100000/s burst 100000\n"
		 "[service:a]\ncommand = /bin/x\nmax_failures = none\n"
		 "restart_delay = 0\n");
	plan.for_ms = (int64_t)7 * 86400000;
	plan.work = 1000000;
	/* The events are too many to be kept. */
	assert_int_equal(simulation_run(&plan, drop, NULL,
					&result), 0);
	assert_true(result.is_cut);
	assert_true(result.ended_ms < plan.for_ms);
	assert_true(result.total[0].starts > 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(third_failure_blocks_and_probes_wait_doubled_times),
		TEST(second_window_catches_an_eight_second_loop),
		TEST(fatal_code_blocks_and_lengthens_from_the_third),
		TEST(outage_that_ends_closes_the_breaker_after_stable),
		TEST(stable_run_resets_the_delay_of_a_closed_service),
		TEST(max_trips_latches_and_nothing_starts_after_it),
		TEST(clean_worker_is_restarted_and_never_blocked),
		TEST(clean_end_before_min_runtime_counts),
		TEST(restart_setting_says_what_ends_for_good),
		TEST(restarts_never_exceed_the_budget_in_any_span),
		TEST(equals_take_turns_for_the_tokens),
		TEST(essential_service_gets_the_tokens_first),
		TEST(own_time_stands_still_while_a_token_is_waited_for),
		TEST(dependent_starts_behind_the_one_it_requires),
		TEST(parted_dependent_waits_until_the_other_has_settled),
		TEST(loss_reaches_through_a_chain),
		TEST(blocked_one_is_tried_when_its_dependency_is_back),
		TEST(essential_service_that_is_blocked_ends_dashpot),
		TEST(all_blocked_for_five_minutes_ends_dashpot),
		TEST(latched_for_five_minutes_ends_dashpot_too),
		TEST(another_daemon_that_is_up_keeps_dashpot_running),
		TEST(all_ended_ends_dashpot_and_a_latched_one_does_not),
		TEST(same_seed_same_story_another_seed_another_one),
		TEST(lifetimes_are_spread_over_the_whole_range),
		TEST(times_of_a_service_add_up),
		TEST(endless_work_is_cut_and_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
