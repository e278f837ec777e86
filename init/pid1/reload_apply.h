/* SPDX-License-Identifier: ISC */
/* A new configuration takes the place of the one in force: each service is
 * compared, and only what its new settings ask for is done. */
#ifndef INIT_PID1_RELOAD_APPLY_H
#define INIT_PID1_RELOAD_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "init/service/supervisor.h"

/* Put `next` in force, a block that config_verify() has passed and nobody else
 * can write, and say so; or say why not, and nothing has changed.
 *
 * A service with the same run_fingerprint goes on, with its other settings
 * from now on; deadlines that are running stay. One with another is started
 * anew, also out of its breaker, unless it is stopped or done. A new one
 * starts, a removed one stops. The helpers are replaced. */
void reload_apply(struct sup *sup, const struct config *next);

/* What was loaded is what is in force: say so. */
void adopt_nothing(struct sup *sup);

#endif
