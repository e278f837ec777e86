/* SPDX-License-Identifier: ISC */
/* The control helper: answers who asks, on the control socket and over HTTP,
 * and passes commands on to PID 1.
 *
 * It reads boards and sockets alone, never the volume, stdout or a path, once
 * its socket is bound; and starts nothing. docs/CONTROL.md is its manual. */
#ifndef INIT_CONTROL_CONTROL_H
#define INIT_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "init/control/client.h"
#include "init/helper/helper.h"
#include "init/control/place.h"
#include "init/control/reply.h"

enum {
	CONTROL_LOOK_MS = 20,  /* looks at the board are so far apart ... */
	CONTROL_TAIL_MS = 100, /* ... and those for lines, while followed */
	CONTROL_AGAIN_MS = 500, /* PID 1 is asked again after that */
	CONTROL_TAKE_MS = 5000, /* ... for so long at least */
};

struct control {
	const struct helper_job *job;
	struct reply reply;
	struct client_door local, near, http;
	struct answer *status; /* of this turn, for all who ask in it */
	struct tails_at seen;  /* lines that followers have got */
	uint64_t generation;   /* of the last look at the board */
	int64_t now_ms;        /* of this turn */
	int64_t look_ms;       /* no look at the board before that */
	int64_t tail_ms;       /* next look for lines */
	int signal_fd;
	bool is_followed;      /* lines are */
	bool is_ready_told, is_stopping_told; /* to NOTIFY_SOCKET */
};

/* What PID 1 does as a whole. One byte cannot be torn. */
enum board_phase control_phase(const struct control *ctl);

/* serve.c: a client's request is whole. */
void serve_request(struct control *ctl, struct client *c);

/* page.c: likewise, of a client of `listen`. */
void page_request(struct control *ctl, struct client *c);

/* give.c: an answer of at most `room` bytes to be filled. NULL: there is no
 * memory, and the client is dropped without one. */
struct answer *give_begin(struct client *c, size_t room);

/* give.c: the answer is whole, nothing more comes. */
void give_end(const struct control *ctl, struct client *c);

/* give.c: an error instead; nearest may be NULL. */
void give_refusal(const struct control *ctl, struct client *c,
		  enum reply_code code, const char *sentence,
		  const char *nearest);

/* give.c: end an answer that was put with this result, 0 or -errno. */
void give_result(const struct control *ctl, struct client *c, int err);

/* await.c: a client WAITING is answered if what it waits for is over. */
void await_waiting(struct control *ctl, struct client *c);

/* await.c: PID 1 has answered the command of a client ORDERING. */
void await_ordered(struct control *ctl, struct client *c,
		   const struct command_answer *answer);

/* await.c: give a client ORDERING up; PID 1 does not answer. */
void await_given_up(struct control *ctl, struct client *c);

/* serve.c: give followers what is new: of events one of them, of lines all. */
void serve_events(struct control *ctl, struct client *c);
void serve_lines(struct control *ctl);

/* order.c: send a client's command to PID 1, again or for the first time. */
void order_send(struct control *ctl, struct client *c);

/* order.c: take PID 1's answers. */
void order_take(struct control *ctl);

/* order.c: have PID 1 say that clients cannot come in. */
void order_trouble(const struct helper_job *job,
		   const struct place_trouble *t);

#endif
