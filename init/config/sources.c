/* SPDX-License-Identifier: ISC */
/* Files beside the configuration, and the environment of a service. */
#include "init/config/sources.h"

#include <errno.h>
#include <string.h>

#include "init/config/expand.h"
#include "init/config/sort.h"
#include "init/errors.h"
#include "init/format.h"

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

const struct users *sources_users(struct loader *l)
{
	if (!l->has_users) {
		l->users.passwd = text_of(l, l->world->passwd);
		l->users.group = text_of(l, l->world->group);
		l->has_users = true;
	}
	return &l->users;
}

void sources_add(struct loader *l, struct draft *d, const char *name,
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
	sources_add(use->l, use->draft, name, value, rank,
		    use->draft->section != NULL);
}

/* Letters, digits and _ as in a shell; also . and -, which programs read. */
static bool is_variable(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789.-";

	return *name != '\0' && strchr("0123456789.-", *name) == NULL &&
	       name[strspn(name, letters)] == '\0';
}

/* The NAME of env.NAME, or NULL. */
static const char *name_of(const struct key_use *use)
{
	const char *name = use->setting->name + strlen(use->key->name);

	if (is_variable(name))
		return name;
	value_wrong(use->why, "`%.40s` is no name of a variable; write a "
			      "letter, then letters, digits, _ . or -", name);
	return NULL;
}

bool sources_variable(const struct key_use *use, const char *text)
{
	const char *name = name_of(use);

	if (name != NULL)
		add(use, name, text, VARIABLE_WRITTEN);
	return name != NULL;
}

/* Read a file of variables; *text is NULL when it is missing and may be. */
static bool read_file(const struct key_use *use, const char *path,
		      bool may_be_missing, char **text)
{
	size_t len;
	int err = use->l->world->read(&use->l->arena, path, LOAD_VARIABLES,
				      text, &len);

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
		return value_wrong(use->why, "cannot be read (%s); correct it",
				   errors_text(-err));
	if (strlen(*text) != len)
		return value_wrong(use->why, "holds a NUL byte; an "
					     "environment cannot");
	return true;
}

/* Take the quotes off a value, in place. */
static char *unquoted(char *value)
{
	size_t len = strlen(value);

	if (len >= 2 && (*value == '"' || *value == '\'') &&
	    value[len - 1] == *value) {
		value[len - 1] = '\0';
		value++;
	}
	return value;
}

static void without_end(char *line, const char *what)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(what, line[len - 1]) != NULL)
		line[--len] = '\0';
}

bool sources_line(char *line, char **name, char **value)
{
	line += strspn(line, " \t");
	without_end(line, " \t\r");
	*name = NULL;
	if (*line == '\0' || *line == '#')
		return true;
	if (strncmp(line, "export ", 7) == 0)
		line += 7;
	line += strspn(line, " \t");
	*value = strchr(line, '=');
	if (*value == NULL)
		return false;
	*(*value)++ = '\0';
	without_end(line, " \t");
	*name = line;
	*value += strspn(*value, " \t");
	*value = unquoted(*value);
	return is_variable(line);
}

bool sources_file(const struct key_use *use, const char *path)
{
	bool may_be_missing = *path == '-';
	unsigned number = 1;
	char *line, *end, *name, *value;

	if (may_be_missing)
		path++;
	if (!read_file(use, path, may_be_missing, &line))
		return false;
	use->draft->has_own_env_file = use->draft->section != NULL;
	for (; line != NULL; line = end, number++) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		if (!sources_line(line, &name, &value))
			return value_wrong(use->why, "line %u of the file is "
						     "no NAME=VALUE; correct "
						     "it", number);
		if (name != NULL)
			add(use, name, value, VARIABLE_FILE);
	}
	return true;
}

bool sources_content(const struct key_use *use, const char *path)
{
	const char *name = name_of(use);
	char *text;
	size_t len;

	if (name == NULL || !read_file(use, path, false, &text))
		return false;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	add(use, name, text, VARIABLE_FROM_FILE);
	return true;
}

/* By name; of the same name the one that wins is the last. */
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

struct config_list sources_list(struct loader *l, const struct draft *d)
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
	return text_strings(&l->text, &l->arena, strings);
}

config_text sources_path(struct loader *l, const struct draft *d,
			 struct config_list env)
{
	const char *at = l->text.base + env.at, *inherited;

	for (uint32_t i = 0; i < env.count && !l->text.is_full; i++) {
		if (strncmp(at, "PATH=", 5) == 0)
			return text_string(&l->text, at + 5);
		at += strlen(at) + 1;
	}
	inherited = expand_variable(l->world->environment, "PATH", 4);
	if (inherited == NULL || d->s.is_env_cleared)
		inherited = usual_path;
	return text_string(&l->text, inherited);
}
