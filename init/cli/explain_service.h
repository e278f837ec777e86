/* SPDX-License-Identifier: ISC */
/* One service of diagnostic.json, told to a person. */
#ifndef INIT_CLI_EXPLAIN_SERVICE_H
#define INIT_CLI_EXPLAIN_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "init/cli/terminal_out.h"
#include "init/text/json_reader.h"

/* What a service is told against. */
struct service_from {
	const char *dir;       /* the volume */
	struct json_value registry;  /* process-registry.json, or not there */
	struct json_value services;  /* of diagnostic.json */
	int64_t now_ms;        /* Unix time */
	int64_t written_ms;    /* when diagnostic.json was written */
	bool is_over;          /* its container has ended, and said so */
	bool is_searched;      /* look for output in events too */
	bool is_whole;         /* everything that is known, not only what a
				* first look needs */
};

/* True when it waits for the next run of its schedule. */
bool service_is_idle(struct json_value service);

/* True when dashpot said that it is well, see policy/health.h. */
bool service_is_well(struct json_value service);

/* ... or nothing is expected of it: stopped, and autostart = no. */
bool service_is_unasked(struct json_value service);

/* True when it has ended for good or was stopped. */
bool service_is_over(struct json_value service);

/* True when there is no failure or wait to tell of: it runs and is stable or
 * never failed, starts for the first time, is done, or was stopped; or waits
 * for its schedule and its last run did not fail; and can be signalled. Whether
 * it is well is another question. */
bool service_is_quiet(struct json_value service);

/* The colour of its state. */
enum out_style service_style(struct json_value service);

/* End the program with DIE_USAGE: none of these services is called that. */
_Noreturn void service_refuse(const char *word, const char *name,
			      struct json_value services);

/* When the file promised a change of it that a living dashpot would have
 * written down, but for its state; -1 where it promised none. */
int64_t service_due_ms(struct json_value service);

/* Why it is as it is, without the state that the sentence begins with. The text
 * is the caller's to cut, until the next call. */
char *service_why(struct json_value service);

/* One line about the whole of diagnostic.json: the container, its summary. */
void service_head(struct out *o, struct json_value all);

/* One line: name, state and since when. */
void service_line(struct out *o, const struct service_from *from,
		  struct json_value service);

/* A paragraph: why, how its last run ended, what that said, earlier ends,
 * what comes next, what to do. */
void service_tell(struct out *o, const struct service_from *from,
		  struct json_value service);

#endif
