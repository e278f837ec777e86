/* SPDX-License-Identifier: ISC */
/* Options of a command: one table row each, `--dir DIR` or `--dir=DIR`. */
#ifndef INIT_CLI_ARGS_H
#define INIT_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct args_row {
	const char *word;   /* "--dir" */
	const char **value; /* gets what follows it, or NULL: it takes none */
	bool *is_given;     /* set to true when it is there, or NULL */
};

/* Read argv[1] onwards: options into what the rows point at, up to `most` other
 * words into `words`. Returns their number, or ends the program with 100 and
 * a line that says what is wrong. argv[0] is the command. */
int args_parse(int argc, char **argv, const struct args_row *rows,
	       size_t count, const char **words, int most);

#endif
