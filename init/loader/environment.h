/* SPDX-License-Identifier: ISC */
/* What a setting brings in from other files: users, and variables of the
 * environment. */
#ifndef INIT_LOADER_ENVIRONMENT_H
#define INIT_LOADER_ENVIRONMENT_H

#include "init/config/keys.h"
#include "init/config/scalar_value.h"
#include "init/loader/parse_setting.h"

/* passwd and group, read when they are first needed. */
const struct users *environment_users(struct loader *l);

/* env.NAME = TEXT. */
bool environment_variable(const struct key_use *use, const char *text);

/* env_file = PATH or -PATH: what envfile.h reads. A NAME alone is inherited
 * also where clear_env says that nothing is. */
bool environment_file(const struct key_use *use, const char *path);

/* env_from_file.NAME = PATH: the content without a byte order mark at its
 * start and one newline (LF or CRLF) at its end. */
bool environment_content(const struct key_use *use, const char *path);

/* The list of a draft's variables without doubles, sorted by name, in the
 * text part; and the PATH that the service will have. */
struct config_list environment_list(struct loader *l, const struct draft *d);
config_text environment_path(struct loader *l, const struct draft *d,
			     struct config_list env);

/* Add a variable to a draft. */
void environment_add(struct loader *l, struct draft *d, const char *name,
		     const char *value, enum variable_rank rank, bool is_own);

#endif
