/* SPDX-License-Identifier: ISC */
/* process-registry.json: what must survive the container.
 *
 * It is read once, as hostile as any file, and written from the board plus
 * what was read. A registry decides nothing here: the recorder puts it
 * on its board and PID 1 decides. */
#ifndef INIT_RECORDER_REGISTRY_H
#define INIT_RECORDER_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/board/board.h"
#include "init/config/config.h"
#include "init/report/last_lines.h"
#include "init/text/json_writer.h"

enum {
	REGISTRY_SCHEMA = 1,
	REGISTRY_ENDS = 16,   /* ends remembered of each service */
	REGISTRY_STARTS = 16, /* container starts remembered */
	REGISTRY_SIZE = 1024 * 1024,   /* a longer file is not read ... */
	REGISTRY_SIZE_EACH = 16 * 1024, /* ... but for this each service */
};

/* One service in earlier containers. */
struct registry_service {
	uint64_t starts, failures;
	uint32_t ends;
	struct board_end end[REGISTRY_ENDS]; /* newest first; monotonic
					      * times mean nothing here */
};

struct registry {
	struct registry_service *service; /* config->services rows, zeroed
					   * memory of the owner's */
	uint32_t starts;                  /* used of start_wall_ms */
	int64_t start_wall_ms[REGISTRY_STARTS]; /* newest first, this
						 * container's included */
};

/* The time and the place that a registry is read or written at. */
struct registry_now {
	int64_t mono_ms, wall_ms;
	int64_t began_wall_ms; /* start of this container */
	char boot_id[40];      /* "" when it is not known */
};

/* Note the start of this container; for a registry that was not read. */
void registry_begin(struct registry *r, const struct registry_now *now);

/* Understand the text of a registry: fill r, and rows (config->services of
 * them; NULL: history only). Rows or services that hold wrong values are
 * left out. The text is followed by a NUL. False when the whole cannot be
 * understood: then r is as after registry_begin(). */
bool registry_read(struct registry *r, struct board_restored *rows,
		   const struct config *c, const struct registry_now *now,
		   const char *text, size_t size);

/* Container starts within the last ten minutes, this one included. */
uint32_t registry_recent_starts(const struct registry *r,
				const struct registry_now *now);

/* Stream the registry of now into j. exe may be NULL. -EAGAIN in j->err when
 * a row was torn. */
void registry_write(struct json *j, const struct registry *r,
		    const struct config *c, const struct registry_now *now,
		    const struct board *board, const struct board_exe *exe);

/* One end as JSON, as both files have it. is_earlier: it comes from an
 * earlier container. */
cJSON *registry_end(struct json *j, const struct board_end *end,
		    bool is_earlier);

/* The last REGISTRY_ENDS ends of service i, newest first, those of this
 * container and behind them what the registry remembers, as a new array. With
 * `output` those of this container get the lines of their run that are still
 * there. */
cJSON *registry_ends(struct json *j, const struct board_service *row,
		     const struct registry_service *earlier,
		     const struct output *output, uint32_t i);

#endif
