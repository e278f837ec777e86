/* SPDX-License-Identifier: ISC */
/* The memory of documents: taken in order, never given back one by one, and
 * all of it at once when nothing of it is in use any more.
 *
 * A helper builds a document of small pieces and frees every one of them
 * before the next, so it needs no free list; and idle it holds no page. A
 * document whose pieces were not all freed keeps the memory: heap_in_use()
 * is how tests see that. For one thread. */
#ifndef INIT_TEXT_HEAP_H
#define INIT_TEXT_HEAP_H

#include <stddef.h>

enum { HEAP_BYTES = 64 * 1024 * 1024 };

/* As malloc(3), free(3) and realloc(3). NULL when HEAP_BYTES are in use or
 * the system has no address space. */
void *heap_take(size_t size);
void heap_give(void *piece);
void *heap_resize(void *piece, size_t size);

/* Pieces taken and not given back. */
size_t heap_in_use(void);

#endif
