/* SPDX-License-Identifier: ISC */
/* The control helper in a process of its own; the test is PID 1 and all of its
 * clients. Every wait is bounded. */
#ifndef TESTS_UNIT_CONTROL_FIXTURE_H
#define TESTS_UNIT_CONTROL_FIXTURE_H

#include "board_fixture.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "init/board/command_protocol.h"
#include "init/control/client.h"

enum { STAGE_ANSWER = 1 << 20 };

struct stage {
	struct fixture *f;
	struct helper_job job;
	struct sockaddr_un at;
	int command_fd; /* PID 1's end */
	pid_t pid;
	uint64_t troubles; /* that PID 1 was told */
	int port;
	char answer[STAGE_ANSWER];
};

static struct stage stage;

static inline void start(void)
{
	stage.pid = fork();
	assert_true(stage.pid >= 0);
	if (stage.pid == 0)
		helper_run(&stage.job, control_main);
}

/* A port that was free a moment ago. */
static inline int free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static inline int setup(void **state)
{
	int pair[2];
	char text[128];
	struct fixture *f;

	fixture_setup(state);
	f = stage.f = *state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    pair), 0);
	stage.command_fd = pair[0];
	fixture_service(f, 2)->type = CONFIG_ONESHOT;
	snprintf(text, sizeof(text), "%s/ctl.sock", f->directory);
	f->config->control = fixture_text(f, text);
	stage.at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(stage.at.sun_path, text);
	stage.port = free_port();
	snprintf(text, sizeof(text), "127.0.0.1:%d", stage.port);
	f->config->listen = fixture_text(f, text);
	stage.job = (struct helper_job){
		.kind = BOARD_CONTROL,
		.config = f->config,
		.boards = f->boards,
		.pipes = f->pipes,
		.wake_fd = f->wake[BOARD_CONTROL],
		.notify_fd = f->notify,
		.command_fd = pair[1],
		.listen_fd = socket(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0),
		.near_fd = -1, /* other tests look at that name */
	};
	stage.pid = 0;
	stage.troubles = 0;
	return 0;
}

static inline int teardown(void **state)
{
	if (stage.pid > 0)
		fixture_kill(stage.pid);
	close(stage.command_fd);
	close(stage.job.command_fd);
	close(stage.job.listen_fd);
	if (stage.job.near_fd >= 0)
		close(stage.job.near_fd);
	return fixture_teardown(state);
}

static inline int connect_once(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&stage.at, sizeof(stage.at)) == 0)
		return fd;
	close(fd);
	return -1;
}

static inline int dial(void)
{
	int fd = -1;

	FIXTURE_WAIT((fd = connect_once()) >= 0);
	return fd;
}

static inline int dial_http(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons((uint16_t)stage.port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	close(dial()); /* it is bound then */
	FIXTURE_WAIT(connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 strlen(text));
}

/* Read until the end, or (lines > 0) so many lines. */
static inline const char *hear_lines(int fd, int lines)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	for (;;) {
		ssize_t got;

		assert_int_equal(poll(&p, 1, FIXTURE_WAIT_MS), 1);
		got = recv(fd, stage.answer + n, lines > 0 ? 1 : STAGE_ANSWER - 1 - n,
			   0);
		if (got <= 0)
			break;
		n += (size_t)got;
		if (lines > 0 && stage.answer[n - 1] == '\n' && --lines == 0)
			break;
	}
	stage.answer[n] = '\0';
	return stage.answer;
}

/* The whole answer of a request. */
static inline const char *ask(const char *line)
{
	int fd = dial();

	say(fd, line);
	say(fd, "\n");
	hear_lines(fd, 0);
	close(fd);
	return stage.answer;
}

static inline void assert_has(const char *text)
{
	if (strstr(stage.answer, text) == NULL)
		fail_msg("no %s in %s", text, stage.answer);
}

static inline void assert_ends(const char *text)
{
	size_t n = strlen(stage.answer), m = strlen(text);

	if (n < m || strcmp(stage.answer + n - m, text) != 0)
		fail_msg("%s does not end with %s", stage.answer, text);
}

static inline void set_state(uint32_t i, enum life_state state)
{
	struct board_service *row = &stage.f->boards.board->service[i];

	board_row_begin(row);
	row->state = (uint8_t)state;
	row->pid = life_is_up(state) ? 4711 : 0;
	row->on = -1;
	row->starts = 1;
	board_row_end(row);
}

/* PID 1 publishes. */
static inline void publish(void)
{
	fixture_publish(stage.f);
	fixture_wake(stage.f, BOARD_CONTROL);
}

static inline void run_all(void)
{
	set_state(0, LIFE_RUNNING);
	set_state(1, LIFE_RUNNING);
	set_state(2, LIFE_DONE);
	publish();
}

/* The next command that PID 1 gets. */
static inline struct command take_command(void)
{
	struct pollfd p = { .fd = stage.command_fd, .events = POLLIN };
	struct command command;

	assert_int_equal(poll(&p, 1, FIXTURE_WAIT_MS), 1);
	assert_int_equal(recv(stage.command_fd, &command, sizeof(command), 0),
			 sizeof(command));
	return command;
}

static inline struct command_answer accept_command(const struct command *command)
{
	struct board *b = stage.f->boards.board;

	return (struct command_answer){
		.id = command->id,
		.events = atomic_load(&b->events),
		.generation = atomic_load(&b->generation),
	};
}

static inline void send_answer(const struct command_answer *answer)
{
	assert_int_equal(send(stage.command_fd, answer, sizeof(*answer), 0),
			 sizeof(*answer));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
