/* SPDX-License-Identifier: ISC */
/* init/board: one writer each, torn rows, overwritten events. */
#include "board_fixture.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Run `check` in a process of its own; it exits 0 when all is right. */
#define IN_CHILD(code)                                                      \
	do {                                                                \
		pid_t child = fork();                                       \
		int status;                                                 \
		assert_true(child >= 0);                                    \
		if (child == 0) {                                           \
			code;                                               \
			_exit(0);                                           \
		}                                                           \
		status = fixture_reap(child);                               \
		assert_true(WIFEXITED(status));                             \
		assert_int_equal(WEXITSTATUS(status), 0);                   \
	} while (0)

/* In a child: end with the line as the sign of what went wrong. */
#define MUST(condition)                                                     \
	do {                                                                \
		if (!(condition)) {                                         \
			fprintf(stderr, "line %d: %s\n", __LINE__,          \
				#condition);                                \
			_exit(1);                                           \
		}                                                           \
	} while (0)

static bool can_become_writable(void *at)
{
	return mprotect(at, 4096, PROT_READ | PROT_WRITE) == 0;
}

static blkcnt_t blocks(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_blocks;
}

/* Give the memory back; closing is the caller's. */
static void unmap_all(const struct boards *b)
{
	munmap(b->board, sizeof(*b->board));
	munmap(b->restore, sizeof(*b->restore));
	munmap(b->exe, sizeof(*b->exe));
	munmap(b->relay, b->lines_size);
	munmap(b->files, b->lines_size);
	munmap(b->mistakes, sizeof(*b->mistakes));
	munmap(b->notices, sizeof(*b->notices));
	munmap(b->control, sizeof(*b->control));
}

static void fresh_boards_own_no_page(void **state)
{
	struct boards b;

	assert_int_equal(boards_create(&b), 0);
	const int fds[] = { b.board_fd, b.restore_fd, b.exe_fd, b.relay_fd,
			    b.files_fd, b.mistakes_fd, b.notices_fd,
			    b.control_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		assert_int_equal(blocks(fds[i]), 0);
		close(fds[i]);
	}
	unmap_all(&b);
}

static void reading_a_row_without_ends_touches_its_head_only(void **state)
{
	struct fixture *f = *state;
	static struct board_service copy;
	blkcnt_t before = blocks(f->boards.board_fd);

	for (uint32_t i = 0; i < 10; i++)
		assert_true(board_row_read(&f->boards.board->service[i],
					   &copy));
	/* Ten rows lie on at most this many pages of eight blocks. */
	assert_true(blocks(f->boards.board_fd) - before <=
		    (blkcnt_t)(sizeof(copy) * 10 / 4096 + 2) * 8);
}

static void board_descriptor_allows_no_writable_mapping(void **state)
{
	struct fixture *f = *state;
	void *again = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			   f->boards.board_fd, 0);

	assert_true(again == MAP_FAILED);
	assert_true(write(f->boards.board_fd, "x", 1) < 0);
	assert_true(ftruncate(f->boards.board_fd, 0) < 0);
	assert_true(ftruncate(f->boards.restore_fd, 0) < 0);
	assert_true(ftruncate(f->boards.relay_fd, 0) < 0);
	assert_true(ftruncate(f->boards.files_fd, 0) < 0);
	assert_true(ftruncate(f->boards.mistakes_fd, 0) < 0);
}

static void mappings_of_helpers_boards_cannot_be_made_writable(void **state)
{
	struct fixture *f = *state;

	assert_false(can_become_writable(f->boards.restore));
	assert_false(can_become_writable(f->boards.exe));
	assert_false(can_become_writable(f->boards.relay));
	assert_false(can_become_writable(f->boards.files));
	assert_false(can_become_writable(f->boards.mistakes));
}

static void recorder_can_write_its_own_board_only(void **state)
{
	struct fixture *f = *state;

	IN_CHILD({
		struct boards b = f->boards;

		MUST(boards_enter(&b, BOARD_RECORDER) == 0);
		MUST(b.board != f->boards.board);
		MUST(!can_become_writable(b.board));
		MUST(!can_become_writable(b.exe));
		MUST(!can_become_writable(b.relay));
		MUST(!can_become_writable(b.files));
		MUST(!can_become_writable(b.mistakes));
		MUST(b.board_fd == -1 && b.restore_fd == -1);
		MUST(fcntl(f->boards.restore_fd, F_GETFD) < 0);
		MUST(fcntl(f->boards.relay_fd, F_GETFD) < 0);
		MUST(fcntl(f->boards.files_fd, F_GETFD) < 0);
		MUST(mprotect(f->boards.board, 4096, PROT_READ) < 0);
		b.restore->container_starts = 7;
		atomic_store(&b.restore->is_done, 1);
	});
	assert_int_equal(f->boards.restore->container_starts, 7);
}

static void restarted_recorder_can_write_again(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 1; i <= 3; i++) {
		IN_CHILD({
			struct boards b = f->boards;

			MUST(boards_enter(&b, BOARD_RECORDER) == 0);
			MUST(b.restore->container_starts == i - 1);
			b.restore->container_starts = i;
		});
		assert_int_equal(f->boards.restore->container_starts, i);
	}
}

static void relay_can_write_its_own_board_only(void **state)
{
	struct fixture *f = *state;

	IN_CHILD({
		struct boards b = f->boards;

		MUST(boards_enter(&b, BOARD_RELAY) == 0);
		MUST(!can_become_writable(b.board));
		MUST(!can_become_writable(b.files));
		MUST(b.restore == NULL && b.exe == NULL);
		MUST(mprotect(f->boards.restore, 4096, PROT_READ) < 0);
		atomic_store(&b.relay->printed, 9);
	});
	assert_int_equal(atomic_load(&f->boards.relay->printed), 9);
}

static void files_can_write_its_own_board_only(void **state)
{
	struct fixture *f = *state;

	IN_CHILD({
		struct boards b = f->boards;

		MUST(boards_enter(&b, BOARD_FILES) == 0);
		MUST(!can_become_writable(b.board));
		MUST(b.restore == NULL && b.exe == NULL && b.relay == NULL);
		/* Any other place may hold the fresh mapping by now. */
		MUST(mprotect(f->boards.files, 4096, PROT_READ) < 0);
		atomic_store(&b.files->printed, 9);
	});
	assert_int_equal(atomic_load(&f->boards.files->printed), 9);
	assert_int_equal(atomic_load(&f->boards.relay->printed), 0);
}

static void control_can_read_every_board_and_write_none(void **state)
{
	struct fixture *f = *state;

	IN_CHILD({
		struct boards b = f->boards;

		MUST(boards_enter(&b, BOARD_CONTROL) == 0);
		MUST(!can_become_writable(b.board));
		MUST(!can_become_writable(b.restore));
		MUST(!can_become_writable(b.exe));
		MUST(!can_become_writable(b.relay));
		MUST(!can_become_writable(b.files));
		MUST(b.board->services == FIXTURE_SERVICES);
		MUST(fcntl(f->boards.restore_fd, F_GETFD) < 0);
	});
}

static void inspector_can_write_its_own_board_only(void **state)
{
	struct fixture *f = *state;

	IN_CHILD({
		struct boards b = f->boards;

		MUST(boards_enter(&b, BOARD_INSPECTOR) == 0);
		MUST(b.board == NULL && b.restore == NULL);
		MUST(b.relay == NULL && b.files == NULL);
		MUST(mprotect(f->boards.board, 4096, PROT_READ) < 0);
		b.exe->service[3].size = 5;
	});
	assert_int_equal(f->boards.exe->service[3].size, 5);
}

static void creation_that_fails_leaves_nothing_open(void **state)
{
	struct rlimit old, low;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (int room = 0; room < 7; room++) {
		int first = dup(0), again;
		struct boards b;

		close(first);
		low = old;
		low.rlim_cur = (rlim_t)(first + room);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		b.board_fd = boards_create(&b) == 0 ? -2 : b.board_fd;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		if (b.board_fd == -2) { /* enough, without /proc/self/fd */
			assert_true(room >= 6);
			unmap_all(&b);
			for (int i = 0; i < room; i++)
				close(first + i);
			continue;
		}
		assert_int_equal(b.board_fd, -1);
		assert_null(b.board);
		again = dup(0);
		assert_int_equal(again, first);
		close(again);
	}
}

static void row_that_is_being_written_is_torn(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = &f->boards.board->service[0];
	static struct board_service copy;

	board_row_begin(row);
	row->pid = 12;
	assert_false(board_row_read(row, &copy));
	board_row_end(row);
	assert_true(board_row_read(row, &copy));
	assert_int_equal(copy.pid, 12);
}

static void head_that_is_being_written_is_torn(void **state)
{
	struct fixture *f = *state;
	static struct board copy;

	board_head_begin(f->boards.board);
	assert_false(board_head_read(f->boards.board, &copy));
	f->boards.board->reaped = 5;
	board_head_end(f->boards.board);
	assert_true(board_head_read(f->boards.board, &copy));
	assert_int_equal(copy.reaped, 5);
	assert_int_equal(copy.services, FIXTURE_SERVICES);
}

static void only_ends_that_exist_are_copied(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = &f->boards.board->service[0];
	static struct board_service copy;

	memset(copy.ends, 0xff, sizeof(copy.ends));
	for (uint64_t n = 1; n <= BOARD_ENDS + 3; n++) {
		board_row_begin(row);
		row->ends[(n - 1) % BOARD_ENDS].number = n;
		row->ends_count = n;
		board_row_end(row);
		assert_true(board_row_read(row, &copy));
		assert_int_equal(copy.ends[(n - 1) % BOARD_ENDS].number, n);
		for (uint64_t i = n; i < BOARD_ENDS; i++)
			assert_int_equal(copy.ends[i].number, 0);
	}
	assert_int_equal(copy.ends[0].number, BOARD_ENDS + 1);
	assert_int_equal(copy.ends[BOARD_ENDS - 1].number, BOARD_ENDS);
}

/* Writes rows in which every number is the same, without a pause. */
static void write_rows(struct board_service *row)
{
	for (int32_t n = 1;; n++) {
		board_row_begin(row);
		row->pid = n;
		row->starts = (uint64_t)n;
		row->ends_count = BOARD_ENDS;
		for (int i = 0; i < BOARD_ENDS; i++)
			row->ends[i].number = (uint64_t)n;
		board_row_end(row);
	}
}

static void rows_read_during_a_write_storm_are_whole_or_torn(void **state)
{
	struct fixture *f = *state;
	struct board_service *row = &f->boards.board->service[0];
	static struct board_service copy;
	int64_t end_ms = clock_mono_ms() + 300;
	unsigned whole = 0;
	pid_t writer = fork();

	assert_true(writer >= 0);
	if (writer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
		write_rows(row);
	}
	while (clock_mono_ms() < end_ms || whole == 0) {
		if (!board_row_read(row, &copy))
			continue;
		whole++;
		assert_int_equal(copy.starts, copy.pid);
		for (int i = 0; i < BOARD_ENDS && copy.pid != 0; i++)
			assert_int_equal(copy.ends[i].number, copy.pid);
	}
	fixture_kill(writer);
}

static void event_carries_its_arguments(void **state)
{
	struct fixture *f = *state;
	const int64_t n[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct board_event e;

	board_event(f->boards.board, BOARD_EV_ENDED, 2, 10, 20, n);
	board_event(f->boards.board, BOARD_EV_DONE, -1, 11, 21, NULL);
	assert_true(board_event_read(f->boards.board, 1, &e));
	assert_int_equal(e.kind, BOARD_EV_ENDED);
	assert_int_equal(e.service, 2);
	assert_int_equal(e.mono_ms, 10);
	assert_int_equal(e.wall_ms, 20);
	assert_memory_equal(e.n, n, sizeof(n));
	assert_true(board_event_read(f->boards.board, 2, &e));
	assert_int_equal(e.service, -1);
	assert_int_equal(e.n[7], 0);
}

static void events_that_do_not_exist_yet_are_not_read(void **state)
{
	struct fixture *f = *state;
	struct board_event e;

	assert_false(board_event_read(f->boards.board, 0, &e));
	assert_false(board_event_read(f->boards.board, 1, &e));
	assert_false(board_event_read(f->boards.board, UINT64_MAX, &e));
}

static void oldest_events_are_overwritten(void **state)
{
	struct fixture *f = *state;
	struct board_event e;

	for (int64_t i = 1; i <= BOARD_EVENTS + 10; i++) {
		const int64_t n[8] = { i };

		board_event(f->boards.board, BOARD_EV_READY, 0, i, i, n);
	}
	assert_false(board_event_read(f->boards.board, 10, &e));
	for (uint64_t i = 11; i <= BOARD_EVENTS + 10; i++) {
		assert_true(board_event_read(f->boards.board, i, &e));
		assert_int_equal(e.n[0], i);
	}
	assert_int_equal(atomic_load(&f->boards.board->events),
			 BOARD_EVENTS + 10);
}

static void event_that_is_being_overwritten_is_not_read(void **state)
{
	struct fixture *f = *state;
	struct board_event e;

	board_event(f->boards.board, BOARD_EV_DONE, 0, 1, 1, NULL);
	atomic_store(&f->boards.board->event[0].number, 0);
	assert_false(board_event_read(f->boards.board, 1, &e));
}

static void every_step_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BOARD_STEPS; i++) {
		assert_string_not_equal(board_step_word(i), "unknown");
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(board_step_word(i),
						board_step_word(k));
	}
	assert_string_equal(board_step_word(BOARD_STEPS), "unknown");
	assert_string_equal(board_step_word(~0u), "unknown");
}

#define WITH_BOARDS(test)                                                   \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_boards_own_no_page),
		WITH_BOARDS(reading_a_row_without_ends_touches_its_head_only),
		WITH_BOARDS(board_descriptor_allows_no_writable_mapping),
		WITH_BOARDS(mappings_of_helpers_boards_cannot_be_made_writable),
		WITH_BOARDS(recorder_can_write_its_own_board_only),
		WITH_BOARDS(restarted_recorder_can_write_again),
		WITH_BOARDS(relay_can_write_its_own_board_only),
		WITH_BOARDS(files_can_write_its_own_board_only),
		WITH_BOARDS(control_can_read_every_board_and_write_none),
		WITH_BOARDS(inspector_can_write_its_own_board_only),
		cmocka_unit_test(creation_that_fails_leaves_nothing_open),
		WITH_BOARDS(row_that_is_being_written_is_torn),
		WITH_BOARDS(head_that_is_being_written_is_torn),
		WITH_BOARDS(only_ends_that_exist_are_copied),
		WITH_BOARDS(rows_read_during_a_write_storm_are_whole_or_torn),
		WITH_BOARDS(event_carries_its_arguments),
		WITH_BOARDS(events_that_do_not_exist_yet_are_not_read),
		WITH_BOARDS(oldest_events_are_overwritten),
		WITH_BOARDS(event_that_is_being_overwritten_is_not_read),
		cmocka_unit_test(every_step_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
