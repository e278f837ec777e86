/* SPDX-License-Identifier: ISC */
/* One line of a service, as it goes to an output: as it came, with the
 * service's name before it, or as JSON. Bytes in, bytes out; no state. */
#ifndef INIT_RELAY_LINE_FORMAT_H
#define INIT_RELAY_LINE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/config/config.h"

/* How lines of one stream look. */
struct line_style {
	const char *name;   /* of the service */
	const char *stream; /* "stdout" or "stderr" */
	enum config_prefix prefix; /* AUTO: unless it is a JSON object */
	bool is_json;       /* merge into objects, wrap the others */
	bool has_times;     /* a time before each line, unless is_json */
};

/* A line, or a piece of one that is too long for the buffer. */
struct line {
	const char *text;   /* without its newline; any bytes */
	size_t length;
	int64_t wall_ms;    /* Unix time in ms at which it was read */
	bool is_mid;        /* its first pieces went before */
	bool is_open;       /* more of it follows: no newline comes behind */
};

/* Put the line into `room` bytes at `to`, with a newline unless it stays open
 * (JSON: always). Returns the bytes put there, 0 where it does not fit; *taken
 * is how many bytes of its text they show, fewer than all only in JSON, where
 * escapes can make a long one too long: what is left is then a piece of its
 * own. The last piece of a line may be empty: 0 bytes in JSON too, and *taken
 * is 0. */
size_t line_format(char *to, size_t room, const struct line_style *style,
		 const struct line *line, size_t *taken);

#endif
