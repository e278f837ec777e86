/* SPDX-License-Identifier: ISC */
/* Command lines: words with quoting as a shell has it, without a shell. */
#ifndef INIT_CONFIG_WORDS_H
#define INIT_CONFIG_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "init/config/arena.h"
#include "init/config/value.h"

/* The words of a line, in the arena. */
struct words {
	const char **word; /* count of them, and a NULL */
	size_t count;
};

/* Split a line at blanks. 'single' quotes keep everything, "double" quotes
 * know \" \\ \$ \`, a backslash outside keeps the next byte. A `$` that is
 * quoted by ' or \ becomes EXPAND_LITERAL, so that expand() leaves it.
 *
 * Wrong is what only a shell would understand: unquoted | & ; < > ` $( and a
 * word that starts with #, variables set before the command; an open quote; a
 * line without a command. */
bool words_split(struct arena *a, const char *line, struct words *words,
		 struct why *why);

#endif
