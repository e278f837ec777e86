/* SPDX-License-Identifier: ISC */
/* A configuration made by hand, the boards, and helpers in processes of their
 * own, for the tests of init/board and of the helpers. Every wait is bounded;
 * processes are ended by their pid. */
#ifndef TESTS_UNIT_BOARD_FIXTURE_H
#define TESTS_UNIT_BOARD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init/board/board.h"
#include "init/helper/helper.h"
#include "init/kernel/clock.h"
#include "policy/life.h"

enum {
	FIXTURE_SERVICES = 3,
	FIXTURE_TEXT = 8192,
	FIXTURE_TAIL = 4, /* tail_lines of each service */
	FIXTURE_WAIT_MS = 10000, /* longest wait for a condition */
};

struct fixture {
	struct config *config;
	struct boards boards;
	char directory[64]; /* fresh, removed at the end */
	int wake[BOARD_HELPERS], notify;
	int pipes[2 * FIXTURE_SERVICES]; /* read ends; -1 none */
	uint32_t text_used;
};

static inline struct config_service *fixture_service(struct fixture *f,
						     uint32_t i)
{
	return (struct config_service *)(void *)((char *)f->config +
						 f->config->services_at) + i;
}

static inline config_text fixture_text(struct fixture *f, const char *text)
{
	uint32_t at = f->text_used;
	size_t size = strlen(text) + 1;

	assert_true(at + size <= FIXTURE_TEXT);
	memcpy((char *)f->config + f->config->text_at + at, text, size);
	f->text_used += (uint32_t)size;
	return at;
}

/* Services web, db and job with the defaults of DESIGN. */
static inline void fixture_make_config(struct fixture *f)
{
	static const char *const names[FIXTURE_SERVICES] = { "web", "db",
							     "job" };
	uint32_t rows = FIXTURE_SERVICES * sizeof(struct config_service);
	uint32_t at = (sizeof(struct config) + 15) / 16 * 16;
	uint32_t size = at + rows + FIXTURE_TEXT;
	struct config *c = calloc(1, size);

	assert_non_null(c);
	f->config = c;
	f->text_used = 1;
	c->size = size;
	c->services = FIXTURE_SERVICES;
	c->services_at = at;
	c->text_at = at + rows;
	c->text = FIXTURE_TEXT;
	c->headroom = -1;
	c->shutdown_needs_ms = 9500;
	c->shutdown_timeout_ms = 9500;
	c->restart_rate = (struct budget_policy){ 1000, 5, 20 };
	c->is_diagnostics_written = true;
	c->log_level = CONFIG_DEBUG;
	c->tails = FIXTURE_SERVICES * FIXTURE_TAIL;
	for (uint32_t i = 0; i < c->services; i++) {
		struct config_service *s = fixture_service(f, i);

		s->name = fixture_text(f, names[i]);
		s->breaker = (struct breaker_policy){
			.window = { { 15000, 3 }, { 600000, 10 } },
			.windows = 2,
			.cooldown_min_ms = 10000,
			.cooldown_max_ms = 300000,
		};
		s->dampen = (struct backoff_policy){ 250, 30000 };
		s->stable_ms = 60000;
		s->is_autostart = true;
		s->fingerprint = 0x1234567890abcdefu + i;
		s->argv.at = fixture_text(f, "sh");
		s->argv.count = 1;
		s->path = fixture_text(f, "/nowhere:/usr/bin:/bin");
		s->file = fixture_text(f, "/etc/dashpot.ini");
		s->line = i + 1;
		s->tail_lines = FIXTURE_TAIL;
		s->tail_first = i * FIXTURE_TAIL;
	}
	c->diagnostics = fixture_text(f, f->directory);
}

/* The head as PID 1 would fill it at start. */
static inline void fixture_begin_board(struct fixture *f)
{
	struct board *b = f->boards.board;

	board_head_begin(b);
	b->services = f->config->services;
	b->phase = BOARD_UP;
	b->is_pid1 = true;
	b->pid = getpid();
	b->exit_code = -1;
	b->exit_service = -1;
	b->began_ms = clock_mono_ms();
	b->began_wall_ms = clock_wall_ms();
	b->tokens = 20;
	board_head_end(b);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	sigset_t pipe;

	assert_non_null(f);
	sigemptyset(&pipe); /* PID 1 has every signal blocked */
	sigaddset(&pipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe, NULL);
	snprintf(f->directory, sizeof(f->directory), "/tmp/dashpot-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	fixture_make_config(f);
	assert_int_equal(boards_create(&f->boards), 0);
	fixture_begin_board(f);
	for (int i = 0; i < 2 * FIXTURE_SERVICES; i++)
		f->pipes[i] = -1;
	for (int i = 0; i < BOARD_HELPERS; i++) {
		f->wake[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_true(f->wake[i] >= 0);
	}
	f->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(f->notify >= 0);
	*state = f;
	return 0;
}

static inline void fixture_system(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	fixture_system("rm -rf %s %s.moved", f->directory, f->directory);
	munmap(f->boards.board, sizeof(*f->boards.board));
	munmap(f->boards.restore, sizeof(*f->boards.restore));
	munmap(f->boards.exe, sizeof(*f->boards.exe));
	munmap(f->boards.relay, f->boards.lines_size);
	munmap(f->boards.files, f->boards.lines_size);
	close(f->boards.board_fd);
	close(f->boards.restore_fd);
	close(f->boards.exe_fd);
	close(f->boards.relay_fd);
	close(f->boards.files_fd);
	for (int i = 0; i < BOARD_HELPERS; i++)
		close(f->wake[i]);
	close(f->notify);
	free(f->config);
	free(f);
	return 0;
}

/* For a helper's name in ps; set by a main() that tests it. */
static char **fixture_argv;

/* Fork a helper. error_fd >= 0 becomes its stderr. */
static inline pid_t fixture_fork(struct fixture *f, enum board_helper_kind kind,
				 int error_fd)
{
	struct helper_job job = {
		.kind = kind,
		.config = f->config,
		.boards = f->boards,
		.pipes = f->pipes,
		.wake_fd = f->wake[kind],
		.notify_fd = f->notify,
		.argv = fixture_argv,
	};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (error_fd >= 0)
		dup2(error_fd, STDERR_FILENO);
	helper_run(&job, helper_mains[job.kind]);
}

static inline void fixture_wake(struct fixture *f, enum board_helper_kind kind)
{
	const uint64_t one = 1;

	assert_int_equal(write(f->wake[kind], &one, sizeof(one)),
			 sizeof(one));
}

/* What PID 1 does when anything changed. Returns the new generation. */
static inline uint64_t fixture_publish(struct fixture *f)
{
	struct board *b = f->boards.board;
	uint64_t generation;

	board_head_begin(b);
	b->now_ms = clock_mono_ms();
	b->now_wall_ms = clock_wall_ms();
	board_head_end(b);
	generation = atomic_fetch_add(&b->generation, 1) + 1;
	fixture_wake(f, BOARD_RECORDER);
	fixture_wake(f, BOARD_RELAY);
	return generation;
}

static inline void fixture_sleep(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* Wait until `condition` holds, looking every 2 ms; fail when it does not. */
#define FIXTURE_WAIT(condition)                                             \
	do {                                                                \
		int64_t end_ms = clock_mono_ms() + FIXTURE_WAIT_MS;        \
		bool is_held;                                               \
		while (!(is_held = (condition)) &&                          \
		       clock_mono_ms() < end_ms)                           \
			fixture_sleep(2);                                   \
		if (!is_held)                                               \
			fail_msg("in vain waited for: %s", #condition);     \
	} while (0)

static inline bool fixture_is_written(const struct fixture *f, uint64_t n)
{
	return atomic_load(&f->boards.restore->written) >= n;
}

/* The wait status of a helper that ends by itself within the bound. */
static inline int fixture_reap(pid_t pid)
{
	int status = -1;
	pid_t got = 0;

	FIXTURE_WAIT(got == pid || (got = waitpid(pid, &status, WNOHANG)) != 0);
	assert_int_equal(got, pid);
	return status;
}

static inline void fixture_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	fixture_reap(pid);
}

/* Say EXITING and wait for the helper's own end; its exit code. */
static inline int fixture_finish(struct fixture *f, pid_t pid)
{
	int status;

	board_head_begin(f->boards.board);
	f->boards.board->phase = BOARD_EXITING;
	board_head_end(f->boards.board);
	fixture_publish(f);
	status = fixture_reap(pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The text of a file; free() it. NULL when it is not there. */
static inline char *fixture_read(const char *directory, const char *name)
{
	char path[256];
	char *text;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	n = fread(text, 1, (1 << 20) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

/* Validate what is in a directory against the schemas in docs/; does nothing
 * where Python's jsonschema is missing. Tests run in the repository's root. */
static inline void fixture_validate(const char *directory)
{
	fixture_system("python3 -c 'import jsonschema' 2>/dev/null || exit 0; "
		       "python3 tests/lib/validate.py docs %s",
		       directory);
}

#endif
