/* SPDX-License-Identifier: ISC */
/* What each kind of event is called, how serious it is, and what it says.
 *
 * In a sentence "%2d" is argument n[2] said as the letter tells (see
 * event_text_value()), and "[1:yes|no]" is "yes" where n[1] is not 0 and "no"
 * where it is; brackets do not nest. */
#ifndef INIT_TEXT_EVENT_TABLE_H
#define INIT_TEXT_EVENT_TABLE_H

#include "init/board/board.h"

/* Places of numbers in n of an event, by the names that the event's row gives
 * them; numbers that only a sentence of the table shows have no name here. */
enum {
	/* How a service, or a hook, ended; of a service also: */
	EVENT_END_CAUSE = 0,
	EVENT_END_CODE,
	EVENT_END_STEP,
	EVENT_END_ERRNO,
	EVENT_END_RUNTIME_MS,
	EVENT_ENDED_IS_FAILURE,
	EVENT_ENDED_NUMBER = 7,
	EVENT_HOOK_ENDED_IS_TIMED_OUT = 5,

	/* The limit behind waiting, held, hook-refused and exit. */
	EVENT_LIMIT_KIND = 1,
	EVENT_LIMIT_CURRENT,
	EVENT_LIMIT_MAX,
	EVENT_LIMIT_RESERVE,
	EVENT_LIMIT_UID_OR_LEVEL,
	EVENT_LIMIT_ERRNO,

	EVENT_BLOCKED_COOLDOWN_MS = 0,
	EVENT_BLOCKED_TRIPS,
	EVENT_BLOCKED_FAILURES,
	EVENT_BLOCKED_WINDOW_MS,
	EVENT_BLOCKED_IS_ASKED,

	EVENT_CONTROL_IS_LISTEN = 0,
	EVENT_CONTROL_ERRNO,
	EVENT_CONTROL_PID,
	EVENT_CONTROL_UID,
	EVENT_CONTROL_IS_OWNER,

	EVENT_RELOAD_REASON = 0,
	EVENT_RELOAD_NUMBER,
	EVENT_RELOAD_ERRNO,

	EVENT_VOLUME_STEP = 0,
	EVENT_VOLUME_ERRNO = 2,

	EVENT_ZOMBIES = 0,
	EVENT_ZOMBIES_SERVICE_PID = 2,
	EVENT_ZOMBIES_LIMIT,

	EVENT_EXIT_CODE = 0,
	EVENT_HELD_WAITED_MS = 0,
	EVENT_HOOK = 0,
	EVENT_STABLE_IS_CLOSED = 1,
	EVENT_WAITING_FOR = 0,
	EVENT_WAITING_ON,
};

struct kinds_row {
	const char *tagged;   /* what the two calls below take apart */
	const char *args;     /* names of its arguments in JSON, each with
			       * "/letter" where it is no plain number */
	const char *sentence; /* NULL: event_text_add() makes it */
};

/* The row of a kind; outside the enum that of BOARD_EV_NONE. */
const struct kinds_row *kinds_find(unsigned kind);

/* What it is called in JSON. */
const char *kinds_word(unsigned kind);

/* How serious it is, if nothing in the event changes that. */
enum config_log_level kinds_level(unsigned kind);

#endif
