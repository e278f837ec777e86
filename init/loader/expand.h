/* SPDX-License-Identifier: ISC */
/* Variables and quotes in values and command lines, as a shell reads them.
 *
 * ${NAME} and its six forms with a TEXT are replaced, to any depth, from a
 * list of NAME=VALUE; what they become is never split into words. TEXT is read
 * as a shell reads it: with 'single' and "double" quotes and backslashes,
 * which go away. The whole grammar stands in dashpot.ini(5), "Variables". */
#ifndef INIT_LOADER_EXPAND_H
#define INIT_LOADER_EXPAND_H

#include <stdbool.h>

#include "init/config/scalar_value.h"
#include "init/loader/arena.h"

enum {
	/* Bytes that one value or word may become: a longer one, with its NUL,
	 * no kernel with pages of 4 KiB passes on to a program. */
	EXPAND_MOST = 128 * 1024 - 1,
};

/* What expansions need and share. */
struct expansion {
	struct arena *arena;
	char *const *environment; /* NAME=VALUE, up to a NULL */
	size_t became;     /* bytes that variables have made of values so far;
			    * at most CONFIG_TEXT */
	const char *plain; /* the first `$NAME` or `$(` since this was NULL that
			    * stays as it is and that a shell would replace */
	char *scratch;     /* made when it is first needed */
};

/* The value of NAME (len bytes) in a NULL-ended list of NAME=VALUE, or NULL. */
const char *expand_variable(char *const *environment, const char *name,
			    size_t len);

/* Expand a whole value. Outside ${...} every byte stands for itself, but for
 * $${, a literal ${. Without a ${ the result is the text itself, else it is
 * made in the arena.
 *
 * Wrong: ${NAME} that is unset, ${NAME:?MESSAGE} where that asks for more, a
 * form that only a shell knows, ${ without }, a quote without its end, an
 * unquoted { in TEXT (is the next } its end, or that of the variable?), more
 * than EXPAND_MOST bytes. */
bool expand(struct expansion *e, const char *text, const char **result,
	    struct why *why);

/* Split a command line at blanks, with quoting as a shell has it, and expand
 * each word: a list in the arena that ends with NULL, or NULL when it is wrong.
 *
 * Wrong is also what only a shell understands where it is not quoted, | & ; <
 * > ` $(; a word that starts with #; a variable set before the command; a line
 * without a program. */
const char *const *expand_command(struct expansion *e, const char *line,
				  struct why *why);

#endif
