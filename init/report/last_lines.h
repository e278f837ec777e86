/* SPDX-License-Identifier: ISC */
/* The last lines that services printed, as JSON.
 *
 * They stay on the boards of the two log relays; a service whose stdout and
 * stderr go to different ones is shown in the order of time. Where tail_lines
 * is 0 there is nothing to show, so that secrets stay out of all files. */
#ifndef INIT_REPORT_LAST_LINES_H
#define INIT_REPORT_LAST_LINES_H

#include "init/board/output_lines.h"
#include "init/config/config.h"
#include "init/text/json_writer.h"

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

/* The last tail_lines lines of service i as a new array, oldest first; those of
 * one run only, or of all for run 0. A line that is torn is left out. */
cJSON *output_lines(struct json *j, const struct output *from, uint32_t i,
		    uint64_t run, enum output_form form);

#endif
