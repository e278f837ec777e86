/* SPDX-License-Identifier: ISC */
/* The text part of a compiled configuration while it grows.
 *
 * Equal pieces are kept once: a thousand services with the environment of
 * [defaults] share one copy of it. */
#ifndef INIT_LOADER_STRING_POOL_H
#define INIT_LOADER_STRING_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "init/config/config.h"
#include "init/loader/arena.h"

struct pool_piece;

struct string_pool {
	char *base;     /* CONFIG_TEXT bytes in the arena */
	uint32_t used;  /* of them; the first one is "" */
	bool is_full;   /* a piece did not fit any more */
	struct pool_piece *pieces; /* hash table of the pieces */
	uint32_t count;            /* of pieces in it */
};

/* An empty text in the arena. */
struct string_pool pool_begin(struct arena *a);

/* Put in `size` bytes, their NUL or NULs among them. Returns where they are;
 * 0 for "" and when nothing fits any more (is_full). */
config_text pool_put(struct string_pool *t, const char *bytes, size_t size);

/* The same for one string. */
config_text pool_string(struct string_pool *t, const char *s);

/* Bytes of the `count` strings that lie one behind the other at `at`. */
size_t pool_size(const char *at, uint32_t count);

/* Strings up to a NULL, put in one behind the other by way of the arena. */
struct config_list pool_strings(struct string_pool *t, struct arena *a,
				const char *const *strings);

#endif
