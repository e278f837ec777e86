/* SPDX-License-Identifier: ISC */
/* A bounded reader of passwd(5) and group(5). */
#include "init/loader/users.h"

#include <string.h>

#include "init/lib/nearest.h"

enum { FIELDS = 7 };

/* One field of a line: not NUL-terminated. */
struct field {
	const char *at;
	size_t len;
};

/* Split the line at *text; *text moves to the next one. Returns the number of
 * fields, 0 at the end of the text. */
static size_t split(const char **text, struct field field[FIELDS])
{
	const char *s = *text;
	size_t n = 0;

	if (*s == '\0')
		return 0;
	for (;;) {
		size_t len = strcspn(s, ":\n");

		if (n < FIELDS)
			field[n] = (struct field){ s, len };
		n++;
		s += len;
		if (*s != ':')
			break;
		s++;
	}
	*text = *s == '\n' ? s + 1 : s;
	return n;
}

static bool is_same(const struct field *f, const char *s, size_t len)
{
	return f->len == len && memcmp(f->at, s, len) == 0;
}

/* A uid or gid; 2^32 - 1 is none (chown(2)). */
static bool is_id(const char *s, size_t len, uint32_t *id)
{
	enum { DIGITS = 10 }; /* as many as value_digits() reads exactly */
	int64_t number;
	size_t n = value_digits(s, len, &number);

	*id = (uint32_t)number;
	return n > 0 && n == len && n <= DIGITS && number < UINT32_MAX;
}

static bool add_group(struct person *p, uint32_t gid)
{
	for (size_t i = 0; i < p->groups_count; i++)
		if (p->groups[i] == gid)
			return true;
	if (p->groups_count == CONFIG_GROUPS)
		return false;
	p->groups[p->groups_count++] = gid;
	return true;
}

/* True when the comma separated list at s, which ends with its line, holds
 * the name. */
static bool is_member(const char *s, const char *name)
{
	size_t size = strlen(name), len;

	for (;; s += len + 1) {
		len = strcspn(s, ",:\n");
		if (len == size && memcmp(s, name, len) == 0)
			return true;
		if (s[len] != ',')
			return false;
	}
}

/* The groups that list the person as a member. */
static bool memberships(const char *text, struct person *p, struct why *why)
{
	struct field f[FIELDS];
	uint32_t gid;
	size_t n;

	while ((n = split(&text, f)) > 0)
		if (n == 4 && is_id(f[2].at, f[2].len, &gid) &&
		    is_member(f[3].at, p->name) && !add_group(p, gid))
			return value_wrong(why, "is in more than %d groups; "
						"choose some with `groups`",
					   CONFIG_GROUPS);
	return true;
}

/* Look the first len bytes of text up in passwd, as a name or as a uid. */
static bool find_person(const char *passwd, struct arena *a, const char *text,
			size_t len, struct person *p)
{
	bool is_number = is_id(text, len, &p->uid);
	struct field f[FIELDS];
	uint32_t uid;
	size_t n;

	while ((n = split(&passwd, f)) > 0) {
		if (n != FIELDS || f[0].len == 0 ||
		    !is_id(f[2].at, f[2].len, &uid) ||
		    !is_id(f[3].at, f[3].len, &p->gid))
			continue;
		if (is_number ? uid != p->uid : !is_same(&f[0], text, len))
			continue;
		p->uid = uid;
		p->has_gid = true;
		p->name = arena_copy(a, f[0].at, f[0].len);
		p->home = arena_copy(a, f[5].at, f[5].len);
		return true;
	}
	return is_number;
}

/* Say that `text` is in none of the entries of a file, and what is near. */
static bool unknown(const char *entries, const char *file, struct arena *a,
		    const char *text, size_t len, struct why *why)
{
	struct nearest near = { .word = arena_copy(a, text, len) };
	struct field f[FIELDS];

	while (split(&entries, f) > 0)
		nearest_offer(&near, arena_copy(a, f[0].at,
						f[0].len < 64 ? f[0].len : 64));
	if (near.best != NULL)
		return value_wrong(why, "is not in %s; did you mean %s?", file,
				   near.best);
	return value_wrong(why, "is not in %s; add it there or write a number",
			   file);
}

/* Look the first len bytes of text up in group, as a name or as a gid. */
static bool find_group(const struct users *u, struct arena *a, const char *text,
		       size_t len, uint32_t *gid, struct why *why)
{
	const char *entries = u->group;
	struct field f[FIELDS];
	size_t n;

	if (is_id(text, len, gid))
		return true;
	while ((n = split(&entries, f)) > 0)
		if (n == 4 && is_same(&f[0], text, len) &&
		    is_id(f[2].at, f[2].len, gid))
			return true;
	return unknown(u->group, "/etc/group", a, text, len, why);
}

bool users_person(const struct users *u, struct arena *a, const char *text,
		  struct person *person, struct why *why)
{
	size_t len = strcspn(text, ":");

	*person = (struct person){ .uid = 0 };
	if (!find_person(u->passwd, a, text, len, person))
		return unknown(u->passwd, "/etc/passwd", a, text, len, why);
	if (text[len] == ':') {
		if (!users_group(u, a, text + len + 1, &person->gid, why))
			return false;
		person->has_gid = person->is_group_written = true;
	}
	if (person->has_gid)
		add_group(person, person->gid);
	return person->name == NULL || memberships(u->group, person, why);
}

bool users_group(const struct users *u, struct arena *a, const char *text,
		 uint32_t *gid, struct why *why)
{
	return find_group(u, a, text, strlen(text), gid, why);
}

bool users_groups(const struct users *u, struct arena *a, const char *text,
		  uint32_t groups[CONFIG_GROUPS], uint16_t *count,
		  struct why *why)
{
	size_t len;

	memset(groups, 0, CONFIG_GROUPS * sizeof(*groups));
	*count = 0;
	if (strcmp(text, "none") == 0)
		return true;
	for (const char *at = text; (len = value_item(&at)) > 0; at += len) {
		if (*count == CONFIG_GROUPS)
			return value_wrong(why, "has more than %d groups; "
						"leave some out",
					   CONFIG_GROUPS);
		if (!find_group(u, a, at, len, &groups[*count], why))
			return false;
		++*count;
	}
	return true;
}
