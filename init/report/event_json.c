/* SPDX-License-Identifier: ISC */
/* The sentence and numbers of init/text/event_line, and the end that an event
 * tells of. */
#include "init/report/event_json.h"

#include <errno.h>
#include <string.h>

#include "init/helper/helper.h"
#include "init/kernel/clock.h"
#include "init/recorder/registry.h"
#include "init/text/event_line.h"
#include "init/text/event_table.h"

bool record_has_end(const struct config *c, const struct board_event *e)
{
	return e->kind == BOARD_EV_ENDED && e->service >= 0 &&
	       (uint32_t)e->service < c->services &&
	       e->n[EVENT_ENDED_NUMBER] > 0;
}

/* ,"end":{...} with the last words of that run, or null when the end was
 * overwritten on the board. */
static void put_end(struct json *j, const struct output *from,
		    const struct board *board, const struct board_event *e)
{
	static struct board_service row;
	uint64_t n = (uint64_t)e->n[EVENT_ENDED_NUMBER];
	uint32_t i = (uint32_t)e->service;
	const struct board_end *end = &row.ends[(n - 1) % BOARD_ENDS];
	char *text = NULL;
	cJSON *o;

	json_put(j, ",\"end\":", 7);
	if (!board_row_read(&board->service[i], &row) || end->number != n) {
		json_put(j, "null", 4);
		return;
	}
	o = registry_end(j, end, false);
	json_add(j, o, "output",
		 last_lines_array(j, from, i, end->run, OUTPUT_EVENT));
	if (j->err == 0)
		text = cJSON_PrintUnformatted(o);
	if (j->err == 0 && text == NULL)
		j->err = -ENOMEM;
	if (text != NULL)
		json_put(j, text, strlen(text));
	cJSON_free(text);
	cJSON_Delete(o);
}

void record_put(struct json *j, const struct output *from,
		const struct board *board, const struct board_event *e)
{
	static char line[EVENT_LINE_MOST];
	struct event_text_from message = { .config = from->config,
					.board = board,
					.relay = from->relay,
					.files = from->files };
	struct phrase w = PHRASE_IN(line);

	event_line_json(&w, &message, e, board->began_wall_ms);
	json_put(j, w.at, w.used);
	if (record_has_end(from->config, e))
		put_end(j, from, board, e);
	json_put(j, "}", 1);
}

void record_put_lost(struct json *j, const struct board *board, uint64_t seq,
		     uint64_t lost)
{
	char line[EVENT_LINE_TEXT];
	struct phrase w = PHRASE_IN(line);

	event_line_json_lost(&w, seq, lost, board->began_wall_ms,
			    clock_mono_ms(), clock_wall_ms());
	phrase_add(&w, "}");
	json_put(j, w.at, w.used);
}
