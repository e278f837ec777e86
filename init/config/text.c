/* SPDX-License-Identifier: ISC */
/* One buffer, and an open hash table of what is in it. */
#include "init/config/text.h"

#include <string.h>

enum { PIECES = 1 << 15 }; /* places in the table; half are used at most */

struct text_piece {
	uint32_t at, size; /* size 0: a free place */
};

struct text text_begin(struct arena *a)
{
	return (struct text){
		.base = arena_get(a, CONFIG_TEXT),
		.used = 1,
		.pieces = arena_get(a, PIECES * sizeof(struct text_piece)),
	};
}

uint64_t text_hash(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *s = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ s[i]) * UINT64_C(0x100000001b3);
	return hash;
}

config_text text_put(struct text *t, const char *bytes, size_t size)
{
	uint64_t hash = text_hash(TEXT_HASH, bytes, size);
	struct text_piece *p;

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
		*p = (struct text_piece){ t->used, (uint32_t)size };
		t->count++;
	}
	memcpy(t->base + t->used, bytes, size);
	t->used += (uint32_t)size;
	return t->used - (uint32_t)size;
}

config_text text_string(struct text *t, const char *s)
{
	return text_put(t, s, strlen(s) + 1);
}

struct config_list text_strings(struct text *t, struct arena *a,
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
	list.at = text_put(t, text, size);
	return list;
}
