/* SPDX-License-Identifier: ISC */
/* Which services the names of a request mean. */
#ifndef INIT_CONTROL_NAMES_H
#define INIT_CONTROL_NAMES_H

#include <stdint.h>

#include "init/board/board.h"
#include "init/board/command.h"
#include "init/config/config.h"
#include "init/control/request.h"

/* Fill *set with the services that `count` names or patterns, one behind the
 * other with a NUL each, mean. NULL, or the first of them that means none;
 * then *nearest is the name nearest to it, or NULL. */
const char *names_find(const struct config *c, const char *names,
		       uint32_t count, struct command_set *set,
		       const char **nearest);

/* Take out of the set who is at rest and meant by patterns alone. A start or
 * stop leaves out an autostart = no that no person stopped; a start also what
 * is done or has a schedule that runs; a restart all that is stopped, done,
 * failed or between two ticks; signal and reload who has no process. */
void names_leave_resting(const struct config *c, const struct board *b,
			 const struct request *r, struct command_set *set);

#endif
