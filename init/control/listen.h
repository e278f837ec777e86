/* SPDX-License-Identifier: ISC */
/* Where clients come in: the path of the control socket, and the address of
 * `listen`. Looking at a path may block for ever; only a helper comes here. */
#ifndef INIT_CONTROL_LISTEN_H
#define INIT_CONTROL_LISTEN_H

#include <stdint.h>

#include "init/config/config.h"

enum {
	LISTEN_BACKLOG = 128,      /* of the control socket */
	LISTEN_BACKLOG_HTTP = 512, /* a crowd is let in fast; a probe that finds
				   * no room here tries again after 1 s only */
};

enum listen_place {
	LISTEN_CONTROL, /* the control socket */
	LISTEN_TCP,  /* the address of `listen` */
	LISTEN_OWNER,   /* control_owner cannot be given */
	LISTEN_KINDS,
};

/* What kept a place from being used. */
struct listen_trouble {
	enum listen_place what;
	int err;      /* errno */
	int32_t pid;  /* EADDRINUSE: of the listener; 0: not known, or outside
		       * of this PID namespace; -1: the file is no socket */
	uint32_t uid; /* ... and its user, or that of a file in the way */
};

/* Bind the socket fd to a path unless an earlier helper has done that, and
 * listen. The path is what the configuration says; where it says nothing,
 * /run/dashpot.sock, else dashpot.sock beside the diagnostics. A file that a
 * dead dashpot left behind is replaced, another one is not. The socket has its
 * mode from the start. 0, or -errno of the last path tried, with *t. */
int listen_bind(int fd, const struct config *c, struct listen_trouble *t);

/* Give the socket file to control_owner: only a file that is proved,
 * by a connection to it, to be where this process listens. After listen_bind();
 * 0 or -errno. */
int listen_give_owner(int fd, const struct config *c);

/* The same as listen_bind() with the first free one of the abstract names of
 * this container (unix_address.h). */
int listen_abstract(int fd);

/* A listening, non-blocking TCP socket at "127.0.0.1:9101", "localhost:9101"
 * or "[::1]:9101", or -errno (-EINVAL: it is none of these). */
int listen_tcp(const char *address);

#endif
