/* SPDX-License-Identifier: ISC */
/* What each signal that PID 1 gets means: the end of everything, a reload, a
 * snapshot, a dead child, or something for the main command. */
#ifndef INIT_PID1_SIGNAL_ACTIONS_H
#define INIT_PID1_SIGNAL_ACTIONS_H

#include "init/service/supervisor.h"

/* Do what the signals that wait mean, at most SIGNALS_AT_ONCE; the descriptor
 * stays readable while there are more. */
void signal_actions_take(struct sup *sup);

/* Collect the signals that something is to get, by the configuration in force;
 * the kernel throws away the others. */
void signal_actions_follow(struct sup *sup);

#endif
