/* SPDX-License-Identifier: ISC */
/* The last step of a start, in the child: the words and variables of what is
 * executed, and exec. Nothing here knows a limit of its own: what the kernel
 * takes can be started. */
#ifndef INIT_KERNEL_EXECUTE_H
#define INIT_KERNEL_EXECUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "init/config/config.h"
#include "init/kernel/spawn_report.h"

enum { EXECUTE_EXTRA = 8 }; /* most variables beside the configured ones */

struct execute {
	const char *path;  /* PATH that argv[0] is looked for in */
	char **argv;       /* NULL-ended; the slot before argv[0] is there, and
			    * is not needed any more */
	char **env;        /* NULL-ended */
	char **own;        /* room for variables over the inherited ones */
};

/* Reserve memory for `words` words, and for `variables` and EXECUTE_EXTRA more
 * beside the inherited ones, before a limit of the service binds. False with
 * errno (ENOMEM). */
bool execute_reserve(struct execute *e, size_t words, size_t variables);

/* Make argv from a list; it has no more than the reserved words. */
void execute_words(struct execute *e, const struct config *c,
		   struct config_list list);

/* Make env: what dashpot inherits (not where is_cleared), less what the list
 * sets or dashpot keeps to itself, then `extra` (NULL-ended) and the
 * list, of whose variables the first of a name counts. */
void execute_variables(struct execute *e, const struct config *c,
		       struct config_list list, bool is_cleared,
		       const char *const *extra);

/* Unblock all signals and execute argv[0], as execvp(3) finds it: a name with
 * a slash is taken as it is, and a text file without a "#!" line is run by
 * /bin/sh. Returns only where that fails: the errno, with the step that it
 * failed at in report->step. */
int execute_run(const struct execute *e, struct spawn_report *report);

#endif
