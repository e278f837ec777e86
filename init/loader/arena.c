/* SPDX-License-Identifier: ISC */
/* Chunks of anonymous memory, filled from the front. */
#include "init/loader/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "init/kernel/die.h"

enum { CHUNK = 256 * 1024 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t size, used; /* both with this head */
};

static _Noreturn void out_of_memory(void)
{
	die_text(DIE_SYSTEM, "no memory to read the configuration");
}

static size_t rounded(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

void *arena_get(struct arena *a, size_t size)
{
	const size_t head = rounded(sizeof(struct arena_chunk),
				    alignof(max_align_t));
	struct arena_chunk *c = a->newest;
	char *at;

	if (size > SIZE_MAX / 4)
		out_of_memory();
	size = rounded(size, alignof(max_align_t));
	if (c == NULL || c->size - c->used < size) {
		size_t whole = rounded(size + head, CHUNK);

		c = mmap(NULL, whole, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (c == MAP_FAILED)
			out_of_memory();
		c->older = a->newest;
		c->size = whole;
		c->used = head;
		a->newest = c;
	}
	at = (char *)c + c->used;
	c->used += size;
	return at;
}

char *arena_copy(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_get(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

void arena_drop(struct arena *a)
{
	while (a->newest != NULL) {
		struct arena_chunk *c = a->newest;

		a->newest = c->older;
		munmap(c, c->size);
	}
}
