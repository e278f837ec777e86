/* SPDX-License-Identifier: ISC */
/* init/kernel/reap: the list of children says who is there, zombies included.
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/kernel/reap.h"

enum { CHILDREN = 700 }; /* more than one read takes in */

static struct reaper reaper;
static pid_t child[CHILDREN];

/* How many calls of wait4(2) fail, and how. */
static struct {
	int calls, err;
} failing;

pid_t __real_wait4(pid_t pid, int *status, int options, struct rusage *used);

pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *used);
pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *used)
{
	if (failing.calls == 0)
		return __real_wait4(pid, status, options, used);
	failing.calls--;
	errno = failing.err;
	return -1;
}

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
	struct reap_children there = reaper_children(&reaper, INT32_MAX);
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
	there = reaper_children(&reaper, INT32_MAX);
	assert_int_equal(there.count, CHILDREN);
	assert_int_equal(there.sum, sum_of(0));
	/* Whoever knows of fewer does not read on. */
	there = reaper_children(&reaper, 1);
	assert_in_range(there.count, 2, CHILDREN - 1);
	for (int i = 0; i < CHILDREN; i++) {
		kill(child[i], SIGKILL);
		assert_int_equal(waitid(P_PID, (id_t)child[i], &info,
					WEXITED | WNOWAIT), 0);
	}
	there = reaper_children(&reaper, INT32_MAX);
	assert_int_equal(there.count, CHILDREN);
	assert_int_equal(there.sum, sum_of(0));
	for (int i = 0; i < CHILDREN; i++) {
		waitpid(child[i], NULL, 0);
		there = reaper_children(&reaper, INT32_MAX);
		assert_int_equal(there.count, CHILDREN - 1 - i);
		assert_int_equal(there.sum, sum_of(i + 1));
	}
}

static void without_the_list_nothing_is_known(void **state)
{
	const struct reaper none = { .children_fd = -1 };

	assert_int_equal(reaper_children(&none, 0).count, -1);
}

static void count_end(void *with, pid_t pid, int status,
		      const struct rusage *used)
{
	(*(int *)with)++;
}

static void dead_child(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void end_that_wait4_did_not_tell_is_looked_for_again(void **state)
{
	static const int errors[] = { EINTR, EINVAL, ENOMEM, EAGAIN, ENOSYS,
				      EPERM };
	struct reaper r = { .children_fd = -1 };
	int ends = 0;

	for (size_t k = 0; k < sizeof(errors) / sizeof(errors[0]); k++) {
		dead_child();
		failing.calls = 2;
		failing.err = errors[k];
		for (int turn = 0; turn < 2; turn++) {
			assert_true(reap_batch(&r, count_end, &ends));
			assert_true(r.is_failing);
			assert_int_equal(ends, (int)k);
		}
		assert_false(reap_batch(&r, count_end, &ends));
		assert_false(r.is_failing);
		assert_int_equal(ends, (int)k + 1);
	}
}

/* ... in the middle of a batch, and with the list of children. */
static void who_was_told_before_an_error_is_told_once(void **state)
{
	struct reaper r = { .children_fd = -1 };
	int ends = 0;

	dead_child();
	assert_false(reap_batch(&r, count_end, &ends));
	r = reaper;
	r.is_by_list = true;
	dead_child();
	dead_child();
	failing.calls = 1;
	failing.err = EAGAIN;
	while (reap_batch(&r, count_end, &ends))
		;
	assert_int_equal(ends, 3);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			all_children_are_on_the_list_until_they_are_waited_for),
		cmocka_unit_test(without_the_list_nothing_is_known),
		cmocka_unit_test(
			end_that_wait4_did_not_tell_is_looked_for_again),
		cmocka_unit_test(who_was_told_before_an_error_is_told_once),
	};

	reaper = reaper_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
