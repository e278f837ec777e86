/* SPDX-License-Identifier: ISC */
/* What services use right now: processes, CPU, memory, zombies.
 *
 * One pass over /proc. A process belongs to the service whose leader's pid is
 * its session or its process group; what left both is nobody's. There is no
 * timer: a pass is made only when something is written anyway, not more often
 * than every USAGE_MS, and so seldom that it takes a fiftieth of a core at
 * most, however many processes there are. Source: proc(5) stat. */
#ifndef INIT_REPORT_USAGE_H
#define INIT_REPORT_USAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "init/board/board.h"
#include "init/config/config.h"

enum {
	USAGE_MS = 2000,   /* shortest time between two passes */
	USAGE_SHARE = 50,  /* ... and that many times what the last one took */
};

/* One service. */
struct usage_row {
	int32_t pid;          /* its leader when it was sampled; 0 none */
	int64_t processes, threads;
	int64_t zombies;      /* ended, and not waited for by one of its own */
	int32_t zombie;       /* pid of such a one ... */
	int32_t parent;       /* ... and of its parent */
	int64_t told;         /* zombies that were told of last; 0 none */
	uint32_t over;        /* samples in a row with more zombies than its
			       * zombie_limit */
	int64_t cpu_ms;       /* of these processes and of children that the
			       * leader waited for; never less in one run */
	int64_t rss_kib;
	int64_t share;        /* percent of one core since the sample before;
			       * -1 not known */
};

struct usage {
	int64_t mono_ms, wall_ms; /* of the sample; mono_ms 0: there is none */
	int64_t next_ms;          /* no other one before that */
	struct usage_row *row;    /* config->services rows, zeroed memory of
				   * the owner's */
	int64_t memory_kib, memory_max_kib; /* of the container; -1 none or
					     * unknown */
	int64_t oom_kills;        /* in it, -1 unknown */
	int64_t orphans;          /* live processes that nobody runs: those of
				   * strays_reply() */
	bool is_sought;           /* the cgroup was looked for */
	char cgroup[PATH_MAX];    /* its memory cgroup; "": cannot be seen */
};

/* Take a sample if one is due; true when there is a new one. Where /proc is not
 * that of this PID namespace there never is one. */
bool usage_sample(struct usage *u, const struct config *c,
		  const struct board *board, int64_t mono_ms, int64_t wall_ms);

/* After a sample: service i has got its first zombie, or twice as many as were
 * told of, and one that the sample saw is still there 10 ms later. */
bool usage_has_zombies(struct usage *u, uint32_t i);

/* The sample of service i; NULL where there is none of its present process. */
const struct usage_row *usage_of(const struct usage *u, uint32_t i,
				 int32_t pid);

#endif
