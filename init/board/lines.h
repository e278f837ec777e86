/* SPDX-License-Identifier: ISC */
/* The board of a log relay: what it must not lose when it dies, and the last
 * lines of every service for whoever wants to read them.
 *
 * There are two of them, the relay's own and that of the files helper, each
 * with that helper as its only writer. Its parts lie one behind the other,
 * sized by the configuration: this head, the streams (2 * service + 0 for
 * stdout, + 1 for stderr), the tails' heads, the tails' lines, the streams'
 * buffers. What is never used is never touched, so it costs nothing. */
#ifndef INIT_BOARD_LINES_H
#define INIT_BOARD_LINES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/board/news.h"
#include "init/config/config.h"

enum {
	LINES_BUFFER = 16384, /* bytes of a stream that no sink took yet */
	LINES_READ = 4096,    /* most bytes of one read(2) or write(2): what
			       * a killed relay can lose or repeat */
	LINES_TEXT = 512,     /* bytes of a line in a tail; more are cut */
};

/* The buffer of one stream. */
struct lines_stream {
	uint32_t start, end; /* bytes in its buffer: [start, end) */
	uint64_t run;        /* of the service (`starts`) when they were read */
	bool is_mid;         /* the first pieces of this line are out already */
};

/* The last lines of one service. */
struct lines_tail {
	atomic_uint seq;     /* odd while a line is being written */
	atomic_ullong count; /* lines so far; line n is in slot
			      * (n - 1) % tail_lines of its own */
};

/* One of them. */
struct lines_line {
	int64_t mono_ms, wall_ms; /* when it was read */
	uint64_t run;        /* `starts` of the service then */
	uint16_t length;     /* bytes of text */
	uint8_t stream;      /* 1 stdout, 2 stderr */
	bool is_cut;         /* it was longer */
	char text[LINES_TEXT]; /* as printed, without newline, any bytes */
};

/* The head of the board. */
struct board_lines {
	atomic_ullong printed; /* relay: events up to this one are printed or
				* lost */
	atomic_ullong drained; /* every pipe was empty, or its sink stalled,
				* after this event was on PID 1's board */
	struct board_news news;
};

/* The relay: the head and the LINES_BUFFER bytes of a stream. */
struct lines_stream *lines_stream(struct board_lines *b,
				  const struct config *c, uint32_t stream);
char *lines_buffer(struct board_lines *b, const struct config *c,
		   uint32_t stream);

/* Bytes that the board of this configuration takes. */
size_t lines_size(const struct config *c);

/* Copy line number n (1 is the first) of service i. False when it was torn,
 * has not come yet or is gone. */
bool lines_read(const struct board_lines *b, const struct config *c,
		uint32_t i, uint64_t n, struct lines_line *copy);

/* Lines of service i so far. */
uint64_t lines_count(const struct board_lines *b, const struct config *c,
		     uint32_t i);

/* The relay: append a line to the tail of service i; does nothing where
 * tail_lines is 0. A seq that a killed relay left odd is made even. */
void lines_append(struct board_lines *b, const struct config *c, uint32_t i,
		  const struct lines_line *line);

#endif
