/* SPDX-License-Identifier: ISC */
/* One buffer, and an open hash table of what is in it. */
#include "init/loader/string_pool.h"

#include <string.h>

#include "init/lib/hash.h"

enum { PIECES = 1 << 15 }; /* places in the table; half are used at most */

struct pool_piece {
	uint32_t at, size; /* size 0: a free place */
};

struct string_pool pool_begin(struct arena *a)
{
	return (struct string_pool){
		.base = arena_get(a, CONFIG_TEXT),
		.used = 1,
		.pieces = arena_get(a, PIECES * sizeof(struct pool_piece)),
	};
}

config_text pool_put(struct string_pool *t, const char *bytes, size_t size)
{
	uint64_t hash = hash_bytes(HASH_START, bytes, size);
	struct pool_piece *p;

	if (size == 0 || (size == 1 && *bytes == '\0'))
		return 0;
	for (size_t i = (size_t)(hash % PIECES);; i = (i + 1) % PIECES) {
		p = &t->pieces[i];
		if (p->size == 0)
			break;
		if (p->size == size &&
		    memcmp(t->base + p->at, bytes, size) == 0)
			return p->at;
	}
	if (size > CONFIG_TEXT - t->used) {
		t->is_full = true;
		return 0;
	}
	if (t->count < PIECES / 2) {
		*p = (struct pool_piece){ t->used, (uint32_t)size };
		t->count++;
	}
	memcpy(t->base + t->used, bytes, size);
	t->used += (uint32_t)size;
	return t->used - (uint32_t)size;
}

config_text pool_string(struct string_pool *t, const char *s)
{
	return pool_put(t, s, strlen(s) + 1);
}

size_t pool_size(const char *at, uint32_t count)
{
	const char *end = at;

	while (count-- > 0)
		end += strlen(end) + 1;
	return (size_t)(end - at);
}

struct config_list pool_strings(struct string_pool *t, struct arena *a,
				const char *const *strings)
{
	struct config_list list = { 0, 0 };
	size_t size = 0;
	char *text, *to;

	for (; strings[list.count] != NULL; list.count++)
		size += strlen(strings[list.count]) + 1;
	text = to = arena_get(a, size);
	for (; *strings != NULL; strings++) {
		size_t len = strlen(*strings) + 1;

		memcpy(to, *strings, len);
		to += len;
	}
	list.at = pool_put(t, text, size);
	return list;
}
