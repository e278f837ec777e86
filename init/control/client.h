/* SPDX-License-Identifier: ISC */
/* The clients: a table of fixed size. Nothing that a client does or leaves
 * undone takes the place, time or memory of another client.
 *
 * Clients of the control socket and of `listen` have places of their own.
 * Where all places are taken, the oldest that has not sent a whole request, or
 * else the oldest that does not read what it asked for, makes room. */
#ifndef INIT_CONTROL_CLIENT_H
#define INIT_CONTROL_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "init/config/config.h"
#include "init/control/answer.h"
#include "init/control/commands.h"
#include "init/control/http.h"
#include "init/control/request.h"

enum {
	CLIENT_LOCAL = 48,   /* places of the control socket ... */
	CLIENT_HTTP = 16,    /* ... and of `listen` */
	CLIENTS = CLIENT_LOCAL + CLIENT_HTTP,
	CLIENT_LASTING = 32, /* clients that wait or follow at a time */
	CLIENT_ASK_MS = 5000,   /* time to say what is wanted ... */
	CLIENT_READ_MS = 10000, /* ... and to go on reading the answer, */
	/* While all places are taken; since it came, to send its request. */
	CLIENT_CROWD_ASK_MS = 10,
	CLIENT_CROWD_READ_MS = 250,
};

enum client_state {
	CLIENT_FREE,
	CLIENT_ASKING,    /* its request is not whole yet */
	CLIENT_ORDERING,  /* PID 1 has not answered its command yet */
	CLIENT_WAITING,   /* for services, until due_ms */
	CLIENT_FOLLOWING, /* until it goes */
	CLIENT_ANSWERING, /* gets its answer, and that is all */
};

struct client {
	enum client_state state;
	bool is_http;
	bool may_ask, may_command;
	int32_t pid;     /* of the client; 0: outside */
	uint32_t uid;
	bool is_outside; /* of dashpot's PID namespace */
	int fd;
	int64_t came_ms;
	int64_t since_ms; /* began to ask, was heard, or went on reading then */
	int64_t due_ms;   /* WAITING: is answered then in any case */
	int64_t again_ms; /* ORDERING: PID 1 is asked again */
	size_t asked;     /* bytes in line */
	size_t sent;      /* bytes of the answer */
	char *line;       /* REQUEST_LINE + 1 bytes */
	struct answer *answer;
	struct http http;
	struct request request;
	struct watch watch;
	uint64_t next;           /* FOLLOWING: number of the next event */
};

/* Which of its clients a socket lets in; fd -1: none. */
struct client_door {
	int fd;
	bool is_http;
	const struct config *near; /* of an abstract name, which has no mode:
				    * control_mode and control_owner say which
				    * users may ask; else NULL */
	int64_t again_ms; /* no descriptor was left: not before then */
};

/* Client k, 0 .. CLIENTS - 1. */
struct client *client_at(int k);

/* How many wait or follow. */
int client_lasting(void);

/* True when a client could be let in at this door now. */
bool client_has_place(const struct client_door *door, int64_t now_ms);

/* Let in the clients that wait at the door, as many as there are free places
 * and clients that make room. */
void client_accept(struct client_door *door, int64_t now_ms);

/* Read. True when its request is whole, or too long to be one: asked is then
 * REQUEST_LINE, and less otherwise. A client that has gone is dropped. */
bool client_read(struct client *c);

/* Send what there is of the answer. A complete answer that is sent ends the
 * connection; a client that has gone is dropped. */
void client_send(struct client *c, int64_t now_ms);

/* Drop the clients that are too slow. Returns the earliest time at which a
 * client may be to drop, to answer or to ask PID 1 for again; INT64_MAX: never.
 */
int64_t client_expire(int64_t now_ms);

/* End the connection. */
void client_drop(struct client *c);

/* What to poll a client for: nothing but its going where it has nothing to
 * read and is not asking. */
short client_events(const struct client *c);

#endif
