/* SPDX-License-Identifier: ISC */
/* The board's memory and its sequence locks.
 *
 * Each board is a memfd with exactly one writer. Everybody else's mapping
 * comes from a descriptor that cannot be made writable: mprotect(2) refuses
 * there, whereas it would undo PROT_READ on a mapping that was inherited.
 * Nothing here allocates, formats or blocks. */
#include "init/board/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"
#include "init/lib/format.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

const char *board_step_word(unsigned step)
{
	static const char *const words[BOARD_STEPS] = {
		[BOARD_STEP_NONE] = "none",
		[BOARD_STEP_CLONE] = "clone",
		[BOARD_STEP_SETSID] = "setsid",
		[BOARD_STEP_STDIN] = "stdin",
		[BOARD_STEP_STDOUT] = "stdout",
		[BOARD_STEP_STDERR] = "stderr",
		[BOARD_STEP_LIMIT] = "limit",
		[BOARD_STEP_NICE] = "nice",
		[BOARD_STEP_OOM_SCORE] = "oom_score_adj",
		[BOARD_STEP_GROUPS] = "groups",
		[BOARD_STEP_GID] = "group",
		[BOARD_STEP_UID] = "user",
		[BOARD_STEP_DIRECTORY] = "directory",
		[BOARD_STEP_NO_NEW_PRIVS] = "no_new_privileges",
		[BOARD_STEP_HEADROOM] = "headroom",
		[BOARD_STEP_EXEC] = "exec",
		[BOARD_STEP_INTERPRETER] = "interpreter",
		[BOARD_STEP_CAPABILITIES] = "capabilities",
		[BOARD_STEP_BOUNDING] = "bounding_set",
		[BOARD_STEP_AMBIENT] = "ambient_set",
		[BOARD_STEP_CGROUP] = "cgroup",
		[BOARD_STEP_LIMIT_TASKS] = "limit.tasks",
		[BOARD_STEP_LIMIT_MEMORY] = "limit.memory",
		[BOARD_STEP_READY] = "ready",
	};

	return step < BOARD_STEPS ? words[step] : "unknown";
}

const char *board_helper_word(unsigned kind)
{
	static const char *const words[BOARD_HELPERS] = {
		[BOARD_RECORDER] = "recorder",
		[BOARD_RELAY] = "relay",
		[BOARD_FILES] = "files",
		[BOARD_CONTROL] = "control",
		[BOARD_INSPECTOR] = "inspector",
		[BOARD_PROBER] = "prober",
	};

	return kind < BOARD_HELPERS ? words[kind] : "unknown";
}

/* The descriptor of a new memfd of that size, or -errno. */
static int make_memfd(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING |
				    MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* A second, read-only description of the same file, or -errno. */
static int reopen_read_only(int fd)
{
	char path[32];
	int again;

	format(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

/* Map size bytes of fd into *at; NULL there on failure. 0, or -errno. */
static int map(void **at, int fd, size_t size, int protection)
{
	void *m = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	*at = m == MAP_FAILED ? NULL : m;
	return m == MAP_FAILED ? -errno : 0;
}

static void unmap(void *at, size_t size)
{
	if (at != NULL)
		munmap(at, size);
}

/* Make PID 1's own board: *fd can only be mapped read-only afterwards. */
static int make_own(void **at, int *fd, size_t size)
{
	int err;

	*fd = make_memfd("dashpot-board", size);
	if (*fd < 0)
		return *fd;
	err = map(at, *fd, size, PROT_READ | PROT_WRITE);
	if (err < 0)
		return err;
	if (descriptors_control(*fd, F_ADD_SEALS,
				F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -errno;
	if (descriptors_control(*fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0) {
		int again = reopen_read_only(*fd);

		if (again < 0)
			return again;
		close(*fd);
		*fd = again;
	}
	return 0;
}

/* Make a helper's board: *fd stays writable for the helper that owns it, the
 * mapping (PID 1's, and what other helpers inherit of it) never is. */
static int make_theirs(void **at, int *fd, const char *name, size_t size)
{
	int reader, err;

	*fd = make_memfd(name, size);
	if (*fd < 0)
		return *fd;
	if (descriptors_control(*fd, F_ADD_SEALS,
				F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -errno;
	reader = reopen_read_only(*fd);
	err = map(at, reader < 0 ? *fd : reader, size, PROT_READ);
	if (reader >= 0)
		close(reader);
	return err;
}

/* The boards that PID 1 does not write, with the mapping of each. */
struct theirs {
	void **at;
	int *fd;
	size_t size;
	enum board_helper_kind writer; /* BOARD_HELPERS: the loader */
};

enum { THEIRS = 7 };

/* A mapping as the generic pointer that map() and unmap() take. */
#define AT(member) ((void **)(void *)&(member))

static void list_theirs(struct boards *b, struct theirs list[THEIRS])
{
	const struct theirs all[THEIRS] = {
		{ AT(b->restore), &b->restore_fd, sizeof(*b->restore),
		  BOARD_RECORDER },
		{ AT(b->exe), &b->exe_fd, sizeof(*b->exe), BOARD_INSPECTOR },
		{ AT(b->relay), &b->relay_fd, b->lines_size, BOARD_RELAY },
		{ AT(b->files), &b->files_fd, b->lines_size, BOARD_FILES },
		{ AT(b->mistakes), &b->mistakes_fd, sizeof(*b->mistakes),
		  BOARD_HELPERS },
		{ AT(b->notices), &b->notices_fd, sizeof(*b->notices),
		  BOARD_PROBER },
		{ AT(b->control), &b->control_fd, sizeof(*b->control),
		  BOARD_CONTROL },
	};

	memcpy(list, all, sizeof(all));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int boards_create(struct boards *b)
{
	struct theirs theirs[THEIRS];
	int err;

	*b = (struct boards){ .board_fd = -1, .restore_fd = -1,
			      .exe_fd = -1, .relay_fd = -1, .files_fd = -1,
			      .mistakes_fd = -1, .notices_fd = -1,
			      .control_fd = -1,
			      .lines_size = lines_size() };
	list_theirs(b, theirs);
	err = make_own(AT(b->board), &b->board_fd, sizeof(*b->board));
	for (int k = 0; k < THEIRS && err >= 0; k++)
		err = make_theirs(theirs[k].at, theirs[k].fd,
				  theirs[k].writer == BOARD_HELPERS ?
					  "mistakes" :
					  board_helper_word(theirs[k].writer),
				  theirs[k].size);
	if (err >= 0)
		return 0;
	unmap(b->board, sizeof(*b->board));
	close_fd(&b->board_fd);
	for (int k = 0; k < THEIRS; k++) {
		unmap(*theirs[k].at, theirs[k].size);
		close_fd(theirs[k].fd);
		*theirs[k].at = NULL;
	}
	b->board = NULL;
	return err;
}

/* True when that helper reads the board of `writer`. */
static bool is_reader(enum board_helper_kind kind,
		      enum board_helper_kind writer)
{
	return kind == BOARD_RECORDER || kind == BOARD_CONTROL ||
	       (kind == BOARD_RELAY && writer == BOARD_FILES);
}

int boards_enter(struct boards *b, enum board_helper_kind kind)
{
	struct theirs theirs[THEIRS];
	void *fresh;
	int err = 0;

	list_theirs(b, theirs);
	if (kind != BOARD_INSPECTOR)
		err = map(&fresh, b->board_fd, sizeof(*b->board), PROT_READ);
	else
		fresh = NULL;
	if (err < 0)
		return err;
	unmap(b->board, sizeof(*b->board));
	b->board = fresh;
	close_fd(&b->board_fd);
	for (int k = 0; k < THEIRS; k++) {
		if (theirs[k].writer == kind) {
			err = map(&fresh, *theirs[k].fd, theirs[k].size,
				  PROT_READ | PROT_WRITE);
			if (err < 0)
				return err;
			unmap(*theirs[k].at, theirs[k].size);
			*theirs[k].at = fresh;
		} else if (!is_reader(kind, theirs[k].writer)) {
			unmap(*theirs[k].at, theirs[k].size);
			*theirs[k].at = NULL;
		}
		close_fd(theirs[k].fd);
	}
	return 0;
}

/* A sequence lock: odd while its one writer writes. The release fence keeps
 * the data behind the odd number, the release store keeps the data before the
 * even one; the reader's acquire load and fence are their mirror image. The
 * copy between them may race and is thrown away when it did. */
static void seq_begin(atomic_uint *seq)
{
	unsigned now = atomic_load_explicit(seq, memory_order_relaxed);

	atomic_store_explicit(seq, now + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void seq_end(atomic_uint *seq)
{
	unsigned now = atomic_load_explicit(seq, memory_order_relaxed);

	atomic_store_explicit(seq, now + 1, memory_order_release);
}

static unsigned seq_read(const atomic_uint *seq)
{
	return atomic_load_explicit(seq, memory_order_acquire);
}

/* True when the number is still `before` and was even. */
static bool seq_held(const atomic_uint *seq, unsigned before)
{
	atomic_thread_fence(memory_order_acquire);
	return before % 2 == 0 &&
	       atomic_load_explicit(seq, memory_order_relaxed) == before;
}

void board_row_begin(struct board_service *row)
{
	seq_begin(&row->seq);
}

void board_row_end(struct board_service *row)
{
	seq_end(&row->seq);
}

void board_head_begin(struct board *b)
{
	seq_begin(&b->seq);
}

void board_head_end(struct board *b)
{
	seq_end(&b->seq);
}

void board_event(struct board *b, enum board_event_kind kind, int service,
		 int64_t mono_ms, int64_t wall_ms, const int64_t n[8])
{
	unsigned long long number =
		atomic_load_explicit(&b->events, memory_order_relaxed) + 1;
	struct board_event *e = &b->event[(number - 1) % BOARD_EVENTS];

	atomic_store_explicit(&e->number, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	e->mono_ms = mono_ms;
	e->wall_ms = wall_ms;
	e->kind = (uint16_t)kind;
	e->service = (int16_t)service;
	memset(e->n, 0, sizeof(e->n));
	if (n != NULL)
		memcpy(e->n, n, sizeof(e->n));
	atomic_store_explicit(&e->number, number, memory_order_release);
	atomic_store_explicit(&b->events, number, memory_order_release);
}

void board_notice_write(struct board_notice *to, const struct board_notice *n)
{
	seq_begin(&to->seq);
	to->is_reloading = n->is_reloading;
	to->run = n->run;
	to->session = n->session;
	memcpy(to->text, n->text, sizeof(to->text));
	seq_end(&to->seq);
}

bool board_notice_read(const struct board_notice *n, struct board_notice *copy)
{
	for (int i = 0; i < BOARD_TRIES; i++) {
		unsigned seq = seq_read(&n->seq);

		copy->is_reloading = n->is_reloading;
		copy->run = n->run;
		copy->session = n->session;
		memcpy(copy->text, n->text, sizeof(copy->text));
		copy->text[BOARD_STATUS - 1] = '\0';
		if (seq_held(&n->seq, seq))
			return true;
	}
	return false;
}

/* Copy the bytes [from, to) of one struct into another of its kind. */
static void copy_part(void *to_struct, const void *from_struct, size_t from,
		      size_t to)
{
	memcpy((char *)to_struct + from, (const char *)from_struct + from,
	       to - from);
}

bool board_row_read(const struct board_service *row,
		    struct board_service *copy)
{
	enum { ENDS_AT = offsetof(struct board_service, ends) };

	for (int i = 0; i < BOARD_TRIES; i++) {
		unsigned seq = seq_read(&row->seq);
		uint64_t ends;

		copy_part(copy, row, offsetof(struct board_service, state),
			  ENDS_AT);
		ends = copy->ends_count < BOARD_ENDS ? copy->ends_count
						     : BOARD_ENDS;
		memcpy(copy->ends, row->ends,
		       (size_t)ends * sizeof(copy->ends[0]));
		if (seq_held(&row->seq, seq)) {
			memset(copy->ends + ends, 0,
			       (BOARD_ENDS - (size_t)ends) *
			       sizeof(copy->ends[0]));
			return true;
		}
	}
	return false;
}

bool board_head_read(const struct board *b, struct board *copy)
{
	for (int i = 0; i < BOARD_TRIES; i++) {
		unsigned seq = seq_read(&b->seq);

		copy_part(copy, b, offsetof(struct board, services),
			  offsetof(struct board, generation));
		if (seq_held(&b->seq, seq))
			return true;
	}
	return false;
}

bool board_event_read(const struct board *b, uint64_t n,
		      struct board_event *copy)
{
	const struct board_event *e = &b->event[(n - 1) % BOARD_EVENTS];

	if (n == 0 || atomic_load_explicit(&e->number,
					   memory_order_acquire) != n)
		return false;
	copy_part(copy, e, offsetof(struct board_event, mono_ms), sizeof(*e));
	atomic_store_explicit(&copy->number, n, memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&e->number, memory_order_relaxed) == n;
}
