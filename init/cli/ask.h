/* SPDX-License-Identifier: ISC */
/* Asking a running dashpot: one line to its control socket, one answer back.
 * docs/CONTROL.md describes both.
 *
 * Nothing here waits for ever: connecting, sending and every silence are
 * bounded. The helper that answers may die at any moment; the line is then
 * sent again, which for a command is harmless because of its id. */
#ifndef INIT_CLI_ASK_H
#define INIT_CLI_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "init/cli/dial.h"
#include "init/text/json_reader.h"
#include "init/text/wording.h"

enum {
	ASK_LINE = 4096,        /* most bytes of a request, newline included */
	ASK_MOST = 32 << 20,    /* most of an answer; dashpot gives half */
	ASK_SILENCE_MS = 5000,  /* an answer comes sooner, unless it is waited
				 * for something */
	ASK_AGAIN_MS = 10000,   /* how much longer a line is sent again */
	ASK_HEALTH_MS = 1500,   /* health: all in all */
	ASK_HEALTH_END_MS = 1800, /* ... and whatever hangs, it is over then */
	ASK_WAIT_MS = 30000,    /* for results, where nobody says how long */
	ASK_NAMES = 256,        /* most services named on a command line */
};

/* One request. */
struct ask {
	const char *word;    /* the command typed, for messages */
	const char *control; /* --control PATH, or NULL: the usual places */
	int64_t silence_ms;  /* longest silence; ask_begin() sets the usual */
	int64_t again_ms;    /* ... and this */
	int failure;         /* exit code where there is no answer */
	int fd;              /* connected, or -1 */
	uint64_t id;         /* of a command; 0: none */
	char place[DIAL_PLACE]; /* connected to, or where it failed */
	char text[ASK_LINE + 1];
	struct phrase line;
};

/* A request that consists of a word. */
void ask_begin(struct ask *a, const char *word, const char *control);

/* Append " id=" and a fresh id. */
void ask_add_id(struct ask *a);

/* Append names of services or globs. Ends the program with DIE_USAGE where one
 * can be none, or where they do not fit. */
void ask_add_names(struct ask *a, const char *const *names, int count);

/* Send it and read the whole answer: a JSON object, in memory that the next
 * answer overwrites. 0, or -errno: -ENOENT and -ECONNREFUSED where no dashpot
 * answers, -ETIMEDOUT, -ECONNRESET (it broke again and again), -EPROTO (it is
 * no answer), or what connect(2) says. */
int ask_try(struct ask *a, struct peek *answer);

/* The same; ends the program where there is no answer, or where it is an
 * error, with a line that says why. ask_checked() does so with what ask_try()
 * has returned. */
struct peek ask_get(struct ask *a);
struct peek ask_checked(struct ask *a, int err, struct peek answer);

/* Likewise of a command, which make() makes with an id. A command that a reload
 * made void is made and sent anew, as another one. */
struct peek ask_command(struct ask *a,
			void (*make)(struct ask *a, const void *of),
			const void *of);

/* Connect and send it, to read a stream of lines from a->fd. 0 or -errno, as
 * ask_try(). A connection that was open is closed. */
int ask_stream(struct ask *a);

/* Likewise after the stream has ended: tries until again_ms are over. */
int ask_stream_again(struct ask *a);

/* True when dashpot answered with an error. */
bool ask_is_error(struct peek answer);

/* End the program: with the words of an error that it answered with and the
 * exit code that belongs to it, or with those of -errno and a->failure. */
_Noreturn void ask_refuse(struct ask *a, struct peek answer);
_Noreturn void ask_fail(const struct ask *a, int err);

#endif
