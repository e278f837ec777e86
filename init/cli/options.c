/* SPDX-License-Identifier: ISC */
/* The order of options and other words does not matter. */
#include "init/cli/options.h"

#include <string.h>

#include "init/config/scalar_value.h"
#include "init/kernel/die.h"

/* What follows the name of the option in arg, or NULL: it is another one. */
static const char *match(const char *arg, const struct option *row)
{
	size_t length = strlen(row->word);
	const char *end = arg + length;

	if (strncmp(arg, row->word, length) != 0)
		return NULL;
	return *end == '\0' ||
			       (row->value &&
				(*end == '=' || row->word[1] != '-'))
		       ? end
		       : NULL;
}

static void set_value(const struct option *row, const char *value)
{
	if (row->most == 0) {
		*row->value = value;
		return;
	}
	if (*row->count == row->most)
		die_text(DIE_USAGE, "%s: at most %zu", row->word, row->most);
	row->value[(*row->count)++] = value;
}

bool options_take(int argc, char **argv, int *at, const struct option *rows,
		  size_t count)
{
	const struct option *row = rows;
	const char *value = NULL;

	while (row < rows + count && !(value = match(argv[*at], row)))
		row++;
	if (!value)
		return false;
	++*at;
	if (row->is_given)
		*row->is_given = true;
	if (!row->value)
		return true;
	if (*value == '\0' &&
	    (*at == argc || strcmp(argv[*at], "--") == 0))
		die_text(DIE_USAGE, "%s needs a value", row->word);
	set_value(row, *value == '\0' ? argv[(*at)++]
				      : value + (*value == '='));
	return true;
}

int options_parse(int argc, char **argv, const struct option *rows,
		  size_t count, const char **words, int most)
{
	int found = 0, at = 1;

	while (at < argc) {
		if (options_take(argc, argv, &at, rows, count))
			continue;
		if (argv[at][0] == '-' || found == most)
			die_text(DIE_USAGE, "%s: %s: %s; see dashpot help %s",
				 argv[0], argv[at], argv[at][0] == '-' ?
				 "no such option" : "one word too many",
				 argv[0]);
		words[found++] = argv[at++];
	}
	return found;
}

int64_t options_number(const char *word, const char *text, int64_t max,
		       int64_t otherwise)
{
	struct why why;
	int64_t n = otherwise;

	if (text && !value_number(text, strlen(text), 0, max, &n, &why))
		die_text(DIE_USAGE, "%s %s %s", word, text, why.text);
	return n;
}

int64_t options_duration(const char *word, const char *text, int min_ms,
			 int64_t otherwise)
{
	struct why why;
	int64_t ms = otherwise;

	if (text && !value_duration(text, strlen(text), min_ms, &ms, &why))
		die_text(DIE_USAGE, "%s %s %s", word, text, why.text);
	return ms;
}
