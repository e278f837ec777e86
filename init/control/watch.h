/* SPDX-License-Identifier: ISC */
/* How it goes with services that somebody waits for: read from the board,
 * never decided here. */
#ifndef INIT_CONTROL_WATCH_H
#define INIT_CONTROL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/board.h"
#include "init/board/command.h"
#include "init/config/config.h"
#include "init/control/request.h"
#include "policy/health.h"

enum outcome {
	OUTCOME_OPEN,    /* may still come */
	OUTCOME_DONE,    /* as it was wished */
	OUTCOME_FAILED,  /* its run ended, or nothing comes of it by itself */
	OUTCOME_REFUSED, /* PID 1 or the machine refused it */
};

struct watch {
	enum request_kind kind;
	struct command_set asked;   /* whom it is about */
	struct command_set refused; /* of those, by PID 1 */
	uint64_t events;     /* on the board before the command */
	uint64_t generation; /* rows are newer than the command once the
			      * board's is higher; 0: they are */
};

/* Is the service well? See policy/health.h. */
enum well watch_is_well(const struct config_service *s,
			const struct board_service *row);

/* True when the service is up and ready; a oneshot: done. */
bool watch_is_ready(const struct config_service *s,
		    const struct board_service *row);

/* Begin to watch what comes of a command that PID 1 has answered. */
void watch_begin(struct watch *w, const struct command_answer *answer);

/* True when the reload that was asked for is over, with its event; kind NONE
 * there: it is no longer on the board. */
bool watch_reload(const struct watch *w, const struct board *b,
		  struct board_event *e);

/* How it goes with service i, whose row is given. */
enum outcome watch_outcome(const struct watch *w, const struct config *c,
			   const struct board *b, uint32_t i,
			   const struct board_service *row);

#endif
