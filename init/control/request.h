/* SPDX-License-Identifier: ISC */
/* One line that a client of the control socket sends, understood.
 *
 * docs/CONTROL.md lists the requests. Pure: the line is any bytes, it is taken
 * apart where it lies, and nothing is allocated. */
#ifndef INIT_CONTROL_REQUEST_H
#define INIT_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/board/command_protocol.h"
#include "init/config/scalar_value.h"

enum {
	REQUEST_LINE = 4096,     /* most bytes, with the newline */
	REQUEST_WAIT_MS = 30000, /* where a request does not say how long */
};

/* What a line asks for: a command (enum command_kind), or one of these. */
enum request_kind {
	REQUEST_STATUS = COMMAND_KINDS,
	REQUEST_EVENTS,
	REQUEST_LOGS,
	REQUEST_HEALTH,
	REQUEST_WAIT,
	REQUEST_VERSION,
	REQUEST_ORPHANS,
	REQUEST_KINDS,
};

struct request {
	uint32_t kind;
	bool is_follow;    /* events, logs: for ever */
	bool has_orphans;  /* sweep: those too */
	bool has_all;      /* patterns mean what is at rest too */
	bool has_after;    /* events: `after` was given */
	uint8_t signal;    /* signal: 1 .. 64 */
	uint64_t id;       /* commands: never 0 */
	uint64_t after;    /* events: later than this number */
	uint64_t lines;    /* logs: of each service; UINT64_MAX: all */
	int64_t wait_ms;   /* wait, commands: 0 .. a week */
	const char *names; /* `count` of them, one behind the other, each with
			    * its NUL, in the line */
	uint32_t count;
};

/* True for requests that change something. */
static inline bool request_is_command(const struct request *r)
{
	return r->kind < COMMAND_KINDS;
}

/* Understand `length` bytes of line, without the newline; line[length] is
 * overwritten. False with *why: a sentence that names what is wrong. */
bool request_parse(struct request *r, char *line, size_t length,
		   struct why *why);

#endif
