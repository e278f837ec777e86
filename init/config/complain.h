/* SPDX-License-Identifier: ISC */
/* Mistakes in the configuration: collected while it is read, told together.
 *
 * They are sorted by file, line and text, so that it does not matter in which
 * step of the load one was found. Also here: which known name is nearest to an
 * unknown one. */
#ifndef INIT_CONFIG_COMPLAIN_H
#define INIT_CONFIG_COMPLAIN_H

#include <stdint.h>

#include "init/lib/arena.h"

enum { COMPLAIN_MOST = 100 }; /* more are counted, not printed */

/* A file that is read. */
struct file {
	const char *name;
	uint32_t number; /* in the order of reading; messages too */
};

/* Where something is written. */
struct place {
	const struct file *file;
	uint32_t line; /* from 1; 0: the file as a whole */
};

struct complaint;

/* The mistakes found so far. All-zero but for `arena` is none. */
struct complaints {
	struct arena *arena;
	struct complaint *newest;
	unsigned count;
};

/* Add one mistake: "what is wrong; what to do". */
void complain(struct complaints *c, struct place where, const char *form,
	      ...) __attribute__((format(printf, 3, 4)));

/* Print "FILE:LINE: text" for each, in the order of files and lines, each text
 * once and at most COMPLAIN_MOST, to the descriptor fd (negative: nowhere).
 * Bytes that are no printable ASCII are written as \xNN. Returns the number
 * of different mistakes (those beyond 10,000 are not compared). */
unsigned complain_print(struct complaints *c, int fd);

/* The search for the name nearest to `word`. */
struct nearest {
	const char *word;
	const char *best;  /* NULL: nothing is near */
	unsigned distance; /* of best, in edits */
};

/* Offer one candidate. Near is what differs by at most a third of the word's
 * letters and by at most 3 edits; upper and lower case are the same. */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
