/* SPDX-License-Identifier: ISC */
/* init/service/orphans: who is an orphan, and when it is ended. The processes
 * are children of the test, which stands for PID 1. */
#include "tests/unit/supervisor_fixture.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "init/kernel/proc.h"
#include "init/kernel/processes.h"
#include "init/service/orphans.h"

#define SERVICE "[service:web]\ncommand = x\n"
#define KILLING "[dashpot]\norphans = kill-after 10s\n" SERVICE

enum { BASE = 1 << 20 };

static pid_t child;

static void begin(const char *text)
{
	sup_with(text);
	sup.pid = getpid();
	sup.proc_fd = proc_open();
	assert_true(sup.proc_fd >= 0);
	sup.cells.err = ENODEV;
	sup.mark_base = BASE;
}

/* A child that runs `first`, then waits to be ended. */
static void have_child(void (*first)(void))
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (first)
			first();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

/* Let the time come to `ms` after the beginning, and look. */
static void look_at(int64_t ms)
{
	sup.now_ms = 100000 + ms;
	orphans_run(&sup);
}

/* The signal that the child has been ended by; 0 while it lives. Whoever has
 * been signalled ends within the bound. */
static int ended_by(bool is_expected)
{
	int status = 0;
	pid_t got = waitpid(child, &status, is_expected ? 0 : WNOHANG);

	return got == child && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void finish(void)
{
	if (ended_by(false) == 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(sup.proc_fd);
}

static void orphan_is_told_at_its_age_and_not_before(void **state)
{
	begin(KILLING);
	have_child(NULL);
	look_at(0);
	assert_int_equal(sup.adrift.n, 1);
	look_at(9000);
	assert_int_equal(ended_by(false), 0);
	assert_true(orphans_next_ms(&sup) <= 100000 + 10000);
	look_at(10000);
	assert_int_equal(ended_by(true), SIGTERM);
	assert_int_equal(events_of(BOARD_EV_ORPHAN_TOLD, -1), 1);
	finish();
}

static void ignore_term(void)
{
	signal(SIGTERM, SIG_IGN);
}

static void orphan_that_stays_is_killed(void **state)
{
	begin(KILLING);
	have_child(ignore_term);
	look_at(0);
	look_at(10000);
	assert_int_equal(ended_by(false), 0);
	look_at(12000);
	assert_int_equal(ended_by(true), SIGKILL);
	assert_int_equal(events_of(BOARD_EV_ORPHAN_TOLD, -1), 2);
	finish();
}

static void without_kill_after_there_is_no_look(void **state)
{
	begin(SERVICE);
	have_child(NULL);
	assert_true(orphans_next_ms(&sup) == NEVER);
	look_at(1000000);
	assert_int_equal(sup.adrift.n, 0);
	finish();
}

static void sweep_ends_them_at_once_and_then_looks_no_more(void **state)
{
	begin(SERVICE);
	have_child(NULL);
	orphans_sweep(&sup);
	assert_true(orphans_next_ms(&sup) <= sup.now_ms);
	orphans_run(&sup);
	assert_int_equal(ended_by(true), SIGTERM);
	look_at(200);
	look_at(6000);
	look_at(200000);
	assert_int_equal(sup.adrift.n, 0);
	assert_true(orphans_next_ms(&sup) == NEVER);
	finish();
}

static void stays_for_good(void)
{
	look_at(0);
	look_at(20000);
	look_at(40000);
	assert_int_equal(sup.adrift.n, 0);
	assert_int_equal(ended_by(false), 0);
	finish();
}

static void helper_is_none(void **state)
{
	begin(KILLING);
	have_child(NULL);
	sup.kept[BOARD_RELAY].pid = child;
	stays_for_good();
}

static void loader_is_none(void **state)
{
	begin(KILLING);
	have_child(NULL);
	sup.reload.pid = child;
	stays_for_good();
}

static void command_of_a_service_is_none(void **state)
{
	begin(KILLING);
	have_child(NULL);
	sup.hooks = 1;
	sup.hook[0].pid = child;
	stays_for_good();
}

static void own_session(void)
{
	setsid();
}

static void member_of_a_services_session_is_none(void **state)
{
	begin(KILLING);
	have_child(own_session);
	sup.service[0].session = child;
	stays_for_good();
}

static void be_marked(void)
{
	setsid();
	mark_take(mark_make(BASE, sup.service[0].mark));
}

static void be_marked_as_a_check(void)
{
	setsid();
	mark_take(mark_make(BASE, sup.service[0].mark + 1 + HOOK_CHECK));
}

/* Lowered, so that it is no mark any more. */
static void be_no_more_marked(void)
{
	be_marked();
	mark_take((struct mark){ .locks = BASE - 5 });
}

static void who_has_the_mark_of_a_service_is_none(void **state)
{
	begin(KILLING);
	have_child(be_marked);
	stays_for_good();
}

static void what_a_check_has_left_is_none(void **state)
{
	begin(KILLING);
	have_child(be_marked_as_a_check);
	stays_for_good();
}

static void who_has_the_mark_of_a_removed_service_is_one(void **state)
{
	struct config *c;

	begin(KILLING);
	have_child(be_marked);
	c = malloc(loaded.c->size);
	memcpy(c, loaded.c, loaded.c->size);
	((struct config_service *)(uintptr_t)config_service(c, 0))
		->is_removed = true;
	sup.config = c;
	look_at(0);
	assert_int_equal(sup.adrift.n, 1);
	finish();
	free(c);
}

static void who_has_a_mark_of_no_service_is_one(void **state)
{
	begin(KILLING);
	sup.service[0].mark += 100;
	have_child(be_marked);
	sup.service[0].mark -= 100;
	look_at(0);
	assert_int_equal(sup.adrift.n, 1);
	finish();
}

static void who_has_lowered_its_mark_is_one(void **state)
{
	begin(KILLING);
	have_child(be_no_more_marked);
	look_at(0);
	assert_int_equal(sup.adrift.n, 1);
	finish();
}

static void nobody_is_told_while_everything_stops(void **state)
{
	begin(KILLING);
	have_child(NULL);
	sup.stop.phase = STOP_SERVICES;
	assert_true(orphans_next_ms(&sup) == NEVER);
	stays_for_good();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(orphan_is_told_at_its_age_and_not_before),
		TEST(orphan_that_stays_is_killed),
		TEST(without_kill_after_there_is_no_look),
		TEST(sweep_ends_them_at_once_and_then_looks_no_more),
		TEST(helper_is_none),
		TEST(loader_is_none),
		TEST(command_of_a_service_is_none),
		TEST(member_of_a_services_session_is_none),
		TEST(who_has_the_mark_of_a_service_is_none),
		TEST(what_a_check_has_left_is_none),
		TEST(who_has_the_mark_of_a_removed_service_is_one),
		TEST(who_has_a_mark_of_no_service_is_one),
		TEST(who_has_lowered_its_mark_is_one),
		TEST(nobody_is_told_while_everything_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
