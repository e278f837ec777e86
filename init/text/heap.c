/* SPDX-License-Identifier: ISC */
/* One mapping without reservation: what was never touched costs nothing, and
 * what was is given back to the kernel at the end of a document. */
#include "init/text/heap.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
	ALIGN = 16,
	KEPT = 16384, /* bytes that stay between two documents */
};

/* Before each piece. */
struct piece {
	size_t size;
	size_t unused; /* keeps what follows aligned */
};

static char *heap;
static size_t heap_at, heap_pieces;

void *heap_take(size_t size)
{
	size_t whole;
	struct piece *p;

	if (!heap) {
		void *map = mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				 -1, 0);

		if (map == MAP_FAILED)
			return NULL;
		heap = map;
	}
	if (size > HEAP_BYTES)
		return NULL;
	whole = sizeof(*p) + (size + ALIGN - 1) / ALIGN * ALIGN;
	if (whole > HEAP_BYTES - heap_at)
		return NULL;
	p = (struct piece *)(void *)(heap + heap_at);
	p->size = size;
	heap_at += whole;
	heap_pieces++;
	return p + 1;
}

void heap_give(void *piece)
{
	if (!piece || --heap_pieces > 0)
		return;
	if (heap_at > KEPT)
		(void)madvise(heap + KEPT, heap_at - KEPT, MADV_DONTNEED);
	heap_at = 0;
}

void *heap_resize(void *piece, size_t size)
{
	const struct piece *old = (const struct piece *)piece - 1;
	void *bigger;

	if (!piece)
		return heap_take(size);
	bigger = heap_take(size);
	if (!bigger)
		return NULL;
	memcpy(bigger, piece, old->size < size ? old->size : size);
	heap_give(piece);
	return bigger;
}

size_t heap_in_use(void)
{
	return heap_pieces;
}
