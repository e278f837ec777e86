/* SPDX-License-Identifier: ISC */
/* Numbers in words: the one place that knows how dashpot says a duration, a
 * signal, an errno, a limit or an end to a person. Writes into a bounded
 * buffer of the caller's; never allocates. */
#ifndef INIT_TEXT_WORDING_H
#define INIT_TEXT_WORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/board/board.h"

enum {
	PHRASE_TIME = 32, /* room for a time of phrase_time() */
};

/* Text that grows in a fixed buffer: at[used] is always NUL. What does not
 * fit is dropped, and is_cut says so. */
struct phrase {
	char *at;
	size_t size, used;
	bool is_cut;
};

/* A `struct phrase` on the char array given. */
#define PHRASE_IN(array)                                                     \
	(struct phrase)                                                      \
	{                                                                   \
		.at = (array), .size = sizeof(array)                        \
	}

/* Append as printf(3) does. */
void phrase_add(struct phrase *w, const char *form, ...)
	__attribute__((format(printf, 2, 3)));

/* Append as a JSON string with its quotes; bytes that are no valid UTF-8
 * become '?'. */
void phrase_add_json(struct phrase *w, const char *text);

/* Bytes of the valid UTF-8 character at text (RFC 3629), or 0; 1 for a NUL. */
size_t phrase_utf8_length(const char *text);

/* The number of the character at text where a terminal obeys it, or shows
 * nothing of it: DEL, C1 controls, directions, separators of lines, marks
 * without width. 0 for any other, also for controls below 0x20. */
unsigned phrase_hidden(const char *text);

/* Replace every byte that is not part of valid UTF-8 by '?', in place. */
void phrase_make_utf8(char *text);

/* A duration: "12 ms", "9.4 s", "2 m 5 s", "3 h 10 m", "2 d 4 h". A negative
 * one counts as 0. */
void phrase_duration(struct phrase *w, int64_t ms);

/* What failures are counted over: "within 15 s", or "in a row" for
 * BREAKER_IN_A_ROW. */
void phrase_window(struct phrase *w, int64_t window_ms);

/* RFC 3339 UTC with milliseconds. Times outside the years 1970 .. 9999 are
 * shown as the nearest one inside. */
void phrase_time(char out[PHRASE_TIME], int64_t wall_ms);

/* "SIGTERM", "SIGRTMIN+3" (as systemd counts), or "signal 99" put in buf. */
const char *phrase_signal(int number, char buf[16]);

/* What a check was answered: "connection refused", "HTTP status 503". */
void phrase_answer(struct phrase *w, unsigned answer, int code);

/* A check as it is written: "tcp:127.0.0.1:5432". */
void phrase_check(struct phrase *w, const struct config *c,
		  const struct config_check *check);

/* The words of JSON: "exited", "start-timeout", "pids-cgroup", "headroom",
 * "closed", ...; "unknown" for a number outside the enum. */
const char *phrase_cause(unsigned cause);
const char *phrase_answer_word(unsigned answer);
const char *phrase_oom(unsigned oom);
const char *phrase_limit_kind(unsigned kind);
const char *phrase_wait(unsigned wait);
const char *phrase_breaker(unsigned state);
const char *phrase_phase(unsigned phase);
const char *phrase_volume(unsigned step);

/* A limit that binds, with its numbers; what to do about it when
 * with_advice. */
void phrase_limit(struct phrase *w, const struct board_limit *limit,
		 bool with_advice);

/* How something ended: "exited with code 1 after 12 ms". runtime_ms < 0: not
 * said. */
void phrase_end(struct phrase *w, unsigned cause, int code, unsigned step,
	       int err, int64_t runtime_ms);

#endif
