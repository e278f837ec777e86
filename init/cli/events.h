/* SPDX-License-Identifier: ISC */
/* `dashpot events`: what happened, one line an event, or drawn. */
#ifndef INIT_CLI_EVENTS_H
#define INIT_CLI_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "init/cli/terminal_out.h"
#include "init/cli/volume_reader.h"

struct query;

struct events {
	const char *dir;   /* the volume, unless live_fd is there */
	int live_fd;       /* events of a running dashpot, see fetch.h; 0:
			    * none */
	struct query *ask; /* to follow them with, or NULL */
	const char *name;  /* pattern of services, or NULL for all */
	int64_t since_ms;  /* Unix time of the oldest that is wanted; -1 all */
	int64_t now_ms;    /* Unix time */
	bool is_json;      /* the lines as they are */
	bool is_graph;
};

/* Where a pass over the events is. All-zero before the first. */
struct events_place {
	int64_t container_ms; /* start of the container of the last event */
	int64_t seq;          /* of the last event; 0: none yet */
	int64_t time_ms;      /* of the last event */
	int64_t lost;         /* events that are missing just before it */
	bool is_new;          /* it is the first that is known of another
			       * container */
};

/* Take one event into account. */
void events_step(struct events_place *place, struct json_value event);

/* Its service is one of those asked for; what speaks of dashpot as a whole
 * is only where all are. */
bool events_is_asked(const struct events *e, struct json_value event);

/* Print them. 0, or 1 when there is none; ends the program with DIE_USAGE
 * where no service of that name was ever seen, and with DIE_SYSTEM where the
 * volume cannot be read. */
int events_print(const struct events *e, struct out *o);

/* As struct commands_row's run. */
int events_run(int argc, char **argv);

#endif
