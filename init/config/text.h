/* SPDX-License-Identifier: ISC */
/* The text part of a compiled configuration while it grows.
 *
 * Equal pieces are kept once: a thousand services with the environment of
 * [defaults] share one copy of it. */
#ifndef INIT_CONFIG_TEXT_H
#define INIT_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "init/lib/arena.h"
#include "init/config/config.h"

struct text_piece;

struct text {
	char *base;     /* CONFIG_TEXT bytes in the arena */
	uint32_t used;  /* of them; the first one is "" */
	bool is_full;   /* a piece did not fit any more */
	struct text_piece *pieces; /* hash table of the pieces */
	uint32_t count;            /* of pieces in it */
};

/* An empty text in the arena. */
struct text text_begin(struct arena *a);

/* Put in `size` bytes, their NUL or NULs among them. Returns where they are;
 * 0 for "" and when nothing fits any more (is_full). */
config_text text_put(struct text *t, const char *bytes, size_t size);

/* The same for one string. */
config_text text_string(struct text *t, const char *s);

/* Strings up to a NULL, put in one behind the other by way of the arena. */
struct config_list text_strings(struct text *t, struct arena *a,
				const char *const *strings);

/* The FNV-1a hash of `size` bytes, going on from `hash`. */
uint64_t text_hash(uint64_t hash, const void *bytes, size_t size);

#define TEXT_HASH UINT64_C(0xcbf29ce484222325) /* where a hash begins */

#endif
