/* SPDX-License-Identifier: ISC */
/* What a setting brings in from other files: users, and variables of the
 * environment. */
#ifndef INIT_CONFIG_SOURCES_H
#define INIT_CONFIG_SOURCES_H

#include "init/config/keys.h"
#include "init/config/value.h"

/* passwd and group, read when they are first needed. */
const struct users *sources_users(struct loader *l);

/* env.NAME = TEXT. */
bool sources_variable(const struct key_use *use, const char *text);

/* env_file = PATH or -PATH: lines of NAME=VALUE; blank lines and lines that
 * begin with # are skipped, "export " before a name too, and a pair of quotes
 * around a value is taken off. */
bool sources_file(const struct key_use *use, const char *path);

/* One such line, without its newline: cut in place into name and value (name
 * is NULL when it is to be skipped), or false when it is none. */
bool sources_line(char *line, char **name, char **value);

/* env_from_file.NAME = PATH: the content without one newline at its end. */
bool sources_content(const struct key_use *use, const char *path);

/* The list of a draft's variables without doubles, sorted by name, in the
 * text part; and the PATH that the service will have. */
struct config_list sources_list(struct loader *l, const struct draft *d);
config_text sources_path(struct loader *l, const struct draft *d,
			 struct config_list env);

/* Add a variable to a draft. */
void sources_add(struct loader *l, struct draft *d, const char *name,
		 const char *value, enum variable_rank rank, bool is_own);

#endif
