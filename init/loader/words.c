/* SPDX-License-Identifier: ISC */
/* From one word to the next. */
#include "init/loader/words.h"

#include <string.h>

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

bool words_split(struct expansion *e, const char *line, struct words *words,
		 struct why *why)
{
	size_t len;

	words->count = 0;
	/* Half of the bytes are words at most, rounded up; and a NULL. */
	words->word = arena_get(e->arena, (strlen(line) / 2 + 2) *
						  sizeof(*words->word));
	for (;;) {
		line += strspn(line, " \t");
		if (*line == '\0')
			break;
		if (*line == '#')
			return value_wrong(why, "has a word that starts with "
						"#; a comment needs a line of "
						"its own, and a # that is "
						"meant quotes");
		if (!expand_word(e, &line, &words->word[words->count++], why))
			return false;
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
