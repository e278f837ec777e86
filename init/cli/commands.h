/* SPDX-License-Identifier: ISC */
/* The words that a person types behind `dashpot`: one row each, from which
 * the help is made too. What a word does is in a file of its own. */
#ifndef INIT_CLI_COMMANDS_H
#define INIT_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

struct commands_row {
	const char *word;
	const char *usage;   /* what follows the word, "" for nothing */
	const char *summary; /* what it does, in lines of up to 72 columns */
	const char *help;    /* more of that, for `help WORD`, or "" */
	/* Do it; argv[0] is the word. Returns the exit code: 0, 1 when the
	 * answer is no, DIE_USAGE or DIE_SYSTEM. NULL: `run`, which main
	 * does. */
	int (*run)(int argc, char **argv);
	unsigned also; /* what else its help says */
};

/* The row of a word ("--help", "-h" and "--version" are words too), or NULL. */
const struct commands_row *commands_find(const char *word);

/* Row i of the table; NULL behind the last. */
const struct commands_row *commands_row(size_t i);

/* Do what the row says, or print its help where an argument before `--` is
 * --help or -h. Where what it prints to has no reader any more, it ends as
 * SIGPIPE ends a program, exit code 141. */
int commands_run(const struct commands_row *command, int argc, char **argv);

/* True when an argument before `--` asks for help. */
bool commands_is_help_asked(int argc, char **argv);

/* Print the help of all, or of one, to stdout; returns the exit code. */
int commands_help(const struct commands_row *command);

#endif
