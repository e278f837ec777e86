/* SPDX-License-Identifier: ISC */
/* init/service/checks and what it hears: a prober that answers as it likes, and
 * a service that tells by itself. */
#include "tests/unit/supervisor_fixture.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/service/checks.h"
#include "init/service/notify.h"
#include "init/service/prober_link.h"

#define ONE "[service:a]\ncommand = x\nrestart_delay = 100ms..100ms\n"
#define READY ONE "ready = tcp:127.0.0.1:80\nready_timeout = 10s\n"
#define HEALTH ONE "health = http:127.0.0.1:80/\nhealth_interval = 1s\n"
#define TELLS ONE "ready = notify\nready_timeout = 10s\n"

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

/* With a prober, whose end the test has. */
static void with(const char *text)
{
	sup_with(text);
	prober_link_open(&sup);
	assert_true(sup.probe_fd >= 0);
	sup.kept[BOARD_PROBER].pid = 0x7fffff00;
}

static int end(void **state)
{
	close(sup.probe_fd);
	close(sup.probe_peer_fd);
	return sup_end(state);
}

/* The service is cloned, and executes. */
static void start(void)
{
	spawned(0);
	if (!checks_begin(&sup, 0))
		service_ready(&sup, 0);
	service_arm(&sup, 0);
}

/* Time goes on; what is due is done. */
static void later(int64_t ms)
{
	sup.now_ms += ms;
	services_fire(&sup);
}

/* The next question, or false. */
static bool asked(struct probe_question *q)
{
	return recv(sup.probe_peer_fd, q, sizeof(*q), MSG_DONTWAIT) ==
	       sizeof(*q);
}

static void send_answer(const struct probe_answer *a)
{
	assert_int_equal(send(sup.probe_peer_fd, a, sizeof(*a), 0),
			 sizeof(*a));
	prober_link_hear(&sup);
}

static void answer(uint32_t number, enum board_answer word, int32_t code)
{
	const struct probe_answer a = { .number = number, .answer = word,
					.code = code };

	send_answer(&a);
}

/* The next question comes now, and is answered so. */
static void answer_next(enum board_answer word, int32_t code)
{
	struct probe_question q;

	assert_true(asked(&q));
	answer(q.number, word, code);
}

static enum life_state state_of(uint32_t i)
{
	return sup.service[i].state;
}

static void nobody_is_asked(void)
{
	struct probe_question q;

	assert_false(asked(&q));
}

/* --- Readiness ------------------------------------------------------- */

static void readiness_is_asked_at_once_then_less_and_less(void **state)
{
	static const int64_t pauses_ms[] = { 100, 200, 400, 800, 1000, 1000 };

	with(READY);
	start();
	assert_int_equal(state_of(0), LIFE_STARTING);
	later(0);
	for (size_t k = 0; k < sizeof(pauses_ms) / sizeof(*pauses_ms); k++) {
		answer_next(BOARD_ANSWER_ERROR, ECONNREFUSED);
		later(pauses_ms[k] - 1);
		nobody_is_asked();
		later(1);
	}
	answer_next(BOARD_ANSWER_YES, 0);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_int_equal(sup.service[0].ready_ms, sup.now_ms);
	assert_int_equal(events_of(BOARD_EV_READY, 0), 1);
	later(60000);
	nobody_is_asked();
}

static void time_that_is_over_is_a_failure(void **state)
{
	with(READY);
	start();
	later(0);
	answer_next(BOARD_ANSWER_TIMEOUT, 0);
	later(9999);
	assert_int_equal(state_of(0), LIFE_STARTING);
	later(1);
	assert_int_equal(state_of(0), LIFE_STOPPING);
	assert_int_equal(sup.service[0].given_up, BOARD_START_TIMEOUT);
	assert_int_equal(sup.breaker[0].filled, 1);
}

static void one_that_is_ready_in_time_is_left_alone(void **state)
{
	with(READY);
	start();
	later(0);
	answer_next(BOARD_ANSWER_YES, 0);
	later(20000);
	assert_int_equal(state_of(0), LIFE_RUNNING);
}

static void pause_of_the_container_costs_no_time(void **state)
{
	struct probe_question q;

	with(READY);
	start();
	later(0);
	assert_true(asked(&q));
	sup.now_ms += 3600000;
	shutdown_shift(&sup, 3600000);
	services_fire(&sup);
	assert_int_equal(state_of(0), LIFE_STARTING);
	assert_int_equal(events_of(BOARD_EV_PROBER_SILENT, 0), 0);
	answer(q.number, BOARD_ANSWER_YES, 0);
	assert_int_equal(state_of(0), LIFE_RUNNING);
}

/* --- Health ---------------------------------------------------------- */

static void ill(void)
{
	later(1000);
	answer_next(BOARD_ANSWER_HTTP, 500);
}

static void so_many_in_a_row_are_given_up(void **state)
{
	with(HEALTH);
	start();
	ill();
	ill();
	assert_int_equal(state_of(0), LIFE_RUNNING);
	later(1000);
	answer_next(BOARD_ANSWER_YES, 0);
	assert_int_equal(events_of(BOARD_EV_HEALTHY, 0), 1);
	ill();
	ill();
	assert_int_equal(state_of(0), LIFE_RUNNING);
	ill();
	assert_int_equal(state_of(0), LIFE_STOPPING);
	assert_int_equal(sup.service[0].given_up, BOARD_UNHEALTHY);
	assert_int_equal(events_of(BOARD_EV_UNHEALTHY, 0), 5);
	later(5000);
	nobody_is_asked();
}

static void grace_comes_before_the_first_check(void **state)
{
	struct probe_question q;

	with(HEALTH "health_grace = 5s\n");
	start();
	later(4999);
	nobody_is_asked();
	later(1);
	assert_true(asked(&q));
	assert_int_equal(q.is_health, 1);
	assert_int_equal(q.timeout_ms, 5000);
}

static void check_that_could_not_be_made_counts_nothing(void **state)
{
	with(HEALTH "health_failures = 1\n");
	start();
	for (int k = 0; k < 5; k++) {
		later(1000);
		answer_next(BOARD_ANSWER_SKIPPED, EMFILE);
	}
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_int_equal(sup.check[0].failures, 0);
	assert_int_equal(events_of(BOARD_EV_CHECK_SKIPPED, 0), 1);
}

static void without_a_prober_nobody_fails(void **state)
{
	with(HEALTH "health_failures = 1\n");
	start();
	sup.kept[BOARD_PROBER].pid = 0;
	for (int k = 0; k < 100; k++)
		later(250);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_int_equal(events_of(BOARD_EV_CHECK_SKIPPED, 0), 0);
	sup.kept[BOARD_PROBER].pid = 0x7fffff00;
	later(250);
	answer_next(BOARD_ANSWER_YES, 0);
	assert_true(sup.check[0].is_passed);
}

static void prober_that_dies_is_asked_again_and_counts_nothing(void **state)
{
	struct probe_question first, second;

	with(HEALTH "health_failures = 1\n");
	start();
	later(1000);
	assert_true(asked(&first));
	checks_prober_lost(&sup);
	later(250);
	assert_true(asked(&second));
	assert_int_not_equal(first.number, second.number);
	/* What the dead one said still comes, and means nothing. */
	answer(first.number, BOARD_ANSWER_HTTP, 500);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	answer(second.number, BOARD_ANSWER_YES, 0);
	assert_true(sup.check[0].is_passed);
}

static void prober_that_is_silent_fails_nobody(void **state)
{
	struct probe_question q;

	with(HEALTH "health_failures = 1\nhealth_timeout = 2s\n");
	start();
	later(1000);
	assert_true(asked(&q));
	later(2999);
	assert_int_equal(events_of(BOARD_EV_PROBER_SILENT, 0), 0);
	later(1);
	assert_int_equal(events_of(BOARD_EV_PROBER_SILENT, 0), 1);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	answer(q.number, BOARD_ANSWER_HTTP, 500);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	later(1000);
	assert_true(asked(&q));
	answer(q.number, BOARD_ANSWER_HTTP, 500);
	assert_int_equal(state_of(0), LIFE_STOPPING);
}

static void questions_that_find_no_room_are_skipped(void **state)
{
	const struct probe_question filler = { .service = 0 };

	with(HEALTH "health_failures = 1\n");
	start();
	while (send(sup.probe_fd, &filler, sizeof(filler), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	later(1000);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_false(sup.check[0].is_asked);
	assert_int_equal(events_of(BOARD_EV_CHECK_SKIPPED, 0), 1);
}

/* --- A probe --------------------------------------------------------- */

static void probe(void)
{
	block(0);
	sup.now_ms = sup.breaker[0].until_ms;
	service_take(&sup, 0, LIFE_DUE);
	start();
	assert_int_equal(state_of(0), LIFE_PROBING);
}

#define PROBED HEALTH "max_failures = 1 in 1m\nstable = 10s\n"

static void probe_without_a_passed_check_is_not_stable(void **state)
{
	with(PROBED "health_grace = 30s\n");
	probe();
	later(10000);
	assert_int_equal(state_of(0), LIFE_PROBING);
	assert_int_equal(sup.service[0].due_ms, NEVER);
	later(20000);
	answer_next(BOARD_ANSWER_YES, 0);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
}

/* Nobody is told unwell for an interval because it has just begun. */
static void health_is_asked_at_once_until_it_passes(void **state)
{
	static const int64_t pauses_ms[] = { 100, 200, 400, 300 };

	with(HEALTH "health_failures = 2\n"); /* each second */
	start();
	later(0);
	for (int k = 0; k < 4; k++) {
		answer_next(BOARD_ANSWER_ERROR, ECONNREFUSED);
		assert_int_equal(sup.check[0].failures, 0);
		later(pauses_ms[k] - 1);
		nobody_is_asked();
		later(1);
	}
	assert_int_equal(events_of(BOARD_EV_UNHEALTHY, 0), 0);
	/* The interval is over: from here on it counts. */
	answer_next(BOARD_ANSWER_ERROR, ECONNREFUSED);
	assert_int_equal(sup.check[0].failures, 1);
	ill();
	assert_int_equal(state_of(0), LIFE_STOPPING);
}

static void health_that_passes_soon_is_asked_by_its_interval(void **state)
{
	with(HEALTH);
	start();
	later(0);
	answer_next(BOARD_ANSWER_ERROR, ECONNREFUSED);
	later(100);
	answer_next(BOARD_ANSWER_YES, 0);
	assert_true(sup.service[0].has_passed);
	later(999);
	nobody_is_asked();
	later(1);
	ill();
}

static void grace_lets_nobody_ask(void **state)
{
	with(HEALTH "health_grace = 5s\n");
	start();
	later(4999);
	nobody_is_asked();
	later(1);
	answer_next(BOARD_ANSWER_ERROR, ECONNREFUSED);
	assert_int_equal(sup.check[0].failures, 1);
}

/* Half-open or closed, a run is stable by the same rule. */
static void failed_check_after_a_passed_one_delays_no_stable(void **state)
{
	with(PROBED);
	probe();
	for (int k = 0; k < 8; k++) {
		later(1000);
		answer_next(BOARD_ANSWER_YES, 0);
	}
	ill(); /* at 9 s, before it is stable */
	assert_int_equal(state_of(0), LIFE_PROBING);
	later(1000);
	assert_int_equal(state_of(0), LIFE_RUNNING);
}

#define WATCHED HEALTH "max_failures = 3 in a row\nstable = 2s\n"

static void run_that_was_never_healthy_is_not_stable(void **state)
{
	with(WATCHED "health_failures = 4\n");
	sup.breaker[0].in_row = 1;
	sup.service[0].failures = 1;
	start();
	for (int k = 0; k < 3; k++)
		ill();
	assert_int_equal(events_of(BOARD_EV_STABLE, 0), 0);
	assert_int_equal(sup.service[0].due_ms, NEVER);
	assert_int_equal(sup.breaker[0].in_row, 1);
	later(1000);
	answer_next(BOARD_ANSWER_YES, 0);
	assert_int_equal(events_of(BOARD_EV_STABLE, 0), 1);
	assert_int_equal(sup.service[0].failures, 0);
	assert_int_equal(sup.breaker[0].in_row, 0);
	/* Once a run. */
	later(1000);
	answer_next(BOARD_ANSWER_YES, 0);
	assert_int_equal(events_of(BOARD_EV_STABLE, 0), 1);
}

static void service_that_is_never_healthy_is_blocked(void **state)
{
	with(WATCHED "health_failures = 2\n"
		     "cooldown = 1m..1m\n");
	start();
	for (int k = 1; k <= 3; k++) {
		ill();
		ill();
		ended(0, SIGTERM);
		assert_int_equal(sup.breaker[0].in_row, k);
		if (k == 3)
			break;
		assert_int_equal(state_of(0), LIFE_BACKOFF);
		/* However far apart. */
		sup.now_ms += 7200000;
		service_take(&sup, 0, LIFE_DUE);
		start();
	}
	assert_int_equal(state_of(0), LIFE_BLOCKED);
	assert_int_equal(sup.service[0].opened.failures, 3);
	assert_int_equal(sup.service[0].opened.window_ms, BREAKER_IN_A_ROW);
}

static void passed_check_of_the_run_before_counts_for_no_other(void **state)
{
	with(WATCHED);
	start();
	later(1000);
	answer_next(BOARD_ANSWER_YES, 0);
	ended(0, SIGSEGV);
	sup.now_ms = sup.service[0].due_ms;
	service_take(&sup, 0, LIFE_DUE);
	start();
	ill();
	ill();
	assert_int_equal(events_of(BOARD_EV_STABLE, 0), 0);
	assert_int_equal(sup.breaker[0].in_row, 1);
}

static void probe_that_is_ill_has_failed(void **state)
{
	with(PROBED "health_failures = 1\n");
	probe();
	ill();
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_BLOCKED);
	assert_int_equal(sup.breaker[0].trips, 2);
}

/* --- Hostile answers ------------------------------------------------- */

static void answers_that_fit_no_question_mean_nothing(void **state)
{
	struct probe_question q;

	with(HEALTH "health_failures = 1\n");
	start();
	later(1000);
	assert_true(asked(&q));
	answer(q.number + 1, BOARD_ANSWER_HTTP, 500);
	answer(q.number, BOARD_ANSWER_HTTP, 99);
	answer(q.number, BOARD_ANSWER_HTTP, -1);
	answer(q.number, BOARD_ANSWER_ERROR, 0);
	answer(q.number, BOARD_ANSWER_ERROR, 4096);
	answer(q.number, BOARD_ANSWER_TIMEOUT, 1);
	answer(q.number, BOARD_ANSWER_EXIT, 1);
	answer(q.number, BOARD_ANSWER_SIGNAL, 9);
	answer(q.number, BOARD_ANSWER_NONE, 0);
	answer(q.number, BOARD_ANSWERS, 0);
	answer(q.number, (enum board_answer)0x7fffffff, 0);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_true(sup.check[0].is_asked);
	answer(q.number, BOARD_ANSWER_CLOSED, 0);
	assert_int_equal(state_of(0), LIFE_STOPPING);
}

static void records_of_a_wrong_size_kind_or_service_are_dropped(void **state)
{
	struct probe_question q;
	struct probe_answer a = { .answer = BOARD_ANSWER_HTTP, .code = 500 };
	char large[sizeof(a) + 1] = "";

	with(HEALTH "health_failures = 1\n");
	start();
	later(1000);
	assert_true(asked(&q));
	a.number = q.number;
	send(sup.probe_peer_fd, &a, sizeof(a) - 1, 0);
	memcpy(large, &a, sizeof(a));
	send(sup.probe_peer_fd, large, sizeof(large), 0);
	prober_link_hear(&sup);
	a.kind = PROBE_KINDS;
	send_answer(&a);
	a.kind = PROBE_ANSWER;
	a.service = 1;
	send_answer(&a);
	a.service = UINT32_MAX;
	send_answer(&a);
	assert_int_equal(state_of(0), LIFE_RUNNING);
}

static void readiness_told_for_one_that_does_not_tell_means_nothing(
	void **state)
{
	struct probe_answer a = { .kind = PROBE_READY };

	with(READY);
	start();
	a.run = sup.service[0].starts;
	a.session = sup.service[0].session;
	send_answer(&a);
	assert_int_equal(state_of(0), LIFE_STARTING);
}

/* --- Notices --------------------------------------------------------- */

static void told(enum probe_kind kind, int32_t session, int64_t run,
		 int32_t code)
{
	const struct probe_answer a = { .kind = kind, .session = session,
					.run = (uint64_t)run, .code = code,
					.pid = 4711, .uid = 33 };

	send_answer(&a);
}

static void notice_of_this_run_makes_it_ready(void **state)
{
	with(TELLS);
	start();
	told(PROBE_READY, pid_of(0), 1, 0);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	told(PROBE_READY, pid_of(0), 1, 0);
	assert_int_equal(events_of(BOARD_EV_READY, 0), 1);
}

static void notice_of_a_sender_that_is_gone_counts_within_the_run(void **state)
{
	with(TELLS);
	start();
	told(PROBE_READY, 0, 0, 0);
	assert_int_equal(state_of(0), LIFE_STARTING);
	told(PROBE_READY, 0, 2, 0);
	assert_int_equal(state_of(0), LIFE_STARTING);
	told(PROBE_READY, 0, 1, 0);
	assert_int_equal(state_of(0), LIFE_RUNNING);
}

static void notice_of_a_stranger_is_said_once_a_run(void **state)
{
	with(TELLS);
	start();
	for (int k = 0; k < 100; k++)
		told(PROBE_READY, pid_of(7), 1, 0);
	told(PROBE_STRAY, 0, 1, 0);
	assert_int_equal(state_of(0), LIFE_STARTING);
	assert_int_equal(events_of(BOARD_EV_NOTICE_STRAY, 0), 1);
}

static void notice_before_its_process_means_nothing(void **state)
{
	with(TELLS);
	told(PROBE_READY, 0, 0, 0);
	told(PROBE_STOPPING, 0, 0, 0);
	told(PROBE_EXTEND, 0, 0, 5000);
	assert_int_equal(state_of(0), LIFE_WAITING);
}

static void one_that_leaves_is_not_ready_and_does_not_come_back(void **state)
{
	with(TELLS "health = tcp:127.0.0.1:80\nhealth_interval = 1s\n");
	start();
	told(PROBE_STOPPING, pid_of(0), 1, 0);
	assert_int_equal(state_of(0), LIFE_STARTING);
	told(PROBE_READY, pid_of(0), 1, 0);
	told(PROBE_STOPPING, pid_of(0), 1, 0);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_int_equal(sup.service[0].ready_ms, NEVER);
	told(PROBE_READY, pid_of(0), 1, 0);
	told(PROBE_STOPPING, pid_of(0), 1, 0);
	assert_int_equal(sup.service[0].ready_ms, NEVER);
	assert_int_equal(events_of(BOARD_EV_LEAVING, 0), 1);
	later(5000);
	nobody_is_asked();
	ended(0, 0);
	assert_int_equal(state_of(0), LIFE_BACKOFF);
}

static void one_that_leaves_and_stays_is_given_up(void **state)
{
	with(TELLS "stop_timeout = 3s\n");
	start();
	told(PROBE_READY, pid_of(0), 1, 0);
	told(PROBE_STOPPING, pid_of(0), 1, 0);
	later(2900);
	assert_int_equal(state_of(0), LIFE_RUNNING);
	later(100);
	assert_int_equal(state_of(0), LIFE_STOPPING);
	assert_int_equal(sup.service[0].given_up, BOARD_UNHEALTHY);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_BACKOFF);
	assert_int_equal(sup.service[0].failures, 1);
}

static void more_time_is_given_and_never_less(void **state)
{
	with(TELLS);
	start();
	told(PROBE_EXTEND, pid_of(0), 1, 5000);
	told(PROBE_EXTEND, pid_of(0), 1, -1);
	assert_int_equal(sup.service[0].due_ms, sup.now_ms + 10000);
	told(PROBE_EXTEND, pid_of(0), 1, INT32_MAX);
	assert_int_equal(sup.service[0].due_ms, sup.now_ms + INT32_MAX);
	told(PROBE_EXTEND, pid_of(0), 1, 5000);
	assert_int_equal(sup.service[0].due_ms, sup.now_ms + INT32_MAX);
	told(PROBE_READY, pid_of(0), 1, 0);
	told(PROBE_EXTEND, pid_of(0), 1, INT32_MAX);
	assert_int_equal(sup.service[0].due_ms,
			 sup.now_ms + settings(&sup, 0)->stable_ms);
}

#undef TEST
#define TEST(fact) cmocka_unit_test_teardown(fact, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(readiness_is_asked_at_once_then_less_and_less),
		TEST(time_that_is_over_is_a_failure),
		TEST(one_that_is_ready_in_time_is_left_alone),
		TEST(pause_of_the_container_costs_no_time),
		TEST(so_many_in_a_row_are_given_up),
		TEST(grace_comes_before_the_first_check),
		TEST(check_that_could_not_be_made_counts_nothing),
		TEST(without_a_prober_nobody_fails),
		TEST(prober_that_dies_is_asked_again_and_counts_nothing),
		TEST(prober_that_is_silent_fails_nobody),
		TEST(questions_that_find_no_room_are_skipped),
		TEST(probe_without_a_passed_check_is_not_stable),
		TEST(health_is_asked_at_once_until_it_passes),
		TEST(health_that_passes_soon_is_asked_by_its_interval),
		TEST(grace_lets_nobody_ask),
		TEST(failed_check_after_a_passed_one_delays_no_stable),
		TEST(run_that_was_never_healthy_is_not_stable),
		TEST(service_that_is_never_healthy_is_blocked),
		TEST(passed_check_of_the_run_before_counts_for_no_other),
		TEST(probe_that_is_ill_has_failed),
		TEST(answers_that_fit_no_question_mean_nothing),
		TEST(records_of_a_wrong_size_kind_or_service_are_dropped),
		TEST(readiness_told_for_one_that_does_not_tell_means_nothing),
		TEST(notice_of_this_run_makes_it_ready),
		TEST(notice_of_a_sender_that_is_gone_counts_within_the_run),
		TEST(notice_of_a_stranger_is_said_once_a_run),
		TEST(notice_before_its_process_means_nothing),
		TEST(one_that_leaves_is_not_ready_and_does_not_come_back),
		TEST(one_that_leaves_and_stays_is_given_up),
		TEST(more_time_is_given_and_never_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
