/* SPDX-License-Identifier: ISC */
/* The board: what PID 1 shows to its helpers, in shared memory, and how the
 * parts of all boards are written and read without a lock that blocks.
 *
 * PID 1 is the only writer of struct board; the helpers map it from a
 * descriptor that no longer allows writable mappings. It carries numbers and
 * times, never text; names come from the compiled configuration that every
 * helper inherits. Its parts: service_rows.h and events.h; the boards that the
 * helpers write: helper_boards.h. All times are monotonic milliseconds unless a
 * name says otherwise; -1 is "none". */
#ifndef INIT_BOARD_BOARD_H
#define INIT_BOARD_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "init/board/events.h"
#include "init/board/helper_boards.h"
#include "init/board/service_rows.h"
#include "init/config/config.h"

enum { BOARD_TRIES = 16 }; /* reads of a row before it is called torn */

/* What dashpot as a whole does. */
enum board_phase {
	BOARD_STARTING, /* waits for the registry */
	BOARD_UP,
	BOARD_STOPPING_ALL,
	BOARD_EXITING,  /* all services are gone; last write. The last event
			 * is on the board before this is */
};

/* One helper, as PID 1 sees it. */
struct board_helper {
	int32_t pid;       /* 0: not running */
	uint32_t restarts;
};

/* PID 1's board. */
struct board {
	atomic_uint seq;          /* odd while the head is being written */
	uint32_t services;        /* rows in use */
	uint8_t phase;            /* enum board_phase */
	bool is_pid1;             /* else a subreaper */
	bool is_outer_loop;
	bool is_dry_clone_exact;  /* RLIMIT_NPROC is judged by dry clone */
	int32_t pid;              /* dashpot's own; set before any fork */
	int32_t exit_code;        /* once EXITING; -1 before */
	int32_t exit_service;     /* the service that decided it, or -1 */
	int64_t began_ms, began_wall_ms; /* set before any fork: they name
					  * this start of the container */
	int64_t now_ms, now_wall_ms; /* of the last publish */
	uint64_t reloads;         /* that were put in force; the services of
				   * struct command are numbered by it */
	uint64_t mark_base;       /* of all marks (lineage_mark.h); set before
				   * any fork */
	uint64_t reaped;          /* processes waited for */
	uint64_t orphans;         /* of those, not services or helpers */
	uint64_t restarts;        /* starts that took a token */
	uint32_t tokens;          /* of restart_rate, whole */
	uint32_t waiting;         /* services waiting for headroom or budget */
	int64_t late_max_ms;      /* worst lateness of a deadline so far */
	struct board_helper helper[BOARD_HELPERS];
	struct board_limit limit[BOARD_LIMITS]; /* visible ones, tightest not
						 * sorted; kind NONE ends */
	atomic_ullong generation; /* raised by every publish that changed
				   * anything; what the recorder writes */
	atomic_ullong events;     /* events so far; event n is in slot
				   * (n - 1) % BOARD_EVENTS */
	struct board_event event[BOARD_EVENTS];
	struct board_service service[CONFIG_SERVICES];
};

/* PID 1: open a row (or the head) for writing and close it again. */
void board_row_begin(struct board_service *row);
void board_row_end(struct board_service *row);
void board_head_begin(struct board *b);
void board_head_end(struct board *b);

/* PID 1: append an event; n may be NULL for none. Never fails; the oldest
 * event is overwritten. */
void board_event(struct board *b, enum board_event_kind kind, int service,
		 int64_t mono_ms, int64_t wall_ms, const int64_t n[8]);

/* Events so far. */
static inline uint64_t board_events(const struct board *b)
{
	return atomic_load_explicit(&b->events, memory_order_acquire);
}

/* The first event that can still be read where the one behind `after` was
 * overwritten, or is being so. */
uint64_t board_event_next(const struct board *b, uint64_t after);

/* Helpers: copy a row, the head (everything before `generation`) or event
 * number n. False when it was torn BOARD_TRIES times, or overwritten. Of a
 * row's `ends` only those that exist are copied, and of *copy's head only what
 * comes before `generation` is written: untouched pages stay so. */
bool board_row_read(const struct board_service *row,
		    struct board_service *copy);
bool board_head_read(const struct board *b, struct board *copy);
bool board_event_read(const struct board *b, uint64_t n,
		      struct board_event *copy);

/* The prober: a new notice of a service. Others: copy one; false when it was
 * torn BOARD_TRIES times. */
void board_notice_write(struct board_notice *to, const struct board_notice *n);
bool board_notice_read(const struct board_notice *n, struct board_notice *copy);

#endif
