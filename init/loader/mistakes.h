/* SPDX-License-Identifier: ISC */
/* Mistakes in the configuration: collected while it is read, told together.
 *
 * They are sorted by file, line and text, so that it does not matter in which
 * step of the load one was found. */
#ifndef INIT_LOADER_MISTAKES_H
#define INIT_LOADER_MISTAKES_H

#include <stdint.h>

#include "init/loader/arena.h"

enum { MISTAKES_MOST = 100 }; /* more are counted, not printed */

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

struct mistake;

/* The mistakes found so far. All-zero but for `arena` is none. */
struct mistakes {
	struct arena *arena;
	struct mistake *newest;
	unsigned count;
};

/* Add one mistake: "what is wrong; what to do". */
void mistake(struct mistakes *c, struct place where, const char *form,
	     ...) __attribute__((format(printf, 3, 4)));

/* Print "FILE:LINE: text" for each, in the order of files and lines, each text
 * once and at most MISTAKES_MOST, to the descriptor fd (negative: nowhere).
 * Bytes that are no printable ASCII are written as \xNN. Returns the number
 * of different mistakes (those beyond 10,000 are not compared). */
unsigned mistakes_print(struct mistakes *c, int fd);

#endif
