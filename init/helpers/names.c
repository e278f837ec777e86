/* SPDX-License-Identifier: ISC */
/* Only the last `*` is ever gone back to: what matched before it stays good,
 * whatever stands behind. */
#include "init/helpers/names.h"

#include <stddef.h>
#include <string.h>

#include "init/config/complain.h"

/* The place behind the bracket that begins at p and whether c is in it; NULL
 * where it is not closed. A `]` that comes first belongs to it. */
static const char *match_bracket(const char *p, char c, bool *is_in)
{
	bool is_other = p[1] == '!' || p[1] == '^';
	const char *at = p + 1 + is_other, *first = at;

	*is_in = is_other;
	for (; *at != '\0' && (*at != ']' || at == first); at++) {
		char low = *at, high = low;

		if (at[1] == '-' && at[2] != ']' && at[2] != '\0') {
			high = at[2];
			at += 2;
		}
		if (c >= low && c <= high)
			*is_in = !is_other;
	}
	return *at == ']' ? at + 1 : NULL;
}

/* The place behind what matches one character c at p, or NULL. */
static const char *match_one(const char *p, char c)
{
	bool is_in;
	const char *behind =
		*p == '[' ? match_bracket(p, c, &is_in) : NULL;

	if (behind != NULL)
		return is_in ? behind : NULL;
	return *p != '\0' && (*p == '?' || *p == c) ? p + 1 : NULL;
}

bool names_match(const char *pattern, const char *name)
{
	const char *star = NULL, *from = name;

	while (*name != '\0') {
		const char *next = *pattern == '*' ? NULL :
					match_one(pattern, *name);

		if (*pattern == '*') {
			star = ++pattern;
			from = name;
		} else if (next != NULL) {
			pattern = next;
			name++;
		} else if (star != NULL) {
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

const char *names_find(const struct config *c, const char *names,
		       uint32_t count, struct command_set *set,
		       const char **nearest)
{
	memset(set, 0, sizeof(*set));
	for (; count > 0; count--, names += strlen(names) + 1) {
		struct nearest near = { .word = names };
		bool is_found = false;

		for (uint32_t i = 0; i < c->services; i++) {
			const char *name = config_name(c, i);

			if (config_service(c, i)->is_removed) {
				continue;
			} else if (names_match(names, name)) {
				command_add(set, i);
				is_found = true;
			} else if (!is_found) {
				nearest_offer(&near, name);
			}
		}
		*nearest = near.best;
		if (!is_found)
			return names;
	}
	return NULL;
}
