/* SPDX-License-Identifier: ISC */
/* Which services the names of a request mean. */
#ifndef INIT_HELPERS_NAMES_H
#define INIT_HELPERS_NAMES_H

#include <stdint.h>

#include "init/board/command.h"
#include "init/config/config.h"

/* Fill *set with the services that `count` names or patterns, one behind the
 * other with a NUL each, mean. NULL, or the first of them that means none;
 * then *nearest is the name nearest to it, or NULL. */
const char *names_find(const struct config *c, const char *names,
		       uint32_t count, struct command_set *set,
		       const char **nearest);

#endif
