/* SPDX-License-Identifier: ISC */
/* Where the control socket of a running dashpot is, and connecting to it. */
#ifndef INIT_CLI_DIAL_H
#define INIT_CLI_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "init/config/config.h"
#include "init/text/wording.h"

enum {
	DIAL_PLACE = 128,      /* room for a place; longer paths than 107 bytes
				* cannot be connected to */
	DIAL_SECOND_MS = 1000, /* dial_refuse_second() */
};

/* Connect to a place, a path or "@" and an abstract name, within ms. A blocking
 * descriptor whose sends end after as long, or -errno: -ETIMEDOUT where
 * nobody accepts. */
int dial(const char *place, int64_t ms);

/* Connect to `control` or else $DASHPOT_CONTROL, or where neither is given to
 * the first of the usual places where a dashpot of this PID namespace listens.
 * As dial(); place is then that one, or the first where something is wrong;
 * -ENOENT: nobody anywhere. Who listens there must be of a user who is believed
 * (peer.h); -EKEYREJECTED: not at the place that was given. */
int dial_somewhere(const char *control, char place[DIAL_PLACE], int64_t ms);

/* Usual place k = 0, 1, ... in the order of trying; `directory` is that of the
 * diagnostics. False when there are no more. */
bool dial_place(unsigned k, const char *directory, char to[DIAL_PLACE]);

/* True for a -errno that says: nobody is there; as opposed to: somebody is,
 * and it does not work. */
bool dial_is_nobody(int err);

/* Why dial_somewhere(control) has failed at that place, in words. */
void dial_describe(struct phrase *w, const char *control, const char *place,
		   int err);

/* For `run` that is not PID 1: end the program with DIE_USAGE where a dashpot
 * of this PID namespace answers at the place that this one would have. */
void dial_refuse_second(const struct config *c);

#endif
