/* SPDX-License-Identifier: ISC */
/* The nearest command, words of other programs, files without -c. */
#include "init/cli/mistyped.h"

#include <stdbool.h>
#include <string.h>

#include "init/cli/commands.h"
#include "init/kernel/die.h"
#include "init/lib/format.h"
#include "init/lib/nearest.h"
#include "init/loader/synonym.h"

/* The command that is nearest to an unknown word, or what other programs call
 * so; NULL: there is none. */
static const char *meant_by(const char *word)
{
	struct nearest near = { .word = word };
	const struct commands_row *row;
	char foreign[32];
	const char *here;

	format(foreign, sizeof(foreign), "dashpot=%s", word);
	here = synonym_find(foreign);
	for (size_t i = 0; here == NULL && (row = commands_row(i)); i++)
		nearest_offer(&near, row->word);
	return here != NULL ? here : near.best;
}

static bool is_file(const char *word)
{
	size_t len = strlen(word);

	return len > 4 && strcmp(word + len - 4, ".ini") == 0;
}

_Noreturn void mistyped_refuse(const char *behind, const char *word,
			       const char *file)
{
	const struct commands_row *row = commands_find(behind);
	const char *command = row ? row->word : NULL;
	const char *meant = meant_by(word);
	const char *to = command ? command : "";
	const char *colon = command ? ": " : "";

	if (word[0] == '-')
		die_text(DIE_USAGE,
			 "%s%s%s: no such option; see dashpot help%s%s", to,
			 colon, word, command ? " " : "", to);
	if (command == NULL && file != NULL && commands_find(word) != NULL)
		die_text(DIE_USAGE,
			 "%s stands before its options: dashpot %s -c %s", word,
			 word, file);
	if (command != NULL || is_file(word))
		die_text(DIE_USAGE,
			 "%s%s%s: a file stands behind -c (dashpot %s -c %s), "
			 "a command behind --",
			 to, colon, word, command ? command : "run", word);
	die_text(DIE_USAGE,
		 "%s: no such command%s%s%s to run that program: dashpot -- %s",
		 word, meant ? "; did you mean " : "", meant ? meant : "",
		 meant ? "? Or," : ";", word);
}
