/* SPDX-License-Identifier: ISC */
/* What a command prints: columns, wrapped sentences, colour.
 *
 * Whatever comes from a file passes through here: control characters, bytes
 * that are no UTF-8 and characters that turn the direction of text are shown
 * as \xNN or \uNNNN, so that a service cannot write to the terminal of the
 * person who reads about it. */
#ifndef INIT_CLI_TERMINAL_OUT_H
#define INIT_CLI_TERMINAL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/text/json_reader.h"

enum {
	OUT_NARROW = 40, /* a narrower terminal counts as this */
	OUT_WIDE = 1000, /* and a wider one as this */
	OUT_ROW = 12,    /* columns before the text of a row */
	OUT_ADD = 1024,  /* most bytes of one out_add(), with its NUL */
};

enum out_style {
	OUT_PLAIN,
	OUT_BOLD,
	OUT_FAINT,
	OUT_RED,
	OUT_YELLOW,
	OUT_GREEN,
	OUT_CYAN,
};

struct out {
	int fd;
	int err;          /* first failure so far: -errno, else 0 */
	bool is_coloured;
	bool is_whole;    /* no terminal, and $COLUMNS says nothing: what would
	                   * be cut at the end of a line is not */
	unsigned width;   /* columns of a line, OUT_NARROW .. OUT_WIDE */
	unsigned column;  /* where the next character goes, from 0 */
	unsigned indent;  /* of the line after one that is full: times */
	size_t used;
	char buffer[4096];
};

/* Ready to print to fd: coloured on a terminal, unless $NO_COLOR is set or
 * $TERM is "dumb"; as wide as $COLUMNS says, else the terminal, else 80. */
void out_begin(struct out *o, int fd);

/* Text without a newline in it (one is shown as \x0a); a tab is four blanks.
 * out_add() formats as printf(3) does. */
void out_text(struct out *o, const char *text);
void out_add(struct out *o, const char *form, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, broken between words where the line is full; further lines begin
 * at column `indent`. */
void out_wrap(struct out *o, unsigned indent, const char *text);

/* A row: a word at the left and a text, which is wrapped. After out_begin_row()
 * the text and the end of the line are the caller's. */
void out_row(struct out *o, const char *word, const char *text);
void out_begin_row(struct out *o, const char *word);

/* Blanks up to a column; at least one where that is reached already, unless
 * the line is empty. */
void out_to(struct out *o, unsigned column);

/* The end of a line, or a text and that. */
void out_line(struct out *o);
void out_text_line(struct out *o, const char *text);

/* size bytes as they are. */
void out_raw(struct out *o, const char *bytes, size_t size);

/* A value of JSON, wherever it comes from, as json_put() puts it; or that as a
 * line. */
void out_json(struct out *o, struct json_value value);
void out_json_line(struct out *o, struct json_value value);

/* How the text that follows looks; or a text that looks so. */
void out_style(struct out *o, enum out_style style);
void out_styled(struct out *o, enum out_style style, const char *text);

/* Write what is left. 0, or -errno of the first write that failed. */
int out_end(struct out *o);

/* The columns that text takes. */
unsigned out_columns(const char *text);

/* A time as "2026-11-22 12:03:04Z", or "12:03:04Z" when that is the day of
 * now_ms; "an unknown time" when it is negative. */
void out_time(struct out *o, int64_t time_ms, int64_t now_ms);

/* "4 s ago" or "in 8 s". Both break like out_wrap() with o->indent. */
void out_distance(struct out *o, int64_t time_ms, int64_t now_ms);

#endif
