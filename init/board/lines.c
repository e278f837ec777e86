/* SPDX-License-Identifier: ISC */
/* Where the parts of a board of lines are, and the sequence lock of a tail. */
#include "init/board/lines.h"

#include <string.h>

/* Offsets of the parts behind the head. */
struct parts {
	size_t streams, tails, lines, buffers, end;
};

static size_t behind(size_t at, size_t count, size_t each)
{
	const size_t align = 64;

	return (at + count * each + align - 1) / align * align;
}

static struct parts parts_of(const struct config *c)
{
	struct parts p;

	p.streams = behind(0, 1, sizeof(struct board_lines));
	p.tails = behind(p.streams, (size_t)2 * c->services,
			 sizeof(struct lines_stream));
	p.lines = behind(p.tails, c->services, sizeof(struct lines_tail));
	p.buffers = behind(p.lines, c->tails, sizeof(struct lines_line));
	p.end = behind(p.buffers, (size_t)2 * c->services, LINES_BUFFER);
	return p;
}

size_t lines_size(const struct config *c)
{
	return parts_of(c).end;
}

static void *at(const struct board_lines *b, size_t offset)
{
	return (char *)(uintptr_t)b + offset;
}

struct lines_stream *lines_stream(struct board_lines *b,
				  const struct config *c, uint32_t stream)
{
	return (struct lines_stream *)at(b, parts_of(c).streams) + stream;
}

char *lines_buffer(struct board_lines *b, const struct config *c,
		   uint32_t stream)
{
	return (char *)at(b, parts_of(c).buffers) +
	       (size_t)stream * LINES_BUFFER;
}

static struct lines_tail *tail_of(const struct board_lines *b,
				  const struct config *c, uint32_t i)
{
	return (struct lines_tail *)at(b, parts_of(c).tails) + i;
}

/* The slot of line n of service i; it has slots. */
static struct lines_line *slot_of(const struct board_lines *b,
				  const struct config *c, uint32_t i,
				  uint64_t n)
{
	const struct config_service *s = config_service(c, i);

	return (struct lines_line *)at(b, parts_of(c).lines) + s->tail_first +
	       (n - 1) % s->tail_lines;
}

uint64_t lines_count(const struct board_lines *b, const struct config *c,
		     uint32_t i)
{
	return atomic_load_explicit(&tail_of(b, c, i)->count,
				    memory_order_acquire);
}

bool lines_read(const struct board_lines *b, const struct config *c,
		uint32_t i, uint64_t n, struct lines_line *copy)
{
	const struct lines_tail *tail = tail_of(b, c, i);
	uint32_t most = config_service(c, i)->tail_lines;
	unsigned seq = atomic_load_explicit(&tail->seq, memory_order_acquire);
	uint64_t count = lines_count(b, c, i);
	const struct lines_line *slot;

	if (n == 0 || n > count || count - n >= most || seq % 2 != 0)
		return false;
	slot = slot_of(b, c, i, n);
	memcpy(copy, slot, offsetof(struct lines_line, text));
	if (copy->length > LINES_TEXT)
		return false;
	memcpy(copy->text, slot->text, copy->length);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&tail->seq, memory_order_relaxed) == seq;
}

void lines_append(struct board_lines *b, const struct config *c, uint32_t i,
		  const struct lines_line *line)
{
	struct lines_tail *tail;
	struct lines_line *slot;
	unsigned seq;
	uint64_t n;

	if (config_service(c, i)->tail_lines == 0)
		return;
	tail = tail_of(b, c, i);
	seq = atomic_load_explicit(&tail->seq, memory_order_relaxed) | 1;
	n = lines_count(b, c, i) + 1;
	slot = slot_of(b, c, i, n);
	atomic_store_explicit(&tail->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	memcpy(slot, line, offsetof(struct lines_line, text) + line->length);
	atomic_store_explicit(&tail->count, n, memory_order_relaxed);
	atomic_store_explicit(&tail->seq, seq + 1, memory_order_release);
}
