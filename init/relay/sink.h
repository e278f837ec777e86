/* SPDX-License-Identifier: ISC */
/* Where lines go: dashpot's own stdout or stderr, or a log file. A buffer on
 * the board, and whatever it takes to get that written without ever waiting.
 *
 * A sink that takes nothing for now is stalled, and its buffer stays full. A
 * log file that cannot be written is in trouble: that is said once, tried
 * again every second, and meanwhile its buffer is kept and lines that find no
 * room are dropped and counted. Standard outputs that fail lose what was to be
 * written: no process reads it. */
#ifndef INIT_RELAY_SINK_H
#define INIT_RELAY_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/output_lines.h"
#include "init/helper/helper.h"
#include "init/relay/logfile.h"

/* What all sinks of a helper have in common. */
struct sink_home {
	const struct helper_job *job;
	struct board_lines *board;
};

struct sink {
	struct lines_sink *on_board;
	char *out;            /* LINES_OUT bytes */
	struct logfile file;  /* path NULL: descriptor number + 1 is written */
	uint32_t number;      /* in epoll: SINK_BASE + number */
	uint32_t services;    /* that print there */
	bool is_used;
	bool can_block;       /* a write may, unless it polls writable */
	bool is_stalled;      /* takes nothing until epoll says so */
	bool is_wanted;       /* streams are waiting for it */
	bool is_mid_line;     /* what was written last was no newline */
	int64_t retry_ms;     /* in trouble: no attempt before that */
	int64_t held_ms;      /* its holder gave something last then */
};

enum { SINK_BASE = 1 << 16 };

/* Take over one of the two standard outputs. */
void sink_own(struct sink *s);

/* Believe nothing that cannot be: false when what was on the board had to be
 * thrown away. */
bool sink_check(struct sink *s);

/* Bytes that are not written yet, and that can be put at `*at`. */
uint32_t sink_length(const struct sink *s);
uint32_t sink_room(const struct sink *s, char **at);

/* Note (lines_put()) that so many bytes were put there by that stream (-1: by
 * dashpot itself). A newline has room even where sink_room() is 0, once. */
void sink_take(const struct sink *s, struct board_lines *b, unsigned *count,
	       uint32_t bytes, int64_t stream);

/* True while its log file cannot be written. */
bool sink_is_troubled(const struct sink *s);

/* Write what there is, as far as it goes. True when nothing is left. */
bool sink_flush(const struct sink_home *home, struct sink *s, int64_t now_ms);

#endif
