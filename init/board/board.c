/* SPDX-License-Identifier: ISC */
/* Which board each helper writes and reads, and the boards' sequence locks.
 * Nothing here allocates, formats or blocks. */
#include "init/board/board.h"

#include <stddef.h>
#include <string.h>

#include "init/kernel/descriptors.h"
#include "init/kernel/shared_memory.h"

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

/* The boards that PID 1 does not write, with the mapping of each. */
struct theirs {
	void **at;
	int *fd;
	size_t size;
	enum board_helper_kind writer; /* BOARD_HELPERS: the loader */
};

enum { THEIRS = 7 };

/* A mapping as the generic pointer of shared_memory.h. */
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
	err = shared_memory_make_own(AT(b->board), &b->board_fd,
				     sizeof(*b->board));
	for (int k = 0; k < THEIRS && err >= 0; k++)
		err = shared_memory_make_foreign(
			theirs[k].at, theirs[k].fd,
			theirs[k].writer == BOARD_HELPERS
				? "mistakes"
				: board_helper_word(theirs[k].writer),
			theirs[k].size);
	if (err >= 0)
		return 0;
	shared_memory_leave(AT(b->board), sizeof(*b->board));
	descriptors_drop(&b->board_fd);
	for (int k = 0; k < THEIRS; k++) {
		shared_memory_leave(theirs[k].at, theirs[k].size);
		descriptors_drop(theirs[k].fd);
	}
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
	int err = 0;

	list_theirs(b, theirs);
	if (kind == BOARD_INSPECTOR)
		shared_memory_leave(AT(b->board), sizeof(*b->board));
	else
		err = shared_memory_enter(AT(b->board), b->board_fd,
					  sizeof(*b->board), false);
	descriptors_drop(&b->board_fd);
	for (int k = 0; k < THEIRS && err >= 0; k++) {
		if (theirs[k].writer == kind)
			err = shared_memory_enter(theirs[k].at, *theirs[k].fd,
						  theirs[k].size, true);
		else if (!is_reader(kind, theirs[k].writer))
			shared_memory_leave(theirs[k].at, theirs[k].size);
		descriptors_drop(theirs[k].fd);
	}
	return err;
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
