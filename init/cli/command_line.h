/* SPDX-License-Identifier: ISC */
/* The command line: which mode, which files, which command. */
#ifndef INIT_CLI_COMMAND_LINE_H
#define INIT_CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "init/cli/commands.h"
#include "init/cli/options.h"
#include "init/config/config.h"
#include "init/loader/loader.h"

enum { COMMAND_LINE_FILES = 32 };

enum command_line_mode {
	COMMAND_LINE_SINGLE,    /* -- CMD: one command, no configuration */
	COMMAND_LINE_SUPERVISE, /* run, or a container's command without it */
	COMMAND_LINE_COMMAND,   /* `row` says what is to be done */
};

struct command_line {
	enum command_line_mode mode;
	const struct commands_row *row;        /* COMMAND: argv[1] is its word;
					   * NULL: the help of all */
	const char *files[COMMAND_LINE_FILES]; /* of -c, in their order */
	size_t files_count;
	char **command; /* NULL-ended words behind --, or NULL */
	unsigned *doubts; /* where warnings are counted; NULL: none are said */
	bool is_second; /* something else is PID 1 */
};

/* Understand argv, or end the program with 100 and a line that says what was
 * not understood and what may have been meant. */
struct command_line command_line_parse(int argc, char **argv, bool is_pid1);

/* Understand [-c FILE]... [-- CMD ARG...] behind argv[0], and the options `own`
 * of that command among them, or end the program as command_line_parse() does.
 * The mode is SUPERVISE. */
struct command_line command_line_files(int argc, char **argv,
				       const struct option *own, size_t count);

/* What they name, as loader_load() takes it. */
struct loader_source command_line_source(const struct command_line *o);

/* Load the configuration that they name, or print its mistakes and end the
 * program with 100; so it does where is_second, and a dashpot answers already
 * at the place of the control socket. */
const struct config *command_line_load(const struct command_line *o);

#endif
