/* SPDX-License-Identifier: ISC */
/* Readiness and health of services: which check comes when, and what its
 * answer leads to.
 *
 * The time is kept and everything is decided here. What may block is done by
 * others: connections by the prober, commands and files by hooks. A service
 * has one check under way at most. A check that could not be made says nothing
 * about the service: it is made again later. A service without checks has
 * nothing in sup->check, and costs nothing. */
#ifndef INIT_SERVICE_CHECKS_H
#define INIT_SERVICE_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "init/service/supervisor.h"

/* Service i executes. True when it is not ready before a check or it itself
 * says so. */
bool checks_begin(struct sup *sup, uint32_t i);

/* Service i is ready, or its health settings are others: its health is looked
 * at from now on, as if it had never been. A run of which no check has passed
 * is asked at once, then after 100 ms, doubled, unless it has health_grace; a
 * failure counts only once that, or else health_interval, is over. */
void checks_watch(struct sup *sup, uint32_t i);

/* Nobody asks any more how service i is. */
void checks_end(struct sup *sup, uint32_t i);

/* Nothing speaks against this run of service i being stable now: a health check
 * of it has passed, if it has any. */
bool checks_have_passed(const struct sup *sup, uint32_t i);

/* What service i, which is checked, is asked now: `ready` or `health`. */
const struct config_check *checks_form(const struct sup *sup, uint32_t i);

/* The next deadline of service i, or NEVER. */
int64_t checks_next_ms(const struct sup *sup, uint32_t i);

/* Do what is due. */
void checks_fire(struct sup *sup, uint32_t i);

/* The check of service i that is under way is answered. */
void checks_answered(struct sup *sup, uint32_t i, enum board_answer answer,
		     int32_t code);

/* The command or file check of service i has ended (hooks.h), or was killed at
 * its time-out. */
void checks_hook_ended(struct sup *sup, uint32_t i, int status,
		       bool is_timed_out);

/* Service i closed its readiness descriptor (fd:N) and wrote no newline. */
void checks_told_nothing(struct sup *sup, uint32_t i);

/* The clock jumped by jump_ms: give service i the time that was left until it
 * has to be ready, and the prober the time that was left to answer. */
void checks_shift(struct sup *sup, uint32_t i, int64_t jump_ms);

/* The prober has died or was replaced: what it was asked is asked again. */
void checks_prober_lost(struct sup *sup);

#endif
