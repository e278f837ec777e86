/* SPDX-License-Identifier: ISC */
/* ${VAR} and ${VAR:-default} in values, from dashpot's own environment. */
#ifndef INIT_CONFIG_EXPAND_H
#define INIT_CONFIG_EXPAND_H

#include <stdbool.h>

#include "init/config/arena.h"
#include "init/config/value.h"

enum {
	EXPAND_MOST = 64 * 1024, /* bytes that one value may become */
	/* Stands for a `$` that is not to be expanded (words_split() makes
	 * it). No file can hold it: control characters are refused. */
	EXPAND_LITERAL = 1,
};

/* The value of NAME (len bytes) in a NULL-ended list of NAME=VALUE, or NULL. */
const char *expand_variable(char *const *environment, const char *name,
			    size_t len);

/* Expand text. Without a `$` the result is the text itself, else it is made
 * in the arena. ${VAR:-default} is the default when VAR is unset or empty.
 * Wrong: ${VAR} that is unset, ${ without }, more than EXPAND_MOST bytes. Any
 * other `$` stays as it is. */
bool expand(struct arena *a, char *const *environment, const char *text,
	    const char **result, struct why *why);

#endif
