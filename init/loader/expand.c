/* SPDX-License-Identifier: ISC */
/* One pass with a stack of what is open: quotes, and braces of variables. What
 * is dropped, the default of a variable that is set, is read like the rest. */
#include "init/loader/expand.h"

#include <string.h>

/* What is open: the word itself, "..." or ${...}. */
struct level {
	struct level *up;   /* NULL: the word itself */
	char end;           /* " or }; of the word NUL */
	bool is_quoted;     /* between double quotes, here or further up */
	bool is_braced;     /* between braces, here or further up */
	bool is_dropped;    /* what it makes is not used */
	const char *needed; /* of ${NAME:?: the name; what the level makes is
			     * the message. Else NULL */
	size_t from;        /* bytes made before it */
};

struct reader {
	struct expansion *e;
	const char *at;
	bool is_word; /* of a command line; else a whole value */
	bool has_variable;
	struct level *level, *spare;
	size_t made; /* bytes in the scratch */
	struct why *why;
};

const char *expand_variable(char *const *environment, const char *name,
			    size_t len)
{
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, len) == 0 &&
		    (*environment)[len] == '=')
			return *environment + len + 1;
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Length of the variable's name at s; 0 when there is none. */
static size_t name_length(const char *s)
{
	size_t len = 0;

	while (is_letter(s[len]) || (len > 0 && s[len] >= '0' && s[len] <= '9'))
		len++;
	return len;
}

/* Length of a name in a message. */
static int shown(const char *name)
{
	size_t len = name_length(name);

	return (int)(len < 64 ? len : 64);
}

static bool add(struct reader *r, const char *bytes, size_t size)
{
	if (r->level->is_dropped)
		return true;
	if (size > EXPAND_MOST - r->made)
		return value_wrong(r->why, "becomes more than the %d bytes "
					   "that the kernel takes",
				   EXPAND_MOST);
	memcpy(r->e->scratch + r->made, bytes, size);
	r->made += size;
	return true;
}

static void open_level(struct reader *r, char end, bool is_dropped)
{
	struct level *up = r->level, *new = r->spare;

	if (new != NULL)
		r->spare = new->up;
	else
		new = arena_get(r->e->arena, sizeof(*new));
	*new = (struct level){
		.up = up,
		.end = end,
		.is_quoted = end == '"' || up->is_quoted,
		.is_braced = end == '}' || up->is_braced,
		.is_dropped = is_dropped || up->is_dropped,
		.from = r->made,
	};
	r->level = new;
}

static bool not_set(struct reader *r, const char *name, const char *value)
{
	return value_wrong(r->why, "needs $%.*s, which is %s; set it or write "
				   "${%.*s:-default}", shown(name), name,
			   value == NULL ? "not set" : "empty", shown(name),
			   name);
}

/* Its end is read: of a message, that is told. */
static bool close_level(struct reader *r)
{
	struct level *old = r->level;
	const char *name = old->needed;
	size_t size = r->made - old->from;

	r->at++;
	r->level = old->up;
	old->up = r->spare;
	r->spare = old;
	if (name == NULL)
		return true;
	if (size == 0)
		return not_set(r, name,
			       expand_variable(r->e->environment, name,
					       name_length(name)));
	return value_wrong(r->why, "needs $%.*s: %.*s", shown(name), name,
			   (int)(size < 160 ? size : 160),
			   r->e->scratch + old->from);
}

static bool no_brace(struct reader *r)
{
	return value_wrong(r->why, "has ${ without }; close it, or write $${ "
				   "for the text ${");
}

/* A ${ that is none of the known forms. */
static bool unknown_form(struct reader *r)
{
	size_t len = strcspn(r->at, "}");
	bool is_cut = len > 40;

	if (r->at[len] == '\0')
		return no_brace(r);
	return value_wrong(r->why, "has `%.*s%s`, which is none of ${NAME} and "
				   "${NAME:-TEXT} with :- - :+ + :? or ?; "
				   "write $${ for the text ${",
			   (int)(is_cut ? 40 : len), r->at,
			   is_cut ? "..." : "}");
}

/* "${" at r->at: put the value in, or open the level of its TEXT. */
static bool variable(struct reader *r)
{
	const char *name = r->at + 2, *op, *value;
	size_t len = name_length(name);
	bool is_there, is_dropped = r->level->is_dropped;

	r->has_variable = true;
	op = name + len;
	value = expand_variable(r->e->environment, name, len);
	is_there = value != NULL;
	if (*op == ':') {
		op++;
		is_there = is_there && *value != '\0';
	}
	if (len == 0 || *op == '\0' || strchr("-+?}", *op) == NULL ||
	    (*op == '}' && op[-1] == ':'))
		return unknown_form(r);
	r->at = op + 1;
	if (*op == '}' && value == NULL && !is_dropped)
		return not_set(r, name, value);
	if (*op != '+' && is_there && !add(r, value, strlen(value)))
		return false;
	if (*op == '}')
		return true;
	open_level(r, '}', (*op == '+') != is_there);
	if (*op == '?' && !r->level->is_dropped)
		r->level->needed = name;
	return true;
}

/* A `$` at r->at. Before a {, two of them stand for one; any other one for
 * itself. */
static bool dollar(struct reader *r)
{
	size_t len = strspn(r->at, "$");
	const char *next = r->at + len;
	bool is_odd = len % 2 != 0;

	if (*next != '{') {
		if (r->e->plain == NULL && is_odd &&
		    (is_letter(*next) || *next == '('))
			r->e->plain = next - 1;
		r->at = next;
		return add(r, next - len, len);
	}
	if (!add(r, r->at, len / 2))
		return false;
	r->has_variable = true;
	r->at = next - is_odd;
	if (is_odd)
		return variable(r);
	r->at++;
	return add(r, "{", 1);
}

static bool backslash(struct reader *r)
{
	const struct level *l = r->level;
	const char *known = l->is_braced ? "\"\\$`}" : "\"\\$`";

	r->at++;
	if (*r->at == '\0')
		return value_wrong(r->why, "ends with a backslash; a value is "
					   "one line");
	if (l->is_quoted && strchr(known, *r->at) == NULL)
		return add(r, "\\", 1);
	return add(r, r->at++, 1);
}

static bool no_end(struct reader *r, char quote)
{
	return value_wrong(r->why, "has %c without its end; close the quote, "
				   "or write \\%c", quote, quote);
}

static bool single_quotes(struct reader *r)
{
	const char *from = r->at + 1, *end = strchr(from, '\'');

	if (end == NULL)
		return no_end(r, '\'');
	r->at = end + 1;
	return add(r, from, (size_t)(end - from));
}

/* The operator at s that only a shell understands: its length, or 0. */
static size_t operator_length(const char *s, bool is_braced)
{
	if (*s == '$')
		return s[1] == '(' ? 2 : 0;
	if (*s == '\0' || strchr(is_braced ? "`" : "|&;<>`", *s) == NULL)
		return 0;
	return s[1] == s[0] && *s != ';' && *s != '`' ? 2 : 1;
}

/* One step where quotes work: in a command line, and in any TEXT. */
static bool shell_step(struct reader *r)
{
	const struct level *l = r->level;
	size_t len = l->is_quoted || !r->is_word
			     ? 0 : operator_length(r->at, l->is_braced);

	if (len > 0)
		return value_wrong(r->why, "has an unquoted %.*s that only a "
					   "shell understands; write `shell =` "
					   "instead of `command =` (elsewhere "
					   "/bin/sh -c 'LINE'), or quote it",
				   (int)len, r->at);
	switch (*r->at) {
	case '\\':
		return backslash(r);
	case '"':
		open_level(r, '"', false);
		r->at++;
		return true;
	case '\'':
		if (!l->is_quoted)
			return single_quotes(r);
		break;
	case '{':
		if (l->end == '}' && r->at[-1] != '$')
			return value_wrong(r->why, "has a { between ${ and }, "
						   "which would end there; put "
						   "quotes around: \"{...}\"");
		break;
	default:
		break;
	}
	return *r->at == '$' ? dollar(r) : add(r, r->at++, 1);
}

static bool step(struct reader *r)
{
	if (r->level->up != NULL && *r->at == r->level->end)
		return close_level(r);
	if (r->is_word || r->level->up != NULL)
		return shell_step(r);
	return *r->at == '$' ? dollar(r) : add(r, r->at++, 1);
}

static bool is_over(const struct reader *r)
{
	return *r->at == '\0' || (r->is_word && r->level->up == NULL &&
				  (*r->at == ' ' || *r->at == '\t'));
}

static bool read_all(struct reader *r, const char **result)
{
	struct expansion *e = r->e;

	if (e->scratch == NULL)
		e->scratch = arena_get(e->arena, EXPAND_MOST);
	while (!is_over(r))
		if (!step(r))
			return false;
	if (r->level->up != NULL && r->level->end == '"')
		return no_end(r, '"');
	if (r->level->up != NULL)
		return no_brace(r);
	*result = arena_copy(e->arena, e->scratch, r->made);
	if (r->has_variable)
		e->became += r->made;
	return e->became <= CONFIG_TEXT ||
	       value_wrong(r->why, "makes all values together more than %d "
				   "bytes; use fewer variables", CONFIG_TEXT);
}

bool expand(struct expansion *e, const char *text, const char **result,
	    struct why *why)
{
	struct level whole = { .end = '\0' };
	struct reader r = { .e = e, .at = text, .level = &whole, .why = why };

	*result = text;
	return strchr(text, '$') == NULL || read_all(&r, result);
}

/* Take one word of a command line at *at, which is no blank, and move *at
 * behind it. */
static bool take_word(struct expansion *e, const char **at, const char **result,
		      struct why *why)
{
	struct level word = { .end = '\0' };
	struct reader r = { .e = e, .at = *at, .is_word = true,
			    .level = &word, .why = why };
	bool ok = read_all(&r, result);

	*at = r.at;
	return ok;
}

/* Length of NAME in a "NAME=value" that a shell would take as a variable. */
static size_t assigned(const char *word)
{
	size_t len = strcspn(word, "=");

	if (word[len] == '\0' || len == 0 || (*word >= '0' && *word <= '9'))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", word[i]) ==
		    NULL)
			return 0;
	return len;
}

const char *const *expand_command(struct expansion *e, const char *line,
				  struct why *why)
{
	/* Half of the bytes are words at most, rounded up; and a NULL. */
	const char **words = arena_get(e->arena, (strlen(line) / 2 + 2) *
							 sizeof(*words));
	size_t count = 0, len;

	for (;;) {
		line += strspn(line, " \t");
		if (*line == '\0')
			break;
		if (*line == '#') {
			value_wrong(why, "has a word that starts with #; a "
					 "comment needs a line of its own, and "
					 "a # that is meant quotes");
			return NULL;
		}
		if (!take_word(e, &line, &words[count++], why))
			return NULL;
	}
	len = count > 0 ? assigned(words[0]) : 0;
	if (count > 0 && *words[0] != '\0' && len == 0)
		return words;
	if (len == 0)
		value_wrong(why, "names no program; write it first");
	else
		value_wrong(why, "sets a variable as a shell would; write "
				 "env.%.*s = VALUE",
			    (int)(len < 40 ? len : 40), words[0]);
	return NULL;
}
