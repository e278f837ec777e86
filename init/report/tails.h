/* SPDX-License-Identifier: ISC */
/* The last lines of several services in the order of time, one at a time.
 *
 * There is one walk at a time, over the boards of both log relays. */
#ifndef INIT_REPORT_TAILS_H
#define INIT_REPORT_TAILS_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/command_protocol.h"
#include "init/report/last_lines.h"
#include "init/text/wording.h"

/* Numbers of lines, of each service on either board. */
struct tails_at {
	uint64_t relay[CONFIG_SERVICES], files[CONFIG_SERVICES];
};

/* How many lines each service of the set has by now. */
void tails_now(struct tails_at *at, const struct output *from,
	       const struct command_set *set);

/* Begin a walk over the last `most` lines of each service of the set, up to
 * those of `to`. */
void tails_last(const struct output *from, const struct command_set *set,
		uint64_t most, const struct tails_at *to);

/* Begin a walk over what came behind `since`, up to `to`. */
void tails_between(const struct output *from, const struct command_set *set,
		   const struct tails_at *since, const struct tails_at *to);

/* The next line of the walk; false at its end. A line that was overwritten
 * meanwhile is left out. */
bool tails_next(const struct output *from, uint32_t *service,
		struct lines_line *line);

/* A line as {"service", "time", "stream", "run", "text", "is_cut"}. */
void tails_say(struct phrase *w, const char *service,
	       const struct lines_line *line);

#endif
