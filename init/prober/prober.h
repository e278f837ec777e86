/* SPDX-License-Identifier: ISC */
/* The prober: makes the connections of checks, and reads what services tell by
 * sd_notify(3). PID 1 asks and decides; nothing here does. While nothing is
 * asked and nothing is told it sleeps. */
#ifndef INIT_PROBER_PROBER_H
#define INIT_PROBER_PROBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/board/probe_protocol.h"
#include "init/helper/helper.h"

struct prober {
	const struct helper_job *job;
	int64_t now_ms;
	int proc_fd;     /* of proc_open(); -1: nothing is known of senders */
};

/* What epoll says of: a connection of service i has the number i. */
enum {
	PROBER_SOCKETS = CONFIG_SERVICES, /* ... its socket for notices */
	PROBER_QUESTIONS = 2 * CONFIG_SERVICES,
};

/* Tell PID 1; waits until it has room, which it has in its next turn. */
void prober_tell(struct prober *p, const struct probe_answer *a);

/* --- Connections (connect.c) ---------------------------------------------- */

/* Begin what is asked; a former question about that service is forgotten. */
void connect_begin(struct prober *p, const struct probe_question *q);

/* The connection of service i has news. */
void connect_go_on(struct prober *p, uint32_t i);

/* Answer those whose time is over; when the next one's is, INT64_MAX for
 * none. */
int64_t connect_expire(struct prober *p);

/* --- Notices (sd_notify.c) ------------------------------------------------ */

/* What one datagram says. */
struct notice {
	bool is_ready, is_stopping, is_reloading, has_status;
	int32_t extend_ms;         /* 0: nothing */
	char status[BOARD_STATUS]; /* one line of UTF-8 */
};

/* Parse it: assignments, one a line (sd_notify(3)); what is not known is
 * passed over, the last of several wins. Any bytes. */
void notices_parse(const char *text, size_t length, struct notice *n);

/* Read what waits at the socket of service i. */
void notices_read(struct prober *p, uint32_t i);

#endif
