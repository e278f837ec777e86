/* SPDX-License-Identifier: ISC */
/* What services tell by themselves: a newline on a pipe (ready = fd:N), and
 * datagrams (ready = notify), which the prober reads.
 *
 * The pipe is made anew for each start. The socket of a service is made
 * before the helpers and kept over restarts and reloads; its name is the
 * kernel's choice, so that no two have the same. */
#ifndef INIT_SERVICE_NOTIFY_H
#define INIT_SERVICE_NOTIFY_H

#include <stdint.h>

#include "init/board/probe_protocol.h"
#include "init/service/supervisor.h"

/* Descriptors that the readiness of all services needs at most. */
uint32_t notify_descriptors(const struct config *c);

/* Fill sup->socket; ends the program where a socket fails. */
void notify_make(struct sup *sup);

/* Before `next` comes into force: make the sockets that it needs more. 0, or
 * -errno and no socket is new. */
int notify_follow(struct sup *sup, const struct config *next);

/* `next` is in force: close those that it does not need. */
void notify_settle(struct sup *sup);

/* Before a start of service i: make its pipe. 0, or -errno. */
int notify_prepare(struct sup *sup, uint32_t i);

/* The clone was made, or refused: then nothing is left. */
void notify_cloned(struct sup *sup, uint32_t i, bool has_process);

/* The pipe of service i is readable. */
void notify_read(struct sup *sup, uint32_t i);

/* Nobody waits for it any more. */
void notify_end(struct sup *sup, uint32_t i);

/* The prober read something at the socket of a service. */
void notify_take(struct sup *sup, const struct probe_answer *a);

#endif
