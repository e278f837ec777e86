/* SPDX-License-Identifier: ISC */
/* One event as JSON on one line: what events.jsonl and the control socket say
 * of it. */
#ifndef INIT_REPORT_EVENT_JSON_H
#define INIT_REPORT_EVENT_JSON_H

#include "init/board/board.h"
#include "init/report/last_lines.h"
#include "init/text/json_writer.h"

/* Put the event, without a newline. Of *j only put, context and err are used.
 * An end comes with what the service said last, as far as its relay has read
 * it. */
void record_put(struct json *j, const struct output *from,
		const struct board *board, const struct board_event *e);

/* Likewise, in the place of `lost` events up to number seq. */
void record_put_lost(struct json *j, const struct board *board, uint64_t seq,
		     uint64_t lost);

/* True when record_put() would put an end. */
bool record_has_end(const struct config *c, const struct board_event *e);

#endif
