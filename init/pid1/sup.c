/* SPDX-License-Identifier: ISC */
/* What all parts of PID 1 say goes through here; a function, because there
 * are many of them and each would fill in the same numbers. */
#include "init/pid1/sup.h"

#include <string.h>

void sup_say(struct sup *sup, enum board_event_kind kind, int i,
	     const int64_t *n, size_t count)
{
	int64_t all[8] = { 0 };

	memcpy(all, n, count * sizeof(*n));
	board_event(sup->boards.board, kind, i, sup->now_ms, sup->now_wall_ms,
		    all);
}

void sup_say_orphans(struct sup *sup, bool is_last)
{
	if (sup->orphans == sup->orphans_said ||
	    (!is_last && sup->now_ms - sup->orphans_ms < SUP_ORPHANS_MS))
		return;
	SUP_SAY(sup, BOARD_EV_ORPHANS, -1,
		(int64_t)(sup->orphans - sup->orphans_said),
		(int64_t)sup->orphans);
	sup->orphans_said = sup->orphans;
	sup->orphans_ms = sup->now_ms;
}
