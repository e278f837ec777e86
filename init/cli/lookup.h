/* SPDX-License-Identifier: ISC */
/* Can the command of a service be executed? Looked for as its child will, by
 * reading the file system only. */
#ifndef INIT_CLI_LOOKUP_H
#define INIT_CLI_LOOKUP_H

#include <limits.h>

#include "init/config/config.h"

/* What is wrong with a file that is there and may be executed. */
enum lookup_flaw {
	LOOKUP_FINE,
	LOOKUP_INTERPRETER, /* its interpreter or loader is not there */
	LOOKUP_RETURN,      /* its first line ends with a carriage return */
	LOOKUP_MARK,        /* it begins with a byte order mark */
	LOOKUP_EMPTY,       /* it has no bytes */
	LOOKUP_MACHINE,     /* it is a program of another machine */
	LOOKUP_NO_PROGRAM,  /* it is neither a program nor text */
};

struct lookup {
	char found[PATH_MAX];       /* the last file that was looked at */
	char interpreter[PATH_MAX]; /* that it names, or "" */
	enum lookup_flaw flaw;
};

/* Look the first word of argv up as service s does: by its PATH, in its
 * directory, for its user and groups (by the mode of the file; other rules are
 * not known here).
 *
 * 0, or the -errno of the start: -ENOENT when there is no such file, or no
 * interpreter, -EACCES when there is one that may not be executed, -ENOEXEC
 * for what is no program of this machine. 0 with a flaw: it starts, and does
 * not do what is written. Programs of other machines that binfmt_misc knows
 * are not known here. */
int lookup_command(const struct config *c, const struct config_service *s,
		   struct config_list argv, struct lookup *l);

#endif
