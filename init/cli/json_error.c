/* SPDX-License-Identifier: ISC */
/* die_text() tells what it prints. */
#include "init/cli/json_error.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "init/kernel/die.h"
#include "init/kernel/print.h"
#include "init/text/wording.h"

static bool is_json;
static const char *next_code;

void json_error_put_at_once(const char *code, const char *sentence)
{
	static char text[2 * DIE_TEXT + 64]; /* a sentence is short */
	struct phrase w = PHRASE_IN(text);

	if (!is_json)
		return;
	phrase_add(&w, "{\"ok\":false,\"code\":\"%s\",\"error\":", code);
	phrase_add_json(&w, sentence);
	phrase_add(&w, "}\n");
	print_fd(STDOUT_FILENO, "%s", text);
}

static void tell(int code, const char *sentence)
{
	json_error_put_at_once(next_code != NULL ? next_code :
			    code == DIE_USAGE ? "usage" : "system", sentence);
}

void json_error_begin(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		is_json = is_json || strcmp(argv[i], "--json") == 0;
	if (is_json)
		die_listener = tell;
}

void json_error_code(const char *code)
{
	next_code = code;
}

void json_error_put(struct json_value answer)
{
	if (is_json)
		print_fd(STDOUT_FILENO, "%.*s\n",
			  (int)(answer.end - answer.at), answer.at);
}
