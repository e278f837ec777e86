/* SPDX-License-Identifier: ISC */
/* What a reload has found wrong, for the client that asked for it: read from
 * the loader's board, given as members of an answer. */
#ifndef INIT_CONTROL_RELOAD_ERRORS_H
#define INIT_CONTROL_RELOAD_ERRORS_H

#include "init/board/board.h"
#include "init/control/answer.h"

enum { RELOAD_ERRORS_ROOM = 16384 }; /* most bytes of them in an answer */

/* Put "mistakes", an array of "FILE:LINE: what is wrong", into the object that
 * the answer ends with, and "more", how many found no room, if any did. failed
 * is the BOARD_EV_RELOAD_FAILED of the reload. Nothing is put where it did not
 * fail for mistakes, or where another reload has begun since: its loader
 * writes over them. */
void reload_errors_put(struct answer *a, const struct board_mistakes *m,
		       const struct board_event *failed);

#endif
