/* SPDX-License-Identifier: ISC */
/* diagnostic.json: the present, rendered from the board.
 *
 * docs/diagnostic.schema.json and docs/DIAGNOSTICS.md say what each field
 * means. Nothing is decided here; numbers become words. */
#ifndef INIT_REPORT_DIAGNOSTIC_JSON_H
#define INIT_REPORT_DIAGNOSTIC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "init/board/board.h"
#include "init/config/config.h"
#include "init/recorder/registry.h"
#include "init/report/last_lines.h"
#include "init/report/usage.h"
#include "init/text/json_writer.h"
#include "init/text/wording.h"

enum { REPORT_SCHEMA = 1 };

/* What a report is made of. */
struct report {
	const struct config *config;
	const struct board *board;
	const struct registry *registry; /* of earlier containers */
	const struct usage *usage;       /* NULL: none */
	const struct board_notices *notices; /* NULL: none */
	struct output output;            /* the last lines of services */
	struct registry_now now;
	uint64_t generation;             /* of the board, read before it */
	const char *hostname;
	const char *directory;           /* where the report goes */
	const char *held_by; /* another dashpot has the volume, and says who
			      * it is; NULL: none has */
	bool is_registry_bad;
};

/* Stream the whole document into j; -EAGAIN in j->err when the board's head
 * was torn. A torn row is said in its place. */
void report_write(struct json *j, const struct report *r);

/* Add what is known of its readiness and health to the object of service i. */
void report_checks(struct json *j, cJSON *o, const struct report *r,
		   uint32_t i, const struct board_service *row);

/* What the process that service i has now says of itself (sd_notify(3)); false
 * when it said nothing. */
bool report_notice(const struct report *r, uint32_t i,
		   const struct board_service *row,
		   struct board_notice *notice);

/* One sentence: why the service is in the state that it is in. */
void report_why(struct phrase *w, const struct report *r, uint32_t i,
		const struct board_service *row);

/* Of a service that waits for a dependency: the next of those that it waits
 * for, row->on first; UINT32_MAX after the last one. *at is 0 before the first
 * one. */
uint32_t report_awaited(const struct report *r, uint32_t i,
			const struct board_service *row, uint32_t *at);

/* True when what it waits for is ready, but has to stay so for a while. */
bool report_is_settling(const struct report *r,
			const struct board_service *row);

/* "for web, which waits for db, which is blocked, and probed in 9.4 s" */
void report_waits(struct phrase *w, const struct report *r, uint32_t i,
		  const struct board_service *row);

#endif
