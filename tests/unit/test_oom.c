/* SPDX-License-Identifier: ISC */
/* init/service/oom: which end a rise of the kernel's counter explains. */
#include "tests/unit/supervisor_fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/lib/format.h"
#include "init/service/oom.h"

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

static struct memory m;

static void put_kills(int fd, int kills)
{
	char text[64];
	int n = format(text, sizeof(text),
		       "oom_kill_disable 0\nunder_oom 0\noom_kill %d\n", kills);

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, text, (size_t)n, 0), n);
}

/* The kernel's counter now. */
static void set_kills(int kills)
{
	put_kills(m.kills_fd, kills);
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
	assert_false(oom_explains(&m, 1000));
}

static void rise_explains_one_end_and_no_second(void **state)
{
	set_kills(8);
	assert_true(oom_explains(&m, 1000));
	assert_false(oom_explains(&m, 1000));
}

static void two_rises_explain_two_ends(void **state)
{
	set_kills(9);
	assert_true(oom_explains(&m, 1000));
	assert_true(oom_explains(&m, 1001));
	assert_false(oom_explains(&m, 1002));
}

static void rise_seen_before_its_victim_ends_still_explains_it(void **state)
{
	set_kills(8);
	oom_look(&m, 1000);
	oom_look(&m, 1500);
	assert_true(oom_explains(&m, 1000 + OOM_FRESH_MS - 1));
}

static void rise_that_no_end_explained_in_time_is_dropped(void **state)
{
	set_kills(8);
	oom_look(&m, 1000);
	assert_false(oom_explains(&m, 1000 + OOM_FRESH_MS));
	set_kills(9);
	assert_true(oom_explains(&m, 1000 + OOM_FRESH_MS));
}

static void stale_rise_does_not_grow_fresh_by_a_new_one(void **state)
{
	set_kills(8);
	oom_look(&m, 1000);
	set_kills(9);
	assert_true(oom_explains(&m, 1000 + OOM_FRESH_MS));
	assert_false(oom_explains(&m, 1000 + OOM_FRESH_MS));
}

static void missing_counter_explains_nothing(void **state)
{
	struct memory none = { .kills_fd = -1, .seen = -1 };

	assert_false(oom_explains(&none, 1000));
	oom_look(&none, 2000);
	assert_false(oom_explains(&none, 2000));
}

static void rises_in_a_row_are_dropped_although_more_come(void **state)
{
	for (int second = 0; second < 10; second++) {
		set_kills(8 + second);
		oom_look(&m, 1000 * second);
	}
	assert_true(m.untold >= 6);
	assert_int_equal(m.untold + m.fresh + m.later, 10);
}

/* --- With services: PID 1 itself --------------------------------------- */

#define TWO "[service:a]\ncommand = x\n[service:b]\ncommand = x\n"

static char box[] = "/tmp/test_oom.XXXXXX";
static int box_fd = -1, cell_fd = -1;

/* The cgroup of service a, and the one above it: both count what is killed. */
static void sup_in_cells(void)
{
	sup_with(TWO);
	sup.cells.memory_err = ENOENT;
	sup.memory = (struct memory){ .kills_fd = memfd_create("kills", 0),
				      .seen = 0 };
	put_kills(sup.memory.kills_fd, 0);
}

static void make_cell(int kills)
{
	box_fd = open(box, O_DIRECTORY | O_RDONLY);
	assert_true(box_fd >= 0);
	assert_int_equal(mkdirat(box_fd, "service-a", 0700), 0);
	cell_fd = openat(box_fd, "service-a/memory.events",
			 O_RDWR | O_CREAT, 0600);
	assert_true(cell_fd >= 0);
	put_kills(cell_fd, kills);
	sup.cells.memory_err = 0;
	sup.cells.dir_fd = box_fd;
}

static void rise(int all, int own)
{
	put_kills(sup.memory.kills_fd, all);
	if (own >= 0)
		put_kills(cell_fd, own);
}

static int leave_cells(void **state)
{
	close(sup.memory.kills_fd);
	if (box_fd >= 0) {
		close(cell_fd);
		assert_int_equal(unlinkat(box_fd, "service-a/memory.events",
					  0), 0);
		assert_int_equal(unlinkat(box_fd, "service-a", AT_REMOVEDIR),
				 0);
		close(box_fd);
		box_fd = -1;
	}
	return sup_end(state);
}

/* One turn of the loop later. */
static void turn(int64_t later_ms)
{
	sup.now_ms += later_ms;
	oom_follow(&sup);
}

static enum board_cause cause_of(uint32_t i)
{
	const struct board_service *row = &sup.boards.board->service[i];

	assert_int_equal(row->ends_count, 1);
	return row->ends[0].cause;
}

static void worker_is_told_when_nothing_has_explained_it_in_time(void **state)
{
	sup_in_cells();
	assert_true(oom_next_ms(&sup.memory) == NEVER);
	rise(3, -1);
	turn(0);
	assert_true(oom_next_ms(&sup.memory) ==
		    sup.now_ms + OOM_FRESH_MS);
	turn(OOM_FRESH_MS - 1);
	assert_int_equal(events_of(BOARD_EV_OOM_KILLS, -1), 0);
	turn(1);
	assert_int_equal(events_of(BOARD_EV_OOM_KILLS, -1), 1);
	assert_true(oom_next_ms(&sup.memory) == NEVER);
	turn(OOM_FRESH_MS);
	assert_int_equal(events_of(BOARD_EV_OOM_KILLS, -1), 1);
}

static void leader_and_worker_are_told_each_once(void **state)
{
	sup_in_cells();
	run(0);
	rise(2, -1);
	ended(0, SIGKILL);
	assert_int_equal(cause_of(0), BOARD_OUT_OF_MEMORY);
	turn(OOM_FRESH_MS);
	assert_int_equal(events_of(BOARD_EV_OOM_KILLS, -1), 1);
	turn(OOM_FRESH_MS);
	assert_int_equal(events_of(BOARD_EV_OOM_KILLS, -1), 1);
}

static void workers_in_a_storm_are_told_every_two_seconds(void **state)
{
	sup_in_cells();
	for (int k = 1; k <= 100; k++) {
		rise(k, -1);
		turn(100);
	}
	assert_in_range(events_of(BOARD_EV_OOM_KILLS, -1), 3, 5);
}

/* Its own cgroup tells whose it was, and no other's end is explained by it. */
static void worker_in_its_own_cgroup_is_told_with_its_service(void **state)
{
	sup_in_cells();
	make_cell(5);
	oom_prepare(&sup, 0);
	sup.report[0].is_in_cell = true;
	run(0);
	run(1);
	oom_begin(&sup, 0);
	rise(1, 6);
	turn(0);
	assert_int_equal(events_of(BOARD_EV_OOM_KILLS, 0), 1);
	ended(1, SIGKILL);
	assert_int_equal(cause_of(1), BOARD_SIGNALLED);
	turn(OOM_FRESH_MS);
	assert_int_equal(events_of(BOARD_EV_OOM_KILLS, -1), 0);
}

/* --- Killed before it executed ------------------------------------------ */

/* Service a is cloned, and killed at a step before exec. */
static void killed_before_exec(int all, int own)
{
	int pipe_fds[2];

	oom_prepare(&sup, 0);
	spawned(0);
	assert_int_equal(pipe(pipe_fds), 0);
	sup.service[0].verdict_fd = pipe_fds[0];
	sup.report[0].step = BOARD_STEP_LIMIT;
	rise(all, own);
	close(pipe_fds[1]);
	service_verdict(&sup, 0);
	assert_int_equal(events_of(BOARD_EV_STARTED, 0), 0);
	ended(0, SIGKILL);
}

static void one_killed_before_it_executed_was_out_of_memory(void **state)
{
	sup_in_cells();
	killed_before_exec(1, -1);
	assert_int_equal(cause_of(0), BOARD_OUT_OF_MEMORY);
	assert_int_equal(sup.boards.board->service[0].ends[0].oom,
			 BOARD_OOM_LIKELY);
}

static void own_cgroup_knows_it_too(void **state)
{
	sup_in_cells();
	make_cell(5);
	sup.report[0].is_in_cell = true;
	killed_before_exec(1, 6);
	assert_int_equal(cause_of(0), BOARD_OUT_OF_MEMORY);
	assert_int_equal(sup.boards.board->service[0].ends[0].oom,
			 BOARD_OOM_CERTAIN);
}

static void kills_of_former_runs_do_not_count(void **state)
{
	sup_in_cells();
	make_cell(5);
	sup.report[0].is_in_cell = true;
	killed_before_exec(1, 5);
	assert_int_equal(cause_of(0), BOARD_SIGNALLED);
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
		cmocka_unit_test_setup_teardown(
			rises_in_a_row_are_dropped_although_more_come, begin,
			end),
#define IN_CELLS(fact) cmocka_unit_test_teardown(fact, leave_cells)
		IN_CELLS(worker_is_told_when_nothing_has_explained_it_in_time),
		IN_CELLS(leader_and_worker_are_told_each_once),
		IN_CELLS(workers_in_a_storm_are_told_every_two_seconds),
		IN_CELLS(worker_in_its_own_cgroup_is_told_with_its_service),
		IN_CELLS(one_killed_before_it_executed_was_out_of_memory),
		IN_CELLS(own_cgroup_knows_it_too),
		IN_CELLS(kills_of_former_runs_do_not_count),
	};
	int failed;

	assert_non_null(mkdtemp(box));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(box);
	return failed;
}
