/* SPDX-License-Identifier: ISC */
/* Where the parts of a board of lines are, the sequence lock of a tail, and
 * commits. A killed process has stored everything up to some instruction and
 * nothing behind it, so keeping the compiler's order is enough for these. */
#include "init/board/output_lines.h"

#include <string.h>

#include "init/lib/hash.h"

/* Where the parts behind the head begin, each on a cache line of its own. */
#define BEHIND(at, count, type_size)                                         \
	(((at) + (size_t)(count) * (type_size) + 63) / 64 * 64)
#define STREAMS_AT BEHIND(0, 1, sizeof(struct board_lines))
#define SINKS_AT BEHIND(STREAMS_AT, STREAMS, sizeof(struct lines_stream))
#define TAILS_AT BEHIND(SINKS_AT, STREAMS, sizeof(struct lines_sink))
#define LINES_AT BEHIND(TAILS_AT, CONFIG_SERVICES, sizeof(struct lines_tail))
#define BUFFERS_AT BEHIND(LINES_AT, CONFIG_TAILS, sizeof(struct lines_line))
#define OUTS_AT BEHIND(BUFFERS_AT, STREAMS, LINES_BUFFER)
#define END_AT BEHIND(OUTS_AT, STREAMS, LINES_OUT)

enum { STREAMS = 2 * CONFIG_SERVICES };

size_t lines_size(void)
{
	return END_AT;
}

static void *at(const struct board_lines *b, size_t offset)
{
	return (char *)(uintptr_t)b + offset;
}

struct lines_stream *lines_stream(struct board_lines *b, uint32_t stream)
{
	return (struct lines_stream *)at(b, STREAMS_AT) + stream;
}

char *lines_buffer(struct board_lines *b, uint32_t stream)
{
	return (char *)at(b, BUFFERS_AT) + (size_t)stream * LINES_BUFFER;
}

struct lines_sink *lines_sink(struct board_lines *b, uint32_t sink)
{
	return (struct lines_sink *)at(b, SINKS_AT) + sink;
}

char *lines_out(struct board_lines *b, uint32_t sink)
{
	return (char *)at(b, OUTS_AT) + (size_t)sink * LINES_OUT;
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

static struct lines_tail *tail_of(const struct board_lines *b, uint32_t i)
{
	return (struct lines_tail *)at(b, TAILS_AT) + i;
}

uint64_t lines_hash(uint64_t seed, const char *text)
{
	return hash_bytes(HASH_START ^ seed, text, strlen(text)) | 1;
}

/* Whose lines the configuration has in tail i, and where: never 0. A tail of
 * which this is not true is empty. */
static uint64_t owner_of(const struct config *c, uint32_t i)
{
	const struct config_service *s = config_service(c, i);

	return lines_hash(lines_pair(s->tail_first, s->tail_lines),
			  config_name(c, i));
}

/* A reload may have given the place of a tail to another one: who has another
 * place than before begins anew. */
static void empty_moved(struct board_lines *b, const struct config *c)
{
	for (uint32_t i = 0; i < c->services; i++) {
		struct lines_tail *tail = tail_of(b, i);
		uint64_t owner = owner_of(c, i);

		if (lines_load(&tail->owner) == owner)
			continue;
		lines_store(&tail->owner, 0);
		lines_store(&tail->count, 0);
		lines_store(&tail->owner, owner);
	}
}

void lines_recover(struct board_lines *b, const struct config *c)
{
	uint64_t count = lines_load(&b->puts.count);

	if (count > LINES_PUTS)
		count = 0;
	for (unsigned i = 0; i < count; i++)
		if (b->puts.put[i].at > END_AT - sizeof(atomic_ullong) ||
		    b->puts.put[i].at % sizeof(atomic_ullong) != 0)
			count = 0;
	apply(b, (unsigned)count);
	empty_moved(b, c);
}

/* The slot of line n of service i; it has slots. */
static struct lines_line *slot_of(const struct board_lines *b,
				  const struct config *c, uint32_t i,
				  uint64_t n)
{
	const struct config_service *s = config_service(c, i);

	return (struct lines_line *)at(b, LINES_AT) + s->tail_first +
	       (n - 1) % s->tail_lines;
}

uint64_t lines_count(const struct board_lines *b, const struct config *c,
		     uint32_t i)
{
	const struct lines_tail *tail = tail_of(b, i);
	uint64_t count =
		atomic_load_explicit(&tail->count, memory_order_acquire);

	return count > 0 && lines_load(&tail->owner) == owner_of(c, i) ? count
								       : 0;
}

bool lines_read(const struct board_lines *b, const struct config *c,
		uint32_t i, uint64_t n, struct lines_line *copy)
{
	const struct lines_tail *tail = tail_of(b, i);
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
	tail = tail_of(b, i);
	if (lines_load(&tail->owner) == 0)
		lines_store(&tail->owner, owner_of(c, i));
	seq = atomic_load_explicit(&tail->seq, memory_order_relaxed) | 1;
	n = lines_count(b, c, i) + 1;
	slot = slot_of(b, c, i, n);
	atomic_store_explicit(&tail->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	memcpy(slot, line, offsetof(struct lines_line, text) + line->length);
	atomic_store_explicit(&tail->count, n, memory_order_relaxed);
	atomic_store_explicit(&tail->seq, seq + 1, memory_order_release);
}
