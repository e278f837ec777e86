/* SPDX-License-Identifier: ISC */
/* What dashpot answers about services, told: lists of {"service", "result",
 * "state", "why"}, the result only where something was to be done. */
#ifndef INIT_CLI_VERDICT_H
#define INIT_CLI_VERDICT_H

#include <stdbool.h>

#include "init/cli/out.h"
#include "init/text/json_reader.h"

/* True when everything in the list was done, or accepted where nobody waits
 * for more. */
bool verdict_is_done(struct peek services);

/* One line for each: its name, what came of it, and why. sent: the signal that
 * was sent where the result is "done", or NULL. */
void verdict_tell(struct out *o, struct peek services, const char *sent);

#endif
