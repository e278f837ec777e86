/* SPDX-License-Identifier: ISC */
/* The log relay: carries what services print from their pipes to where it
 * goes, line by line. The relay (dashpot's own outputs) and the files helper
 * are this with different sinks.
 *
 * It waits for nothing but epoll: a sink that takes nothing stops the streams
 * that go there, once their buffers are full, and nothing else. It may be ended
 * at any time, see stream.h, lines.h and sink.h; its state is on its board. */
#ifndef INIT_RELAY_CARRY_H
#define INIT_RELAY_CARRY_H

#include "init/helper/helper.h"
#include "init/relay/sink.h"
#include "init/relay/stream.h"

struct carry {
	struct sink_home home;
	const struct helper_job *job;
	enum config_output output; /* RELAY or FILE: streams that it carries */
	int64_t now_ms;            /* of this turn */
	bool is_closed;            /* EXITING, and all pipes have been read */
	struct stream *stream;     /* 2 * services */
	struct sink *sink;         /* as many; by number */
	uint32_t sinks;            /* up to the last one that is used */
	uint16_t *queue;           /* ring of streams that have a turn */
	uint32_t queue_at, queued;
	/* The owner's own lines, in every turn; true when there are none left.
	 * NULL: it has none. */
	bool (*say)(struct carry *c);
	void *owner;               /* for say() */
};

/* Carry until the board says EXITING or SIGTERM comes, then exit(0). c has
 * job, output, say and owner. */
_Noreturn void carry_run(struct carry *c);

/* Its first step: streams and sinks as the configuration has them, and what a
 * predecessor that was killed has left; PID 1 is told of what may be lost. Ends
 * the process where the kernel gives it nothing to wait with. */
void carry_begin(struct carry *c);

/* For say(): room for `bytes` bytes of a line in a standard output, or NULL
 * when it has none now: say() is called again when it does. */
char *carry_room(struct carry *c, uint32_t fd, uint32_t bytes);

/* The sink that a standard output goes to: both may be one. */
struct sink *carry_sink(struct carry *c, uint32_t fd);

/* Events on PID 1's board so far. */
uint64_t carry_events(const struct carry *c);

#endif
