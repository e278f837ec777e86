/* SPDX-License-Identifier: ISC */
/* Can the command of a service be executed? Looked for as its child will, by
 * reading the file system only. */
#ifndef INIT_CLI_CHECK_PROGRAM_H
#define INIT_CLI_CHECK_PROGRAM_H

#include <limits.h>

#include "init/config/config.h"

/* What is wrong with a file that is there and may be executed. */
enum program_flaw {
	PROGRAM_FINE,
	PROGRAM_INTERPRETER, /* its interpreter or loader is not there */
	PROGRAM_RETURN,      /* its first line ends with a carriage return */
	PROGRAM_MARK,        /* it begins with a byte order mark */
	PROGRAM_EMPTY,       /* it has no bytes */
	PROGRAM_MACHINE,     /* it is a program of another machine */
	PROGRAM_UNKNOWN,  /* it is neither a program nor text */
};

struct program {
	char found[PATH_MAX];       /* the last file that was looked at */
	char interpreter[PATH_MAX]; /* that it names, or "" */
	enum program_flaw flaw;
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
int program_find(const struct config *c, const struct config_service *s,
		   struct config_list argv, struct program *l);

#endif
