/* SPDX-License-Identifier: ISC */
/* One output of a service on its way in: from its pipe into a ring of bytes on
 * the board, and from there line by line to its sink.
 *
 * What was read lies on the board before anything else is done with it, so a
 * relay that is killed loses at most the read(2) that was going on. */
#ifndef INIT_RELAY_STREAM_H
#define INIT_RELAY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/output_lines.h"
#include "init/relay/line_format.h"

/* One of them; the rest of it is on the board. */
struct stream {
	struct lines_stream *on_board;
	char *buffer;      /* LINES_BUFFER bytes */
	int fd;            /* the read end; -1: not of this helper */
	uint32_t number;   /* 2 * service, + 1 for stderr */
	uint32_t sink;     /* number of its sink */
	bool is_readable;  /* there may be something in the pipe */
	bool is_ending;    /* what is there is all of it: a last line without a
			    * newline is one */
	bool is_drained;   /* the last read(2) emptied the pipe */
	bool is_queued;
	bool is_waiting;   /* its sink has to take something first */
};

/* How many bytes are in its buffer, and in the line that is open before. */
uint32_t stream_length(const struct stream *s);
uint64_t stream_mid(const struct stream *s);

/* Believe nothing that cannot be: false when what was on the board had to be
 * thrown away. */
bool stream_check(struct stream *s);

/* One read(2) of at most LINES_READ bytes into what is free (there has to be
 * something), as output of that run. Returns the bytes, 0 when no process
 * has the pipe open for writing, or -errno (EAGAIN: it is empty). */
int stream_read(struct stream *s, struct board_lines *b, uint64_t run,
		int64_t mono_ms, int64_t wall_ms);

/* Put every whole line into the service's tail that is not there yet; what is
 * behind the last newline too if it goes out as it is: at the end, or where
 * the buffer is full. */
void stream_remember(const struct stream *s, struct board_lines *b,
		     const struct config *c);

/* The first line, or the piece that goes out next: all of a full buffer
 * without newline, or what is left at the end. *whole is how many bytes it
 * takes with its newline. False when nothing can go yet. Valid until the next
 * call for any stream. */
bool stream_next(const struct stream *s, struct line *line, uint32_t *whole);

/* Note (lines_put()) that the first `bytes` bytes are gone and that `mid`
 * bytes of the line before the next one are out. */
void stream_take(const struct stream *s, struct board_lines *b,
		 unsigned *count, uint32_t bytes, uint64_t mid);

#endif
