/* SPDX-License-Identifier: ISC */
/* init/service/dependency_tree: who waits for whom, who stops with whom and in
 * which order,
 * who is tried early, and whether anything can still run. Services are named a,
 * b, c ... and have that index. */
#include "tests/unit/supervisor_fixture.h"

#include <errno.h>

#include "init/service/checks.h"
#include "init/pid1/control_commands.h"
#include "init/service/publish.h"
#include "init/service/start_queue.h"
#include "tests/unit/health_cases.h"

#define A "[service:a]\ncommand = x\n"
#define B "[service:b]\ncommand = x\n"
#define C "[service:c]\ncommand = x\n"
#define D "[service:d]\ncommand = x\n"
#define BLOCKING "max_failures = 1 in 1m\ncooldown = 1m..5m\n"

enum { a, b, c, d };

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

static enum life_state state_of(uint32_t i)
{
	return sup.service[i].state;
}

#define IS(i, word) assert_string_equal(life_word(state_of(i)), word)

/* As the loop does after whatever has happened. */
static void follow(void)
{
	for (int turn = 0; sup.is_tree_changed; turn++) {
		assert_true(turn < 10);
		follow_tree();
	}
}

static void later(int64_t ms)
{
	sup.now_ms += ms;
	services_fire(&sup);
	follow();
}

/* Does service i wait for service on, or for nobody (-1)? */
static void waits_for(uint32_t i, int32_t on)
{
	int64_t when_ms;

	IS(i, "waiting");
	assert_int_equal(tree_awaits(&sup, i, &when_ms), on);
}

/* Start each one that waits for nobody, until nothing changes. */
static void start_all(void)
{
	int64_t when_ms;

	follow();
	for (uint32_t k = 0; k < sup.config->services; k++) {
		uint32_t i = config_order(sup.config)[k];

		if (state_of(i) == LIFE_WAITING &&
		    tree_awaits(&sup, i, &when_ms) < 0)
			run(i);
	}
	follow();
}

static void ask(enum command_kind kind, uint32_t i)
{
	static uint64_t id;
	struct command command = { .id = ++id, .kind = kind,
				   .config = sup.reloads };
	struct command_answer answer;

	command_add(&command.services, i);
	control_commands_take(&sup, &command, &answer);
	assert_int_equal(answer.error, 0);
	follow();
}

/* What was told to stop has ended. */
static void has_stopped(uint32_t i)
{
	IS(i, "stopping");
	ended(i, SIGTERM);
	follow();
}

static void fails(uint32_t i)
{
	ended(i, 1 << 8);
	follow();
}

static void again(uint32_t i)
{
	if (sup.now_ms < sup.service[i].due_ms)
		sup.now_ms = sup.service[i].due_ms;
	service_take(&sup, i, LIFE_DUE);
	run(i);
	follow();
}

/* --- Waiting for a start ----------------------------------------------- */

static void start_waits_for_each_dependency(void **state)
{
	sup_with(A B C "after = a, b\n");
	waits_for(c, a);
	run(a);
	waits_for(c, b);
	spawned(b);
	waits_for(c, b);
	sup.service[b].ready_ms = sup.now_ms;
	service_take(&sup, b, LIFE_READY);
	waits_for(c, -1);
}

static void oneshot_is_waited_for_until_it_is_done(void **state)
{
	sup_with(A "type = oneshot\n" B "after = a\n" C);
	run(a);
	waits_for(b, a);
	fails(a);
	IS(a, "failed");
	waits_for(b, a);
	service_take(&sup, a, LIFE_WANT);
	run(a);
	ended(a, 0);
	waits_for(b, -1);
}

static void daemon_that_ended_well_holds_up_only_who_requires_it(void **state)
{
	sup_with(A "restart = never\n" B "after = a\n" C "requires = a\n" D);
	run(a);
	run(d);
	ended(a, 0);
	follow();
	IS(a, "done");
	waits_for(b, -1);
	waits_for(c, a);
}

static void command_line_starts_though_a_daemon_has_ended_well(void **state)
{
	sup_with(A "restart = never\n" B "after = a\n");
	run(a);
	ended(a, 0);
	follow();
	assert_int_equal(sup.stop.phase, STOP_NOT);
	waits_for(b, -1);
}

static void who_is_required_is_wanted_though_not_autostarted(void **state)
{
	sup_with(A "autostart = no\n" B "autostart = no\nrequires = a\n"
		 C "requires = b\n" D "autostart = no\n");
	IS(a, "stopped");
	follow();
	waits_for(a, -1);
	waits_for(b, a);
	waits_for(c, b);
	IS(d, "stopped");
}

static void after_wants_nobody_and_waits(void **state)
{
	sup_with(A "autostart = no\n" B "after = a\n" C);
	run(c);
	follow();
	IS(a, "stopped");
	waits_for(b, a);
	ask(COMMAND_START, a);
	run(a);
	waits_for(b, -1);
}

static void who_never_ran_is_no_good_end(void **state)
{
	sup_with(A "autostart = no\n" B "after = a\n" C "type = oneshot\n");
	run(c);
	follow();
	assert_int_equal(sup.stop.phase, STOP_NOT);
	ended(c, 0);
	follow();
	assert_int_not_equal(sup.stop.phase, STOP_NOT);
	assert_int_equal(sup.stop.exit_code, 1);
}

static void person_is_waited_for_where_nothing_has_run(void **state)
{
	sup_with(A "autostart = no\n" B "autostart = no\nafter = a\n");
	follow();
	assert_int_equal(sup.stop.phase, STOP_NOT);
	ask(COMMAND_START, a);
	run(a);
	ended(a, 0);
	follow();
	assert_int_equal(sup.stop.phase, STOP_NOT);
}

static void person_who_stopped_a_requirement_is_not_overruled(void **state)
{
	sup_with(A B "autostart = no\nrequires = a\n");
	start_all();
	ask(COMMAND_STOP, a);
	has_stopped(a);
	ask(COMMAND_START, b);
	IS(a, "stopped");
	waits_for(b, a);
	ask(COMMAND_START, a);
	waits_for(a, -1);
}

/* --- A requirement that comes again ------------------------------------ */

static void restart_of_a_requirement_stops_nobody(void **state)
{
	sup_with(A B "requires = a\n");
	start_all();
	fails(a);
	IS(a, "backoff");
	IS(b, "running");
	again(a);
	IS(b, "running");
	assert_int_equal(killed.count, 0);
}

static void restart_by_a_person_stops_no_dependent(void **state)
{
	sup_with(A B "requires = a\n");
	start_all();
	ask(COMMAND_RESTART, a);
	IS(a, "stopping");
	IS(b, "running");
	ended(a, SIGTERM);
	follow();
	IS(a, "waiting");
	IS(b, "running");
	run(a);
	follow();
	IS(b, "running");
	assert_int_equal(killed.count, 1);
}

static void oneshot_that_runs_again_stops_nobody_unless_it_fails(void **state)
{
	sup_with(A "type = oneshot\n" B "requires = a\n");
	run(a);
	ended(a, 0);
	start_all();
	IS(b, "running");
	ask(COMMAND_START, a);
	IS(a, "waiting");
	IS(b, "running");
	run(a);
	follow();
	IS(b, "running");
	ended(a, 0);
	follow();
	IS(b, "running");
	ask(COMMAND_START, a);
	run(a);
	fails(a);
	IS(a, "failed");
	IS(b, "stopping");
}

/* --- A requirement that is lost ---------------------------------------- */

static void blocked_requirement_parts_until_it_has_settled(void **state)
{
	sup_with(A BLOCKING B "requires = a\n");
	start_all();
	fails(a);
	IS(a, "blocked");
	assert_int_equal(events_of(BOARD_EV_PARTED, b), 1);
	has_stopped(b);
	waits_for(b, a);
	again(a);
	IS(a, "probing");
	waits_for(b, a);
	later(LIFE_SETTLE_MS - 1);
	waits_for(b, a);
	later(1);
	waits_for(b, -1);
}

static void short_life_of_a_requirement_starts_no_dependent(void **state)
{
	sup_with(A BLOCKING B "requires = a\n");
	start_all();
	fails(a);
	has_stopped(b);
	for (int trip = 0; trip < 10; trip++) {
		again(a);
		later(LIFE_SETTLE_MS - 1);
		waits_for(b, a);
		fails(a);
	}
	assert_int_equal(sup.service[b].starts, 1);
}

static void start_that_takes_too_long_is_a_loss(void **state)
{
	sup_with(A "max_failures = none\n" B "requires = a\n");
	start_all();
	fails(a);
	later(60000);
	IS(b, "running");
	spawned(a);
	service_give_up(&sup, a, BOARD_START_TIMEOUT);
	ended(a, SIGTERM);
	follow();
	IS(a, "backoff");
	has_stopped(b);
	again(a);
	waits_for(b, a);
	later(LIFE_SETTLE_MS);
	waits_for(b, -1);
}

static void one_that_is_given_up_once_it_was_ready_is_just_restarted(
	void **state)
{
	sup_with(A "max_failures = 2 in 1m\n" B "requires = a\n");
	start_all();
	service_give_up(&sup, a, BOARD_UNHEALTHY);
	follow();
	IS(a, "stopping");
	IS(b, "running");
	ended(a, SIGTERM);
	follow();
	IS(a, "backoff");
	again(a);
	IS(b, "running");
	service_give_up(&sup, a, BOARD_UNHEALTHY);
	follow();
	IS(b, "stopping");
}

static void requirement_that_ended_or_failed_is_lost(void **state)
{
	sup_with(A "restart = never\n" B "requires = a\n" C
		 "restart = never\n" D "requires = c\n");
	start_all();
	ended(a, 0);
	fails(c);
	IS(a, "done");
	IS(c, "failed");
	IS(b, "stopping");
	IS(d, "stopping");
}

static void after_alone_never_stops(void **state)
{
	sup_with(A BLOCKING B "after = a\n");
	start_all();
	fails(a);
	IS(a, "blocked");
	IS(b, "running");
	ask(COMMAND_STOP, a);
	IS(a, "stopped");
	IS(b, "running");
}

static void one_that_failed_meanwhile_waits_for_the_settling_too(void **state)
{
	sup_with(A BLOCKING B "requires = a\nmax_failures = none\n" C);
	start_all();
	fails(b);
	fails(a);
	IS(b, "backoff");
	later(60000);
	waits_for(b, a);
	IS(a, "waiting");
	run(a);
	follow();
	waits_for(b, a);
	later(LIFE_SETTLE_MS);
	waits_for(b, -1);
}

static void other_requirements_are_waited_for_as_well(void **state)
{
	sup_with(A BLOCKING B C "requires = a, b\n");
	start_all();
	fails(a);
	has_stopped(c);
	fails(b);
	IS(b, "backoff");
	again(a);
	later(LIFE_SETTLE_MS);
	IS(b, "waiting");
	waits_for(c, b);
	run(b);
	waits_for(c, b);
	later(LIFE_SETTLE_MS);
	waits_for(c, -1);
}

/* --- Chains and diamonds ----------------------------------------------- */

static void chain_stops_from_its_end(void **state)
{
	sup_with(A BLOCKING B "requires = a\n" C "requires = b\n");
	start_all();
	fails(a);
	IS(b, "running");
	IS(c, "stopping");
	has_stopped(c);
	IS(b, "stopping");
	waits_for(c, b);
	has_stopped(b);
	waits_for(b, a);
}

static void chain_comes_back_from_its_beginning(void **state)
{
	sup_with(A BLOCKING B "requires = a\n" C "requires = b\n");
	start_all();
	fails(a);
	has_stopped(c);
	has_stopped(b);
	again(a);
	later(LIFE_SETTLE_MS);
	waits_for(b, -1);
	run(b);
	follow();
	waits_for(c, b);
	later(LIFE_SETTLE_MS);
	waits_for(c, -1);
}

static void loss_reaches_through_one_that_is_down_itself(void **state)
{
	sup_with(A BLOCKING B "requires = a\nmax_failures = none\n"
		 C "requires = b\n");
	start_all();
	fails(b);
	IS(b, "backoff");
	IS(c, "running");
	fails(a);
	IS(c, "stopping");
}

static void loss_does_not_reach_through_a_oneshot_that_is_done(void **state)
{
	sup_with(A BLOCKING B "type = oneshot\nrequires = a\n"
		 C "requires = b\n");
	run(a);
	run(b);
	ended(b, 0);
	start_all();
	IS(c, "running");
	fails(a);
	IS(a, "blocked");
	IS(b, "done");
	IS(c, "running");
}

static void diamond_stops_sides_before_its_root_and_after_its_top(void **state)
{
	sup_with(A B "requires = a\n" C "requires = a\n" D "requires = b, c\n");
	start_all();
	ask(COMMAND_STOP, a);
	IS(a, "running");
	IS(b, "running");
	IS(d, "stopping");
	has_stopped(d);
	IS(b, "stopping");
	IS(c, "stopping");
	has_stopped(b);
	IS(a, "running");
	has_stopped(c);
	has_stopped(a);
	IS(a, "stopped");
	waits_for(b, a);
	waits_for(c, a);
	assert_int_equal(killed.count, 4);
}

/* --- Stopped by a person ----------------------------------------------- */

static void start_calls_off_a_stop_that_waits_for_dependents(void **state)
{
	sup_with(A B "requires = a\n" C "requires = b\n");
	start_all();
	ask(COMMAND_STOP, a);
	IS(c, "stopping");
	ask(COMMAND_START, a);
	has_stopped(c);
	IS(a, "running");
	IS(b, "running");
	assert_false(sup.service[b].is_parted);
	later(LIFE_SETTLE_MS);
	waits_for(c, -1);
}

static void one_that_waits_to_be_stopped_is_ready_for_nobody(void **state)
{
	sup_with(A B "requires = a\n" C "autostart = no\nafter = a\n");
	start_all();
	ask(COMMAND_STOP, a);
	IS(a, "running");
	ask(COMMAND_START, c);
	waits_for(c, a);
}

static void one_that_ends_before_its_turn_to_stop_stays_down(void **state)
{
	sup_with(A B "requires = a\n");
	start_all();
	ask(COMMAND_STOP, a);
	fails(a);
	IS(a, "stopped");
	has_stopped(b);
	waits_for(b, a);
	assert_int_equal(sup.stop.phase, STOP_NOT);
}

static void stopped_requirement_that_is_started_brings_all_back(void **state)
{
	sup_with(A B "requires = a\n");
	start_all();
	ask(COMMAND_STOP, a);
	has_stopped(b);
	has_stopped(a);
	ask(COMMAND_START, a);
	run(a);
	follow();
	later(LIFE_SETTLE_MS);
	waits_for(b, -1);
	run(b);
	assert_int_equal(sup.service[b].starts, 2);
}

/* --- Early probes ------------------------------------------------------ */

static void blocked_while_a_dependency_was_down_is_probed_early(
	void **state)
{
	sup_with(A "max_failures = none\n" B BLOCKING "after = a\n");
	start_all();
	later(100);
	fails(a);
	fails(b);
	IS(b, "blocked");
	assert_int_equal(sup.breaker[b].trips, 1);
	later(500);
	IS(a, "waiting");
	run(a);
	follow();
	waits_for(b, -1);
	assert_int_equal(events_of(BOARD_EV_EARLY_PROBE, b), 1);
	spawned(b);
	IS(b, "probing");
	fails(b);
	IS(b, "blocked");
	assert_int_equal(sup.breaker[b].trips, 2);
	follow();
	later(1000);
	IS(b, "blocked");
	assert_int_equal(events_of(BOARD_EV_EARLY_PROBE, b), 1);
}

static void each_readiness_gives_one_probe(void **state)
{
	sup_with(A "max_failures = none\n" B BLOCKING "after = a\n");
	start_all();
	for (unsigned n = 1; n <= 3; n++) {
		later(100);
		fails(a);
		fails(b);
		later(30000);
		run(a);
		follow();
		assert_int_equal(events_of(BOARD_EV_EARLY_PROBE, b), n);
		run(b);
	}
	IS(b, "probing");
}

static void one_blocked_while_its_dependency_was_up_waits(void **state)
{
	sup_with(A "max_failures = none\n" B BLOCKING "after = a\n");
	start_all();
	later(100);
	fails(b);
	later(100);
	fails(a);
	later(500);
	run(a);
	follow();
	IS(b, "blocked");
	assert_int_equal(events_of(BOARD_EV_EARLY_PROBE, b), 0);
}

/* Service i fails, b with it, and i again before it is ready. */
static void spawned_again_and_failed(uint32_t i)
{
	fails(i);
	fails(b);
	service_take(&sup, i, LIFE_DUE);
	spawned(i);
	fails(i);
}

static void early_probe_waits_for_a_lost_requirement_to_settle(void **state)
{
	sup_with(A "max_failures = 2 in 1m\ncooldown = 10s..10s\n"
		 B BLOCKING "requires = a\n" C);
	start_all();
	later(100);
	spawned_again_and_failed(a);
	IS(a, "blocked");
	IS(b, "blocked");
	again(a);
	waits_for(b, a);
	later(LIFE_SETTLE_MS);
	waits_for(b, -1);
}

static void remembered_block_is_probed_early_once_it_is_an_own_one(
	void **state)
{
	sup_with(A "max_failures = none\n" B BLOCKING "after = a\n");
	sup.service[b].is_remembered = true;
	service_take(&sup, b, LIFE_RESTORED_BLOCK);
	start_all();
	IS(b, "blocked");
	again(b);
	fails(a);
	fails(b);
	IS(b, "blocked");
	again(a);
	waits_for(b, -1);
}

static void done_oneshot_gives_an_early_probe(void **state)
{
	sup_with(A "type = oneshot\n" B BLOCKING "after = a\n" C);
	run(b);
	run(c);
	follow();
	fails(b);
	IS(b, "blocked");
	run(a);
	follow();
	IS(b, "blocked");
	ended(a, 0);
	follow();
	waits_for(b, -1);
}

static void latched_one_is_not_probed(void **state)
{
	sup_with(A "max_failures = none\n" B BLOCKING
		 "max_trips = 1\nafter = a\n");
	start_all();
	fails(a);
	fails(b);
	IS(b, "failed");
	later(1000);
	run(a);
	follow();
	IS(b, "failed");
}

/* --- Shutdown, and the end --------------------------------------------- */

static void shutdown_tells_who_has_no_dependent_up(void **state)
{
	sup_with(A B "after = a\n" C "after = a\n" D "after = b\n");
	start_all();
	assert_false(tree_stop(&sup, false));
	IS(a, "running");
	IS(b, "running");
	IS(c, "stopping");
	IS(d, "stopping");
	ended(d, SIGTERM);
	assert_false(tree_stop(&sup, false));
	IS(b, "stopping");
	ended(b, SIGTERM);
	assert_false(tree_stop(&sup, false));
	IS(a, "running");
	ended(c, SIGTERM);
	assert_false(tree_stop(&sup, false));
	IS(a, "stopping");
	ended(a, SIGTERM);
	assert_true(tree_stop(&sup, false));
}

static void latched_ones_count_as_blocked(void **state)
{
	sup_with("[dashpot]\nexit_when_all_blocked = 3s\n"
		 A "max_failures = 1 in 1m\nmax_trips = 1\n"
		 B "max_failures = 1 in 1m\n" C "after = a\n");
	run(a);
	run(b);
	fails(a);
	follow_tree();
	assert_int_equal(tree_blocked_ms(&sup), NEVER); /* b runs */
	sup.now_ms += 500;
	fails(b);
	queue_run(&sup);
	follow_tree();
	IS(a, "failed");
	IS(b, "blocked");
	IS(c, "waiting");
	assert_int_equal(tree_blocked_ms(&sup), sup.now_ms + 3000);
	sup.now_ms += 3000;
	sup.service[a].exit_code = 41;
	shutdown_all_blocked(&sup);
	assert_int_equal(sup.stop.phase, STOP_SERVICES);
	assert_int_equal(sup.stop.exit_service, a);
	assert_int_equal(sup.stop.exit_code, 41);
}

/* c waits for a, which is no want of room or tokens. */
static void who_waits_for_another_does_not_wait_for_room(void **state)
{
	sup_with(A B C "after = a\n");
	sup.boards.board->waiting = 9;
	publish(&sup);
	assert_int_equal(sup.waiting, 3);
	assert_int_equal(sup.boards.board->waiting, 0);
	sup.service[b].short_ms = sup.now_ms;
	service_touch(&sup, b);
	publish(&sup);
	assert_int_equal(sup.boards.board->waiting, 1);
}

/* `after` asks what health asks; test_health.c asks all others. */
static void after_waits_for_who_is_not_well(void **state)
{
	const char *text = well_document();

	for (int k = 0; k < WELL_CASES; k++) {
		const struct well_case *w = &health_cases[k];
		const unsigned t = w->traits;
		struct service *s;
		char ini[400];
		int64_t when_ms;

		if (t & SCHEDULE) /* nobody may depend on one */
			continue;
		/* Somebody has to be able to start it: c. */
		snprintf(ini, sizeof(ini),
			 "%s%s%s%s%s%safter = a\n" C "requires = a\n", A,
			 t & ONESHOT ? "type = oneshot\n" : "",
			 t & NO_AUTOSTART ? "autostart = no\n" : "",
			 t & HEALTH ? "health = unix:/x\n" : "",
			 t & GRACE ? "health_grace = 1m\n" : "", B);
		sup_with(ini);
		s = &sup.service[a];
		s->state = w->state;
		s->ready_ms = t & UNREADY ? NEVER : sup.now_ms;
		s->is_stop_asked = (t & ASKED) != 0;
		s->is_parted = (t & PARTED) != 0;
		s->has_passed = (t & PASSED) != 0;
		s->is_checked = (t & HEALTH) != 0;
		sup.check[a] = (struct check){
			.failures = w->unhealthy,
			.answer = t & ANSWERED ? BOARD_ANSWER_ERROR
					       : BOARD_ANSWER_NONE,
		};
		if ((tree_awaits(&sup, b, &when_ms) < 0) !=
		    (well_documented(text, w) == WELL_YES))
			fail_msg("after and %s", w->row);
		sup_end(state);
	}
	sup_with(A);
}

static void first_passed_check_starts_who_comes_after(void **state)
{
	sup_with(A "health = unix:/x\n" B "after = a\n" C "requires = b\n");
	run(a);
	follow_tree();
	queue_run(&sup);
	IS(b, "waiting");
	assert_int_equal(sup.service[b].wait, BOARD_WAIT_DEPENDENCY);
	sup.is_tree_changed = false;
	checks_answered(&sup, a, BOARD_ANSWER_YES, 0);
	assert_true(sup.is_tree_changed);
	follow_tree();
	assert_true(sup.is_queue_due);
	assert_int_equal(tree_awaits(&sup, b, &(int64_t){ 0 }), -1);
	/* A later failure holds up nobody before it is given up. */
	sup.now_ms += 60000;
	checks_answered(&sup, a, BOARD_ANSWER_ERROR, ECONNREFUSED);
	assert_int_equal(tree_awaits(&sup, b, &(int64_t){ 0 }), -1);
}

static void what_can_never_start_keeps_nobody_running(void **state)
{
	sup_with(A "type = oneshot\n" B "requires = a\n" C "after = b\n");
	run(a);
	fails(a);
	IS(a, "failed");
	assert_int_equal(sup.stop.phase, STOP_SERVICES);
	assert_int_equal(sup.stop.exit_code, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_waits_for_who_is_not_well),
		TEST(first_passed_check_starts_who_comes_after),
		TEST(latched_ones_count_as_blocked),
		TEST(who_waits_for_another_does_not_wait_for_room),
		TEST(start_waits_for_each_dependency),
		TEST(oneshot_is_waited_for_until_it_is_done),
		TEST(daemon_that_ended_well_holds_up_only_who_requires_it),
		TEST(command_line_starts_though_a_daemon_has_ended_well),
		TEST(who_is_required_is_wanted_though_not_autostarted),
		TEST(after_wants_nobody_and_waits),
		TEST(who_never_ran_is_no_good_end),
		TEST(person_is_waited_for_where_nothing_has_run),
		TEST(person_who_stopped_a_requirement_is_not_overruled),
		TEST(restart_of_a_requirement_stops_nobody),
		TEST(restart_by_a_person_stops_no_dependent),
		TEST(oneshot_that_runs_again_stops_nobody_unless_it_fails),
		TEST(blocked_requirement_parts_until_it_has_settled),
		TEST(short_life_of_a_requirement_starts_no_dependent),
		TEST(start_that_takes_too_long_is_a_loss),
		TEST(one_that_is_given_up_once_it_was_ready_is_just_restarted),
		TEST(requirement_that_ended_or_failed_is_lost),
		TEST(after_alone_never_stops),
		TEST(one_that_failed_meanwhile_waits_for_the_settling_too),
		TEST(other_requirements_are_waited_for_as_well),
		TEST(chain_stops_from_its_end),
		TEST(chain_comes_back_from_its_beginning),
		TEST(loss_reaches_through_one_that_is_down_itself),
		TEST(loss_does_not_reach_through_a_oneshot_that_is_done),
		TEST(diamond_stops_sides_before_its_root_and_after_its_top),
		TEST(start_calls_off_a_stop_that_waits_for_dependents),
		TEST(one_that_waits_to_be_stopped_is_ready_for_nobody),
		TEST(one_that_ends_before_its_turn_to_stop_stays_down),
		TEST(stopped_requirement_that_is_started_brings_all_back),
		TEST(blocked_while_a_dependency_was_down_is_probed_early),
		TEST(each_readiness_gives_one_probe),
		TEST(one_blocked_while_its_dependency_was_up_waits),
		TEST(early_probe_waits_for_a_lost_requirement_to_settle),
		TEST(remembered_block_is_probed_early_once_it_is_an_own_one),
		TEST(done_oneshot_gives_an_early_probe),
		TEST(latched_one_is_not_probed),
		TEST(shutdown_tells_who_has_no_dependent_up),
		TEST(what_can_never_start_keeps_nobody_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
