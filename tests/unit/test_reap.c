/* SPDX-License-Identifier: ISC */
/* init/pid1/reap: the list of children says who is there, zombies included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/pid1/reap.h"

enum { CHILDREN = 700 }; /* more than one read takes in */

static struct reaper reaper;
static pid_t child[CHILDREN];

static uint32_t sum_of(int from)
{
	uint32_t sum = 0;

	for (int i = from; i < CHILDREN; i++)
		sum += (uint32_t)child[i];
	return sum;
}

static void all_children_are_on_the_list_until_they_are_waited_for(
	void **state)
{
	struct reap_children there = reaper_children(&reaper);
	siginfo_t info;

	assert_int_equal(there.count, 0);
	for (int i = 0; i < CHILDREN; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			pause();
			_exit(0);
		}
		assert_true(child[i] > 0);
	}
	there = reaper_children(&reaper);
	assert_int_equal(there.count, CHILDREN);
	assert_int_equal(there.sum, sum_of(0));
	for (int i = 0; i < CHILDREN; i++) {
		kill(child[i], SIGKILL);
		assert_int_equal(waitid(P_PID, (id_t)child[i], &info,
					WEXITED | WNOWAIT), 0);
	}
	there = reaper_children(&reaper);
	assert_int_equal(there.count, CHILDREN);
	assert_int_equal(there.sum, sum_of(0));
	for (int i = 0; i < CHILDREN; i++) {
		waitpid(child[i], NULL, 0);
		there = reaper_children(&reaper);
		assert_int_equal(there.count, CHILDREN - 1 - i);
		assert_int_equal(there.sum, sum_of(i + 1));
	}
}

static void without_the_list_nothing_is_known(void **state)
{
	const struct reaper none = { .children_fd = -1 };

	assert_int_equal(reaper_children(&none).count, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			all_children_are_on_the_list_until_they_are_waited_for),
		cmocka_unit_test(without_the_list_nothing_is_known),
	};

	reaper = reaper_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
