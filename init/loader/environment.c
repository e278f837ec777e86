/* SPDX-License-Identifier: ISC */
/* Files beside the configuration, and the environment of a service. */
#include "init/loader/environment.h"

#include <errno.h>
#include <string.h>

#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/lib/sort.h"
#include "init/loader/envfile.h"
#include "init/loader/expand.h"

static const char usual_path[] =
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* A missing file is as good as an empty one: numbers need none. */
static const char *text_of(struct loader *l, const char *path)
{
	char *text;
	size_t len;

	if (l->world->read(&l->arena, path, LOAD_USERS, &text, &len) < 0 ||
	    strlen(text) != len)
		return "";
	return text;
}

const struct users *environment_users(struct loader *l)
{
	if (!l->has_users) {
		l->users.passwd = text_of(l, l->world->passwd);
		l->users.group = text_of(l, l->world->group);
		l->has_users = true;
	}
	return &l->users;
}

void environment_add(struct loader *l, struct draft *d, const char *name,
		     const char *value, enum variable_rank rank, bool is_own)
{
	struct variable *v = arena_get(&l->arena, sizeof(*v));

	*v = (struct variable){ name,   value,		    rank,
				is_own, d->variables_count, d->variables };
	d->variables = v;
	d->variables_count++;
}

static void add(const struct key_use *use, const char *name,
		const char *value, enum variable_rank rank)
{
	environment_add(use->l, use->draft, name, value, rank,
			use->draft->section != NULL);
}

/* The NAME of env.NAME, or NULL. */
static const char *name_of(const struct key_use *use)
{
	const char *name = use->setting->name + strlen(use->key->name);

	if (envfile_is_name(name))
		return name;
	value_wrong(use->why, "`%.40s` is no name of a variable; write a "
			      "letter, then letters, digits, _ . or -", name);
	return NULL;
}

bool environment_variable(const struct key_use *use, const char *text)
{
	const char *name = name_of(use);

	if (name != NULL)
		add(use, name, text, VARIABLE_WRITTEN);
	return name != NULL;
}

/* Read a file of variables; *text is NULL when it is missing and may be. */
static bool read_file(const struct key_use *use, const char *path,
		      bool may_be_missing, char **text, size_t *len)
{
	int err = use->l->world->read_variables(&use->l->arena, path,
						LOAD_VARIABLES, text, len);

	if (err == -ENOENT && may_be_missing) {
		*text = NULL;
		return true;
	}
	if (err == -EFBIG)
		return value_wrong(use->why, "has more than %d bytes; shorten "
					     "the file", LOAD_VARIABLES);
	if (err == -ENODEV)
		return value_wrong(use->why, "is no regular file; name one");
	if (err < 0)
		return value_wrong(use->why,
				   "cannot be read (%s); correct it",
				   errors_text(-err));
	return true;
}

static bool wrong_line(const struct key_use *use, unsigned line)
{
	const struct why why = *use->why;

	return value_wrong(use->why, "line %u of the file %s", line, why.text);
}

bool environment_file(const struct key_use *use, const char *path)
{
	const bool may_be_missing = *path == '-';
	struct envfile f;
	char *text, *name;
	size_t len;

	if (!read_file(use, path + may_be_missing, may_be_missing, &text,
		       &len))
		return false;
	use->draft->has_own_env_file = use->draft->section != NULL;
	if (text == NULL)
		return true;
	if (!envfile_begin(&f, text, len, use->why))
		return wrong_line(use, f.line);
	while (envfile_next(&f, &name, &text, use->why)) {
		const char *value = text;

		if (name == NULL)
			return true;
		if (value == NULL)
			value = expand_variable(use->l->world->environment,
						name, strlen(name));
		if (value != NULL)
			add(use, name, value, VARIABLE_FILE);
		else
			mistake(&use->l->doubts, use->setting->place,
				"warning: env_file: line %u: %.60s is not set "
				"here", f.line, name);
	}
	return wrong_line(use, f.line);
}

bool environment_content(const struct key_use *use, const char *path)
{
	const char *name = name_of(use);
	char *text;
	size_t len;

	if (name == NULL || !read_file(use, path, false, &text, &len))
		return false;
	if (strlen(text) != len)
		return value_wrong(use->why, "holds a NUL byte; an "
					     "environment cannot");
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len > 0 && text[len - 1] == '\r')
		text[--len] = '\0';
	add(use, name, envfile_skip_mark(text), VARIABLE_FROM_FILE);
	return true;
}

/* By name; of the same name the variable that wins is the last. */
static int by_name(const void *left, const void *right)
{
	const struct variable *a = left, *b = right;
	int names = strcmp(a->name, b->name);

	if (names != 0)
		return names;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->is_own != b->is_own)
		return b->is_own ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

/* An own env_file replaces that of [defaults]. */
static bool is_replaced(const struct draft *d, const struct variable *v)
{
	return v->rank == VARIABLE_FILE && !v->is_own && d->has_own_env_file;
}

/* "NAME=VALUE" in the arena. */
static const char *assignment(struct arena *a, const struct variable *v)
{
	size_t size = strlen(v->name) + strlen(v->value) + 2;
	char *text = arena_get(a, size);

	format(text, size, "%s=%s", v->name, v->value);
	return text;
}

struct config_list environment_list(struct loader *l, const struct draft *d)
{
	size_t size = (d->variables_count + 1) * sizeof(void *);
	void **sorted = arena_get(&l->arena, size);
	const char **strings = arena_get(&l->arena, size);
	uint32_t count = 0, kept = 0;

	for (struct variable *v = d->variables; v != NULL; v = v->next)
		if (!is_replaced(d, v))
			sorted[count++] = v;
	sort_pointers(sorted, count, by_name);
	for (void **at = sorted; *at != NULL; at++) {
		const struct variable *v = at[0], *next = at[1];

		if (next == NULL || strcmp(v->name, next->name) != 0)
			strings[kept++] = assignment(&l->arena, v);
	}
	return pool_strings(&l->pool, &l->arena, strings);
}

config_text environment_path(struct loader *l, const struct draft *d,
			     struct config_list env)
{
	const char *at = l->pool.base + env.at, *inherited;

	for (uint32_t i = 0; i < env.count && !l->pool.is_full; i++) {
		if (strncmp(at, "PATH=", 5) == 0)
			return pool_string(&l->pool, at + 5);
		at += strlen(at) + 1;
	}
	inherited = expand_variable(l->world->environment, "PATH", 4);
	if (inherited == NULL || d->s.is_env_cleared)
		inherited = usual_path;
	return pool_string(&l->pool, inherited);
}
