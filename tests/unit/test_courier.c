/* SPDX-License-Identifier: ISC */
/* init/kernel/signal_courier and tell: a signal that PID 1 may not send itself,
 * with and without a child that can, and what the row says of it. */
#include "tests/unit/supervisor_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include "init/kernel/capability.h"
#include "init/kernel/signal_courier.h"
#include "init/pid1/helpers.h"
#include "init/service/publish.h"
#include "init/service/stop.h"

#define ONE "[service:a]\ncommand = x\nstop_timeout = 3s\n"

enum { COURIER_PID = 0x7e000000 };

static uint64_t rights; /* of dashpot */
static int clone_errno; /* of every courier's clone; 0: it is made */
static pid_t couriers;  /* made so far; pids count up from COURIER_PID + 1 */

int __wrap_capability_get(struct capability_sets *sets);
int __wrap_capability_get(struct capability_sets *sets)
{
	*sets = (struct capability_sets){ .effective = rights };
	return 0;
}

static bool is_real;    /* a courier is a process */
static int lend_errno;  /* of its change of uid; 0: then it may send */

pid_t __real_clone_process(void);
pid_t __wrap_clone_process(void);
pid_t __wrap_clone_process(void)
{
	if (is_real)
		return __real_clone_process();
	errno = clone_errno;
	return clone_errno ? -1 : COURIER_PID + ++couriers;
}

int __wrap_privileges_lend_uid(uint32_t uid);
int __wrap_privileges_lend_uid(uint32_t uid)
{
	errno = lend_errno;
	if (lend_errno == 0)
		killed.forbidden = 0;
	return lend_errno ? -1 : 0;
}

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

void __wrap_helpers_wake(struct sup *s, enum board_helper_kind kind);
void __wrap_helpers_wake(struct sup *s, enum board_helper_kind kind)
{
}

/* One service runs, and dashpot may not signal it. Its pid has to be one that
 * has a uid in /proc. */
static void begin(uint64_t own_rights)
{
	sup_with(ONE);
	rights = own_rights;
	clone_errno = 0;
	couriers = 0;
	run(0);
	sup.service[0].pid = sup.leader[0] = killed.forbidden = getpid();
}

static void after_ms(int64_t ms)
{
	sup.now_ms += ms;
	services_fire(&sup);
}

/* A real one is sent to a child and ends: its errno, as PID 1 takes it. */
static int real_courier_ends(void)
{
	struct courier_task task;
	int status, err = -1;
	pid_t child, courier;

	begin(capability_bit(CAPABILITY_SETUID));
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		for (;;)
			pause();
	killed.forbidden = child;
	is_real = true;
	assert_int_equal(courier_send(0, SIGUSR1, child, false),
			 COURIER_ON_ITS_WAY);
	is_real = false;
	do {
		courier = waitpid(-1, &status, 0);
	} while (courier < 0 && errno == EINTR);
	assert_true(courier_reaped(courier, status, &task, &err));
	assert_int_equal(task.pid, child);
	assert_int_equal(task.number, SIGUSR1);
	assert_int_equal(__real_kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	sup_end(NULL);
	return err;
}

/* Every courier ends with this wait status; how many there were. */
static int couriers_end(int status)
{
	const pid_t all = couriers;
	struct courier_task task;
	int err;

	for (pid_t k = 1; k <= all; k++)
		if (courier_reaped(COURIER_PID + k, status, &task, &err))
			stop_courier(&sup, &task, err);
	couriers = 0;
	return all;
}

static const struct board_service *row(void)
{
	publish(&sup);
	return sup.boards.board->service;
}

static void row_says_it_until_the_process_is_gone(void **state)
{
	begin(0);
	service_stop(&sup, 0, false);
	assert_int_equal(row()->unsent, EPERM);
	assert_int_equal(row()->next_ms, -1); /* no kill comes either */
	after_ms(SUP_RETRY_MS);
	after_ms(3000);
	assert_int_equal(row()->unsent, EPERM);
	assert_int_equal(events_of(BOARD_EV_UNSIGNALLED, 0), 1);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 0);
	assert_int_equal(events_of(BOARD_EV_KILLED, 0), 0);
	ended(0, 0);
	assert_int_equal(sup.service[0].state, LIFE_STOPPED);
	assert_int_equal(row()->unsent, 0);
}

static void row_says_it_until_the_signal_can_be_sent(void **state)
{
	begin(0);
	service_stop(&sup, 0, false);
	assert_int_equal(row()->unsent, EPERM);
	killed.forbidden = 0;
	after_ms(SUP_RETRY_MS);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(row()->unsent, 0);
	assert_int_equal(row()->next_ms, sup.now_ms + 3000 - SUP_RETRY_MS);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 1);
}

static void courier_whose_fork_is_refused_is_tried_again(void **state)
{
	begin(capability_bit(CAPABILITY_SETUID));
	clone_errno = EAGAIN;
	service_stop(&sup, 0, false);
	assert_int_equal(row()->unsent, EAGAIN);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + SUP_RETRY_MS);
	after_ms(SUP_RETRY_MS);
	assert_int_equal(services_next_ms(&sup), sup.now_ms + SUP_RETRY_MS);
	assert_int_equal(events_of(BOARD_EV_UNSIGNALLED, 0), 1);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 0);
	clone_errno = 0;
	after_ms(SUP_RETRY_MS);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 1);
	assert_true(couriers_end(0) > 0);
	assert_int_equal(row()->unsent, 0);
	after_ms(SUP_RETRY_MS);
	assert_int_equal(couriers_end(0), 0); /* it has got it */
}

static void kill_whose_fork_is_refused_is_tried_again(void **state)
{
	begin(capability_bit(CAPABILITY_SETUID));
	service_stop(&sup, 0, false);
	couriers_end(0);
	clone_errno = EAGAIN;
	after_ms(3000);
	assert_false(sup.service[0].is_killed);
	assert_int_equal(row()->unsent, EAGAIN);
	clone_errno = 0;
	after_ms(SUP_RETRY_MS);
	assert_true(sup.service[0].is_killed);
	assert_int_equal(events_of(BOARD_EV_KILLED, 0), 1);
	assert_int_equal(couriers_end(0), 1);
	assert_int_equal(row()->unsent, 0);
}

static void courier_that_fails_is_said_once_and_sent_again(void **state)
{
	static const struct {
		int status, err;
	} ends[] = { { EINVAL << 8, EINVAL }, { SIGKILL, EPERM } };

	for (int k = 0; k < 2; k++) {
		begin(capability_bit(CAPABILITY_SETUID));
		service_stop(&sup, 0, false);
		for (int turn = 0; turn < 4; turn++) {
			assert_true(couriers_end(ends[k].status) > 0);
			assert_int_equal(row()->unsent, ends[k].err);
			after_ms(SUP_RETRY_MS);
		}
		after_ms(3000);
		assert_true(sup.service[0].is_killed);
		couriers_end(ends[k].status);
		assert_false(sup.service[0].is_killed);
		assert_int_equal(events_of(BOARD_EV_UNSIGNALLED, 0), 1);
		assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 1);
		assert_int_equal(events_of(BOARD_EV_KILLED, 0), 0);
		after_ms(SUP_RETRY_MS);
		assert_true(sup.service[0].is_killed);
		assert_int_equal(couriers_end(0), 1);
		assert_int_equal(row()->unsent, 0);
		sup_end(state);
	}
	sup_with(ONE);
}

static void late_failure_of_the_stop_signal_revokes_no_kill(void **state)
{
	begin(capability_bit(CAPABILITY_SETUID));
	service_stop(&sup, 0, false);
	after_ms(3000);
	assert_true(sup.service[0].is_killed);
	stop_courier(&sup, &(struct courier_task){ 0, SIGTERM, getpid() },
		     EPERM);
	assert_true(sup.service[0].is_killed);
	assert_int_equal(services_next_ms(&sup), NEVER);
}

static void failure_behind_the_end_of_the_process_is_no_matter(void **state)
{
	begin(capability_bit(CAPABILITY_SETUID));
	service_stop(&sup, 0, false);
	ended(0, 0);
	assert_true(couriers_end(EINVAL << 8) > 0);
	assert_int_equal(row()->unsent, 0);
	assert_int_equal(events_of(BOARD_EV_UNSIGNALLED, 0), 0);
}

static void courier_says_by_its_exit_code_why_it_failed(void **state)
{
	lend_errno = EINVAL;
	assert_int_equal(real_courier_ends(), EINVAL);
	lend_errno = 0;
	assert_int_equal(real_courier_ends(), 0);
	sup_with(ONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_says_it_until_the_process_is_gone),
		TEST(row_says_it_until_the_signal_can_be_sent),
		TEST(courier_whose_fork_is_refused_is_tried_again),
		TEST(kill_whose_fork_is_refused_is_tried_again),
		TEST(courier_that_fails_is_said_once_and_sent_again),
		TEST(failure_behind_the_end_of_the_process_is_no_matter),
		TEST(courier_says_by_its_exit_code_why_it_failed),
		TEST(late_failure_of_the_stop_signal_revokes_no_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
