/* SPDX-License-Identifier: ISC */
/* Where the control socket of a running dashpot is, and connecting to it. */
#ifndef INIT_CLI_CONTROL_SOCKET_H
#define INIT_CLI_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "init/config/config.h"
#include "init/text/wording.h"

enum {
	SOCKET_PLACE = 128,      /* room for a place; paths of more than 107
				  * bytes cannot be connected to */
	SOCKET_SECOND_MS = 1000, /* socket_refuse_second() */
};

/* Connect to a place, a path or "@" and an abstract name, within ms. A blocking
 * descriptor whose sends end after as long, or -errno: -ETIMEDOUT where no
 * process accepts. */
int socket_connect(const char *place, int64_t ms);

/* Connect to `control` or else $DASHPOT_CONTROL, or where neither is given to
 * the first of the usual places where a dashpot of this PID namespace listens.
 * As socket_connect(); place is then the place connected to, or the first with
 * an error; -ENOENT: no process listens at any. The process that listens must
 * be of a user who is believed (peer.h); -EKEYREJECTED: at the given place it
 * is not. */
int socket_find(const char *control, char place[SOCKET_PLACE], int64_t ms);

/* Usual place k = 0, 1, ... in the order of trying; `directory` is that of the
 * diagnostics. False when there are no more. */
bool socket_place(unsigned k, const char *directory, char to[SOCKET_PLACE]);

/* True for a -errno that says that no process listens, as opposed to an error
 * of a process that does. */
bool socket_is_absent(int err);

/* Why socket_find(control) has failed at that place, in words. */
void socket_describe(struct phrase *w, const char *control, const char *place,
		     int err);

/* For `run` that is not PID 1: end the program with DIE_USAGE where a dashpot
 * of this PID namespace answers at the place that this one would have. */
void socket_refuse_second(const struct config *c);

#endif
