/* SPDX-License-Identifier: ISC */
/* Where the parts of a board of lines are, the sequence lock of a tail, and
 * commits. A killed process has stored everything up to some instruction and
 * nothing behind it, so keeping the compiler's order is enough for these. */
#include "init/board/lines.h"

#include <string.h>

/* Offsets of the parts behind the head. */
struct parts {
	size_t streams, sinks, tails, lines, buffers, outs, end;
};

static size_t behind(size_t at, size_t count, size_t each)
{
	const size_t align = 64;

	return (at + count * each + align - 1) / align * align;
}

static struct parts parts_of(const struct config *c)
{
	const size_t streams = (size_t)2 * c->services;
	struct parts p;

	p.streams = behind(0, 1, sizeof(struct board_lines));
	p.sinks = behind(p.streams, streams, sizeof(struct lines_stream));
	p.tails = behind(p.sinks, streams, sizeof(struct lines_sink));
	p.lines = behind(p.tails, c->services, sizeof(struct lines_tail));
	p.buffers = behind(p.lines, c->tails, sizeof(struct lines_line));
	p.outs = behind(p.buffers, streams, LINES_BUFFER);
	p.end = behind(p.outs, streams, LINES_OUT);
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

struct lines_sink *lines_sink(struct board_lines *b, const struct config *c,
			      uint32_t sink)
{
	return (struct lines_sink *)at(b, parts_of(c).sinks) + sink;
}

char *lines_out(struct board_lines *b, const struct config *c, uint32_t sink)
{
	return (char *)at(b, parts_of(c).outs) + (size_t)sink * LINES_OUT;
}

void lines_put(struct board_lines *b, unsigned *count, atomic_ullong *word,
	       uint64_t value)
{
	unsigned n = (*count)++;

	b->puts.put[n].at = (uint64_t)((uintptr_t)word - (uintptr_t)b);
	b->puts.put[n].value = value;
}

/* Make the noted values true; as often as one likes, with the same result. */
static void apply(struct board_lines *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		atomic_ullong *word = at(b, (size_t)b->puts.put[i].at);

		lines_store(word, b->puts.put[i].value);
	}
	lines_store(&b->puts.count, 0);
}

void lines_commit(struct board_lines *b, unsigned count)
{
	lines_store(&b->puts.count, count);
	apply(b, count);
}

void lines_recover(struct board_lines *b, const struct config *c)
{
	uint64_t count = lines_load(&b->puts.count);
	const size_t size = lines_size(c);

	if (count > LINES_PUTS)
		count = 0;
	for (unsigned i = 0; i < count; i++)
		if (b->puts.put[i].at > size - sizeof(atomic_ullong) ||
		    b->puts.put[i].at % sizeof(atomic_ullong) != 0)
			count = 0;
	apply(b, (unsigned)count);
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
