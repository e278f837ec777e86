/* SPDX-License-Identifier: ISC */
/* Commands of the control helper: checked as hostile, done once each. */
#ifndef INIT_PID1_CONTROL_COMMANDS_H
#define INIT_PID1_CONTROL_COMMANDS_H

#include "init/service/supervisor.h"

/* Read and do what has come, a bounded number of commands a turn. Never
 * blocks: an answer that finds no room is dropped, and the client asks again
 * with the same id. */
void control_commands_run(struct sup *sup);

/* One command: do it, or answer from memory when one of this id was done.
 * Errors are not remembered: nothing was done. */
void control_commands_take(struct sup *sup, const struct command *command,
		   struct command_answer *answer);

#endif
