/* SPDX-License-Identifier: ISC */
/* An event on the board as a line for a person or one of JSON.
 *
 * It reads numbers and names, decides nothing, and never allocates. */
#ifndef INIT_TEXT_EVENT_LINE_H
#define INIT_TEXT_EVENT_LINE_H

#include "init/board/board.h"
#include "init/config/config.h"
#include "init/text/event_text.h"
#include "init/text/wording.h"

enum {
	EVENT_LINE_TEXT = 512,  /* room for a sentence; a longer one is cut */
	EVENT_LINE_MOST = 4096, /* room for a line of either format, whatever
			      * the sentence holds (and PIPE_BUF) */
};

/* The word of JSON for a kind ("wait-over"); "unknown" outside the enum. */
const char *event_line_word(unsigned kind);

/* How serious an event is. */
enum config_log_level event_line_level(const struct config *c,
				    const struct board_event *e);

/* The whole line with its newline, in config->log_format. */
void event_line_text(struct phrase *w, const struct event_text_from *from,
		  const struct board_event *e);

/* The line of events.jsonl but for its closing brace: whoever has more to say
 * of the event adds members. began_wall_ms names this start of the
 * container. */
void event_line_json(struct phrase *w, const struct event_text_from *from,
		    const struct board_event *e, int64_t began_wall_ms);

/* Likewise: `lost` events up to number seq were overwritten unrecorded. */
void event_line_json_lost(struct phrase *w, uint64_t seq, uint64_t lost,
			 int64_t began_wall_ms, int64_t mono_ms,
			 int64_t wall_ms);

/* The event's number in a line that one of the two began in this container;
 * 0 for any other text. */
uint64_t event_line_json_seq(const char *line, int64_t began_wall_ms);

/* The line that says that `lost` events were overwritten unprinted. */
void event_line_lost(struct phrase *w, const struct config *c, uint64_t lost,
		  int64_t wall_ms);

#endif
