/* SPDX-License-Identifier: ISC */
/* `dashpot events --graph`: one row a service, time from left to right. */
#ifndef INIT_CLI_EVENTS_GRAPH_H
#define INIT_CLI_EVENTS_GRAPH_H

#include "init/cli/events.h"

enum { GRAPH_ROWS = 1024 }; /* most services that are drawn */

/* Draw from since_ms to now, or from the first event to the last. 0, or 1 when
 * there is nothing to draw.
 *
 * A column shows the state that took most of its time, or, where it holds a
 * failure, how many. What is not known is blank: before the first event, after
 * a loss of events, and between two containers where the first one said that
 * it ended. */
int graph_print(const struct events *e, struct out *o, struct reader *r);

#endif
