/* SPDX-License-Identifier: ISC */
/* init/kernel/signals: what waits, what is thrown away, and in which order it
 * is taken. Each fact in a child of its own, because all is the process's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/kernel/signals.h"

/* Ends the child that found something else. */
#define HOLDS(fact)                                                          \
	do {                                                                 \
		if (!(fact)) {                                               \
			dprintf(2, "%s:%d: not so: " #fact "\n", __FILE__,   \
				__LINE__);                                   \
			_exit(1);                                            \
		}                                                            \
	} while (0)

enum { FIRST_REAL = 40, LAST_REAL = 59 };

static void in_child(void (*show)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signals_block();
		show();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool waits(int fd)
{
	struct pollfd look = { .fd = fd, .events = POLLIN };

	return poll(&look, 1, 0) == 1;
}

static void send(int number, int times)
{
	while (times-- > 0)
		HOLDS(kill(getpid(), number) == 0);
}

static int next(uint64_t set, int last)
{
	int code;

	return signals_next(set, last, &code);
}

static void show_unwanted(void)
{
	const uint64_t wanted = SIGNALS_BIT(SIGCHLD) | SIGNALS_BIT(SIGTERM);
	int fd = signals_collect(-1, wanted);

	HOLDS(fd >= 0);
	for (int number = FIRST_REAL; number <= LAST_REAL; number++)
		send(number, 100);
	send(SIGUSR2, 1);
	send(SIGHUP, 1);
	HOLDS(!waits(fd));
	send(SIGTERM, 1);
	HOLDS(waits(fd));
	HOLDS(next(wanted, 0) == SIGTERM);
	HOLDS(next(SIGNALS_ALL, 0) == 0);
}

static void signals_that_nothing_gets_are_thrown_away(void **state)
{
	in_child(show_unwanted);
}

static void show_change(void)
{
	const uint64_t some = SIGNALS_BIT(SIGCHLD) | SIGNALS_BIT(SIGTERM);
	int fd = signals_collect(-1, SIGNALS_ALL);

	send(SIGUSR2, 1);
	send(SIGCHLD, 1);
	send(50, 3);
	HOLDS(signals_collect(fd, some) == fd);
	send(SIGUSR2, 1);
	HOLDS(signals_collect(fd, SIGNALS_ALL) == fd);
	/* Neither what waited before nor what came meanwhile is new now. */
	HOLDS(next(SIGNALS_ALL, 0) == SIGCHLD);
	HOLDS(next(SIGNALS_ALL, SIGCHLD) == 0);
	send(SIGUSR2, 1);
	HOLDS(waits(fd));
	HOLDS(next(SIGNALS_ALL, 0) == SIGUSR2);
}

static void a_change_of_the_set_loses_only_the_unwanted(
	void **state)
{
	in_child(show_change);
}

static void show_queue(void)
{
	int taken = 0;

	signals_collect(-1, SIGNALS_ALL);
	for (int number = FIRST_REAL; number <= LAST_REAL; number++)
		send(number, 100);
	/* Past the limit it still comes. */
	send(37, 1);
	send(37, 1);
	HOLDS(next(SIGNALS_ALL, 0) == 37);
	HOLDS(next(SIGNALS_ALL, 0) != 37);
	for (int number = 1; number != 0; taken++)
		number = next(SIGNALS_ALL, number);
	HOLDS(taken <= SIGNALS_AT_ONCE + LAST_REAL - FIRST_REAL + 2);
}

static void real_time_signals_queue_to_a_limit_and_come_beyond(
	void **state)
{
	in_child(show_queue);
}

static void show_turns(void)
{
	int number = 0;

	signals_collect(-1, SIGNALS_ALL);
	send(40, 5);
	send(41, 5);
	send(64, 1);
	send(SIGTERM, 1);
	for (int k = 0; k < 4; k++) {
		static const int order[] = { SIGTERM, 40, 41, 64 };

		number = next(SIGNALS_ALL, number);
		HOLDS(number == order[k]);
		/* Others go on sending. */
		send(40, 1);
	}
	HOLDS(next(SIGNALS_ALL, number) == 40);
}

static void each_number_is_taken_once_before_any_is_taken_twice(void **state)
{
	in_child(show_turns);
}

static bool has_default(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

static void show_child(void)
{
	struct rlimit before, limit, after;
	sigset_t blocked;

	HOLDS(getrlimit(RLIMIT_SIGPENDING, &before) == 0);
	signals_collect(-1, SIGNALS_BIT(SIGCHLD) | SIGNALS_BIT(SIGTERM));
	HOLDS(getrlimit(RLIMIT_SIGPENDING, &limit) == 0);
	HOLDS(limit.rlim_cur <= SIGNALS_AT_ONCE);
	HOLDS(limit.rlim_max == before.rlim_max);
	HOLDS(!has_default(SIGUSR2) && !has_default(FIRST_REAL));
	signals_enter_child();
	HOLDS(getrlimit(RLIMIT_SIGPENDING, &after) == 0);
	HOLDS(after.rlim_cur == before.rlim_cur);
	HOLDS(has_default(SIGUSR2) && has_default(FIRST_REAL));
	HOLDS(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0);
	HOLDS(sigismember(&blocked, SIGUSR2) && sigismember(&blocked, SIGINT));
	HOLDS(!sigismember(&blocked, SIGTERM));
}

static void a_child_has_the_limit_and_dispositions_of_before(void **state)
{
	in_child(show_child);
}

static void show_code(void)
{
	int code = -1;

	signals_collect(-1, SIGNALS_ALL);
	send(SIGINT, 1);
	HOLDS(signals_next(SIGNALS_ALL, 0, &code) == SIGINT);
	HOLDS(code == SI_USER);
}

static void a_signal_of_a_process_is_known_as_such(void **state)
{
	in_child(show_code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_that_nothing_gets_are_thrown_away),
		cmocka_unit_test(
			a_change_of_the_set_loses_only_the_unwanted),
		cmocka_unit_test(
			real_time_signals_queue_to_a_limit_and_come_beyond),
		cmocka_unit_test(
			each_number_is_taken_once_before_any_is_taken_twice),
		cmocka_unit_test(
			a_child_has_the_limit_and_dispositions_of_before),
		cmocka_unit_test(a_signal_of_a_process_is_known_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
