/* SPDX-License-Identifier: ISC */
/* Long options only; order does not matter. */
#include "init/cli/args.h"

#include <string.h>

#include "init/lib/die.h"

/* Length of the option's name if arg is that option, else 0. */
static size_t match(const char *arg, const struct args_row *row)
{
	size_t length = strlen(row->word);

	if (strncmp(arg, row->word, length) != 0 ||
	    (arg[length] != '\0' && (arg[length] != '=' || !row->value)))
		return 0;
	return length;
}

int args_parse(int argc, char **argv, const struct args_row *rows,
	       size_t count, const char **words, int most)
{
	int found = 0;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		size_t length = 0, row = 0;

		while (row < count && (length = match(arg, &rows[row])) == 0)
			row++;
		if (row == count && arg[0] != '-' && found < most) {
			words[found++] = arg;
			continue;
		}
		if (row == count)
			die_text(DIE_USAGE, "%s: %s: %s; see dashpot help %s",
				 argv[0], arg, arg[0] == '-' ?
				 "no such option" : "one word too many",
				 argv[0]);
		if (rows[row].is_given)
			*rows[row].is_given = true;
		if (!rows[row].value)
			continue;
		*rows[row].value = arg[length] == '=' ? arg + length + 1 :
				   i + 1 < argc	      ? argv[++i] :
							NULL;
		if (!*rows[row].value)
			die_text(DIE_USAGE, "%s: %s needs a value", argv[0],
				 arg);
	}
	return found;
}
