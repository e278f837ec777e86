/* SPDX-License-Identifier: ISC */
/* init/prober/connect: what connect(2) refuses for now says nothing about the
 * service; the clock is the test's. */
#include "board_fixture.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "init/prober/prober.h"

enum { TIMEOUT_MS = 1000 };

static struct prober prober;
static struct helper_job job;
static int answers_fd, refusals, refusal;

int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
	if (refusals == 0)
		return __real_connect(fd, to, size);
	refusals--;
	errno = refusal;
	return -1;
}

/* The next `count` calls of connect(2) fail with err; -1: all. */
static void refuse(int count, int err)
{
	refusals = count;
	refusal = err;
}

static int set_up(void **state)
{
	struct fixture *f;
	int pair[2];

	fixture_setup(state);
	f = *state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    pair), 0);
	answers_fd = pair[0];
	job = (struct helper_job){ .config = f->config, .probe_fd = pair[1],
				   .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	prober = (struct prober){ .job = &job, .now_ms = 5000 };
	return 0;
}

static int tear_down(void **state)
{
	close(job.epoll_fd);
	close(answers_fd);
	close(job.probe_fd);
	refuse(0, 0);
	return fixture_teardown(state);
}

static void begin(void)
{
	const struct probe_question q = { .service = 0, .number = 7,
					  .is_health = 1,
					  .timeout_ms = TIMEOUT_MS };

	connect_begin(&prober, &q);
}

/* The answer, or -1 where there is none yet. */
static int answered(int *code)
{
	struct probe_answer a;

	if (recv(answers_fd, &a, sizeof(a), MSG_DONTWAIT) != sizeof(a))
		return -1;
	assert_int_equal(a.number, 7);
	*code = (int)a.code;
	return (int)a.answer;
}

/* Pass the time up to the answer, never longer than the question may take. */
static int wait_for_answer(int *code)
{
	for (int64_t end_ms = prober.now_ms + 2 * TIMEOUT_MS;
	     prober.now_ms < end_ms;) {
		int answer = answered(code);
		int64_t next_ms;
		struct epoll_event event;

		if (answer >= 0)
			return answer;
		if (epoll_wait(job.epoll_fd, &event, 1, 0) == 1)
			connect_go_on(&prober, event.data.u32);
		next_ms = connect_expire(&prober);
		assert_true(next_ms > prober.now_ms);
		if (next_ms != INT64_MAX)
			prober.now_ms = next_ms;
	}
	return -1;
}

static void check_tcp(struct fixture *f, int port)
{
	fixture_service(f, 0)->health = (struct config_check){
		.kind = CONFIG_CHECK_TCP,
		.host = fixture_text(f, "127.0.0.1"),
		.number = (uint32_t)port,
	};
}

/* A socket that listens, with room for this many more. */
static int serve_unix(struct fixture *f, int backlog)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", f->directory);
	fixture_service(f, 0)->health = (struct config_check){
		.kind = CONFIG_CHECK_UNIX,
		.path = fixture_text(f, at.sun_path),
	};
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void refused_for_now_is_tried_again(void **state)
{
	const int errs[] = { EAGAIN, EINTR };
	int fd = serve_unix(*state, 5), code;

	for (size_t k = 0; k < 2; k++) {
		refuse(3, errs[k]);
		begin();
		assert_int_equal(answered(&code), -1);
		assert_int_equal(wait_for_answer(&code), BOARD_ANSWER_YES);
		assert_int_equal(refusals, 0);
	}
	close(fd);
}

static void what_the_machine_refuses_all_the_time_says_nothing(void **state)
{
	const int errs[] = { EAGAIN, EINTR };
	int code;

	check_tcp(*state, 9);
	for (size_t k = 0; k < 2; k++) {
		refuse(-1, errs[k]);
		begin();
		assert_int_equal(wait_for_answer(&code), BOARD_ANSWER_SKIPPED);
		assert_int_equal(code, errs[k]);
	}
	close(serve_unix(*state, 5));
	refuse(-1, EINTR);
	begin();
	assert_int_equal(wait_for_answer(&code), BOARD_ANSWER_SKIPPED);
}

static void full_backlog_is_waited_for_and_then_timed_out(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = serve_unix(*state, 0), code, waiting;
	struct fixture *f = *state;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", f->directory);
	waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(waiting, (struct sockaddr *)&at, sizeof(at)),
			 0);
	begin();
	assert_int_equal(answered(&code), -1);
	assert_int_equal(wait_for_answer(&code), BOARD_ANSWER_TIMEOUT);
	begin();
	assert_int_equal(answered(&code), -1);
	close(accept(fd, NULL, NULL));
	assert_int_equal(wait_for_answer(&code), BOARD_ANSWER_YES);
	close(waiting);
	close(fd);
}

static void refusal_of_the_service_is_its_failure(void **state)
{
	int code;

	close(serve_unix(*state, 0));
	begin();
	assert_int_equal(wait_for_answer(&code), BOARD_ANSWER_ERROR);
	assert_int_equal(code, ECONNREFUSED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(refused_for_now_is_tried_again),
		TEST(what_the_machine_refuses_all_the_time_says_nothing),
		TEST(full_backlog_is_waited_for_and_then_timed_out),
		TEST(refusal_of_the_service_is_its_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
