/* SPDX-License-Identifier: ISC */
/* What others are told: a service, that it is to stop, and whoever wrote
 * on_blocked, that it is blocked.
 *
 * A service that was ready and is stopped by a person, a reload or the
 * shutdown drains first: for its drain_delay, counted in a shutdown from its
 * beginning, it runs on untouched while everybody sees that it is not ready.
 * Then stop_command runs, or stop_signal is sent: also where the command
 * cannot be started, or fails. stop_timeout begins there. */
#ifndef INIT_SERVICE_STOP_H
#define INIT_SERVICE_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "init/kernel/signal_courier.h"
#include "init/service/supervisor.h"

/* Longest that on_blocked may take. */
enum { STOP_BLOCKED_MS = 30000 };

/* Service i has just begun to stop: tell it, or let it drain. */
void stop_begin(struct sup *sup, uint32_t i);

/* Its drain_delay is over. */
void stop_drained(struct sup *sup, uint32_t i);

/* Its leader was reaped: nobody is left to be told. */
void stop_ended(struct sup *sup, uint32_t i);

/* Its stop_command has ended, with success or not. */
void stop_command_ended(struct sup *sup, uint32_t i, bool is_well);

/* Its breaker has opened or latched: run its on_blocked, if it has one. */
void stop_tell_blocked(struct sup *sup, uint32_t i);

/* Send to its unreaped leader, or to its group; as courier_send(). What cannot
 * be sent is said. */
int stop_send(struct sup *sup, uint32_t i, int number, bool is_group);

/* Note in *unsent whether a signal was sent to pid, of service i or of none
 * (-1): `sent` is what courier_send() returned. What is on its way changes
 * nothing, nor does -ESRCH. An error that is new there is said. */
void stop_sent(struct sup *sup, int32_t i, int *unsent, int number, pid_t pid,
	       int sent);

/* A courier has ended: err is 0 or an errno. What it did not do for a service
 * that stops is tried again. */
void stop_courier(struct sup *sup, const struct courier_task *task, int err);

#endif
