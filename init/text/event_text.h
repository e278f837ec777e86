/* SPDX-License-Identifier: ISC */
/* What an event says to a person, as one sentence.
 *
 * It reads numbers and names, decides nothing, and never allocates. */
#ifndef INIT_TEXT_EVENT_TEXT_H
#define INIT_TEXT_EVENT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "init/board/board.h"
#include "init/config/config.h"
#include "init/text/wording.h"

/* What an event is read against. */
struct event_text_from {
	const struct config *config;
	const struct board *board; /* NULL: the end behind an exit is not
				    * known */
	const struct board_lines *relay, *files; /* last lines; NULL: none */
};

/* Append the sentence, without "dashpot:", the service's name, or a newline. */
void event_text_add(struct phrase *w, const struct event_text_from *from,
		  const struct board_event *e);

/* Append argument n[i] as a word or a number; the letters:
 * i number, d duration, u seconds rounded up, b boolean, c cause, t step,
 * e errno, s signal, w wait, h helper, V step on the volume, W wait status,
 * k command, r why a reload failed, o short command, l kind of a limit,
 * f what failures are counted over, m ms or null where it is negative,
 * p processes, n services, D the volume's directory, H this host's name,
 * x the end in n[0] .. n[4], y the end in n[0] and n[1]. */
void event_text_value(struct phrase *w, const struct config *c,
		    const struct board_event *e, size_t i, char letter);

/* Append "1 process" or "3 processes": plural is what is added to the noun. */
void event_text_count(struct phrase *w, int64_t n, const char *noun,
		    const char *plural);

/* Append "1 failure in a row" or "3 failures within 15 s"; window_ms < 0: in a
 * row. */
void event_text_failures(struct phrase *w, int64_t n, int64_t window_ms);

/* The name of service i; NULL when there is none of that number. */
const char *event_text_service(const struct config *c, int64_t i);

#endif
