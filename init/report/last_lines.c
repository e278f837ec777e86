/* SPDX-License-Identifier: ISC */
/* Merging tails: each is in the order of time itself, so the next line is the
 * oldest of those that come next. */
#include "init/report/last_lines.h"

#include <string.h>

#include "init/board/board.h"

/* What is still to come of one tail. */
struct cursor {
	const struct board_lines *lines;
	uint32_t service;
	uint64_t next, end;
	int64_t mono_ms; /* of line `next` */
};

static struct cursor cursors[2 * CONFIG_SERVICES];
static size_t used;
static uint64_t skipped[CONFIG_SERVICES]; /* lines that are too many */

/* A row that changes meanwhile is looked at again, for as long as its line can
 * still be there. */
static bool read_line(const struct cursor *at, const struct config *c,
		      struct lines_line *line)
{
	for (int tries = 0; tries < BOARD_TRIES; tries++)
		if (lines_read(at->lines, c, at->service, at->next, line))
			return true;
	return false;
}

/* Go to the next line that can be read; false: there is none. */
static bool settle(struct cursor *at, const struct config *c)
{
	static struct lines_line line;

	for (; at->next < at->end; at->next++)
		if (read_line(at, c, &line)) {
			at->mono_ms = line.mono_ms;
			return true;
		}
	return false;
}

/* Walk over the `most` lines of a tail that end with number `last`. */
static void add(const struct output *from, const struct board_lines *lines,
		uint32_t i, uint64_t most, uint64_t last)
{
	struct cursor at = { lines, i, last - most + 1, last + 1, 0 };

	if (lines != NULL && settle(&at, from->config))
		cursors[used++] = at;
}

static uint64_t count(const struct output *from,
		      const struct board_lines *lines, uint32_t i)
{
	return lines == NULL ? 0 : lines_count(lines, from->config, i);
}

static struct last_lines_count count_both(const struct output *from, uint32_t i)
{
	return (struct last_lines_count){ count(from, from->relay, i),
					  count(from, from->files, i) };
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Walk over the last `most` lines of service i, as last_lines_begin(). */
static void add_both(const struct output *from, uint32_t i, uint64_t most,
		     const struct last_lines_count *since,
		     const struct last_lines_count *to)
{
	uint64_t all = least(most, config_service(from->config, i)->tail_lines);
	uint64_t relay = to->relay - (since == NULL ? 0 : since->relay);
	uint64_t files = to->files - (since == NULL ? 0 : since->files);

	relay = least(all, relay);
	files = least(all, files);
	/* Both together are at most twice as many as are wanted. */
	skipped[i] = since == NULL && relay + files > all ?
			     relay + files - all : 0;
	add(from, from->relay, i, relay, to->relay);
	add(from, from->files, i, files, to->files);
}

void last_lines_now(struct last_lines_at *at, const struct output *from,
		    const struct command_set *set)
{
	for (uint32_t i = 0; i < from->config->services; i++)
		if (command_has(set, i))
			at->of[i] = count_both(from, i);
}

void last_lines_begin(const struct output *from, const struct command_set *set,
		      uint64_t most, const struct last_lines_at *since,
		      const struct last_lines_at *to)
{
	used = 0;
	for (uint32_t i = 0; i < from->config->services; i++)
		if (command_has(set, i))
			add_both(from, i, most,
				 since == NULL ? NULL : &since->of[i],
				 &to->of[i]);
}

bool last_lines_next(const struct output *from, uint32_t *service,
		     struct lines_line *line)
{
	while (used > 0) {
		struct cursor *oldest = cursors;
		bool is_read;

		for (size_t k = 1; k < used; k++)
			if (cursors[k].mono_ms < oldest->mono_ms)
				oldest = &cursors[k];
		*service = oldest->service;
		is_read = read_line(oldest, from->config, line);
		oldest->next++;
		if (!settle(oldest, from->config))
			*oldest = cursors[--used];
		if (skipped[*service] > 0)
			skipped[*service]--;
		else if (is_read)
			return true;
	}
	return false;
}

/* The text of a line, which a NUL must not end. */
static void copy_text(char text[LINES_TEXT + 1], const struct lines_line *line)
{
	memcpy(text, line->text, line->length);
	text[line->length] = '\0';
	for (char *nul; (nul = memchr(text, '\0', line->length)) != NULL;)
		*nul = '?';
}

static const char *stream_word(const struct lines_line *line)
{
	return line->stream == 2 ? "stderr" : "stdout";
}

void last_lines_say(struct phrase *w, const char *service,
		    const struct lines_line *line)
{
	char text[LINES_TEXT + 1], time[PHRASE_TIME];

	copy_text(text, line);
	phrase_time(time, line->wall_ms);
	phrase_add(w, "{\"service\":");
	phrase_add_json(w, service);
	phrase_add(w, ",\"time\":\"%s\",\"stream\":\"%s\",\"run\":%llu,"
		   "\"text\":", time, stream_word(line),
		   (unsigned long long)line->run);
	phrase_add_json(w, text);
	phrase_add(w, ",\"is_cut\":%s}", line->is_cut ? "true" : "false");
}

static cJSON *line_item(struct json *j, const struct lines_line *line,
			enum output_form form)
{
	char text[LINES_TEXT + 1];
	cJSON *o;

	copy_text(text, line);
	phrase_make_utf8(text);
	if (form == OUTPUT_TEXT)
		return cJSON_CreateString(text);
	o = json_object(j);
	json_time(j, o, "time", line->wall_ms);
	if (form == OUTPUT_FULL)
		json_int(j, o, "monotonic_ms", line->mono_ms);
	json_text(j, o, "stream", stream_word(line));
	if (form == OUTPUT_FULL)
		json_int(j, o, "run", (int64_t)line->run);
	json_text(j, o, "text", text);
	if (form == OUTPUT_FULL)
		json_bool(j, o, "is_cut", line->is_cut);
	return o;
}

cJSON *last_lines_array(struct json *j, const struct output *from, uint32_t i,
			uint64_t run, enum output_form form)
{
	static struct lines_line line;
	struct last_lines_count to = count_both(from, i);
	void (*put)(struct json *, cJSON *, cJSON *) =
		form == OUTPUT_FULL ? json_add_line : json_add_item;
	cJSON *array = json_array(j);

	used = 0;
	add_both(from, i, UINT64_MAX, NULL, &to);
	while (last_lines_next(from, &i, &line))
		if (run == 0 || line.run == run)
			put(j, array, line_item(j, &line, form));
	return array;
}
