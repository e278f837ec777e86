/* SPDX-License-Identifier: ISC */
/* Turns of the loop, where the test is the kernel: it says what PID 1 is woken
 * for, what time it is, and which children have ended. */
#include "supervisor_fixture.h"

#include "init/kernel/reap.h"
#include "init/kernel/wait.h"
#include "init/lib/invariant.h"
#include "init/pid1/loop.h"

static struct {
	int64_t now_ms;       /* the clock; a sleep lets it go on */
	int64_t sleep_ms;     /* what the last turn asked for */
	int64_t wake[4];      /* what it is woken for ... */
	int wakes;            /* ... so many; it then sleeps no further */
	int signals[4];       /* that wait, 0-ended */
	pid_t ended;          /* a child that has ended; 0 none */
	int starts, collected;
	int faults; /* places of invariants that are to be told */
} world;

int __wrap_kill(pid_t pid, int number);
int64_t __wrap_clock_mono_ms(void);
int __wrap_wait_any(int fd, int64_t number[WAIT_MOST], int64_t sleep_ms);
bool __wrap_wait_wake(int fd);
int __wrap_wait_add(int set_fd, int fd, int64_t number);
int __wrap_signals_collect(int fd, uint64_t wanted);
int __wrap_signals_next(uint64_t set, int last, int *code);
bool __wrap_reap_batch(struct reaper *r, reap_end *end, void *with);
pid_t __wrap_spawn_service(const struct spawn_plan *plan, int *verdict_fd);
bool __wrap_limits_have_room(const struct limits *l, int64_t written,
			     struct board_limit *ret);
pid_t __wrap_fork_child(void (*child)(void *with), void *with);

int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

int64_t __wrap_clock_mono_ms(void)
{
	return world.now_ms;
}

int __wrap_wait_any(int fd, int64_t number[WAIT_MOST], int64_t sleep_ms)
{
	int n = world.wakes;

	world.sleep_ms = sleep_ms;
	for (int k = 0; k < n; k++)
		number[k] = world.wake[k];
	world.wakes = 0;
	if (n == 0 && sleep_ms > 0)
		world.now_ms += sleep_ms;
	return n;
}

bool __wrap_wait_wake(int fd)
{
	return true;
}

int __wrap_wait_add(int set_fd, int fd, int64_t number)
{
	return 0;
}

struct invariant_place __wrap_invariant_take(void);
struct invariant_place __wrap_invariant_take(void)
{
	const uint32_t line = world.faults > 0 ? (uint32_t)world.faults-- : 0;

	return (struct invariant_place){ line ? 77 : 0, line };
}

int __wrap_signals_collect(int fd, uint64_t wanted)
{
	world.collected++;
	return fd;
}

int __wrap_signals_next(uint64_t set, int last, int *code)
{
	int number = world.signals[0];

	memmove(world.signals, world.signals + 1,
		sizeof(world.signals) - sizeof(*world.signals));
	*code = SI_USER;
	return number;
}

bool __wrap_reap_batch(struct reaper *r, reap_end *end, void *with)
{
	const struct rusage used = { 0 };
	const pid_t pid = world.ended;

	world.ended = 0;
	if (pid)
		end(with, pid, SIGTERM, &used);
	return false;
}

pid_t __wrap_spawn_service(const struct spawn_plan *plan, int *verdict_fd)
{
	world.starts++;
	*verdict_fd = -1;
	return pid_of(plan->service);
}

bool __wrap_limits_have_room(const struct limits *l, int64_t written,
			     struct board_limit *ret)
{
	return true;
}

pid_t __wrap_fork_child(void (*child)(void *with), void *with)
{
	fail_msg("no helper and no loader is due");
	return -EAGAIN;
}

static void begin(const char *text)
{
	memset(&world, 0, sizeof(world));
	world.now_ms = 100000;
	sup_with(text);
	sup.is_queue_due = true;
	sup.boards.restore->written = UINT64_MAX; /* the volume is well */
}

static void wake(int64_t number)
{
	world.wake[world.wakes++] = number;
}

static void turn_starts_what_is_due_and_sleeps_without_end(void **state)
{
	begin("[service:a]\ncommand = a\n");
	loop_turn(&sup);
	assert_int_equal(world.sleep_ms, 0);
	assert_int_equal(world.starts, 1);
	assert_int_equal(sup.service[0].pid, pid_of(0));
	/* `stable` is the only time that is left, and then there is none. */
	for (int k = 0; k < 10 && world.sleep_ms >= 0; k++)
		loop_turn(&sup);
	assert_int_equal(world.sleep_ms, -1);
	assert_int_equal(world.starts, 1);
	assert_false(loop_is_over(&sup));
}

static void collects_signals_once_for_a_configuration(void **state)
{
	begin("[service:a]\ncommand = a\n");
	loop_turn(&sup);
	loop_turn(&sup);
	assert_int_equal(world.collected, 1);
}

static void restarts_after_the_delay_and_not_before(void **state)
{
	begin("[service:a]\ncommand = a\nrestart_delay = 700ms..700ms\n");
	loop_turn(&sup);
	world.ended = pid_of(0);
	world.signals[0] = SIGCHLD;
	wake(SUP_FROM_SIGNALS);
	loop_turn(&sup);
	assert_int_equal(sup.service[0].pid, 0);
	assert_int_equal(sup.service[0].state, LIFE_BACKOFF);
	for (int k = 0; k < 10 && world.starts == 1; k++)
		loop_turn(&sup);
	assert_int_equal(world.starts, 2);
	/* A tenth is jitter. */
	assert_in_range(world.now_ms, 100000 + 630, 100000 + 770);
}

static void stop_signal_ends_the_loop(void **state)
{
	begin("[service:a]\ncommand = a\n");
	loop_turn(&sup);
	world.signals[0] = SIGTERM;
	wake(SUP_FROM_SIGNALS);
	loop_turn(&sup);
	assert_int_equal(sup.stop.phase, STOP_SERVICES);
	assert_int_equal(killed.pid, pid_of(0));
	assert_int_equal(killed.number, SIGTERM);
	world.ended = pid_of(0);
	world.signals[0] = SIGCHLD;
	wake(SUP_FROM_SIGNALS);
	for (int k = 0; k < 100 && !loop_is_over(&sup); k++)
		loop_turn(&sup);
	assert_true(loop_is_over(&sup));
	assert_int_equal(sup.stop.exit_code, 0);
	assert_true(world.now_ms < 100000 + 10000);
}

static void what_does_not_hold_is_told_and_the_turn_goes_on(void **state)
{
	const struct board *b;

	begin("[service:a]\ncommand = a\n");
	b = sup.boards.board;
	world.faults = 2;
	loop_turn(&sup);
	assert_int_equal(world.starts, 1);
	assert_int_equal(b->event[0].kind, BOARD_EV_INVARIANT);
	assert_int_equal(b->event[0].n[0], 77);
	assert_int_equal(b->event[0].n[1], 2);
	assert_int_equal(b->event[1].n[1], 1);
}

/* A number that no service has, as of a descriptor that was closed meanwhile by
 * a reload that left fewer services. */
static void wake_without_a_meaning_changes_nothing(void **state)
{
	begin("[service:a]\ncommand = a\n");
	loop_turn(&sup);
	wake(1);
	wake(SUP_FROM_READY + 1);
	wake(-100);
	loop_turn(&sup);
	assert_int_equal(world.starts, 1);
	assert_int_equal(sup.service[0].pid, pid_of(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			turn_starts_what_is_due_and_sleeps_without_end,
			sup_end),
		cmocka_unit_test_teardown(
			collects_signals_once_for_a_configuration, sup_end),
		cmocka_unit_test_teardown(
			restarts_after_the_delay_and_not_before, sup_end),
		cmocka_unit_test_teardown(stop_signal_ends_the_loop, sup_end),
		cmocka_unit_test_teardown(
			what_does_not_hold_is_told_and_the_turn_goes_on,
			sup_end),
		cmocka_unit_test_teardown(
			wake_without_a_meaning_changes_nothing, sup_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
