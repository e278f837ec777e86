/* SPDX-License-Identifier: ISC */
/* Marks: two hard limits of a process that say which service it is of.
 *
 * RLIMIT_LOCKS is base + id and RLIMIT_RSS base - id. Linux enforces neither
 * (the first since 2.4.25, the second since 2.4.30), every fork, exec and
 * change of user hands both down, /proc/PID/limits shows them to anybody, and
 * without CAP_SYS_RESOURCE they can only be lowered. A higher id takes a higher
 * RLIMIT_LOCKS, a lower id a higher RLIMIT_RSS: so by lowering alone a process
 * loses its mark, and never gets another. A pair that does not fit is no
 * mark. */
#ifndef INIT_KERNEL_LINEAGE_MARK_H
#define INIT_KERNEL_LINEAGE_MARK_H

#include <stdint.h>

/* Both limits as they are read; 0: unlimited, or not known. */
struct mark {
	uint64_t locks, rss;
};

/* A base for this dashpot, picked by `random`: so far below its own limits,
 * which may be another dashpot's mark and cannot be raised, that its marks and
 * those of that one have nothing in common. 0 where they are too low for
 * any. */
uint64_t mark_base(uint64_t random);

/* The mark of a number; {0, 0}, which no process has, for 0 and for one that
 * the base has no room for. */
struct mark mark_make(uint64_t base, uint64_t id);

/* Its number; 0: of no one that this base has given. */
uint64_t mark_id(uint64_t base, struct mark m);

/* From the text of /proc/PID/limits. */
struct mark mark_read(const char *limits);

/* Set both as soft and hard limits of the caller; 0 leaves one as it is. */
void mark_take(struct mark m);

#endif
