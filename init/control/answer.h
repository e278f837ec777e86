/* SPDX-License-Identifier: ISC */
/* The memory of answers: one mapping each, given back at its end.
 *
 * It is bounded by answer and for all of them together, so that clients that
 * do not read cost no more than that. Pages that nothing was put into cost
 * nothing. For one thread. */
#ifndef INIT_CONTROL_ANSWER_H
#define INIT_CONTROL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "init/text/json_writer.h"

enum {
	ANSWER_MOST = 16 * 1024 * 1024, /* bytes of an answer */
	ANSWER_ALL = 64 * 1024 * 1024,  /* bytes of all together */
	ANSWER_SMALL = 2 * 1024 * 1024, /* one of a line a service */
	ANSWER_KEPT = 8 * 1024 * 1024,  /* of ALL, for these alone */
	ANSWER_STREAM = 256 * 1024,     /* what a follower may be behind */
	ANSWERS = 80,
};

struct answer {
	char *text;     /* room bytes; NULL: this one is free */
	size_t room;
	size_t used;    /* bytes put so far */
	struct json json; /* puts here too; its err is the first failure: -E2BIG
			   * where there was no room */
	unsigned holders;
	bool is_flat;   /* newlines and tabs are left out: JSON on one line */
};

/* A new, empty one of at most `room` bytes, with one holder. NULL when the
 * memory of all is used up, or there are too many. */
struct answer *answer_new(size_t room);

/* Append, unless something has failed before; 0, or -errno of the first
 * failure. */
int answer_put(void *answer, const char *text, size_t size);

/* Nothing more is put: give back what it does not need. */
void answer_end(struct answer *a);

/* Forget the first `size` bytes of what was put. */
void answer_cut(struct answer *a, size_t size);

/* One holder less; the last one frees it. NULL does nothing. */
void answer_drop(struct answer *a);

#endif
