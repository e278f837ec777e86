/* SPDX-License-Identifier: ISC */
/* The log relay: carries what services print from their pipes to where it
 * goes, line by line. The relay (dashpot's own outputs) and the files helper
 * (log files) are this with different sinks; a hung log disk blocks the files
 * helper and no other process.
 *
 * It waits for nothing but epoll: a sink that takes nothing stops the streams
 * that go there, once their buffers are full, and nothing else. It may be ended
 * at any time, see stream.h, output_lines.h and sink.h; its state is on its
 * board. */
#ifndef INIT_RELAY_RELAY_H
#define INIT_RELAY_RELAY_H

#include "init/helper/helper.h"
#include "init/relay/sink.h"
#include "init/relay/stream.h"

struct relay {
	struct sink_home home;
	const struct helper_job *job;
	enum config_output output; /* RELAY or FILE: streams that it carries */
	int64_t now_ms;            /* of this turn */
	bool is_closed;            /* EXITING, and all pipes have been read */
	struct stream *stream;     /* 2 * services */
	struct sink *sink;         /* as many; by number */
	uint32_t sinks;            /* up to the last used sink */
	uint16_t *queue;           /* ring of streams that have a turn */
	uint32_t queue_at, queued;
};

/* --- Start (setup.c) ------------------------------------------------------ */

/* Streams and sinks as the configuration has them, and what a predecessor that
 * was killed has left; PID 1 is told of what may be lost. Ends the process
 * where the kernel gives it nothing to wait with. r has job and output. */
void relay_set_up(struct relay *r);

/* --- From a stream to its sink (forward.c) -------------------------------- */

/* Give stream k a turn in the next round. */
void forward_queue(struct relay *r, uint32_t k);

/* Move what can go. Without room in the sink that is written first; if that
 * does not help, the stream waits, or its lines are dropped while the sink's
 * file is in trouble. */
void forward_lines(struct relay *r, struct stream *s);

/* Write a sink; true when nothing is left in it. A stream that waited for that
 * has a turn. */
bool forward_flush(struct relay *r, struct sink *sink);

/* End the long line that is open in this sink. */
void forward_cut(struct relay *r, struct sink *sink);

/* --- dashpot's messages (messages.c) -------------------------------------- */

/* Go on behind the last event that a former relay has printed. */
void messages_begin(const struct relay *r);

/* Print what is on the board, each event once over all relays. False while
 * stderr has no room. */
bool messages_print(struct relay *r);

#endif
