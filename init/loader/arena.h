/* SPDX-License-Identifier: ISC */
/* Memory for the time of one load: many small pieces, given back at once.
 *
 * It maps whole chunks, so that nothing of a load stays in PID 1's heap. */
#ifndef INIT_LOADER_ARENA_H
#define INIT_LOADER_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* All-zero memory is an empty arena. */
struct arena {
	struct arena_chunk *newest;
};

/* `size` bytes of zeroed memory, aligned for any type; valid until
 * arena_drop(). Never NULL: without memory dashpot cannot start, so it says
 * so on stderr and ends the process with 111 (a load is never in the loop). */
void *arena_get(struct arena *a, size_t size);

/* A NUL-terminated copy of the len bytes at s. */
char *arena_copy(struct arena *a, const char *s, size_t len);

/* Give everything back. */
void arena_drop(struct arena *a);

#endif
