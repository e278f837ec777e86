/* SPDX-License-Identifier: ISC */
/* The board of a log relay: what it must not lose when it dies, and the last
 * lines of every service for the other helpers.
 *
 * There are two of them, the relay's own and that of the files helper, each
 * with that helper as its only writer. Its parts lie one behind the other,
 * sized for every configuration that a reload can bring: this head, the
 * streams (2 * service + 0 for stdout, + 1 for stderr), the sinks, the tails'
 * heads, the tails' lines, the streams' buffers, the sinks' buffers. What is
 * never used is never touched, so that
 * it costs nothing.
 *
 * What belongs together is changed together: lines_put() notes each new value,
 * lines_commit() makes all of them true, and the next relay finishes a commit
 * in which the last one was killed. So a byte is in a stream's buffer or in a
 * sink's, never in both. */
#ifndef INIT_BOARD_OUTPUT_LINES_H
#define INIT_BOARD_OUTPUT_LINES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/board/news.h"
#include "init/config/config.h"

enum {
	LINES_BUFFER = 16384, /* bytes of a stream that no sink took yet */
	LINES_OUT = 20480,    /* bytes of a sink that are not written yet: a
			       * full buffer and what is put around it */
	LINES_READ = 4096,    /* most bytes of one read(2) or write(2): what
			       * a killed relay can lose or repeat */
	LINES_TEXT = 512,     /* bytes of a line in a tail; more are cut */
	LINES_PUTS = 8,       /* values that one commit can change */
};

/* Two numbers that change at once: bits 0 .. 31 and 32 .. 63. */
static inline uint64_t lines_pair(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

/* A word of the writer's own. What is stored is in its place before anything
 * that comes behind it in the program, see lines.c. */
static inline uint64_t lines_load(const atomic_ullong *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static inline void lines_store(atomic_ullong *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
}

/* A stream. */
struct lines_stream {
	atomic_ullong span;  /* pair: first byte in its buffer, which is a
			      * ring, and how many there are */
	atomic_ullong seen;  /* bytes of these that are in the tail */
	atomic_ullong mid;   /* bytes of the first line that went to the sink
			      * before; 0: it begins with this one */
	atomic_ullong run;   /* of the service (`starts`) when they were read */
	int64_t mono_ms, wall_ms; /* ... and when, the last of them */
};

/* A sink: number 0 and 1 are stdout and stderr of dashpot; of the files
 * helper, its number is that of the first stream with its path. */
struct lines_sink {
	atomic_ullong span;   /* pair: bytes [low, high) of its buffer */
	atomic_ullong holder; /* stream + 1 whose long line is open; else 0 */
	atomic_ullong only;   /* stream + 1 of which everything in it is;
			       * 0: of several */
	atomic_ullong path;   /* lines_hash() of the log file that it is for;
			       * 0: of none yet */
	uint64_t dropped;     /* lines, since trouble_ms */
	int64_t trouble_ms;   /* its file cannot be written since; 0 */
};

/* The last lines of one service. */
struct lines_tail {
	atomic_uint seq;     /* odd while a line is being written */
	atomic_ullong count; /* lines so far; line n is in slot
			      * (n - 1) % tail_lines of its own */
	atomic_ullong owner; /* hash of the service's name and of its place
			      * in the configuration that they are of */
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

/* The values of a commit. */
struct lines_puts {
	atomic_ullong count; /* values to be made true; 0: none */
	struct {
		uint64_t at;    /* byte of the board: an atomic_ullong */
		uint64_t value;
	} put[LINES_PUTS];
};

/* The head of the board. */
struct board_lines {
	atomic_ullong printed; /* relay: events up to this one are printed or
				* lost */
	atomic_ullong drained; /* every pipe was empty, or its sink stalled,
				* after this event was on PID 1's board */
	atomic_ullong flight;  /* pair: bytes of the read(2) or write(2) that
				* goes on, 0 none; 2 * number of its stream
				* or, + 1, of its sink */
	struct lines_puts puts;
	struct board_news news;
};

/* The relay: a stream, a sink, and the LINES_BUFFER and LINES_OUT bytes of
 * their buffers. */
struct lines_stream *lines_stream(struct board_lines *b, uint32_t stream);
char *lines_buffer(struct board_lines *b, uint32_t stream);
struct lines_sink *lines_sink(struct board_lines *b, uint32_t sink);
char *lines_out(struct board_lines *b, uint32_t sink);

/* The relay: note that *word, on this board, becomes value; at most LINES_PUTS
 * before each commit. */
void lines_put(struct board_lines *b, unsigned *count, atomic_ullong *word,
	       uint64_t value);

/* The relay: make all of them true, at once for the next relay after a kill. */
void lines_commit(struct board_lines *b, unsigned count);

/* A new relay, before it looks at anything: finish the commit in which its
 * predecessor was killed, and empty the tails that a reload has given another
 * service or place. Whatever else lies there is not believed. */
void lines_recover(struct board_lines *b, const struct config *c);

/* The hash of a text, begun with `seed`; never 0. */
uint64_t lines_hash(uint64_t seed, const char *text);

/* Bytes that a board takes. */
size_t lines_size(void);

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
