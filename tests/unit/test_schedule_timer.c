/* SPDX-License-Identifier: ISC */
/* Services with a schedule under PID 1: when they run, when they do not, and
 * what becomes of their ends. */
#include "tests/unit/supervisor_fixture.h"

#include "init/pid1/reload_apply.h"
#include "init/pid1/control_commands.h"
#include "init/service/publish.h"
#include "init/service/schedule_timer.h"

#define JOB "[service:a]\ncommand = x\ntype = oneshot\n"
#define EVERY JOB "schedule = every 10s\n"
#define DAILY JOB "schedule = 15 3 * * *\n"

/* 2026-11-30 03:00 UTC. */
#define THREE (INT64_C(1796007600) * 1000)
#define MINUTE INT64_C(60000)
#define DAY (24 * 60 * MINUTE)

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

static const struct service *job(void)
{
	return &sup.service[0];
}

/* Both clocks go on, and what is due is fired. */
static void pass(int64_t ms)
{
	sup.now_ms += ms;
	sup.now_wall_ms += ms;
	services_fire(&sup);
}

/* The wall clock alone is set. */
static void set_clock(int64_t wall_ms)
{
	sup.now_wall_ms = wall_ms;
	timer_clock_set(&sup);
	services_fire(&sup);
}

/* The services of this text at three o'clock. */
static void sup_at_three(const char *text)
{
	sup_with(text);
	sup.now_wall_ms = THREE;
	services_begin(&sup);
}

static void ask(enum command_kind kind)
{
	static uint64_t last_id;
	struct command c = { .id = ++last_id, .kind = kind };
	struct command_answer answer;

	command_add(&c.services, 0);
	control_commands_take(&sup, &c, &answer);
	assert_int_equal(answer.error, 0);
}

/* It waits for its start; it runs, and ends with this code. */
static void run_with(int code)
{
	assert_int_equal(job()->state, LIFE_WAITING);
	run(0);
	ended(0, code << 8);
}

static void nothing_runs_at_boot(void **state)
{
	sup_at_three(EVERY);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(sup.waiting, 0);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + 10000);
	pass(9999);
	assert_int_equal(job()->state, LIFE_IDLE);
}

static void tick_starts_it_and_its_end_leads_back(void **state)
{
	sup_at_three(EVERY);
	pass(10000);
	run_with(0);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(events_of(BOARD_EV_DONE, 0), 0);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + 10000);
	pass(10000);
	run_with(0);
	assert_int_equal(job()->starts, 2);
}

static void steps_do_not_drift(void **state)
{
	sup_at_three(EVERY);
	pass(10003);
	run_with(0);
	pass(9996);
	assert_int_equal(job()->state, LIFE_IDLE);
	pass(1);
	assert_int_equal(job()->state, LIFE_WAITING);
}

static void tick_during_a_run_is_skipped_and_counted(void **state)
{
	sup_at_three(EVERY);
	pass(10000);
	run(0);
	for (int i = 0; i < 3; i++)
		pass(10000);
	assert_int_equal(job()->state, LIFE_RUNNING);
	assert_int_equal(job()->starts, 1);
	assert_int_equal(job()->skipped, 3);
	/* One event a run, however many ticks. */
	assert_int_equal(events_of(BOARD_EV_TICK_SKIPPED, 0), 1);
	ended(0, 0);
	assert_int_equal(job()->state, LIFE_IDLE);
	pass(10000);
	run(0);
	pass(10000);
	assert_int_equal(job()->skipped, 4);
	assert_int_equal(events_of(BOARD_EV_TICK_SKIPPED, 0), 2);
}

static void tick_while_its_start_waits_is_skipped_and_counted(void **state)
{
	sup_at_three(EVERY);
	pass(10000);
	pass(10000);
	assert_int_equal(job()->state, LIFE_WAITING);
	assert_int_equal(job()->skipped, 1);
	run_with(0);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(job()->starts, 1);
}

static void failure_is_reported_and_never_blocks(void **state)
{
	sup_at_three(EVERY "max_failures = 1 in 1h\n");
	for (uint32_t i = 1; i <= 5; i++) {
		pass(10000);
		run_with(126);
		assert_int_equal(job()->state, LIFE_IDLE);
		assert_int_equal(job()->failures, i);
		assert_int_equal(events_of(BOARD_EV_RUN_FAILED, 0), i);
	}
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
	assert_int_equal(sup.boards.board->service[0].failed, 5);
	pass(10000);
	run_with(0);
	assert_int_equal(job()->failures, 0);
	assert_true(job()->was_stable);
}

static void run_that_is_given_up_waits_for_the_next_tick(void **state)
{
	sup_at_three(EVERY "max_failures = 1 in 1h\n");
	pass(10000);
	run(0);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	assert_int_equal(job()->state, LIFE_STOPPING);
	ended(0, SIGTERM);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(job()->failures, 1);
	pass(10000);
	assert_int_equal(job()->state, LIFE_WAITING);
}

/* --- A person ---------------------------------------------------------- */

static void start_runs_it_now_and_steps_count_from_then(void **state)
{
	sup_at_three(EVERY);
	pass(4000);
	ask(COMMAND_START);
	run_with(0);
	pass(9999);
	assert_int_equal(job()->state, LIFE_IDLE);
	pass(1);
	assert_int_equal(job()->state, LIFE_WAITING);
}

static void stop_ends_the_ticks_until_a_start(void **state)
{
	sup_at_three(EVERY);
	ask(COMMAND_STOP);
	assert_int_equal(job()->state, LIFE_STOPPED);
	assert_int_equal(services_next_ms(&sup), NEVER);
	pass(100000);
	assert_int_equal(job()->state, LIFE_STOPPED);
	assert_int_equal(job()->skipped, 0);
	ask(COMMAND_START);
	run_with(0);
	assert_int_equal(job()->state, LIFE_IDLE);
	pass(10000);
	assert_int_equal(job()->state, LIFE_WAITING);
}

static void stop_during_a_run_ends_both(void **state)
{
	sup_at_three(EVERY);
	pass(10000);
	run(0);
	ask(COMMAND_STOP);
	assert_int_equal(job()->state, LIFE_STOPPING);
	ended(0, SIGTERM);
	assert_int_equal(job()->state, LIFE_STOPPED);
	pass(100000);
	assert_int_equal(job()->state, LIFE_STOPPED);
	assert_int_equal(job()->skipped, 0);
}

static void without_autostart_there_are_no_ticks_before_a_start(void **state)
{
	sup_at_three(EVERY "autostart = no\n");
	pass(100000);
	assert_int_equal(job()->state, LIFE_STOPPED);
	ask(COMMAND_START);
	run_with(0);
	assert_int_equal(job()->state, LIFE_IDLE);
}

static void restart_during_a_run_is_one_run_after_the_other(void **state)
{
	sup_at_three(EVERY);
	pass(10000);
	run(0);
	ask(COMMAND_RESTART);
	ended(0, SIGTERM);
	assert_int_equal(job()->state, LIFE_WAITING);
	run_with(0);
	assert_int_equal(job()->state, LIFE_IDLE);
}

/* --- The tree ---------------------------------------------------------- */

static void scheduled_service_keeps_dashpot_running(void **state)
{
	sup_at_three(EVERY);
	follow_tree();
	assert_int_equal(sup.stop.phase, STOP_NOT);
	ask(COMMAND_STOP);
	sup.service[0].is_stop_asked = false;
	follow_tree(); /* it never ran: a person is waited for */
	assert_int_equal(sup.stop.phase, STOP_NOT);
	sup.service[0].starts = 1;
	follow_tree();
	assert_true(sup.stop.phase != STOP_NOT);
}

static void shutdown_stops_the_ticks(void **state)
{
	sup_at_three(EVERY);
	shutdown_by_signal(&sup, SIGTERM, 0);
	tree_stop(&sup, false);
	assert_int_equal(job()->state, LIFE_STOPPED);
	assert_int_equal(job()->tick_ms, NEVER);
}

static void run_that_loses_its_requirement_is_repeated(void **state)
{
	sup_with(JOB "schedule = every 10s\nrequires = b\n"
		     "[service:b]\ncommand = x\n");
	run(1);
	pass(10000);
	run(0);
	service_stop(&sup, 1, false);
	follow_tree();
	assert_int_equal(job()->state, LIFE_STOPPING);
	ended(0, SIGTERM);
	assert_int_equal(job()->state, LIFE_WAITING);
}

/* --- The calendar and the clock ---------------------------------------- */

static void tick_by_the_calendar_comes_at_its_minute(void **state)
{
	sup_at_three(DAILY);
	assert_int_equal(job()->tick_wall_ms, THREE + 15 * MINUTE);
	pass(15 * MINUTE - 1);
	assert_int_equal(job()->state, LIFE_IDLE);
	pass(1);
	run_with(0);
	assert_int_equal(job()->tick_wall_ms, THREE + 15 * MINUTE + DAY);
}

static void clock_that_is_set_forward_runs_it_once(void **state)
{
	sup_at_three(DAILY);
	set_clock(THREE + 3 * DAY);
	run_with(0);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(job()->tick_wall_ms, THREE + 15 * MINUTE + 3 * DAY);
	assert_int_equal(job()->skipped, 0);
	pass(15 * MINUTE);
	assert_int_equal(job()->state, LIFE_WAITING);
}

static void clock_that_is_set_within_the_day_moves_the_tick(void **state)
{
	sup_at_three(DAILY);
	set_clock(THREE + 14 * MINUTE);
	assert_int_equal(job()->state, LIFE_IDLE);
	pass(MINUTE);
	assert_int_equal(job()->state, LIFE_WAITING);
}

static void clock_that_is_set_back_a_little_runs_nothing_twice(void **state)
{
	sup_at_three(DAILY);
	pass(15 * MINUTE);
	run_with(0);
	set_clock(THREE);
	pass(15 * MINUTE);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(job()->starts, 1);
	assert_int_equal(job()->tick_wall_ms, THREE + 15 * MINUTE + DAY);
}

static void clock_that_is_set_back_far_is_believed(void **state)
{
	sup_at_three(DAILY);
	pass(15 * MINUTE);
	run_with(0);
	set_clock(THREE - 300 * DAY);
	assert_int_equal(job()->tick_wall_ms, THREE + 15 * MINUTE - 300 * DAY);
	pass(15 * MINUTE);
	assert_int_equal(job()->state, LIFE_WAITING);
}

/* Where the kernel does not tell that it was set. */
static void tick_that_comes_too_early_by_the_clock_is_put_off(void **state)
{
	sup_at_three(DAILY);
	sup.now_wall_ms -= 5 * MINUTE;
	pass(15 * MINUTE);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(job()->skipped, 0);
	pass(5 * MINUTE);
	assert_int_equal(job()->state, LIFE_WAITING);
}

static void tick_that_is_early_by_a_rounding_is_not_put_off(void **state)
{
	sup_at_three(DAILY);
	sup.now_wall_ms -= 2;
	pass(15 * MINUTE);
	run_with(0);
	assert_int_equal(job()->tick_wall_ms, THREE + 15 * MINUTE + DAY);
	pass(2);
	assert_int_equal(job()->state, LIFE_IDLE);
}

static void pause_is_made_up_for_by_one_run(void **state)
{
	sup_at_three(EVERY);
	pass(1000 * DAY);
	run_with(0);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(job()->starts, 1);
	assert_int_equal(job()->skipped, 0);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + 10000);
}

static void wall_clock_does_not_move_steps(void **state)
{
	sup_at_three(EVERY);
	pass(4000);
	set_clock(THREE + 100 * DAY);
	assert_int_equal(job()->state, LIFE_IDLE);
	pass(6000);
	assert_int_equal(job()->state, LIFE_WAITING);
}

/* --- The board --------------------------------------------------------- */

static void idle_service_is_shown_as_waiting_for_its_schedule(void **state)
{
	const struct board_service *row;

	sup_at_three(DAILY);
	sup.events_seen = UINT64_MAX;
	publish(&sup);
	row = &sup.boards.board->service[0];
	assert_int_equal(row->state, LIFE_WAITING);
	assert_true(board_is_idle(row));
	assert_int_equal(row->next_ms, job()->tick_ms);
	assert_int_equal(row->tick_wall_ms, THREE + 15 * MINUTE);
	pass(15 * MINUTE);
	run(0);
	publish(&sup);
	assert_int_equal(row->state, LIFE_RUNNING);
	assert_int_equal(row->next_ms, -1);
	assert_int_equal(row->tick_wall_ms, THREE + 15 * MINUTE + DAY);
}

/* --- A reload ---------------------------------------------------------- */

static void reload(const char *text)
{
	static const char *const names[] = { "t.ini" };
	const struct loader_source from = { .files = names, .files_count = 1,
					    .old = sup.config };

	fake_files[0] = (struct fake_file){ .name = "t.ini", .text = text };
	load_source(&fake_world, &from);
	assert_non_null(loaded.c);
	reload_apply(&sup, loaded.c);
	assert_ptr_equal(sup.config, loaded.c);
}

static void reload_keeps_the_tick_of_the_same_schedule(void **state)
{
	const struct config *first;

	sup_at_three(EVERY);
	first = sup.config;
	pass(4000);
	reload(EVERY "stop_timeout = 1s\n");
	assert_int_equal(services_next_ms(&sup), sup.now_ms + 6000);
	pass(6000);
	assert_int_equal(job()->state, LIFE_WAITING);
	munmap((void *)(uintptr_t)first, first->size);
}

static void another_schedule_begins_at_the_reload(void **state)
{
	const struct config *first;

	sup_at_three(EVERY);
	first = sup.config;
	pass(4000);
	reload(JOB "schedule = every 1m\n");
	assert_int_equal(services_next_ms(&sup), sup.now_ms + MINUTE);
	munmap((void *)(uintptr_t)first, first->size);
}

static void run_goes_on_when_a_reload_changes_its_command(void **state)
{
	const struct config *first;

	sup_at_three(EVERY);
	first = sup.config;
	pass(10000);
	run(0);
	reload("[service:a]\ncommand = y\ntype = oneshot\n"
	       "schedule = every 10s\n");
	assert_int_equal(job()->state, LIFE_RUNNING);
	ended(0, 0);
	assert_int_equal(job()->state, LIFE_IDLE);
	munmap((void *)(uintptr_t)first, first->size);
}

static void oneshot_that_gets_a_schedule_waits_for_it(void **state)
{
	const struct config *first;

	sup_at_three(JOB "restart = on-failure\nmax_failures = 1 in 1h\n");
	first = sup.config;
	block(0);
	reload(EVERY);
	assert_int_equal(job()->state, LIFE_IDLE);
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
	pass(10000);
	run_with(1);
	assert_int_equal(job()->state, LIFE_IDLE);
	munmap((void *)(uintptr_t)first, first->size);
}

static void oneshot_that_loses_its_schedule_runs_as_any_other(void **state)
{
	const struct config *first;

	sup_at_three(EVERY);
	first = sup.config;
	reload(JOB);
	assert_int_equal(job()->state, LIFE_WAITING);
	assert_int_equal(job()->tick_ms, NEVER);
	run_with(0);
	assert_int_equal(job()->state, LIFE_DONE);
	munmap((void *)(uintptr_t)first, first->size);
}

static void removed_one_has_no_ticks(void **state)
{
	const struct config *first;

	sup_at_three(EVERY "[service:b]\ncommand = x\n");
	first = sup.config;
	reload("[service:b]\ncommand = x\n");
	assert_int_equal(job()->state, LIFE_STOPPED);
	pass(100000);
	assert_int_equal(job()->state, LIFE_STOPPED);
	assert_true(service_is_gone(&sup, 0));
	munmap((void *)(uintptr_t)first, first->size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_runs_at_boot),
		TEST(tick_starts_it_and_its_end_leads_back),
		TEST(steps_do_not_drift),
		TEST(tick_during_a_run_is_skipped_and_counted),
		TEST(tick_while_its_start_waits_is_skipped_and_counted),
		TEST(failure_is_reported_and_never_blocks),
		TEST(run_that_is_given_up_waits_for_the_next_tick),
		TEST(start_runs_it_now_and_steps_count_from_then),
		TEST(stop_ends_the_ticks_until_a_start),
		TEST(stop_during_a_run_ends_both),
		TEST(without_autostart_there_are_no_ticks_before_a_start),
		TEST(restart_during_a_run_is_one_run_after_the_other),
		TEST(scheduled_service_keeps_dashpot_running),
		TEST(shutdown_stops_the_ticks),
		TEST(run_that_loses_its_requirement_is_repeated),
		TEST(tick_by_the_calendar_comes_at_its_minute),
		TEST(clock_that_is_set_forward_runs_it_once),
		TEST(clock_that_is_set_within_the_day_moves_the_tick),
		TEST(clock_that_is_set_back_a_little_runs_nothing_twice),
		TEST(clock_that_is_set_back_far_is_believed),
		TEST(tick_that_comes_too_early_by_the_clock_is_put_off),
		TEST(tick_that_is_early_by_a_rounding_is_not_put_off),
		TEST(pause_is_made_up_for_by_one_run),
		TEST(wall_clock_does_not_move_steps),
		TEST(idle_service_is_shown_as_waiting_for_its_schedule),
		TEST(reload_keeps_the_tick_of_the_same_schedule),
		TEST(another_schedule_begins_at_the_reload),
		TEST(run_goes_on_when_a_reload_changes_its_command),
		TEST(oneshot_that_gets_a_schedule_waits_for_it),
		TEST(oneshot_that_loses_its_schedule_runs_as_any_other),
		TEST(removed_one_has_no_ticks),
	};

	return cmocka_run_group_tests_name("ticks", tests, NULL, NULL);
}
