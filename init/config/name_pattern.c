/* SPDX-License-Identifier: ISC */
/* Only the last `*` is ever gone back to: what matched before it stays good,
 * whatever stands behind. */
#include "init/config/name_pattern.h"

#include <stddef.h>
#include <string.h>

#include "init/lib/format.h"

enum { BASE = 48 }; /* bytes of the NAME of an instance, with its NUL */

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

static bool matches(const char *pattern, const char *name, const char *end)
{
	const char *star = NULL, *from = name;

	while (name < end) {
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

bool pattern_matches(const char *pattern, const char *name)
{
	const char *end = name + strlen(name), *base = strchr(name, ':');

	return matches(pattern, name, end) ||
	       (base != NULL && matches(pattern, name, base));
}

void pattern_offer(struct nearest *near, const char *name)
{
	static char bases[2][BASE];
	size_t length = strcspn(name, ":");
	char *base;

	nearest_offer(near, name);
	if (name[length] == '\0')
		return;
	base = bases[near->best == bases[0]];
	format(base, BASE, "%.*s", (int)length, name);
	nearest_offer(near, base);
}
