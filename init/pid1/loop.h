/* SPDX-License-Identifier: ISC */
/* The loop of PID 1. */
#ifndef INIT_PID1_LOOP_H
#define INIT_PID1_LOOP_H

#include <stdbool.h>

#include "init/config/config.h"
#include "init/loader/loader.h"
#include "init/service/supervisor.h"

/* One turn: put what has changed on the board, sleep until something happens
 * or is due, and do what follows from it. The work of a turn is bounded. sup
 * was made by setup_run(). */
void loop_turn(struct sup *sup);

/* Has everything been stopped? Then there is no other turn. */
bool loop_is_over(const struct sup *sup);

/* Supervise the services of `config`, which was loaded from `source` and is
 * loaded from there anew at a reload, until everything has been stopped. argv
 * is the program's, for the names of helpers in ps. Signals must be blocked.
 * Ends the program: with the code that shutdown decides, or with 111 where
 * set-up fails. */
_Noreturn void loop_run(const struct config *config,
			const struct loader_source *source, char **argv);

#endif
