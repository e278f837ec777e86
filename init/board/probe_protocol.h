/* SPDX-License-Identifier: ISC */
/* What PID 1 asks of the prober, and what it hears from it.
 *
 * Both are records of fixed size on a SOCK_SEQPACKET socket pair. PID 1
 * believes nothing in an answer: one of a wrong size, kind or service, one to
 * a question that is not open, and a notice of another run are as if they had
 * not come. */
#ifndef INIT_BOARD_PROBE_PROTOCOL_H
#define INIT_BOARD_PROBE_PROTOCOL_H

#include <stdint.h>

/* A check of one service, as its configuration has it. */
struct probe_question {
	uint64_t reloads;    /* board->reloads that it was asked by */
	uint32_t service;
	uint32_t number;     /* of the question; comes back */
	uint32_t is_health;  /* 1: `health`, 0: `ready` */
	int32_t timeout_ms;
};

enum probe_kind {
	PROBE_ANSWER,   /* to a question: `answer` and `code` */
	PROBE_READY,    /* the service says READY=1 */
	PROBE_STOPPING, /* ... STOPPING=1 */
	PROBE_EXTEND,   /* ... EXTEND_TIMEOUT_USEC: `code` ms */
	PROBE_STRAY,    /* another process wrote to its socket: `uid`, `pid` */
	PROBE_KINDS,
};

struct probe_answer {
	uint32_t kind;     /* enum probe_kind */
	uint32_t service;
	uint32_t number;   /* ANSWER: of the question */
	uint32_t answer;   /* ANSWER: enum board_answer */
	int32_t code;      /* errno, HTTP status, ms; by kind and answer */
	int32_t session;   /* notices: of the sender, or its group where the
			    * service is the given command; 0: not known */
	int32_t pid;       /* notices: of the sender */
	uint32_t uid;      /* notices: of the sender */
	uint64_t run;      /* notices: `starts` on the board before it was
			    * looked at */
};

#endif
