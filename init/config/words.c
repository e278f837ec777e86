/* SPDX-License-Identifier: ISC */
/* One pass over a command line; it writes the words as it reads. */
#include "init/config/words.h"

#include <string.h>

#include "init/config/expand.h"

static bool for_a_shell(struct why *why, const char *s, size_t len)
{
	return value_wrong(why, "has an unquoted %.*s that only a shell "
				"understands; write `shell =` instead of "
				"`command =` (elsewhere /bin/sh -c 'LINE'), or "
				"quote it", (int)len, s);
}

/* The operator at s that a shell would understand: its length, or 0. */
static size_t operator_length(const char *s)
{
	if (*s == '$')
		return s[1] == '(' ? 2 : 0;
	if (*s == '\0' || strchr("|&;<>`", *s) == NULL)
		return 0;
	return s[1] == s[0] && *s != ';' && *s != '`' ? 2 : 1;
}

/* Copy what stands in quotes at *in to *out; false when they do not end. */
static bool quoted(const char **in, char **out)
{
	const char *s = *in;
	const char quote = *s++;
	char *to = *out;

	for (; *s != quote; s++) {
		char c = *s;

		if (c == '\0')
			return false;
		if (quote == '\'' && c == '$')
			c = EXPAND_LITERAL;
		if (quote == '"' && c == '\\' && s[1] != '\0' &&
		    strchr("\"\\$`", s[1]) != NULL) {
			s++;
			c = *s == '$' ? EXPAND_LITERAL : *s;
		}
		*to++ = c;
	}
	*in = s + 1;
	*out = to;
	return true;
}

/* Copy one word at *in to *out, without its NUL. */
static bool one_word(const char **in, char **out, struct why *why)
{
	const char *s = *in;
	char *to = *out;

	if (*s == '#')
		return value_wrong(why, "has a word that starts with #; quote "
					"it, and put a comment on a line of "
					"its own");
	while (*s != '\0' && *s != ' ' && *s != '\t') {
		size_t len = operator_length(s);

		if (len > 0)
			return for_a_shell(why, s, len);
		if (*s == '\'' || *s == '"') {
			char quote = *s;

			if (!quoted(&s, &to))
				return value_wrong(why, "has %c without its "
							"end; close the quote",
						   quote);
			continue;
		}
		if (s[0] == '$' && s[1] == '{') {
			/* Kept whole: its default may hold anything. */
			len = strcspn(s, "}");
			memcpy(to, s, len);
			to += len;
			s += len;
			continue;
		}
		if (*s == '\\' && *++s == '\0')
			return value_wrong(why, "ends with a backslash; a "
						"command is one line");
		*to++ = *s == '$' && s[-1] == '\\' ? EXPAND_LITERAL : *s;
		s++;
	}
	*in = s;
	*out = to;
	return true;
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

bool words_split(struct arena *a, const char *line, struct words *words,
		 struct why *why)
{
	size_t size = strlen(line), len;
	char *to = arena_get(a, size + 2);

	words->count = 0;
	/* Half of the bytes are words at most, rounded up; and a NULL. */
	words->word = arena_get(a, (size / 2 + 2) * sizeof(*words->word));
	for (;;) {
		line += strspn(line, " \t");
		if (*line == '\0')
			break;
		words->word[words->count++] = to;
		if (!one_word(&line, &to, why))
			return false;
		*to++ = '\0';
	}
	if (words->count == 0 || *words->word[0] == '\0')
		return value_wrong(why, "names no program; write it first");
	len = assigned(words->word[0]);
	if (len > 0)
		return value_wrong(why, "sets a variable as a shell would; "
					"write env.%.*s = VALUE",
				   (int)(len < 40 ? len : 40), words->word[0]);
	return true;
}
