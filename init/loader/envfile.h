/* SPDX-License-Identifier: ISC */
/* Files of variables, as people have them for compose, docker and shells: one
 * grammar, which dashpot.ini(5) states, "Files of variables". What the programs
 * that read such files understand differently is a mistake, but for the quotes
 * around a whole value, which go away. */
#ifndef INIT_LOADER_ENVFILE_H
#define INIT_LOADER_ENVFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "init/config/scalar_value.h"

/* A file that is read. */
struct envfile {
	char *at;      /* what is left of its text, which is cut in place */
	unsigned line; /* of the last variable or mistake, from 1 */
	unsigned next; /* of `at` */
};

/* Begin with a text of len bytes and a NUL. Wrong: a NUL byte, invalid UTF-8, a
 * byte order mark that is not at the start. */
bool envfile_begin(struct envfile *f, char *text, size_t len,
		   struct why *why);

/* The next variable: its name and value, cut in place. *name is NULL at the
 * end, *value where the line is a NAME alone. False: why says what is wrong
 * with f->line, without naming that. */
bool envfile_next(struct envfile *f, char **name, char **value,
		  struct why *why);

/* Letters, digits and _ as in a shell; also . and -, which programs read. */
bool envfile_is_name(const char *name);

/* Behind a byte order mark that text begins with. */
char *envfile_skip_mark(char *text);

#endif
