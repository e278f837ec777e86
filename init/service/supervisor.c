/* SPDX-License-Identifier: ISC */
/* What all parts of PID 1 say goes through here; a function, because there
 * are many of them and each would fill in the same numbers. */
#include "init/service/supervisor.h"

#include "init/kernel/clock.h"

void sup_read_clocks(struct sup *sup)
{
	sup->now_ms = clock_mono_ms();
	sup->now_wall_ms = clock_wall_ms();
}

void sup_say_long(struct sup *sup, enum board_event_kind kind, int i,
		  int64_t a, int64_t b, int64_t c, int64_t d, int64_t e,
		  int64_t f, int64_t g, int64_t h)
{
	const int64_t n[] = { a, b, c, d, e, f, g, h };

	board_event(sup->boards.board, kind, i, sup->now_ms, sup->now_wall_ms,
		    n);
}

void sup_say(struct sup *sup, enum board_event_kind kind, int i, int64_t a,
	     int64_t b, int64_t c)
{
	sup_say_long(sup, kind, i, a, b, c, 0, 0, 0, 0, 0);
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
