/* SPDX-License-Identifier: ISC */
/* The control helper: answers clients of the control socket and over HTTP,
 * and passes commands on to PID 1.
 *
 * It reads boards and sockets alone, never the volume, stdout or a path, once
 * its socket is bound; and starts nothing. docs/CONTROL.md is its manual. */
#ifndef INIT_CONTROL_LOOP_H
#define INIT_CONTROL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "init/control/client.h"
#include "init/control/commands.h"
#include "init/control/dispatch.h"
#include "init/control/respond.h"
#include "init/helper/helper.h"
#include "init/report/last_lines.h"

enum {
	CONTROL_LOOK_MS = 20,  /* looks at the board are so far apart ... */
	CONTROL_TAIL_MS = 100, /* ... and those for lines, while followed */
	CONTROL_AGAIN_MS = 500, /* PID 1 is asked again after that */
	CONTROL_TAKE_MS = 5000, /* ... for so long at least */
};

/* Where clients come in: the path of the control socket, its abstract name and
 * the address of `listen`. */
enum { DOOR_LOCAL, DOOR_NEAR, DOOR_HTTP, DOORS };

struct control {
	const struct helper_job *job;
	struct respond respond;
	struct client_door door[DOORS];
	struct answer *status; /* of this turn, for all that ask in it */
	struct last_lines_at seen; /* lines that followers have got */
	uint64_t generation;   /* of the last look at the board */
	int64_t now_ms;        /* of this turn */
	int64_t look_ms;       /* no look at the board before that */
	int64_t tail_ms;       /* next look for lines */
	bool is_followed;      /* lines are */
	bool is_ready_told, is_stopping_told; /* to NOTIFY_SOCKET */
};

/* Generation of PID 1's board. */
uint64_t control_generation(const struct control *ctl);

#endif
