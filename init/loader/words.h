/* SPDX-License-Identifier: ISC */
/* Command lines: words with quoting as a shell has it, without a shell. */
#ifndef INIT_LOADER_WORDS_H
#define INIT_LOADER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "init/loader/expand.h"

/* The words of a line, in the arena. */
struct words {
	const char **word; /* count of them, and a NULL */
	size_t count;
};

/* Split a line at blanks, each word as expand_word() reads it.
 *
 * Wrong is what that finds wrong; a word that starts with #; a variable set
 * before the command; a line without a program. */
bool words_split(struct expansion *e, const char *line, struct words *words,
		 struct why *why);

#endif
