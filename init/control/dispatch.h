/* SPDX-License-Identifier: ISC */
/* From a whole request to what answers it, and which services it means. */
#ifndef INIT_CONTROL_DISPATCH_H
#define INIT_CONTROL_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/board.h"
#include "init/board/command_protocol.h"
#include "init/config/config.h"
#include "init/control/request.h"

struct client;
struct control;

/* Fill *set with the services that `count` names or patterns, one behind the
 * other with a NUL each, mean. NULL, or the first of them that means none;
 * then *nearest is the name nearest to it, or NULL. */
const char *dispatch_find(const struct config *c, const char *names,
			  uint32_t count, struct command_set *set,
			  const char **nearest);

/* Take out of the set each service at rest that only patterns mean; false when
 * nothing is left. A start or stop leaves out an autostart = no that no person
 * stopped; a start also what is done or has a schedule that runs; a restart all
 * that is stopped, done, failed or between two ticks; signal and reload what
 * has no process. */
bool dispatch_leave_resting(const struct config *c, const struct board *b,
			    const struct request *r, struct command_set *set);

/* The services that health and wait mean without a name. health: daemons that
 * are started by themselves and are not to be ignored. wait (with_oneshots):
 * all that is started by itself. */
void dispatch_default(const struct config *c, bool with_oneshots,
		      struct command_set *set);

/* A client's request is whole, or too long to be one. */
void dispatch_request(struct control *ctl, struct client *c);

/* Give followers what is new: of events one of them, of lines all. */
void dispatch_events(struct control *ctl, struct client *c);
void dispatch_lines(struct control *ctl);

#endif
