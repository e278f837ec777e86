/* SPDX-License-Identifier: ISC */
/* What each kind of event is called, how serious it is, and what it says.
 *
 * In a sentence "%2d" is argument n[2] said as the letter tells (see
 * event_text_value()), and "[1:yes|no]" is "yes" where n[1] is not 0 and "no"
 * where it is; brackets do not nest. */
#ifndef INIT_TEXT_EVENT_TABLE_H
#define INIT_TEXT_EVENT_TABLE_H

#include "init/board/board.h"

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
