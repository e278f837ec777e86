/* SPDX-License-Identifier: ISC */
/* Where clients come in: the path of the control socket, and the address of
 * `listen`. Looking at a path may block for ever; only a helper comes here. */
#ifndef INIT_HELPERS_PLACE_H
#define INIT_HELPERS_PLACE_H

#include <stdbool.h>

#include "init/config/config.h"

enum {
	PLACE_BACKLOG = 128,      /* of the control socket */
	PLACE_BACKLOG_HTTP = 512, /* a crowd is let in fast; a probe that finds
				   * no room here tries again after 1 s only */
};

/* Bind the socket fd unless an earlier helper has done that, give it mode and
 * owner, and listen. The place is what the configuration says; where it says
 * nothing, /run/dashpot.sock, else dashpot.sock beside the diagnostics, else an
 * abstract name made of the PID namespace's inode. A file that a dead dashpot
 * left behind is replaced, one where somebody answers is not. *is_abstract:
 * everybody in the network namespace can connect. 0, or -errno of the last
 * place that was tried. */
int place_bind(int fd, const struct config *c, bool *is_abstract);

/* A listening, non-blocking TCP socket at "127.0.0.1:9101", "localhost:9101"
 * or "[::1]:9101", or -errno (-EINVAL: it is none of these). */
int place_listen(const char *address);

#endif
