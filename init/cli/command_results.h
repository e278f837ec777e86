/* SPDX-License-Identifier: ISC */
/* What dashpot answers about services, told: lists of {"service", "result",
 * "state", "why"}, the result only where something was to be done. */
#ifndef INIT_CLI_COMMAND_RESULTS_H
#define INIT_CLI_COMMAND_RESULTS_H

#include <stdbool.h>

#include "init/cli/terminal_out.h"
#include "init/text/json_reader.h"

/* True when everything in the list was done, or accepted where nobody waits
 * for more. */
bool results_are_done(struct json_value services);

/* One line for each: its name, what came of it, and why. sent: the signal that
 * was sent where the result is "done", or NULL. */
void results_tell(struct out *o, struct json_value services, const char *sent);

#endif
