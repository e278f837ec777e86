/* SPDX-License-Identifier: ISC */
/* service_give_up(): the verdict is made once, when dashpot decides, and what
 * anybody asks for meanwhile has the last word. */
#include "tests/unit/supervisor_fixture.h"

#include "init/pid1/control_commands.h"

#define ONE "[service:a]\ncommand = x\n"
#define THREE ONE "max_failures = 3 in 1m\nrestart_delay = 100ms..1s\n"
#define BLOCKING ONE "max_failures = 1 in 1m\ncooldown = 1m..5m\n"

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

static void ask(enum command_kind kind)
{
	static uint64_t last_id;
	struct command c = { .id = ++last_id, .kind = kind };
	struct command_answer answer;

	command_add(&c.services, 0);
	control_commands_take(&sup, &c, &answer);
	assert_int_equal(answer.error, 0);
	assert_false(command_has(&answer.refused, 0));
}

static enum life_state state_of(uint32_t i)
{
	return sup.service[i].state;
}

static const struct board_end *last_end(uint32_t i)
{
	const struct board_service *row = &sup.boards.board->service[i];

	assert_true(row->ends_count > 0);
	return &row->ends[(row->ends_count - 1) % BOARD_ENDS];
}

static void one_that_is_given_up_is_stopped_and_starts_again(void **state)
{
	sup_with(THREE);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	assert_int_equal(state_of(0), LIFE_STOPPING);
	assert_int_equal(killed.pid, pid_of(0));
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(sup.breaker[0].filled, 1);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_BACKOFF);
	assert_int_equal(sup.breaker[0].filled, 1);
	assert_int_equal(sup.service[0].failures, 1);
	assert_int_equal(last_end(0)->cause, BOARD_UNHEALTHY);
	assert_int_equal(last_end(0)->code, SIGTERM);
	assert_true(last_end(0)->was_signalled);
	assert_true(last_end(0)->was_failure);
	assert_int_equal(sup.boards.board->service[0].failed, 1);
}

static void success_code_that_follows_changes_nothing(void **state)
{
	sup_with(THREE "restart = on-failure\n");
	run(0);
	service_give_up(&sup, 0, BOARD_START_TIMEOUT);
	ended(0, 0);
	assert_int_equal(state_of(0), LIFE_BACKOFF);
	assert_int_equal(last_end(0)->cause, BOARD_START_TIMEOUT);
	assert_int_equal(last_end(0)->code, 0);
	assert_false(last_end(0)->was_signalled);
}

static void next_run_has_a_cause_of_its_own(void **state)
{
	sup_with(THREE);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	ended(0, SIGTERM);
	service_take(&sup, 0, LIFE_DUE);
	run(0);
	ended(0, 1 << 8);
	assert_int_equal(last_end(0)->cause, BOARD_EXITED);
	assert_int_equal(sup.breaker[0].filled, 2);
}

static void second_giving_up_of_one_run_counts_nothing(void **state)
{
	sup_with(THREE);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	service_give_up(&sup, 0, BOARD_START_TIMEOUT);
	assert_int_equal(sup.breaker[0].filled, 1);
	assert_int_equal(killed.count, 1);
	ended(0, SIGTERM);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	assert_int_equal(sup.breaker[0].filled, 1);
	assert_int_equal(state_of(0), LIFE_BACKOFF);
	assert_int_equal(events_of(BOARD_EV_GIVEN_UP, 0), 1);
}

static void failure_that_fills_the_window_blocks_it(void **state)
{
	sup_with(BLOCKING);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	assert_int_equal(sup.breaker[0].state, BREAKER_OPEN);
	assert_int_equal(events_of(BOARD_EV_BLOCKED, 0), 0);
	sup.now_ms += 3000;
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_BLOCKED);
	assert_int_equal(events_of(BOARD_EV_BLOCKED, 0), 1);
	/* The cooldown counts from the decision. */
	assert_int_equal(sup.service[0].due_ms, 100000 + 60000);
}

static void probe_that_is_given_up_has_failed(void **state)
{
	sup_with(BLOCKING);
	block(0);
	service_take(&sup, 0, LIFE_DUE);
	sup.now_ms = sup.breaker[0].until_ms;
	run(0);
	assert_int_equal(state_of(0), LIFE_PROBING);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_BLOCKED);
	assert_int_equal(sup.breaker[0].trips, 2);
	assert_true(last_end(0)->was_probe);
}

static void last_trip_of_a_given_up_one_is_final(void **state)
{
	sup_with(BLOCKING "max_trips = 1\n");
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_FAILED);
	assert_int_equal(events_of(BOARD_EV_LATCHED, 0), 1);
}

static void one_that_is_never_restarted_ends_for_good(void **state)
{
	sup_with(ONE "restart = never\n");
	run(0);
	service_give_up(&sup, 0, BOARD_START_TIMEOUT);
	ended(0, 0);
	assert_int_equal(state_of(0), LIFE_FAILED);
	assert_int_equal(sup.service[0].exit_code, 1);
}

static void essential_one_that_is_given_up_stops_everything(void **state)
{
	sup_with(BLOCKING "essential = yes\n");
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	assert_int_equal(sup.stop.phase, STOP_NOT);
	ended(0, SIGTERM);
	assert_int_equal(sup.stop.phase, STOP_SERVICES);
	assert_int_equal(sup.stop.exit_code, 1);
	assert_int_equal(sup.stop.exit_service, 0);
}

static void stop_meanwhile_wins(void **state)
{
	sup_with(THREE);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	ask(COMMAND_STOP);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_STOPPED);
	assert_int_equal(last_end(0)->cause, BOARD_UNHEALTHY);
	assert_int_equal(sup.breaker[0].filled, 1);
}

static void shutdown_meanwhile_wins(void **state)
{
	sup_with(THREE);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	shutdown_by_signal(&sup, SIGTERM, 0);
	tree_stop(&sup, false);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_STOPPED);
}

static void restart_meanwhile_is_the_probe_now(void **state)
{
	sup_with(BLOCKING);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	ask(COMMAND_RESTART);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_WAITING);
	spawned(0);
	assert_int_equal(state_of(0), LIFE_PROBING);
}

static void start_meanwhile_is_the_probe_now(void **state)
{
	sup_with(BLOCKING);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	ask(COMMAND_START);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_WAITING);
}

static void reset_meanwhile_forgets_it(void **state)
{
	sup_with(BLOCKING "max_trips = 1\n");
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	ask(COMMAND_RESET);
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_WAITING);
	spawned(0);
	assert_int_equal(state_of(0), LIFE_STARTING);
}

static void what_ended_for_good_is_not_started_by_a_reset(void **state)
{
	sup_with(ONE "restart = never\n");
	run(0);
	service_give_up(&sup, 0, BOARD_START_TIMEOUT);
	/* Nothing of it is known to the breaker: a reset finds it so. */
	ask(COMMAND_RESET);
	ended(0, 0);
	assert_int_equal(state_of(0), LIFE_FAILED);
}

static void who_requires_it_stays_while_it_is_restarted(void **state)
{
	sup_with(THREE "[service:b]\ncommand = x\nrequires = a\n");
	run(0);
	run(1);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	follow_tree();
	assert_int_equal(state_of(1), LIFE_RUNNING);
	ended(0, SIGTERM);
	follow_tree();
	assert_int_equal(state_of(1), LIFE_RUNNING);
}

static void who_requires_it_stops_when_it_is_blocked(void **state)
{
	sup_with(BLOCKING "[service:b]\ncommand = x\nrequires = a\n");
	run(0);
	run(1);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	follow_tree();
	assert_int_equal(state_of(1), LIFE_STOPPING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_is_given_up_is_stopped_and_starts_again),
		TEST(success_code_that_follows_changes_nothing),
		TEST(next_run_has_a_cause_of_its_own),
		TEST(second_giving_up_of_one_run_counts_nothing),
		TEST(failure_that_fills_the_window_blocks_it),
		TEST(probe_that_is_given_up_has_failed),
		TEST(last_trip_of_a_given_up_one_is_final),
		TEST(one_that_is_never_restarted_ends_for_good),
		TEST(essential_one_that_is_given_up_stops_everything),
		TEST(stop_meanwhile_wins),
		TEST(shutdown_meanwhile_wins),
		TEST(restart_meanwhile_is_the_probe_now),
		TEST(start_meanwhile_is_the_probe_now),
		TEST(reset_meanwhile_forgets_it),
		TEST(what_ended_for_good_is_not_started_by_a_reset),
		TEST(who_requires_it_stays_while_it_is_restarted),
		TEST(who_requires_it_stops_when_it_is_blocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
