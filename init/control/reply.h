/* SPDX-License-Identifier: ISC */
/* What the control socket answers: text made of the board.
 *
 * Everything is put into a struct answer; the functions return 0, or -errno
 * when it does not fit or the board's head was torn: the answer is then of no
 * use. */
#ifndef INIT_CONTROL_REPLY_H
#define INIT_CONTROL_REPLY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "init/control/answer.h"
#include "init/helper/helper.h"
#include "init/report/report.h"
#include "init/report/tails.h"
#include "init/control/watch.h"

enum { REPLY_EVENTS = 256 }; /* events given to a follower at a time */

/* Why something is not done, as the word of JSON. */
enum reply_code {
	REPLY_USAGE,
	REPLY_UNKNOWN_SERVICE,
	REPLY_FORBIDDEN,
	REPLY_STOPPING,
	REPLY_STALE,
	REPLY_BUSY,
	REPLY_NO_PROCESS,
	REPLY_RELOAD_FAILED,
	REPLY_INTERNAL,
	REPLY_CODES,
};

/* What answers are made of. */
struct reply {
	const struct boards *boards;
	const struct config *config;
	struct report report;
	struct registry registry; /* of this container only: what is known of
				   * earlier ones is on the volume */
	struct usage usage;
	char host[PHRASE_HOST];
	char holder[sizeof(((struct board_restore *)0)->holder)];
	char directory[PATH_MAX];
};

/* Connect it with what it reads; once. */
void reply_set_up(struct reply *r, const struct helper_job *job);

/* {"ok":false,...}; nearest may be NULL. */
int reply_error(struct answer *a, enum reply_code code, const char *sentence,
		const char *nearest);

/* {"ok":true,"report":{...}}, the document of diagnostic.json. */
int reply_status(struct answer *a, struct reply *r);

int reply_version(struct answer *a);

/* The metrics. */
int reply_metrics(struct answer *a, struct reply *r);

/* {"ok":true,"events":[...]} of the events behind `after` of these services;
 * only: NULL for all events. Events that the ring lost are one of kind "lost"
 * where has_after. */
int reply_events(struct answer *a, const struct reply *r,
		 const struct command_set *only, uint64_t after,
		 bool has_after);

/* The number of the oldest event that can be read for sure. */
uint64_t reply_oldest_event(const struct reply *r);

/* For a follower: a line for each event behind *next - 1, at most
 * REPLY_EVENTS of them; *next moves on. */
int reply_next_events(struct answer *a, const struct reply *r,
		      const struct command_set *only, uint64_t *next);

/* {"ok":true,"lines":[...]} of the walk that tails_last() began. */
int reply_lines(struct answer *a, const struct reply *r);

/* One line for a follower. */
int reply_line(struct answer *a, const struct reply *r, uint32_t service,
	       const struct lines_line *line);

/* {"ok":true,"healthy":...,"reasons":[...]} of the daemons in the set; as
 * plain text where is_text. *is_healthy: what it says. */
int reply_health(struct answer *a, struct reply *r,
		 const struct command_set *asked, bool is_text,
		 bool *is_healthy);

/* {"ok":true,"ready":...,"timed_out":...,"reasons":[...]} */
int reply_wait(struct answer *a, struct reply *r, const struct watch *w,
	       bool is_timed_out);

/* {"ok":true,"services":[...]} for a command. is_over: what is still open has
 * timed out; has_accepted: nobody waits for more than that PID 1 took it. */
int reply_command(struct answer *a, struct reply *r, const struct watch *w,
		  bool has_accepted);

/* How it goes with all that a watch is about: DONE when everything is, FAILED
 * when something is and a `wait` need not go on, else OPEN. */
enum outcome reply_outcome(const struct reply *r, const struct watch *w);

/* Whom sweep is about there: all that have no process. */
void reply_resting(const struct reply *r, struct command_set *set);

/* Whom health and wait are about where nobody is named. health: daemons that
 * are started by themselves and are not to be ignored. wait (with_oneshots):
 * all that is started by itself. */
void reply_default(const struct config *c, bool with_oneshots,
		   struct command_set *set);

#endif
