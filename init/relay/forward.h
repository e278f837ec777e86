/* SPDX-License-Identifier: ISC */
/* Lines on their way from a stream to its sink, inside the log relay. */
#ifndef INIT_RELAY_FORWARD_H
#define INIT_RELAY_FORWARD_H

#include "init/relay/carry.h"

/* Give stream k a turn in the next round. */
void forward_queue(struct carry *c, uint32_t k);

/* Move what can go. Without room in the sink that is written first; if that
 * does not help, the stream waits, or its lines are dropped while the sink's
 * file is in trouble. */
void forward_lines(struct carry *c, struct stream *s);

/* Write a sink; true when nothing is left in it. Whoever waited for that has
 * a turn. */
bool forward_flush(struct carry *c, struct sink *sink);

/* End the long line that is open in this sink. */
void forward_cut(struct carry *c, struct sink *sink);

#endif
