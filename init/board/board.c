/* SPDX-License-Identifier: ISC */
/* The boards' sequence locks. Nothing here allocates, formats or blocks, and
 * nothing is a system call. */
#include "init/board/board.h"

#include <stddef.h>
#include <string.h>

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

uint64_t board_event_next(const struct board *b, uint64_t after)
{
	uint64_t events = board_events(b);
	uint64_t first = events > BOARD_EVENTS ? events - BOARD_EVENTS + 1 : 1;

	return first <= after + 1 ? after + 2 : first;
}
