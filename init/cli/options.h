/* SPDX-License-Identifier: ISC */
/* Options of a command: one table row each, `--dir DIR` or `--dir=DIR`, and
 * of a short one `-cFILE` too. */
#ifndef INIT_CLI_OPTIONS_H
#define INIT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option {
	const char *word;   /* "--dir" */
	const char **value; /* gets what follows it, or NULL: it takes none */
	bool *is_given;     /* set to true when it is there, or NULL */
	size_t most;        /* value has room for so many; 0: the last one
			     * counts */
	size_t *count;      /* with most: values so far */
};

/* Take the option argv[*at] into what its row points at, and go on behind it
 * and its value; false when no row has it. An option without its value, or one
 * too many, ends the program with DIE_USAGE. */
bool options_take(int argc, char **argv, int *at, const struct option *rows,
		  size_t count);

/* Read argv[1] onwards: options, and up to `most` other words into `words`.
 * Returns their number, or ends the program with DIE_USAGE and a line that
 * says what is wrong. argv[0] is the command. */
int options_parse(int argc, char **argv, const struct option *rows,
		  size_t count, const char **words, int most);

/* The value `text` of an option: a number, or milliseconds of a duration
 * ("30s"); `otherwise` where text is NULL. Ends the program with DIE_USAGE
 * where it is none, or out of bounds. */
int64_t options_number(const char *word, const char *text, int64_t max,
		       int64_t otherwise);
int64_t options_duration(const char *word, const char *text, int min_ms,
			 int64_t otherwise);

#endif
