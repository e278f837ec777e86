/* SPDX-License-Identifier: ISC */
/* One walk over argv that sorts words into ours and the others. */
#include "init/cli/arguments.h"

#include <errno.h>
#include <string.h>

#include "init/lib/die.h"
#include "init/text/heap.h"

struct arguments arguments_of(int argc, char **argv)
{
	char **rest = heap_take(((size_t)argc + 1) * sizeof(*rest));

	if (rest != NULL)
		rest[0] = argv[0];
	else
		die_system("mmap", ENOMEM);
	return (struct arguments){
		.argv = argv, .argc = argc, .kept = 1, .rest = rest,
	};
}

bool arguments_next(struct arguments *a)
{
	if (++a->at < a->argc && strcmp(a->argv[a->at], "--") != 0)
		return true;
	while (a->at < a->argc)
		a->rest[a->kept++] = a->argv[a->at++];
	a->rest[a->kept] = NULL;
	return false;
}

bool arguments_is(const struct arguments *a, const char *option)
{
	return strcmp(a->argv[a->at], option) == 0;
}

const char *arguments_value(struct arguments *a, const char *option)
{
	const char *word = a->argv[a->at];
	size_t length = strlen(option);

	if (strncmp(word, option, length) != 0)
		return NULL;
	if (word[length] == '=')
		return word + length + 1;
	if (word[length] != '\0')
		return NULL;
	if (a->at + 1 >= a->argc || strcmp(a->argv[a->at + 1], "--") == 0)
		die_text(DIE_USAGE, "%s needs a value", option);
	return a->argv[++a->at];
}

void arguments_keep(struct arguments *a)
{
	bool has_value = arguments_is(a, "-c") || arguments_is(a, "--config");

	a->rest[a->kept++] = a->argv[a->at];
	if (has_value && a->at + 1 < a->argc)
		a->rest[a->kept++] = a->argv[++a->at];
}

_Noreturn void arguments_wrong(const char *option, const char *value,
			       const struct why *why)
{
	die_text(DIE_USAGE, "%s %s %s", option, value, why->text);
}
