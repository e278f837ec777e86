/* SPDX-License-Identifier: ISC */
/* What commands that read the volume ask a running dashpot for instead, so that
 * they answer while the volume does not. */
#ifndef INIT_CLI_FETCH_H
#define INIT_CLI_FETCH_H

#include "init/cli/query.h"

/* The document of diagnostic.json as it would be now, or one that is not
 * there: a line on stderr has then said why not, and that the volume is read
 * instead. With `control` given that ends the program, as nothing else was
 * asked for. */
struct json_value fetch_report(const char *word, const char *control);

/* A descriptor to read events from, one line each as in events.jsonl, or -1
 * as above. With is_followed it is the connection of `a`, which goes on, and
 * nothing else is read instead; otherwise all that dashpot still has, and the
 * end. name, if not NULL, is a service that must exist: else the program ends
 * with DIE_USAGE. */
int fetch_events(struct query *a, const char *control, const char *name,
		bool is_followed);

/* End the program with DIE_USAGE where both --dir and --control are given: they
 * are two sources. */
void fetch_refuse_both(const char *word, const char *dir, const char *control);

#endif
