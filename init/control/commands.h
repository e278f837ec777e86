/* SPDX-License-Identifier: ISC */
/* Commands, passed on to PID 1, and the state of services that clients wait
 * for, read from the board. Nothing is decided here. */
#ifndef INIT_CONTROL_COMMANDS_H
#define INIT_CONTROL_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/board.h"
#include "init/board/command_protocol.h"

struct client;
struct control;

enum outcome {
	OUTCOME_OPEN,    /* may still come */
	OUTCOME_DONE,    /* as it was wished */
	OUTCOME_FAILED,  /* its run ended, or nothing comes of it by itself */
	OUTCOME_REFUSED, /* PID 1 or the machine refused it */
};

struct watch {
	uint32_t kind;              /* of the request */
	struct command_set asked;   /* the services meant */
	struct command_set refused; /* of those, by PID 1 */
	uint64_t events;     /* on the board before the command */
	uint64_t generation; /* rows are newer than the command once the
			      * board's is higher; 0: they are */
};

/* The next service that is asked for from *i on, and its row. A row that stays
 * torn, as where PID 1 died in the middle of it, is passed over. */
bool commands_next_row(const struct control *ctl, const struct watch *w,
		       uint32_t *i, struct board_service *ret_row);

/* How it goes with service i, whose row is given. */
enum outcome commands_outcome_of(const struct control *ctl,
				 const struct watch *w, uint32_t i,
				 const struct board_service *row);

/* How it goes with all that a watch is about: DONE when everything is, FAILED
 * when something is and a `wait` need not go on, else OPEN. */
enum outcome commands_outcome(const struct control *ctl,
			      const struct watch *w);

/* A client WAITING is answered if what it waits for is over. */
void commands_wait(struct control *ctl, struct client *c);

/* Send a client's command to PID 1. */
void commands_send(struct control *ctl, struct client *c);

/* Take PID 1's answers. */
void commands_take(struct control *ctl);

/* Send the command of a client ORDERING again when that is due, or refuse it
 * when PID 1 has not answered until due_ms. */
void commands_send_again(struct control *ctl, struct client *c);

#endif
