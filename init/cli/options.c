/* SPDX-License-Identifier: ISC */
/* Words before `--` are dashpot's own, words behind it are the command. */
#include "init/cli/options.h"

#include <string.h>
#include <unistd.h>

#include "init/cli/dial.h"
#include "init/cli/mistyped.h"
#include "init/cli/refusal.h"
#include "init/lib/die.h"

static void take_file(struct options *o, const char *file)
{
	if (!file)
		die_text(DIE_USAGE, "-c needs a file");
	if (o->files_count == OPTIONS_FILES)
		die_text(DIE_USAGE, "-c: at most %d files", OPTIONS_FILES);
	o->files[o->files_count++] = file;
}

struct options options_files(int argc, char **argv)
{
	const struct commands_row *row =
		argc > 0 ? commands_find(argv[0]) : NULL;
	struct options o = { .mode = OPTIONS_SUPERVISE };
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *word = argv[i];

		if (strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0)
			take_file(&o, argv[++i]);
		else if (strncmp(word, "-c", 2) == 0 && word[2])
			take_file(&o, word + 2);
		else if (strncmp(word, "--config=", 9) == 0)
			take_file(&o, word + 9);
		else {
			refusal_begin(argc, argv);
			mistyped_refuse(row != NULL ? row->word : NULL, word,
					o.files[0]);
		}
	}
	if (i < argc) {
		o.command = argv + i + 1;
		if (!o.command[0])
			die_text(DIE_USAGE, "--: a command must follow");
	}
	return o;
}

static bool has_terminal(void)
{
	return isatty(STDIN_FILENO) || isatty(STDOUT_FILENO);
}

static bool has_default_files(void)
{
	return access("/etc/dashpot.ini", F_OK) == 0 ||
	       access("/etc/dashpot.d", F_OK) == 0;
}

/* Not PID 1, and yet what the container runs: below another init (docker run
 * --init), or beside one (a pod whose containers share their processes). Who
 * types it on a terminal may only want the help. */
static bool is_command_of_container(const struct options *o)
{
	const pid_t parent = getppid();

	if (has_terminal())
		return parent == 1 &&
		       (o->files_count > 0 || has_default_files());
	return parent <= 1;
}

/* Neither `run` nor PID 1, and no command to run alone. */
static struct options without_a_word(struct options o)
{
	if (is_command_of_container(&o))
		return o;
	/* A script that starts it wants no help. */
	if (o.files_count > 0 || (!has_terminal() && has_default_files()))
		die_text(DIE_USAGE,
			 "this is not PID 1: to supervise, say dashpot run%s%s",
			 o.files_count > 0 ? " -c " : "",
			 o.files_count > 0 ? o.files[0] : "");
	return (struct options){ .mode = OPTIONS_COMMAND };
}

struct options options_parse(int argc, char **argv, bool is_pid1)
{
	const struct commands_row *row =
		argc > 1 ? commands_find(argv[1]) : NULL;
	bool is_run = row != NULL && strcmp(row->word, "run") == 0;
	struct options o;

	if (row != NULL &&
	    (!is_run || commands_is_help_asked(argc - 1, argv + 1)))
		return (struct options){ .mode = OPTIONS_COMMAND, .row = row };
	o = options_files(argc - is_run, argv + is_run);
	o.is_second = !is_pid1;
	if (o.command && o.files_count == 0 && !is_run)
		o.mode = OPTIONS_SINGLE;
	return is_run || is_pid1 || o.mode == OPTIONS_SINGLE ?
		       o :
		       without_a_word(o);
}

struct config_source options_source(const struct options *o)
{
	return (struct config_source){
		.files = o->files,
		.files_count = o->files_count,
		.command = o->command,
		.doubts = o->doubts,
	};
}

const struct config *options_load(const struct options *o)
{
	const struct config_source from = options_source(o);
	unsigned mistakes = 0;
	const struct config *config =
		config_load(&from, STDERR_FILENO, &mistakes);

	if (!config)
		die_text(DIE_USAGE, "%u mistake%s: nothing was started",
			 mistakes, mistakes == 1 ? "" : "s");
	if (o->is_second)
		dial_refuse_second(config);
	return config;
}
