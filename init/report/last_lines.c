/* SPDX-License-Identifier: ISC */
/* Merging two tails by time: each of them is in the order of time itself. */
#include "init/report/last_lines.h"

#include <string.h>

#include "init/board/board.h"
#include "init/text/wording.h"

/* The next line of one tail. */
struct cursor {
	const struct board_lines *lines; /* NULL: nothing more */
	uint64_t next, end;              /* numbers that are still to come */
	struct lines_line line;          /* the one before `next` */
	bool has_line;
};

/* A row that changes meanwhile is looked at again, for as long as its line can
 * still be there. */
static bool read_line(const struct cursor *at, const struct config *c,
		      uint32_t i, struct lines_line *line)
{
	for (int tries = 0; tries < BOARD_TRIES; tries++)
		if (lines_read(at->lines, c, i, at->next, line))
			return true;
	return false;
}

static void step(struct cursor *at, const struct config *c, uint32_t i)
{
	at->has_line = false;
	for (; at->next < at->end && !at->has_line; at->next++)
		at->has_line = read_line(at, c, i, &at->line);
}

/* Begin at the oldest line of a tail; returns how many there are. */
static uint64_t begin(struct cursor *at, const struct board_lines *lines,
		      const struct config *c, uint32_t i)
{
	uint64_t most = config_service(c, i)->tail_lines;
	uint64_t count = lines == NULL ? 0 : lines_count(lines, c, i);

	if (most > count)
		most = count;
	at->lines = lines;
	at->next = count - most + 1;
	at->end = count + 1;
	step(at, c, i);
	return most;
}

static cJSON *line_item(struct json *j, const struct lines_line *line,
			enum output_form form)
{
	char text[LINES_TEXT + 1];
	cJSON *o;

	memcpy(text, line->text, line->length);
	text[line->length] = '\0';
	for (char *nul; (nul = memchr(text, '\0', line->length)) != NULL;)
		*nul = '?';
	phrase_make_utf8(text);
	if (form == OUTPUT_TEXT)
		return cJSON_CreateString(text);
	o = json_object(j);
	json_time(j, o, "time", line->wall_ms);
	if (form == OUTPUT_FULL)
		json_int(j, o, "monotonic_ms", line->mono_ms);
	json_text(j, o, "stream", line->stream == 2 ? "stderr" : "stdout");
	if (form == OUTPUT_FULL)
		json_int(j, o, "run", (int64_t)line->run);
	json_text(j, o, "text", text);
	if (form == OUTPUT_FULL)
		json_bool(j, o, "is_cut", line->is_cut);
	return o;
}

cJSON *output_lines(struct json *j, const struct output *from, uint32_t i,
		    uint64_t run, enum output_form form)
{
	static struct cursor a, b;
	const struct config *c = from->config;
	uint64_t most = config_service(c, i)->tail_lines, all = 0;
	cJSON *array = json_array(j);

	if (most == 0)
		return array;
	all += begin(&a, from->relay, c, i);
	all += begin(&b, from->files, c, i);
	for (; a.has_line || b.has_line; all--) {
		bool is_a = a.has_line && (!b.has_line ||
					   a.line.mono_ms <= b.line.mono_ms);
		struct cursor *at = is_a ? &a : &b;

		if (all <= most && (run == 0 || at->line.run == run)) {
			if (form == OUTPUT_FULL)
				json_add_line(j, array,
					      line_item(j, &at->line, form));
			else
				json_add_item(j, array,
					      line_item(j, &at->line, form));
		}
		step(at, c, i);
	}
	return array;
}
