/* SPDX-License-Identifier: ISC */
/* Stopping everything, in the order that DESIGN promises, and with the exit
 * code that the container runtime is to see. */
#ifndef INIT_PID1_SHUTDOWN_H
#define INIT_PID1_SHUTDOWN_H

#include <stdint.h>

#include "init/service/exit.h"
#include "init/service/supervisor.h"

/* A stop signal came, with this si_code: begin to stop; what a second one does
 * is for stop_again. */
void shutdown_by_signal(struct sup *sup, int number, int code);

/* A run of service i has ended: stop everything when the service is essential
 * and its breaker opened (with max_trips: latched), or it ended for good
 * without success, or when it is the given command and ended at all. */
void shutdown_if_essential(struct sup *sup, uint32_t i,
			   const struct service_end *by);

/* Nothing can start again by itself. */
void shutdown_all_ended(struct sup *sup);

/* exit_when_all_blocked has come due. */
void shutdown_all_blocked(struct sup *sup);

/* Stop everything when an essential service has waited for room for
 * held_timeout. */
void shutdown_if_held(struct sup *sup);

/* Go on with it; nothing while STOP_NOT. */
void shutdown_run(struct sup *sup);

/* When to go on at the latest; NEVER while STOP_NOT. */
int64_t shutdown_next_ms(const struct sup *sup);

/* The clock jumped by jump_ms (the container was paused): move the deadlines
 * instead of killing whom nobody gave time. */
void shutdown_shift(struct sup *sup, int64_t jump_ms);

/* After the loop: whoever is left is killed, the dead are reaped without
 * waiting, and the program exits with `code`. */
_Noreturn void shutdown_exit(struct sup *sup);

#endif
