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

/* env_file = PATH or -PATH: what envfile.h reads. A NAME alone is inherited
 * also where clear_env says that nothing is. */
bool sources_file(const struct key_use *use, const char *path);

/* env_from_file.NAME = PATH: the content without a byte order mark at its
 * start and one newline (LF or CRLF) at its end. */
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
