/* SPDX-License-Identifier: ISC */
/* The pipes that carry the output of services to the helpers.
 *
 * PID 1 makes them before the loop and keeps their read ends for all its life,
 * so that a helper that dies loses nothing of what is in them and no writer
 * meets EPIPE. Nobody keeps a write end: each start opens one of its own by
 * /proc, so what a service does to its description (O_NONBLOCK) is its own
 * affair, and a pipe is at its end when all processes that print are gone. */
#ifndef INIT_SERVICE_OUTPUT_PIPES_H
#define INIT_SERVICE_OUTPUT_PIPES_H

#include "init/service/supervisor.h"

/* Raise the soft RLIMIT_NOFILE to the hard one, for the pipes and one verdict
 * pipe a service; what services are to get is kept in sup->limits.files. Ends
 * the program where the hard limit is too low, with the numbers. 0, or -errno:
 * the call is refused (as by seccomp), and the limit, which may not be known
 * then, stays as it is. */
int pipes_make_room(struct sup *sup);

/* Before `next` comes into force: make the pipes that it needs more, close
 * those of services that are gone, give those of another user to it. One that
 * is needed no longer stays, for who still prints there. 0, or -errno (-EMFILE
 * as well where *needed descriptors are more than the limit allows) and no
 * pipe is new. */
int pipes_follow(struct sup *sup, const struct config *next, int64_t *needed);

/* `next` is not put in force after pipes_follow() after all: close what it made
 * for new services. */
void pipes_stay(struct sup *sup, const struct config *next);

/* True when some stream is for the files helper. */
bool pipes_have_files(const struct config *c);

/* Fill sup->pipe, and set sup->has_files. Without a /proc of this PID namespace
 * there is no pipe: services then inherit dashpot's outputs. Returns how many
 * streams inherit for that reason; ends the program where a pipe fails. */
uint32_t pipes_make(struct sup *sup);

#endif
