/* SPDX-License-Identifier: ISC */
/* init/service/supervisor: how often reaped orphans are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "init/service/supervisor.h"

static struct sup sup;

static int begin(void **state)
{
	memset(&sup, 0, sizeof(sup));
	sup.now_ms = 50000;
	sup.orphans_ms = sup.now_ms - SUP_ORPHANS_MS;
	sup.boards.board = calloc(1, sizeof(*sup.boards.board));
	return sup.boards.board ? 0 : -1;
}

static int end(void **state)
{
	free(sup.boards.board);
	return 0;
}

/* Give it the opportunity; the number of orphans that it told, 0 for no
 * event. */
static int64_t told(bool is_last)
{
	uint64_t before = atomic_load(&sup.boards.board->events);
	struct board_event e;

	sup_say_orphans(&sup, is_last);
	if (atomic_load(&sup.boards.board->events) == before)
		return 0;
	assert_true(board_event_read(sup.boards.board, before + 1, &e));
	assert_int_equal(e.kind, BOARD_EV_ORPHANS);
	assert_int_equal(e.service, -1);
	assert_int_equal(e.n[1], sup.orphans);
	return e.n[0];
}

static void first_orphans_are_told_at_once_and_once(void **state)
{
	assert_int_equal(told(false), 0);
	sup.orphans = 3;
	assert_int_equal(told(false), 3);
	assert_int_equal(told(false), 0);
	assert_int_equal(told(true), 0);
}

static void later_orphans_are_told_together_after_the_pause(void **state)
{
	sup.orphans = 1;
	assert_int_equal(told(false), 1);
	for (int i = 1; i < SUP_ORPHANS_MS; i += 100) {
		sup.now_ms = 50000 + i;
		sup.orphans++;
		assert_int_equal(told(false), 0);
	}
	sup.now_ms = 50000 + SUP_ORPHANS_MS;
	assert_int_equal(told(false), 100);
}

static void last_orphans_are_told_without_a_pause(void **state)
{
	sup.orphans = 1;
	assert_int_equal(told(false), 1);
	sup.orphans = 8;
	assert_int_equal(told(true), 7);
	assert_int_equal(told(true), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_orphans_are_told_at_once_and_once),
		TEST(later_orphans_are_told_together_after_the_pause),
		TEST(last_orphans_are_told_without_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
