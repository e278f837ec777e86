/* SPDX-License-Identifier: ISC */
/* Options of one command beside those that options_files() knows.
 *
 * A command walks over its arguments up to `--`, takes its own, and keeps the
 * rest for options_files():
 *
 *     struct arguments a = arguments_of(argc, argv);
 *     while (arguments_next(&a))
 *             if (arguments_is(&a, "--strict"))
 *                     is_strict = true;
 *             else if ((value = arguments_value(&a, "--seed")) != NULL)
 *                     ...
 *             else
 *                     arguments_keep(&a); */
#ifndef INIT_CLI_ARGUMENTS_H
#define INIT_CLI_ARGUMENTS_H

#include <stdbool.h>

#include "init/config/value.h"

struct arguments {
	char **argv;
	int argc, at;
	int kept;    /* words of rest */
	char **rest; /* on the heap, until the program ends */
};

/* Over argv behind argv[0], with which rest begins. Without memory the program
 * ends with DIE_SYSTEM. */
struct arguments arguments_of(int argc, char **argv);

/* Go to the next argument before `--`. At the end, what is left is kept and
 * `rest` is a NULL-ended argv of `kept` words. */
bool arguments_next(struct arguments *a);

/* The present argument is this option. */
bool arguments_is(const struct arguments *a, const char *option);

/* The value of this option, which is the present argument (`--seed 7` or
 * `--seed=7`), or NULL when it is another one. Without a value the program
 * ends with DIE_USAGE. */
const char *arguments_value(struct arguments *a, const char *option);

/* Leave the present argument to options_files(); -c keeps its value too. */
void arguments_keep(struct arguments *a);

/* End the program with DIE_USAGE: "OPTION VALUE WHY". */
_Noreturn void arguments_wrong(const char *option, const char *value,
			       const struct why *why);

#endif
