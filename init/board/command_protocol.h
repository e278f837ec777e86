/* SPDX-License-Identifier: ISC */
/* What the control helper asks of PID 1, and the answer.
 *
 * Both are records of fixed size on a SOCK_SEQPACKET socket pair. PID 1
 * believes nothing in a command: a wrong size, kind, service or signal is
 * answered with an error and nothing is done. A command is done at most once:
 * its id is the client's, and PID 1 answers a repeated one from memory. */
#ifndef INIT_BOARD_COMMAND_PROTOCOL_H
#define INIT_BOARD_COMMAND_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "init/config/config.h"

enum command_kind {
	COMMAND_START,   /* an open breaker's probe, now; not a latched one */
	COMMAND_STOP,    /* and keep it stopped */
	COMMAND_RESTART,
	COMMAND_RESET,   /* forget failures and trips; start what was held
			  * back by them */
	COMMAND_SIGNAL,  /* `signal` to the leader */
	COMMAND_RELOAD,  /* no services; the result comes as an event */
	COMMAND_SWEEP,   /* end what these have left that do not run, and if
			  * `signal` is 1 the orphans; the set may be empty */
	COMMAND_RELOAD_SERVICE, /* its reload_signal to the leader */
	COMMAND_KINDS,
};

enum { COMMAND_WORDS = CONFIG_SERVICES / 32 };

/* A set of services: bit i % 32 of word i / 32. */
struct command_set {
	uint32_t word[COMMAND_WORDS];
};

struct command {
	uint64_t id;      /* random, never 0 */
	uint32_t kind;    /* enum command_kind */
	int32_t signal;   /* SIGNAL: 1 .. 64 */
	int32_t pid;      /* of who asks, by SO_PEERCRED: for the event; 0:
			   * in another PID namespace */
	uint32_t uid;
	uint64_t config;  /* board->reloads that the set was made for */
	struct command_set services;
};

/* Whole-command errors. */
enum {
	COMMAND_WRONG = 1,  /* no such kind, signal, or empty set */
	COMMAND_STALE,      /* services were renumbered by a reload: ask anew */
	COMMAND_STOPPING,   /* dashpot is stopping everything */
	COMMAND_BUSY,       /* a reload is being loaded already */
	COMMAND_NO_FORK,    /* a reload needs a process and got none: `err` */
};

struct command_answer {
	uint64_t id;
	uint32_t error;   /* 0, or one of the above */
	int32_t err;      /* errno of NO_FORK */
	uint64_t events;  /* events on the board before it was done ... */
	uint64_t generation; /* ... and its generation: rows of a higher one
			      * know of the command */
	struct command_set refused; /* START, RESTART: latched; SIGNAL: not
				     * running; RELOAD_SERVICE: not ready;
				     * SWEEP: running; reset it, start it, stop
				     * it */
};

static inline bool command_has(const struct command_set *set, uint32_t i)
{
	return i < CONFIG_SERVICES && (set->word[i / 32] >> i % 32 & 1) != 0;
}

static inline void command_add(struct command_set *set, uint32_t i)
{
	set->word[i / 32] |= 1U << i % 32;
}

#endif
