/* SPDX-License-Identifier: ISC */
/* init/pid1/memory: which end a rise of the kernel's counter explains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "init/format.h"
#include "init/pid1/memory.h"

static struct memory m;

/* The kernel's counter now. */
static void set_kills(int kills)
{
	char text[64];
	int n = format(text, sizeof(text),
		       "oom_kill_disable 0\nunder_oom 0\noom_kill %d\n", kills);

	assert_int_equal(ftruncate(m.kills_fd, 0), 0);
	assert_int_equal(pwrite(m.kills_fd, text, (size_t)n, 0), n);
}

static int begin(void **state)
{
	m = (struct memory){ .kills_fd = memfd_create("kills", MFD_CLOEXEC),
			     .seen = 7 };
	set_kills(7);
	return 0;
}

static int end(void **state)
{
	return close(m.kills_fd);
}

static void kill_without_a_rise_is_not_explained(void **state)
{
	assert_false(memory_explains(&m, 1000));
}

static void rise_explains_one_end_and_no_second(void **state)
{
	set_kills(8);
	assert_true(memory_explains(&m, 1000));
	assert_false(memory_explains(&m, 1000));
}

static void two_rises_explain_two_ends(void **state)
{
	set_kills(9);
	assert_true(memory_explains(&m, 1000));
	assert_true(memory_explains(&m, 1001));
	assert_false(memory_explains(&m, 1002));
}

static void rise_seen_before_its_victim_ends_still_explains_it(void **state)
{
	set_kills(8);
	memory_look(&m, 1000);
	memory_look(&m, 1500);
	assert_true(memory_explains(&m, 1000 + MEMORY_FRESH_MS - 1));
}

static void rise_that_no_end_explained_in_time_is_dropped(void **state)
{
	set_kills(8);
	memory_look(&m, 1000);
	assert_false(memory_explains(&m, 1000 + MEMORY_FRESH_MS));
	set_kills(9);
	assert_true(memory_explains(&m, 1000 + MEMORY_FRESH_MS));
}

static void stale_rise_does_not_grow_fresh_by_a_new_one(void **state)
{
	set_kills(8);
	memory_look(&m, 1000);
	set_kills(9);
	assert_true(memory_explains(&m, 1000 + MEMORY_FRESH_MS));
	assert_false(memory_explains(&m, 1000 + MEMORY_FRESH_MS));
}

static void missing_counter_explains_nothing(void **state)
{
	struct memory none = { .kills_fd = -1, .seen = -1 };

	assert_false(memory_explains(&none, 1000));
	memory_look(&none, 2000);
	assert_false(memory_explains(&none, 2000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			kill_without_a_rise_is_not_explained, begin, end),
		cmocka_unit_test_setup_teardown(
			rise_explains_one_end_and_no_second, begin, end),
		cmocka_unit_test_setup_teardown(two_rises_explain_two_ends,
						begin, end),
		cmocka_unit_test_setup_teardown(
			rise_seen_before_its_victim_ends_still_explains_it,
			begin, end),
		cmocka_unit_test_setup_teardown(
			rise_that_no_end_explained_in_time_is_dropped, begin,
			end),
		cmocka_unit_test_setup_teardown(
			stale_rise_does_not_grow_fresh_by_a_new_one, begin,
			end),
		cmocka_unit_test(missing_counter_explains_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
