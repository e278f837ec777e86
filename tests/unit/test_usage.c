/* SPDX-License-Identifier: ISC */
/* init/report/usage and metrics: what /proc says of services, and the text
 * that Prometheus reads. The "services" here are children of the test. */
#include "json_fixture.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "init/kernel/clock.h"
#include "init/report/prometheus.h"
#include "init/report/usage.h"
#include "policy/breaker.h"

static struct document document;
static struct usage_row rows[FIXTURE_SERVICES];
static struct usage usage;
static pid_t leader;

/* Become a session of its own, as a service is, then do `work`. */
static void begin(struct fixture *f, void (*work)(void))
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	memset(rows, 0, sizeof(rows));
	usage = (struct usage){ .row = rows };
	leader = fork();
	assert_true(leader >= 0);
	if (leader == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		close(ready[0]);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		work();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	f->boards.board->service[0].pid = leader;
}

/* The leader has stopped itself: what it had to do first is done. */
static void wait_for_stop(void)
{
	int status;

	FIXTURE_WAIT(waitpid(leader, &status, WNOHANG | WUNTRACED) == leader);
	assert_true(WIFSTOPPED(status));
}

static void finish(void)
{
	kill(-leader, SIGKILL);
	fixture_reap(leader);
}

static bool sample(struct fixture *f)
{
	return usage_sample(&usage, f->config, f->boards.board,
			    clock_mono_ms(), clock_wall_ms());
}

/* Without waiting for the two seconds. */
static void sample_now(struct fixture *f)
{
	usage.next_ms = 0;
	assert_true(sample(f));
}

static void have_children(void)
{
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			pause();
	raise(SIGSTOP);
}

static void processes_of_a_session_are_counted(void **state)
{
	struct fixture *f = *state;

	begin(f, have_children);
	wait_for_stop();
	sample_now(f);
	assert_int_equal(rows[0].processes, 4);
	assert_int_equal(rows[0].threads, 4);
	assert_int_equal(rows[0].zombies, 0);
	assert_true(rows[0].rss_kib > 100);
	assert_int_equal(rows[0].share, -1);
	assert_int_equal(rows[1].processes, 0);
	assert_ptr_equal(usage_of(&usage, 0, leader), &rows[0]);
	assert_null(usage_of(&usage, 0, leader + 1));
	assert_null(usage_of(&usage, 1, 0));
	finish();
}

static void burn(void)
{
	for (;;)
		continue;
}

static void busy_loop_shows_as_most_of_a_core(void **state)
{
	struct fixture *f = *state;
	struct rusage before, after;
	int64_t first_ms;

	begin(f, burn);
	sample_now(f);
	first_ms = rows[0].cpu_ms;
	getrusage(RUSAGE_CHILDREN, &before);
	/* However loaded the machine is, this much CPU comes in the end. */
	FIXTURE_WAIT((fixture_sleep(500), sample_now(f),
		      rows[0].cpu_ms >= first_ms + 300));
	assert_in_range(rows[0].share, 1, 110);
	finish();
	getrusage(RUSAGE_CHILDREN, &after);
	/* The kernel's own account agrees, to a few ticks. */
	assert_in_range((after.ru_utime.tv_sec - before.ru_utime.tv_sec +
			 after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
					1000 +
				(after.ru_utime.tv_usec -
				 before.ru_utime.tv_usec +
				 after.ru_stime.tv_usec -
				 before.ru_stime.tv_usec) / 1000,
			rows[0].cpu_ms - 30, rows[0].cpu_ms + 2000);
}

static void leave_zombies(void)
{
	for (int i = 0; i < 3; i++)
		if (fork() == 0)
			_exit(0);
	for (int i = 0; i < 3; i++) {
		siginfo_t info;

		waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
	}
	usleep(50000);
	raise(SIGSTOP);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	raise(SIGSTOP);
}

static void zombies_of_a_live_parent_are_told_once(void **state)
{
	struct fixture *f = *state;

	begin(f, leave_zombies);
	wait_for_stop();
	sample_now(f);
	assert_int_equal(rows[0].zombies, 3);
	assert_int_equal(rows[0].parent, leader);
	assert_int_equal(rows[0].processes, 1);
	assert_true(usage_has_zombies(&usage, 0));
	assert_false(usage_has_zombies(&usage, 0));
	sample_now(f);
	assert_false(usage_has_zombies(&usage, 0));
	rows[0].told = 1; /* as if two more had come since */
	assert_true(usage_has_zombies(&usage, 0));
	kill(leader, SIGCONT);
	wait_for_stop();
	/* Gone since the sample: nothing to tell. */
	rows[0].told = 0;
	assert_false(usage_has_zombies(&usage, 0));
	sample_now(f);
	assert_int_equal(rows[0].zombies, 0);
	finish();
}

static void child_that_dashpot_has_not_reaped_yet_is_no_zombie(void **state)
{
	struct fixture *f = *state;

	begin(f, have_children);
	wait_for_stop();
	kill(leader, SIGKILL);
	f->boards.board->pid = getpid(); /* its parent */
	fixture_sleep(50);
	sample_now(f);
	assert_int_equal(rows[0].zombies, 0);
	finish();
}

static void samples_are_two_seconds_apart_at_least(void **state)
{
	struct fixture *f = *state;
	int64_t now_ms = clock_mono_ms();

	begin(f, have_children);
	assert_true(sample(f));
	assert_false(sample(f));
	assert_true(usage.next_ms >= now_ms + USAGE_MS);
	finish();
}

static void many_processes_make_samples_seldom(void **state)
{
	struct fixture *f = *state;
	int64_t begin_ms = clock_mono_ms(), took_ms;

	begin(f, have_children);
	wait_for_stop();
	/* As if the look had begun half a second ago. */
	assert_true(usage_sample(&usage, f->config, f->boards.board,
				 begin_ms - 500, 1));
	took_ms = clock_mono_ms() - begin_ms + 500;
	assert_in_range(usage.next_ms, begin_ms - 500 + USAGE_MS +
			500 * USAGE_SHARE,
			begin_ms - 500 + USAGE_MS + took_ms * USAGE_SHARE);
	finish();
}

/* Render the metrics. */
static void scrape(struct fixture *f, const struct registry *registry)
{
	struct report r = report_of(f, registry);
	struct json j = { .put = document_put, .context = &document };

	r.usage = &usage;
	document.size = 0;
	metrics_write(&j, &r);
	assert_int_equal(j.err, 0);
}

static void metrics_show_the_board(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = &f->boards.board->service[0];
	static struct registry_service earlier[FIXTURE_SERVICES];
	struct registry registry = { .service = earlier };
	static const char *const lines[] = {
		"\ndashpot_service_restarts_total{service=\"web\"} 4\n",
		"\ndashpot_service_failures_total{service=\"web\"} 3\n",
		"\ndashpot_service_state{service=\"web\","
		"state=\"blocked\"} 1\n",
		"\ndashpot_service_state{service=\"web\","
		"state=\"running\"} 0\n",
		"\ndashpot_service_breaker_open{service=\"web\"} 1\n",
		"\ndashpot_service_breaker_open{service=\"db\"} 0\n",
		"\ndashpot_service_cpu_seconds_total{service=\"web\"} 1.234\n",
		"\ndashpot_service_resident_memory_bytes{service=\"web\"} "
		"2048\n",
		"\ndashpot_tasks_limit{limit=\"pids-cgroup\",level=\"0\"} 24\n",
		"\ndashpot_headroom_tasks{limit=\"pids-cgroup\",level=\"0\"} "
		"4\n",
		"\ndashpot_restart_tokens 20\n",
		"\n# TYPE dashpot_orphans_reaped_total counter\n",
	};

	row->state = LIFE_BLOCKED;
	row->breaker = BREAKER_OPEN;
	row->starts = 5;
	row->failed = 3;
	row->pid = 9;
	f->boards.board->limit[0] = (struct board_limit){
		.kind = BOARD_LIMIT_PIDS_CGROUP, .current = 20, .max = 24,
	};
	memset(rows, 0, sizeof(rows));
	rows[0] = (struct usage_row){ .pid = 9, .cpu_ms = 1234, .rss_kib = 2 };
	usage = (struct usage){ .mono_ms = 1, .row = rows };
	scrape(f, &registry);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(document.text, lines[i]) == NULL)
			fail_msg("no %s in\n%s", lines[i], document.text);
}

static void torn_rows_have_no_samples_and_a_torn_head_no_metrics(void **state)
{
	struct fixture *f = *state;
	static struct registry_service earlier[FIXTURE_SERVICES];
	struct registry registry = { .service = earlier };
	struct report r = report_of(f, &registry);
	struct json j = { .put = document_put, .context = &document };

	usage = (struct usage){ .row = rows };
	board_row_begin(&f->boards.board->service[1]);
	scrape(f, &registry);
	assert_non_null(strstr(document.text, "{service=\"web\"}"));
	assert_null(strstr(document.text, "{service=\"db\"}"));
	board_head_begin(f->boards.board);
	metrics_write(&j, &r);
	assert_int_equal(j.err, -EAGAIN);
}


static void schedules_have_metrics_and_other_services_none(void **state)
{
	struct fixture *f = *state;
	struct config_service *s = fixture_service(f, 2);
	struct board_service *row = &f->boards.board->service[2];
	static struct registry_service earlier[FIXTURE_SERVICES];
	struct registry registry = { .service = earlier };
	static const char *const lines[] = {
		("\ndashpot_service_next_run_time_seconds{service=\"job\"} "
		 "1796008500.000\n"),
		"\ndashpot_service_last_run_failed{service=\"job\"} 1\n",
		"\ndashpot_service_skipped_runs_total{service=\"job\"} 7\n",
	};

	usage = (struct usage){ .row = rows };
	s->schedule.minutes = 1;
	row->tick_ms = 1;
	row->tick_wall_ms = INT64_C(1796008500000);
	row->failures = 1;
	row->skipped = 7;
	row->ends_count = 1;
	scrape(f, &registry);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(document.text, lines[i]) == NULL)
			fail_msg("missing: %s", lines[i]);
	assert_null(strstr(document.text,
			   "last_run_failed{service=\"web\"}"));
}

#define WITH_BOARDS(test)                                                   \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOARDS(schedules_have_metrics_and_other_services_none),
		WITH_BOARDS(processes_of_a_session_are_counted),
		WITH_BOARDS(busy_loop_shows_as_most_of_a_core),
		WITH_BOARDS(zombies_of_a_live_parent_are_told_once),
		WITH_BOARDS(child_that_dashpot_has_not_reaped_yet_is_no_zombie),
		WITH_BOARDS(samples_are_two_seconds_apart_at_least),
		WITH_BOARDS(many_processes_make_samples_seldom),
		WITH_BOARDS(metrics_show_the_board),
		WITH_BOARDS(
			torn_rows_have_no_samples_and_a_torn_head_no_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
