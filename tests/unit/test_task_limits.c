/* SPDX-License-Identifier: ISC */
/* init/kernel/task_limits: what needs a kernel of another kind. The rest is
 * tested where the limits are, in tests/integration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/resource.h>

#include "init/kernel/task_limits.h"

static int clones;

/* clone(2) as a kernel that knows no CLONE_PIDFD has it, but that nothing is
 * made. */
int __wrap_clone(int (*run)(void *), void *stack, int flags, void *arg, ...);
int __wrap_clone(int (*run)(void *), void *stack, int flags, void *arg, ...)
{
	clones++;
	errno = EAGAIN;
	return -1;
}

/* Check for a start whose RLIMIT_NPROC is low enough to matter. */
static int check(bool is_exact, struct spawn_report *report)
{
	const struct limits limits = { .is_dry_clone_exact = is_exact };
	struct rlimit before;
	struct rlimit low;
	int err;

	clones = 0;
	assert_int_equal(getrlimit(RLIMIT_NPROC, &before), 0);
	low = (struct rlimit){ 500, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NPROC, &low), 0);
	err = limits_check_child(&limits, 16, report);
	assert_int_equal(setrlimit(RLIMIT_NPROC, &before), 0);
	return err;
}

static void dry_clone_that_is_not_exact_is_never_made(void **state)
{
	struct spawn_report report = { 0 };

	assert_int_equal(check(false, &report), 0);
	assert_int_equal(clones, 0);
}

static void refused_dry_clone_is_reported_with_its_limit(void **state)
{
	struct spawn_report report = { 0 };

	assert_int_equal(check(true, &report), EAGAIN);
	assert_true(clones > 0);
	assert_int_equal(report.max, 500);
	assert_int_equal(report.reserve, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dry_clone_that_is_not_exact_is_never_made),
		cmocka_unit_test(refused_dry_clone_is_reported_with_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
