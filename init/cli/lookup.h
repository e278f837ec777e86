/* SPDX-License-Identifier: ISC */
/* Can the command of a service be executed? Looked for as its child will, by
 * reading the file system only. */
#ifndef INIT_CLI_LOOKUP_H
#define INIT_CLI_LOOKUP_H

#include <limits.h>

#include "init/config/config.h"

struct lookup {
	char found[PATH_MAX];       /* the last file that was looked at */
	char interpreter[PATH_MAX]; /* of a script, where that is missing */
};

/* Look the first word of argv up as service s does: by its PATH, in its
 * directory, for its user and groups (by the mode of the file; other rules are
 * not known here).
 *
 * 0, or the -errno of the start: -ENOENT when there is no such file, or no
 * interpreter (then l->interpreter names it, else it is ""), -EACCES when
 * there is one that may not be executed. */
int lookup_command(const struct config *c, const struct config_service *s,
		   struct config_list argv, struct lookup *l);

#endif
