/* SPDX-License-Identifier: ISC */
/* The ring begins anew when it is empty, so a line seldom goes over its edge;
 * such a line is put together in memory of this process. */
#include "init/relay/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Bytes [first, first + length) of the ring, counted from its edge. */
struct span {
	uint32_t first, length;
};

static struct span span_of(const struct stream *s)
{
	uint64_t span = lines_load(&s->on_board->span);

	return (struct span){ (uint32_t)span, (uint32_t)(span >> 32) };
}

uint32_t stream_length(const struct stream *s)
{
	return span_of(s).length;
}

uint64_t stream_mid(const struct stream *s)
{
	return lines_load(&s->on_board->mid);
}

bool stream_check(struct stream *s)
{
	struct span span = span_of(s);

	if (span.first < LINES_BUFFER && span.length <= LINES_BUFFER &&
	    lines_load(&s->on_board->seen) <= span.length)
		return true;
	lines_store(&s->on_board->span, 0);
	lines_store(&s->on_board->seen, 0);
	lines_store(&s->on_board->mid, 0);
	return false;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int stream_read(struct stream *s, struct board_lines *b, uint64_t run,
		int64_t mono_ms, int64_t wall_ms)
{
	struct span span = span_of(s);
	uint32_t at = (span.first + span.length) % LINES_BUFFER;
	uint32_t room = least(least(LINES_BUFFER - span.length,
				    LINES_BUFFER - at), LINES_READ);
	ssize_t n;
	int err;

	lines_store(&b->flight, lines_pair(room, 2 * s->number));
	n = read(s->fd, s->buffer + at, room);
	err = errno;
	if (n > 0)
		lines_store(&s->on_board->span,
		      lines_pair(span.first, span.length + (uint32_t)n));
	lines_store(&b->flight, 0);
	s->is_drained = n < (ssize_t)room;
	if (n <= 0)
		return n < 0 ? -err : 0;
	lines_store(&s->on_board->run, run);
	s->on_board->mono_ms = mono_ms;
	s->on_board->wall_ms = wall_ms;
	return (int)n;
}

/* Where the first newline is among the bytes [from, length), counted from the
 * first one in the ring; `length` where there is none. */
static uint32_t find_newline(const struct stream *s, struct span span,
			     uint32_t from)
{
	while (from < span.length) {
		uint32_t at = (span.first + from) % LINES_BUFFER;
		uint32_t n = least(span.length - from, LINES_BUFFER - at);
		const char *found = memchr(s->buffer + at, '\n', n);

		if (found != NULL)
			return from + (uint32_t)(found - (s->buffer + at));
		from += n;
	}
	return span.length;
}

/* Copy the bytes [from, from + n) out of the ring. */
static void copy(char *to, const struct stream *s, struct span span,
		 uint32_t from, uint32_t n)
{
	uint32_t at = (span.first + from) % LINES_BUFFER;
	uint32_t first = least(n, LINES_BUFFER - at);

	memcpy(to, s->buffer + at, first);
	memcpy(to + first, s->buffer, n - first);
}

static void append(const struct stream *s, struct board_lines *b,
		   const struct config *c, uint32_t from, uint32_t n)
{
	static struct lines_line line;

	line.mono_ms = s->on_board->mono_ms;
	line.wall_ms = s->on_board->wall_ms;
	line.run = lines_load(&s->on_board->run);
	line.length = (uint16_t)least(n, LINES_TEXT);
	line.stream = (uint8_t)(1 + s->number % 2);
	line.is_cut = n > LINES_TEXT;
	copy(line.text, s, span_of(s), from, line.length);
	lines_append(b, c, s->number / 2, &line);
}

/* True when the first line is complete without a newline. */
static bool is_piece(const struct stream *s, struct span span)
{
	return s->is_ending || span.length == LINES_BUFFER;
}

void stream_remember(const struct stream *s, struct board_lines *b,
		     const struct config *c)
{
	struct span span = span_of(s);
	uint32_t from = (uint32_t)lines_load(&s->on_board->seen);

	if (config_service(c, s->number / 2)->tail_lines == 0)
		return;
	while (from < span.length) {
		uint32_t end = find_newline(s, span, from);
		bool is_rest = end == span.length;

		if (is_rest && !(s->is_ending ||
				 (from == 0 && is_piece(s, span))))
			break;
		/* Of a line in pieces, the first one is in the tail. */
		if (from > 0 || stream_mid(s) == 0)
			append(s, b, c, from, end - from);
		from = end + !is_rest;
		lines_store(&s->on_board->seen, from);
	}
}

bool stream_next(const struct stream *s, struct line *line, uint32_t *whole)
{
	static char joined[LINES_BUFFER];
	struct span span = span_of(s);
	uint32_t end = find_newline(s, span, 0);
	uint64_t mid = stream_mid(s);

	if (end == span.length && !is_piece(s, span))
		return false;
	if (span.length == 0 && mid == 0)
		return false;
	*whole = end + (end < span.length);
	*line = (struct line){
		.text = s->buffer + span.first,
		.length = end,
		.wall_ms = s->on_board->wall_ms,
		.is_mid = mid > 0,
		.is_open = end == span.length && !s->is_ending,
	};
	if (span.first + end > LINES_BUFFER) {
		copy(joined, s, span, 0, end);
		line->text = joined;
	}
	return true;
}

void stream_take(const struct stream *s, struct board_lines *b,
		 unsigned *count, uint32_t bytes, uint64_t mid)
{
	struct span span = span_of(s);
	uint64_t seen = lines_load(&s->on_board->seen);
	uint32_t left = span.length - bytes;

	lines_put(b, count, &s->on_board->span,
		  lines_pair(left == 0 ? 0 : (span.first + bytes) %
						     LINES_BUFFER, left));
	lines_put(b, count, &s->on_board->seen,
		  seen > bytes ? seen - bytes : 0);
	lines_put(b, count, &s->on_board->mid, mid);
}
