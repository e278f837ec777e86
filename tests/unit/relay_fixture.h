/* SPDX-License-Identifier: ISC */
/* A log relay between pipes of the test: what services print goes in, what
 * dashpot prints comes out. Pipes are like those of PID 1: made before the
 * relay, read ends kept by the test, so that a relay can be ended and followed
 * by another one. */
#ifndef TESTS_UNIT_RELAY_FIXTURE_H
#define TESTS_UNIT_RELAY_FIXTURE_H

#include "board_fixture.h"

enum {
	STREAMS = 2 * FIXTURE_SERVICES,
	CARRIED = 16 << 20, /* most bytes that come out of one output */
};

/* What came out of dashpot's stdout (0) or stderr (1). */
struct outlet {
	int out, in;
	char *text;
	size_t used;
};

static struct outlet outlets[2];
static int inlet[STREAMS]; /* write ends; -1 */
static pid_t relay_pid;

static inline void inlet_open(struct fixture *f, uint32_t k)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	f->pipes[k] = ends[0];
	inlet[k] = ends[1];
}

static inline void inlet_close(uint32_t k)
{
	if (inlet[k] >= 0)
		close(inlet[k]);
	inlet[k] = -1;
}

static inline struct config_stream *stream_of(struct fixture *f, uint32_t k)
{
	struct config_service *s = fixture_service(f, k / 2);

	return k % 2 == 0 ? &s->out : &s->err;
}

static inline int carry_setup(void **state)
{
	struct fixture *f;

	if (fixture_setup(state) != 0)
		return 1;
	f = *state;
	for (uint32_t k = 0; k < STREAMS; k++) {
		*stream_of(f, k) = (struct config_stream){
			.output = CONFIG_RELAY, .fd = (uint8_t)(1 + k % 2) };
		inlet_open(f, k);
	}
	for (int i = 0; i < 2; i++) {
		int ends[2];

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
		outlets[i] = (struct outlet){ ends[0], ends[1],
					      malloc(CARRIED + 1), 0 };
		assert_non_null(outlets[i].text);
		outlets[i].text[0] = '\0';
	}
	relay_pid = 0;
	return 0;
}

static inline int carry_teardown(void **state)
{
	struct fixture *f = *state;

	if (relay_pid > 0) {
		kill(relay_pid, SIGKILL);
		waitpid(relay_pid, NULL, 0);
	}
	for (uint32_t k = 0; k < STREAMS; k++) {
		inlet_close(k);
		close(f->pipes[k]);
	}
	for (int i = 0; i < 2; i++) {
		close(outlets[i].out);
		close(outlets[i].in);
		free(outlets[i].text);
	}
	return fixture_teardown(state);
}

static inline void carry_start_kind(struct fixture *f,
				    enum board_helper_kind kind)
{
	fflush(stdout);
	relay_pid = fork();
	assert_true(relay_pid >= 0);
	if (relay_pid == 0) {
		struct helper_job job = {
			.kind = kind,
			.config = f->config,
			.boards = f->boards,
			.pipes = f->pipes,
			.wake_fd = f->wake[kind],
			.notify_fd = f->notify,
		};

		dup2(outlets[0].in, STDOUT_FILENO);
		dup2(outlets[1].in, STDERR_FILENO);
		helper_run(&job, helper_mains[job.kind]);
	}
}

static inline void carry_start(struct fixture *f)
{
	carry_start_kind(f, BOARD_RELAY);
}

/* End the relay by a signal; its wait status. */
static inline int carry_end(int number)
{
	pid_t pid = relay_pid;

	relay_pid = 0;
	kill(pid, number);
	return fixture_reap(pid);
}

static inline void put(uint32_t k, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(inlet[k], text, length);

		assert_true(n > 0);
		text += n;
		length -= (size_t)n;
	}
}

static inline void put_text(uint32_t k, const char *text)
{
	put(k, text, strlen(text));
}

/* Everything that has come out of an output by now, with a NUL. */
static inline const char *got(int i)
{
	struct outlet *o = &outlets[i];
	ssize_t n;

	while ((n = read(o->out, o->text + o->used, CARRIED - o->used)) > 0)
		o->used += (size_t)n;
	o->text[o->used] = '\0';
	return o->text;
}

static inline bool has_got(int i, const char *text)
{
	return strcmp(got(i), text) == 0;
}

/* Say EXITING; the relay ends by itself, while what it prints is read. */
static inline void carry_finish(struct fixture *f)
{
	int status = -1;

	board_head_begin(f->boards.board);
	f->boards.board->phase = BOARD_EXITING;
	board_head_end(f->boards.board);
	fixture_publish(f);
	fixture_wake(f, BOARD_FILES);
	FIXTURE_WAIT((got(0), got(1), waitpid(relay_pid, &status, WNOHANG)) ==
		     relay_pid);
	relay_pid = 0;
	got(0);
	got(1);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* How many news of this kind a helper has sent, and the last one of them. */
static inline unsigned count_news(const struct board_lines *b, unsigned kind,
				  struct news_item *last)
{
	unsigned n = 0;

	for (uint64_t k = 1; k <= atomic_load(&b->news.count); k++) {
		struct news_item item;

		if (!news_read(&b->news, k, &item) || item.kind != kind)
			continue;
		n++;
		if (last != NULL)
			*last = item;
	}
	return n;
}

#endif
