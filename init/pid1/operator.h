/* SPDX-License-Identifier: ISC */
/* Commands of the control helper: checked as hostile, done once each. */
#ifndef INIT_PID1_OPERATOR_H
#define INIT_PID1_OPERATOR_H

#include "init/pid1/sup.h"

/* Read and do what has come, a bounded number of commands a turn. Never
 * blocks: an answer that finds no room is dropped, and the client asks again
 * with the same id. */
void operator_run(struct sup *sup);

/* One command that is no COMMAND_TROUBLE: do it, or answer from memory when
 * one of this id was done. Errors are not remembered: nothing was done. */
void operator_take(struct sup *sup, const struct command *command,
		   struct command_answer *answer);

#endif
