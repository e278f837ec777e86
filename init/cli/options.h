/* SPDX-License-Identifier: ISC */
/* The command line: which mode, which files, which command. */
#ifndef INIT_CLI_OPTIONS_H
#define INIT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_FILES = 32 };

enum options_mode {
	OPTIONS_SINGLE,    /* -- CMD: one command, no configuration */
	OPTIONS_SUPERVISE, /* run, or options only as PID 1 */
	OPTIONS_CHECK,
	OPTIONS_VERSION,
	OPTIONS_HELP,
};

struct options {
	enum options_mode mode;
	const char *files[OPTIONS_FILES]; /* of -c, in their order */
	size_t files_count;
	char **command; /* NULL-ended words behind --, or NULL */
};

/* Understand argv, or end the program with 100 and a line that says what was
 * not understood and what may have been meant. */
struct options options_parse(int argc, char **argv, bool is_pid1);

/* Print the help to stdout. */
void options_help(void);

#endif
