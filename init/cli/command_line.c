/* SPDX-License-Identifier: ISC */
/* Words before `--` are dashpot's own, words behind it are the command. */
#include "init/cli/command_line.h"

#include <string.h>
#include <unistd.h>

#include "init/cli/control_socket.h"
#include "init/cli/json_error.h"
#include "init/kernel/die.h"
#include "init/lib/format.h"
#include "init/lib/nearest.h"
#include "init/loader/foreign_terms.h"

/* The command that is nearest to an unknown word, or what other programs call
 * so; NULL: there is none. */
static const char *meant_by(const char *word)
{
	struct nearest near = { .word = word };
	const struct commands_row *row;
	char foreign[32];
	const char *here;

	format(foreign, sizeof(foreign), "dashpot=%s", word);
	here = foreign_terms_find(foreign);
	for (size_t i = 0; here == NULL && (row = commands_row(i)); i++)
		nearest_offer(&near, row->word);
	return here != NULL ? here : near.best;
}

static bool is_file(const char *word)
{
	size_t len = strlen(word);

	return len > 4 && strcmp(word + len - 4, ".ini") == 0;
}

/* End the program over a word before `--` that is not understood. behind: the
 * word before it, a command or the name of the program; file: of the first -c
 * before it, or NULL. */
static _Noreturn void refuse_word(const char *behind, const char *word,
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

struct command_line command_line_files(int argc, char **argv,
				       const struct option *own, size_t count)
{
	struct command_line o = { .mode = COMMAND_LINE_SUPERVISE };
	const struct option rows[] = {
		{ "-c", .value = o.files, .most = COMMAND_LINE_FILES,
		  .count = &o.files_count },
		{ "--config", .value = o.files, .most = COMMAND_LINE_FILES,
		  .count = &o.files_count },
	};
	int at = 1;

	while (at < argc && strcmp(argv[at], "--") != 0) {
		if (options_take(argc, argv, &at, rows, 2) ||
		    options_take(argc, argv, &at, own, count))
			continue;
		json_error_begin(argc, argv);
		refuse_word(argv[0], argv[at], o.files[0]);
	}
	if (at < argc) {
		o.command = argv + at + 1;
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
static bool is_command_of_container(const struct command_line *o)
{
	const pid_t parent = getppid();

	if (has_terminal())
		return parent == 1 &&
		       (o->files_count > 0 || has_default_files());
	return parent <= 1;
}

/* Neither `run` nor PID 1, and no command to run alone. */
static struct command_line without_a_word(struct command_line o)
{
	if (is_command_of_container(&o))
		return o;
	/* A script that starts it wants no help. */
	if (o.files_count > 0 || (!has_terminal() && has_default_files()))
		die_text(DIE_USAGE,
			 "this is not PID 1: to supervise, say dashpot run%s%s",
			 o.files_count > 0 ? " -c " : "",
			 o.files_count > 0 ? o.files[0] : "");
	return (struct command_line){ .mode = COMMAND_LINE_COMMAND };
}

struct command_line command_line_parse(int argc, char **argv, bool is_pid1)
{
	const struct commands_row *row =
		argc > 1 ? commands_find(argv[1]) : NULL;
	bool is_run = row != NULL && strcmp(row->word, "run") == 0;
	struct command_line o;

	if (row != NULL &&
	    (!is_run || commands_is_help_asked(argc - 1, argv + 1)))
		return (struct command_line){ .mode = COMMAND_LINE_COMMAND,
					      .row = row };
	o = command_line_files(argc - is_run, argv + is_run, NULL, 0);
	o.is_second = !is_pid1;
	if (o.command && o.files_count == 0 && !is_run)
		o.mode = COMMAND_LINE_SINGLE;
	return is_run || is_pid1 || o.mode == COMMAND_LINE_SINGLE ?
		       o :
		       without_a_word(o);
}

struct loader_source command_line_source(const struct command_line *o)
{
	return (struct loader_source){
		.files = o->files,
		.files_count = o->files_count,
		.command = o->command,
		.doubts = o->doubts,
	};
}

const struct config *command_line_load(const struct command_line *o)
{
	const struct loader_source from = command_line_source(o);
	unsigned mistakes = 0;
	const struct config *config =
		loader_load(&from, STDERR_FILENO, &mistakes);

	if (!config)
		die_text(DIE_USAGE, "%u mistake%s: nothing was started",
			 mistakes, mistakes == 1 ? "" : "s");
	if (o->is_second)
		socket_refuse_second(config);
	return config;
}
