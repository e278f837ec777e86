/* SPDX-License-Identifier: ISC */
/* init/service/stop: when a service that is to stop is told, and by what; and
 * which ends run on_blocked. */
#include "tests/unit/supervisor_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "init/service/hooks.h"
#include "init/pid1/shutdown.h"
#include "init/service/stop.h"

#define ONE "[service:a]\ncommand = x\n"
#define DRAINS ONE "drain_delay = 5s\nstop_timeout = 3s\n"
#define COMMAND ONE "stop_command = y\nstop_timeout = 3s\n"
#define BLOCKING ONE "max_failures = 1 in 1m\non_blocked = y\n"

enum { HOOK_PID = 0x7e000000 };

static int clone_errno;

pid_t __wrap_clone_process(void);
pid_t __wrap_clone_process(void)
{
	errno = clone_errno;
	return clone_errno ? -1 : HOOK_PID;
}

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	if (number == 0) { /* no group is ever left */
		errno = ESRCH;
		return -1;
	}
	return note_kill(pid, number);
}

static void begin(const char *text)
{
	sup_with(text);
	clone_errno = 0;
	run(0);
}

static void after_ms(int64_t ms)
{
	sup.now_ms += ms;
	services_fire(&sup);
	hooks_fire(&sup);
	services_fire(&sup);
}

/* --- Draining ---------------------------------------------------------- */

static void ready_one_drains_before_it_is_told(void **state)
{
	begin(DRAINS);
	service_stop(&sup, 0, false);
	assert_int_equal(sup.service[0].state, LIFE_STOPPING);
	assert_int_equal(sup.service[0].ready_ms, NEVER);
	assert_int_equal(events_of(BOARD_EV_DRAINING, 0), 1);
	assert_int_equal(killed.count, 0);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + 5000);
	after_ms(4999);
	assert_int_equal(killed.count, 0);
	after_ms(1);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + 3000);
	after_ms(3000);
	assert_int_equal(killed.number, SIGKILL);
}

static void one_that_was_not_ready_is_told_at_once(void **state)
{
	sup_with(DRAINS);
	spawned(0);
	service_stop(&sup, 0, false);
	assert_int_equal(killed.number, SIGTERM);
}

static void one_that_was_given_up_is_told_at_once(void **state)
{
	begin(DRAINS);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(events_of(BOARD_EV_DRAINING, 0), 0);
}

static void one_that_lost_its_requirement_is_told_at_once(void **state)
{
	begin(DRAINS);
	sup.service[0].is_parted = true;
	service_stop(&sup, 0, true);
	assert_int_equal(killed.number, SIGTERM);
}

static void in_a_shutdown_all_delays_begin_with_it(void **state)
{
	begin(DRAINS);
	shutdown_by_signal(&sup, SIGTERM, 0);
	sup.now_ms += 4000; /* somebody depended on it for so long */
	service_stop(&sup, 0, false);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + 1000);
	sup_end(state);
	begin(DRAINS);
	shutdown_by_signal(&sup, SIGTERM, 0);
	sup.now_ms += 5000;
	service_stop(&sup, 0, false);
	assert_int_equal(killed.number, SIGTERM);
}

static void half_of_a_short_shutdown_timeout_ends_the_delay(void **state)
{
	begin("[dashpot]\nshutdown_timeout = 4s\n" DRAINS);
	shutdown_by_signal(&sup, SIGTERM, 0);
	service_stop(&sup, 0, false);
	after_ms(1999);
	assert_int_equal(killed.count, 0);
	after_ms(1);
	assert_int_equal(killed.number, SIGTERM);
}

static void half_of_it_ends_a_delay_that_had_begun_before(void **state)
{
	begin("[dashpot]\nshutdown_timeout = 4s\n" DRAINS);
	service_stop(&sup, 0, false);
	sup.now_ms += 1000;
	shutdown_by_signal(&sup, SIGTERM, 0);
	after_ms(1999);
	assert_int_equal(killed.count, 0);
	after_ms(1);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(sup.service[0].kill_ms, sup.now_ms + 3000);
}

static void pause_of_the_container_shortens_no_delay(void **state)
{
	begin(DRAINS);
	service_stop(&sup, 0, false);
	sup.now_ms += 60000;
	shutdown_shift(&sup, 60000);
	after_ms(4999);
	assert_int_equal(killed.count, 0);
	after_ms(1);
	assert_int_equal(killed.number, SIGTERM);
}

static void kill_ends_the_delay(void **state)
{
	begin(DRAINS);
	service_stop(&sup, 0, false);
	service_kill(&sup, 0);
	assert_int_equal(killed.number, SIGKILL);
	after_ms(5000);
	assert_int_equal(killed.number, SIGKILL);
	ended(0, SIGKILL);
	assert_int_equal(sup.service[0].state, LIFE_STOPPED);
}

static void who_dies_while_it_drains_has_not_failed(void **state)
{
	begin(DRAINS);
	service_stop(&sup, 0, false);
	ended(0, 1 << 8);
	assert_int_equal(sup.service[0].state, LIFE_STOPPED);
	assert_int_equal(sup.service[0].failures, 0);
	assert_int_equal(sup.service[0].drain_ms, NEVER);
	after_ms(5000);
	assert_int_equal(killed.count, 0);
}

/* --- stop_command ------------------------------------------------------ */

static void command_runs_and_no_signal_is_sent(void **state)
{
	begin(COMMAND);
	service_stop(&sup, 0, false);
	assert_true(hook_runs(&sup, 0, HOOK_STOP));
	assert_int_equal(killed.count, 0);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 1);
	assert_true(hooks_reaped(&sup, HOOK_PID, 0));
	assert_int_equal(killed.count, 0);
	after_ms(2999);
	assert_int_equal(killed.count, 0);
	after_ms(1);
	assert_int_equal(killed.number, SIGKILL);
}

static void command_that_fails_is_followed_by_the_signal(void **state)
{
	static const int failures[] = { 1 << 8, SIGSEGV };

	for (int k = 0; k < 2; k++) {
		begin(COMMAND);
		service_stop(&sup, 0, false);
		hooks_reaped(&sup, HOOK_PID, failures[k]);
		assert_int_equal(killed.count, 1);
		assert_int_equal(killed.number, SIGTERM);
		assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 2);
		sup_end(state);
	}
}

static void command_that_cannot_be_started_is_the_signal(void **state)
{
	begin(COMMAND);
	clone_errno = EAGAIN;
	service_stop(&sup, 0, false);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(events_of(BOARD_EV_HOOK_REFUSED, 0), 1);
}

static void command_that_the_machine_refused_is_said_with_its_limit(void **s)
{
	begin(COMMAND);
	service_stop(&sup, 0, false);
	sup.report[(1 + HOOK_STOP) * CONFIG_SERVICES] = (struct spawn_report){
		.step = BOARD_STEP_HEADROOM, .err = EAGAIN, .max = 20 };
	hooks_reaped(&sup, HOOK_PID, 127 << 8);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(events_of(BOARD_EV_HOOK_REFUSED, 0), 1);
	assert_int_equal(events_of(BOARD_EV_HOOK_ENDED, 0), 0);
}

static void service_is_gone_when_its_command_is_too(void **state)
{
	begin(COMMAND);
	service_stop(&sup, 0, true);
	ended(0, 0);
	assert_int_equal(sup.service[0].state, LIFE_STOPPING);
	assert_int_equal(services_next_ms(&sup), NEVER);
	hooks_reaped(&sup, HOOK_PID, 1 << 8);
	assert_int_equal(killed.count, 0);
	after_ms(0);
	assert_int_equal(sup.service[0].state, LIFE_WAITING);
}

static void command_that_hangs_holds_it_until_stop_timeout(void **state)
{
	begin(COMMAND);
	service_stop(&sup, 0, false);
	ended(0, 0);
	after_ms(2999);
	assert_int_equal(sup.service[0].state, LIFE_STOPPING);
	after_ms(1);
	assert_int_equal(killed.pid, HOOK_PID);
	assert_int_equal(killed.number, SIGKILL);
	/* Not until it is reaped: it may never be. */
	assert_int_equal(sup.service[0].state, LIFE_STOPPED);
}

static void both_at_once_killed_at_the_timeout_get_no_signal_more(void **state)
{
	begin(COMMAND);
	service_stop(&sup, 0, false);
	after_ms(3000);
	assert_int_equal(events_of(BOARD_EV_KILLED, 0), 1);
	assert_int_equal(events_of(BOARD_EV_HOOK_ENDED, 0), 1);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 1);
	assert_int_equal(killed.number, SIGKILL);
}

/* --- on_blocked -------------------------------------------------------- */

static void block_runs_it(void **state)
{
	sup_with(BLOCKING);
	block(0);
	assert_true(hook_runs(&sup, 0, HOOK_BLOCKED));
	assert_int_equal(hooks_next_ms(&sup), sup.now_ms + STOP_BLOCKED_MS);
}

static void failure_that_does_not_block_runs_nothing(void **state)
{
	begin(ONE "on_blocked = y\n");
	ended(0, 1 << 8);
	assert_int_equal(sup.service[0].state, LIFE_BACKOFF);
	assert_int_equal(sup.hooks, 0);
}

static void latch_runs_it(void **state)
{
	begin(BLOCKING "max_trips = 1\n");
	ended(0, 1 << 8);
	assert_int_equal(sup.service[0].state, LIFE_FAILED);
	assert_true(hook_runs(&sup, 0, HOOK_BLOCKED));
}

static void end_for_good_that_is_no_block_runs_nothing(void **state)
{
	begin(ONE "on_blocked = y\nrestart = never\n");
	ended(0, 1 << 8);
	assert_int_equal(sup.service[0].state, LIFE_FAILED);
	assert_int_equal(sup.hooks, 0);
}

static void giving_up_runs_it_once_the_service_is_gone(void **state)
{
	begin(BLOCKING);
	service_give_up(&sup, 0, BOARD_UNHEALTHY);
	assert_int_equal(sup.hooks, 0);
	ended(0, SIGTERM);
	assert_int_equal(sup.service[0].state, LIFE_BLOCKED);
	assert_true(hook_runs(&sup, 0, HOOK_BLOCKED));
}

static void remembered_block_runs_nothing(void **state)
{
	sup_with(BLOCKING);
	service_take(&sup, 0, LIFE_RESTORED_BLOCK);
	assert_int_equal(sup.service[0].state, LIFE_BLOCKED);
	assert_int_equal(sup.hooks, 0);
}

/* Nothing of it has run: 143, not the 137 of SIGKILL. */
static void a_start_that_does_not_execute_yet_ends_by_sigterm(void **state)
{
	int ends[2];

	sup_with("[service:a]\ncommand = a\nstop_signal = QUIT\n");
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	spawned(0);
	sup.service[0].verdict_fd = ends[0];
	service_stop(&sup, 0, false);
	assert_int_equal(killed.count, 2);
	assert_int_equal(killed.number, SIGQUIT);
	assert_false(sup.service[0].is_killed);
	close(ends[1]);
	ended(0, SIGTERM);
	assert_int_equal(sup.service[0].state, LIFE_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ready_one_drains_before_it_is_told),
		TEST(one_that_was_not_ready_is_told_at_once),
		TEST(one_that_was_given_up_is_told_at_once),
		TEST(one_that_lost_its_requirement_is_told_at_once),
		TEST(in_a_shutdown_all_delays_begin_with_it),
		TEST(half_of_a_short_shutdown_timeout_ends_the_delay),
		TEST(half_of_it_ends_a_delay_that_had_begun_before),
		TEST(pause_of_the_container_shortens_no_delay),
		TEST(kill_ends_the_delay),
		TEST(who_dies_while_it_drains_has_not_failed),
		TEST(command_runs_and_no_signal_is_sent),
		TEST(command_that_fails_is_followed_by_the_signal),
		TEST(command_that_cannot_be_started_is_the_signal),
		TEST(command_that_the_machine_refused_is_said_with_its_limit),
		TEST(service_is_gone_when_its_command_is_too),
		TEST(command_that_hangs_holds_it_until_stop_timeout),
		TEST(both_at_once_killed_at_the_timeout_get_no_signal_more),
		TEST(block_runs_it),
		TEST(failure_that_does_not_block_runs_nothing),
		TEST(latch_runs_it),
		TEST(end_for_good_that_is_no_block_runs_nothing),
		TEST(giving_up_runs_it_once_the_service_is_gone),
		TEST(remembered_block_runs_nothing),
		TEST(a_start_that_does_not_execute_yet_ends_by_sigterm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
