/* SPDX-License-Identifier: ISC */
/* events.jsonl: every event on the board as a line, in order, each once.
 *
 * The file itself says how far it is: whoever opens it reads the number in its
 * last line, so a recorder that was killed at any instant, or a directory that
 * changed, needs no other memory. What the ring overwrote before it could be
 * written becomes one line that says how much. */
#ifndef INIT_RECORDER_EVENTS_JSONL_H
#define INIT_RECORDER_EVENTS_JSONL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/board/board.h"
#include "init/config/config.h"
#include "init/recorder/volume.h"
#include "init/report/last_lines.h"

enum {
	JSONL_SIZE = 4 * 1024 * 1024, /* a longer file, or one longer than an
					 * eighth of the volume, becomes
					 * events.jsonl.1 */
	JSONL_WAIT_MS = 200, /* a batch waits so long for last words */
};

struct jsonl {
	const struct config *config;
	const struct board *board;
	struct output output; /* of services, for the records of ends */
	uint64_t reloads;     /* helper_job's */
	bool is_over;         /* the rest is told by the next configuration */
	uint64_t recorded;    /* up to this one they are in the file or lost */
	dev_t dev;            /* the file as it was left: with ino 0, or ... */
	ino_t ino;            /* ... where it is not so, it is looked into */
	off_t size;           /* in bytes, all of them whole lines */
};

/* Append every event that is on the board now, up to one that tells of another
 * configuration, and make it last. When an event
 * tells of an end, the relays get JSONL_WAIT_MS in all to bring what the
 * service said last. 0, or -1 with the volume's step and err; then the file
 * ends with a whole line all the same, unless that failed too: the next call
 * cuts what is left of a line. */
int jsonl_write(struct jsonl *h, struct volume *v, int directory);

#endif
