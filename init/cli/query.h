/* SPDX-License-Identifier: ISC */
/* Asking a running dashpot: one line to its control socket, one answer back.
 * docs/CONTROL.md describes both.
 *
 * Nothing here waits for ever: connecting, sending and every silence are
 * bounded. The helper that answers may die at any moment; the line is then
 * sent again, which for a command is harmless because of its id. */
#ifndef INIT_CLI_QUERY_H
#define INIT_CLI_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "init/cli/control_socket.h"
#include "init/text/json_reader.h"
#include "init/text/wording.h"

enum {
	QUERY_LINE = 4096,         /* most bytes of a request, with newline */
	QUERY_MOST = 32 << 20,     /* most bytes of an answer; dashpot sends at
				    * most half as many */
	QUERY_SILENCE_MS = 5000,   /* longest silence of a dashpot that has
				    * nothing to wait for */
	QUERY_AGAIN_MS = 10000,    /* how much longer a line is sent again */
	QUERY_HEALTH_MS = 1500,    /* longest silence of `health` */
	QUERY_HEALTH_END_MS = 1800, /* `health` ends then, whatever hangs */
	QUERY_WAIT_MS = 30000,     /* for results, without --timeout */
	QUERY_NAMES = 256,         /* most services named on a command line */
};

/* One request. */
struct query {
	const char *word;    /* the command typed, for messages */
	const char *control; /* --control PATH, or NULL: the usual places */
	int64_t silence_ms;  /* longest silence; query_begin() sets the usual */
	int64_t again_ms;    /* ... and this */
	int failure;         /* exit code where there is no answer */
	int fd;              /* connected, or -1 */
	uint64_t id;         /* of a command; 0: none */
	char place[SOCKET_PLACE]; /* connected to, or where it failed */
	char text[QUERY_LINE + 1];
	struct phrase line;
};

/* A request that consists of a word. */
void query_begin(struct query *a, const char *word, const char *control);

/* Append " id=" and a fresh id. */
void query_add_id(struct query *a);

/* Append names of services or globs. Ends the program with DIE_USAGE where one
 * can be none, or where they do not fit. */
void query_add_names(struct query *a, const char *const *names, int count);

/* Send it and read the whole answer: a JSON object, in memory that the next
 * answer overwrites. 0, or -errno: -ENOENT and -ECONNREFUSED where no dashpot
 * answers, -ETIMEDOUT, -ECONNRESET (it broke again and again), -EPROTO (it is
 * no answer), or what connect(2) says. */
int query_try(struct query *a, struct json_value *answer);

/* As query_try(); ends the program where there is no answer, or where the
 * answer is an error, with a line that says why. query_checked() does so with
 * what query_try() has returned. */
struct json_value query_get(struct query *a);
struct json_value query_checked(struct query *a, int err,
				struct json_value answer);

/* Likewise of a command, which make() makes with an id. A command that a reload
 * made void is made and sent anew, as another one. */
struct json_value query_command(struct query *a,
			void (*make)(struct query *a, const void *of),
			const void *of);

/* Connect and send it, to read a stream of lines from a->fd. 0 or -errno, as
 * query_try(). A connection that was open is closed. */
int query_stream(struct query *a);

/* Likewise after the stream has ended: tries until again_ms are over. */
int query_stream_again(struct query *a);

/* True when dashpot answered with an error. */
bool query_is_error(struct json_value answer);

/* End the program: with the words of an error that it answered with and the
 * exit code that belongs to it, or with those of -errno and a->failure. */
_Noreturn void query_refuse(struct query *a, struct json_value answer);
_Noreturn void query_fail(const struct query *a, int err);

#endif
