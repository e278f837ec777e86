/* SPDX-License-Identifier: ISC */
/* The loader may begin to write the next ones at any moment: what was read is
 * taken back where it did. */
#include "init/control/reload_errors.h"

#include <string.h>

#include "init/loader/mistakes.h"
#include "init/text/event_table.h"
#include "init/text/wording.h"

enum {
	LINE = 2048 + 1, /* of the loader, with its NUL: complain.c */
	ESCAPED = 6,     /* bytes that one of them takes at most */
};

/* The number of the BOARD_EV_RELOAD that they belong to; 0: being written. */
static uint64_t number_of(const struct board_mistakes *m)
{
	return atomic_load_explicit(&m->event, memory_order_acquire);
}

/* The whole line at *at of `left` bytes as JSON; *at moves behind it. False
 * where there is none. */
static bool take_line(struct phrase *w, const char **at, size_t left)
{
	static char line[LINE];
	const char *end = memchr(*at, '\n', left);
	size_t length = end == NULL ? LINE : (size_t)(end - *at);

	if (length >= LINE)
		return false;
	memcpy(line, *at, length);
	line[length] = '\0';
	*at = end + 1;
	phrase_add_json(w, line);
	return true;
}

/* "a","b": as many as find room; returns their number. */
static int64_t put_lines(struct answer *a, const struct board_mistakes *m)
{
	static char text[ESCAPED * LINE];
	const size_t begin = a->used;
	const char *at = m->text, *end = m->text + BOARD_MISTAKES;
	int64_t given;

	if (m->length < BOARD_MISTAKES)
		end = m->text + m->length;
	/* Behind the last mistake in the text stands how many follow. */
	for (given = 0; given < MISTAKES_MOST; given++) {
		struct phrase w = PHRASE_IN(text);

		phrase_add(&w, given == 0 ? "" : ",");
		if (!take_line(&w, &at, (size_t)(end - at)) ||
		    a->used - begin + w.used > RELOAD_ERRORS_ROOM)
			break;
		answer_put(a, w.at, w.used);
	}
	return given;
}

void reload_errors_put(struct answer *a, const struct board_mistakes *m,
		       const struct board_event *failed)
{
	static const char head[] = ",\"mistakes\":[", object_end[] = "}\n";
	const uint64_t number = number_of(m);
	char text[64];
	struct phrase w = PHRASE_IN(text);
	int64_t given;
	size_t before;

	/* One reload goes on at a time, so an older number is this one's. */
	if (failed->n[EVENT_RELOAD_REASON] != BOARD_RELOAD_MISTAKES ||
	    number == 0 || number >= atomic_load(&failed->number))
		return;
	before = a->used -= sizeof(object_end) - 1;
	answer_put(a, head, sizeof(head) - 1);
	given = put_lines(a, m);
	phrase_add(&w, "]");
	given = failed->n[EVENT_RELOAD_NUMBER] - given;
	if (given > 0)
		phrase_add(&w, ",\"more\":%lld", (long long)given);
	answer_put(a, w.at, w.used);
	atomic_thread_fence(memory_order_acquire);
	if (number_of(m) != number)
		a->used = before;
	answer_put(a, object_end, sizeof(object_end) - 1);
}
