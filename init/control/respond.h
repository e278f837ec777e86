/* SPDX-License-Identifier: ISC */
/* What the control socket answers: text made of the board.
 *
 * A function that puts an answer into a client's begins and ends it too; what
 * does not fit, or was torn on the board, becomes a refusal. */
#ifndef INIT_CONTROL_RESPOND_H
#define INIT_CONTROL_RESPOND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/board/command_protocol.h"
#include "init/control/answer.h"
#include "init/report/diagnostic_json.h"
#include "init/text/host_name.h"

struct client;
struct control;

enum { RESPOND_EVENTS = 256 }; /* events given to a follower at a time */

/* Why something is not done, as the word of JSON. */
enum respond_code {
	RESPOND_USAGE,
	RESPOND_UNKNOWN_SERVICE,
	RESPOND_FORBIDDEN,
	RESPOND_STOPPING,
	RESPOND_STALE,
	RESPOND_BUSY,
	RESPOND_NO_PROCESS,
	RESPOND_RELOAD_FAILED,
	RESPOND_INTERNAL,
	RESPOND_CODES,
};

/* What answers are made of, beside the board. */
struct respond {
	struct report report;
	struct registry registry; /* of this container only: what is known of
				   * earlier ones is on the volume */
	struct usage usage;
	char host[HOST_NAME];
	char holder[sizeof(((struct board_restore *)0)->holder)];
	char directory[PATH_MAX];
};

/* Connect it with what it reads; once. */
void respond_set_up(struct control *ctl);

/* An answer of at most `room` bytes to be filled. False: there is no memory,
 * and the client is dropped without one. */
bool respond_begin(struct client *c, size_t room);

/* Nothing more comes: the answer is whole, or it failed and says so. */
void respond_end(struct control *ctl, struct client *c);

/* {"ok":false,...} instead of an answer. */
void respond_refuse(struct control *ctl, struct client *c,
		    enum respond_code code, const char *sentence);

/* Likewise of a name that no service has; nearest may be NULL. */
void respond_unknown(struct control *ctl, struct client *c, const char *name,
		     const char *nearest);

/* Likewise with why the reload changed nothing, and what is wrong in the
 * files. failed: its event. */
void respond_reload_failed(struct control *ctl, struct client *c,
			   const struct board_event *failed);

/* {"ok":true,"report":{...}}, the document of diagnostic.json. All clients
 * that ask in the same turn get the same. */
void respond_status(struct control *ctl, struct client *c);

void respond_version(struct control *ctl, struct client *c);

/* {"ok":true,"orphans":[...]} */
void respond_orphans(struct control *ctl, struct client *c);

/* {"ok":true,"events":[...]} of the events behind `after` of these services;
 * all events where no service was named. Events that the ring lost are one of
 * kind "lost" where `after` was given. */
void respond_events(struct control *ctl, struct client *c);

/* {"ok":true,"lines":[...]} of the walk that last_lines_begin() began. */
void respond_lines(struct control *ctl, struct client *c);

/* {"ok":true,"healthy":...,"reasons":[...]} of the services asked for. */
void respond_health(struct control *ctl, struct client *c);

/* {"ok":true,"ready":...,"timed_out":...,"reasons":[...]} */
void respond_wait(struct control *ctl, struct client *c);

/* {"ok":true,"services":[...]} for a command. What is still open has timed out;
 * has_accepted: the client waits only until PID 1 took it. */
void respond_command(struct control *ctl, struct client *c, bool has_accepted);

/* The number of the oldest event that can be read for sure. */
uint64_t respond_oldest_event(const struct control *ctl);

/* For a follower: a line for each event behind c->next - 1, at most
 * RESPOND_EVENTS of them; c->next moves on. False: there is no room. */
bool respond_next_events(struct control *ctl, struct client *c);

/* One line for a follower. False: there is no room. */
bool respond_line(struct control *ctl, struct client *c, uint32_t service,
		  const struct lines_line *line);

/* The pages of `listen`, into an answer that was begun: the metrics, and the
 * health of the services asked for (false: one is not well). */
void respond_put_metrics(struct control *ctl, struct client *c);
bool respond_put_ready(struct control *ctl, struct client *c);

#endif
