/* SPDX-License-Identifier: ISC */
/* The command line: which mode, which files, which command. */
#ifndef INIT_CLI_OPTIONS_H
#define INIT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "init/cli/commands.h"
#include "init/config/config.h"

enum { OPTIONS_FILES = 32 };

enum options_mode {
	OPTIONS_SINGLE,    /* -- CMD: one command, no configuration */
	OPTIONS_SUPERVISE, /* run, or options only as a container's command */
	OPTIONS_COMMAND,   /* `row` says what is to be done */
};

struct options {
	enum options_mode mode;
	const struct commands_row *row;        /* COMMAND: argv[1] is its word;
					   * NULL: the help of all */
	const char *files[OPTIONS_FILES]; /* of -c, in their order */
	size_t files_count;
	char **command; /* NULL-ended words behind --, or NULL */
	unsigned *doubts; /* where warnings are counted; NULL: none are said */
	bool is_second; /* something else is PID 1 */
};

/* Understand argv, or end the program with 100 and a line that says what was
 * not understood and what may have been meant. */
struct options options_parse(int argc, char **argv, bool is_pid1);

/* Understand [-c FILE]... [-- CMD ARG...] behind argv[0], or end the program
 * as options_parse() does. The mode is SUPERVISE. */
struct options options_files(int argc, char **argv);

/* What they name, as config_load() takes it. */
struct config_source options_source(const struct options *o);

/* Load the configuration that they name, or print its mistakes and end the
 * program with 100; so it does where is_second, and a dashpot answers already
 * at the place of the control socket. */
const struct config *options_load(const struct options *o);

#endif
