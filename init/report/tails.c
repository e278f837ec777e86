/* SPDX-License-Identifier: ISC */
/* Merging tails: each is in the order of time itself, so the next line is the
 * oldest of those that come next. */
#include "init/report/tails.h"

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
static uint32_t skipped[CONFIG_SERVICES]; /* lines that are too many */

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

/* Walk over lines first .. last of a tail. */
static void add(const struct output *from, const struct board_lines *lines,
		uint32_t i, uint64_t first, uint64_t last)
{
	struct cursor at = { lines, i, first, last + 1, 0 };

	if (lines != NULL && settle(&at, from->config))
		cursors[used++] = at;
}

static uint64_t count(const struct output *from,
		      const struct board_lines *lines, uint32_t i)
{
	return lines == NULL ? 0 : lines_count(lines, from->config, i);
}

void tails_now(struct tails_at *at, const struct output *from,
	       const struct command_set *set)
{
	for (uint32_t i = 0; i < from->config->services; i++) {
		if (!command_has(set, i))
			continue;
		at->relay[i] = count(from, from->relay, i);
		at->files[i] = count(from, from->files, i);
	}
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void tails_last(const struct output *from, const struct command_set *set,
		uint64_t most, const struct tails_at *to)
{
	used = 0;
	for (uint32_t i = 0; i < from->config->services; i++) {
		uint64_t all = least(most, config_service(from->config, i)
						   ->tail_lines);
		uint64_t relay, files;

		if (!command_has(set, i) || all == 0)
			continue;
		relay = least(all, to->relay[i]);
		files = least(all, to->files[i]);
		/* Both together are at most twice as many as are wanted. */
		skipped[i] = relay + files > all ?
				     (uint32_t)(relay + files - all) :
				     0;
		add(from, from->relay, i, to->relay[i] - relay + 1,
		    to->relay[i]);
		add(from, from->files, i, to->files[i] - files + 1,
		    to->files[i]);
	}
}

void tails_between(const struct output *from, const struct command_set *set,
		   const struct tails_at *since, const struct tails_at *to)
{
	used = 0;
	for (uint32_t i = 0; i < from->config->services; i++) {
		uint64_t kept = config_service(from->config, i)->tail_lines;

		if (!command_has(set, i) || kept == 0)
			continue;
		skipped[i] = 0;
		/* What is no longer there is not looked for. */
		add(from, from->relay, i,
		    to->relay[i] - least(kept, to->relay[i] -
						       since->relay[i]) + 1,
		    to->relay[i]);
		add(from, from->files, i,
		    to->files[i] - least(kept, to->files[i] -
						       since->files[i]) + 1,
		    to->files[i]);
	}
}

bool tails_next(const struct output *from, uint32_t *service,
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

void tails_say(struct phrase *w, const char *service,
	       const struct lines_line *line)
{
	char text[LINES_TEXT + 1], time[PHRASE_TIME];

	memcpy(text, line->text, line->length);
	text[line->length] = '\0';
	for (char *nul; (nul = memchr(text, '\0', line->length)) != NULL;)
		*nul = '?';
	phrase_time(time, line->wall_ms);
	phrase_add(w, "{\"service\":");
	phrase_add_json(w, service);
	phrase_add(w, ",\"time\":\"%s\",\"stream\":\"%s\",\"run\":%llu,"
		   "\"text\":", time,
		   line->stream == 2 ? "stderr" : "stdout",
		   (unsigned long long)line->run);
	phrase_add_json(w, text);
	phrase_add(w, ",\"is_cut\":%s}", line->is_cut ? "true" : "false");
}
