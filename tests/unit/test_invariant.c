/* SPDX-License-Identifier: ISC */
/* What does not hold is noted once, told by its place, and mended so that PID 1
 * lives: each place of init/service/consistency.c forced false. */
#include "supervisor_fixture.h"

#include "init/lib/invariant.h"
#include "init/service/consistency.h"
#include "init/service/start_queue.h"
#include "init/text/source_name.h"

/* What a release does there, apart from the library's that aborts. */
#undef INVARIANT_ABORTS
#define invariant_broken note_broken
#define invariant_take note_take
bool note_broken(uint32_t file, uint32_t line);
struct invariant_place note_take(void);
#include "init/lib/invariant.c"
#undef invariant_broken
#undef invariant_take

static int broken; /* places that did not hold */
static struct invariant_place last;

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

bool __wrap_invariant_broken(uint32_t file, uint32_t line);
bool __wrap_invariant_broken(uint32_t file, uint32_t line)
{
	broken++;
	last = (struct invariant_place){ file, line };
	return false;
}

static void begin(void)
{
	broken = 0;
	sup_with("[service:a]\ncommand = a\n[service:b]\ncommand = b\n");
	run(0);
	consistency_check(&sup);
	assert_int_equal(broken, 0);
	sup.service[0].is_changed = false;
	sup.service[1].is_changed = false;
}

/* One place did not hold; another look finds nothing any more. */
static void is_mended(void)
{
	consistency_check(&sup);
	assert_int_equal(broken, 1);
	assert_string_equal(source_name(last.file),
			    "init/service/consistency.c");
	assert_true(last.line > 0);
	consistency_check(&sup);
	assert_int_equal(broken, 1);
}

static void copy_of_the_pid_is_mended(void **state)
{
	begin();
	sup.leader[0] = 0;
	service_touch(&sup, 0);
	is_mended();
	assert_int_equal(sup.leader[0], pid_of(0));
}

static void lost_process_counts_as_a_failure(void **state)
{
	begin();
	sup.service[0].pid = 0;
	sup.service[0].ready_ms = NEVER;
	sup.leader[0] = 0;
	service_touch(&sup, 0);
	is_mended();
	assert_int_equal(sup.service[0].state, LIFE_BACKOFF);
	assert_in_range(sup.next_ms[0], sup.now_ms, sup.now_ms + 60000);
	assert_int_equal(killed.count, 0);
}

static void readiness_without_a_process_is_taken_back(void **state)
{
	begin();
	sup.service[1].ready_ms = sup.now_ms;
	service_touch(&sup, 1);
	is_mended();
	assert_true(sup.service[1].ready_ms == NEVER);
}

static void state_without_its_deadline_is_due_now(void **state)
{
	begin();
	sup.service[0].pid = 0;
	sup.leader[0] = 0;
	sup.service[0].ready_ms = NEVER;
	service_take(&sup, 0, LIFE_FAILED_RETRY);
	sup.service[0].due_ms = NEVER;
	service_touch(&sup, 0);
	assert_true(sup.next_ms[0] == NEVER);
	is_mended();
	assert_true(sup.next_ms[0] == sup.now_ms);
}

static void schedule_without_a_tick_ticks_now(void **state)
{
	broken = 0;
	sup_with("[service:a]\ncommand = a\ntype = oneshot\n"
		 "schedule = every 1h\n");
	assert_int_equal(sup.service[0].state, LIFE_IDLE);
	sup.service[0].tick_ms = NEVER;
	service_touch(&sup, 0);
	is_mended();
	assert_true(sup.next_ms[0] == sup.now_ms);
}

static void count_of_the_queue_is_mended(void **state)
{
	begin();
	assert_int_equal(sup.waiting, 1);
	sup.waiting = 0;
	service_touch(&sup, 1);
	is_mended();
	assert_int_equal(sup.waiting, 1);
}

static void unknown_numbers_have_no_name(void **state)
{
	assert_string_equal(source_name(0), "another file");
}

static void each_place_is_noted_once_and_sixteen_are_enough(void **state)
{
	struct invariant_place p;

	assert_int_equal(note_take().file, 0);
	assert_false(note_broken(7, 1));
	assert_false(note_broken(7, 1));
	assert_false(note_broken(8, 1));
	p = note_take();
	assert_true(p.file == 7 && p.line == 1);
	p = note_take();
	assert_true(p.file == 8 && p.line == 1);
	assert_int_equal(note_take().file, 0);
	assert_false(note_broken(8, 1));
	assert_int_equal(note_take().file, 0);
	for (uint32_t line = 2; line < 40; line++)
		assert_false(note_broken(9, line));
	for (uint32_t line = 2; line < 16; line++)
		assert_int_equal(note_take().line, line);
	assert_int_equal(note_take().file, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(copy_of_the_pid_is_mended, sup_end),
		cmocka_unit_test_teardown(lost_process_counts_as_a_failure,
					  sup_end),
		cmocka_unit_test_teardown(
			readiness_without_a_process_is_taken_back, sup_end),
		cmocka_unit_test_teardown(
			state_without_its_deadline_is_due_now, sup_end),
		cmocka_unit_test_teardown(schedule_without_a_tick_ticks_now,
					  sup_end),
		cmocka_unit_test_teardown(count_of_the_queue_is_mended,
					  sup_end),
		cmocka_unit_test(
			each_place_is_noted_once_and_sixteen_are_enough),
		cmocka_unit_test(unknown_numbers_have_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
