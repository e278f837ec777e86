/* SPDX-License-Identifier: ISC */
/* Commands of the control helper: checked as hostile, done once each. */
#ifndef INIT_PID1_OPERATOR_H
#define INIT_PID1_OPERATOR_H

#include "init/pid1/sup.h"

/* Read and do what has come, a bounded number of commands a turn. Never
 * blocks: an answer that finds no room is dropped, and the client asks again
 * with the same id. */
void operator_run(struct sup *sup);

#endif
