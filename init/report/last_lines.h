/* SPDX-License-Identifier: ISC */
/* The last lines that services printed, in the order of time.
 *
 * They stay on the boards of the two log relays; a service whose stdout and
 * stderr go to different relays is shown in the order of time. Where tail_lines
 * is 0 there is nothing to show, so that secrets stay out of all files. There
 * is one walk at a time: every call that begins a walk ends the last one. */
#ifndef INIT_REPORT_LAST_LINES_H
#define INIT_REPORT_LAST_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/command_protocol.h"
#include "init/board/output_lines.h"
#include "init/config/config.h"
#include "init/text/json_writer.h"
#include "init/text/wording.h"

/* Where lines come from; a NULL has none. */
struct output {
	const struct config *config;
	const struct board_lines *relay, *files;
};

/* What is said of a line. */
enum output_form {
	OUTPUT_FULL,  /* {time, monotonic_ms, stream, run, text, is_cut} */
	OUTPUT_EVENT, /* {time, stream, text} */
	OUTPUT_TEXT,  /* the text alone */
};

/* Numbers of lines, of each service on either board. */
struct last_lines_at {
	struct last_lines_count {
		uint64_t relay, files;
	} of[CONFIG_SERVICES];
};

/* How many lines each service of the set has by now. */
void last_lines_now(struct last_lines_at *at, const struct output *from,
		    const struct command_set *set);

/* Begin a walk over the lines of each service of the set that came behind
 * `since` up to `to`, at most `most` of each board. Where `since` is NULL: over
 * the last `most` lines of each service, both boards together. */
void last_lines_begin(const struct output *from, const struct command_set *set,
		      uint64_t most, const struct last_lines_at *since,
		      const struct last_lines_at *to);

/* The next line of the walk; false at its end. A line that was overwritten
 * meanwhile is left out. */
bool last_lines_next(const struct output *from, uint32_t *service,
		     struct lines_line *line);

/* A line as {"service", "time", "stream", "run", "text", "is_cut"}. */
void last_lines_say(struct phrase *w, const char *service,
		    const struct lines_line *line);

/* The last tail_lines lines of service i as a new array, oldest first; those of
 * one run only, or of all for run 0. A line that is torn is left out. */
cJSON *last_lines_array(struct json *j, const struct output *from, uint32_t i,
			uint64_t run, enum output_form form);

#endif
