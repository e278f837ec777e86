/* SPDX-License-Identifier: ISC */
/* Words before `--` are dashpot's own, words behind it are the command. */
#include "init/cli/options.h"

#include <string.h>
#include <unistd.h>

#include "init/die.h"

static const char help[] =
	"dashpot " DASHPOT_VERSION
	": PID 1 for containers that a crash loop cannot take down\n"
	"\n"
	"  dashpot run [-c FILE]... [-- CMD ARG...]\n"
	"      supervise the services of /etc/dashpot.ini and\n"
	"      /etc/dashpot.d/*.ini, or of FILE, and CMD beside them\n"
	"  dashpot [-c FILE]...          the same, where it is PID 1\n"
	"  dashpot -- CMD ARG...         run one command, as an init: pass\n"
	"                                signals on, reap orphans\n"
	"  dashpot check [-c FILE]...    report every mistake of the files\n"
	"  dashpot version | help\n"
	"\n"
	"Exit codes: that of the service or command that decided it; 0\n"
	"after a stop signal or when all ended well, 100 wrong command line\n"
	"or configuration, 111 a system call or a limit, 126 it cannot be\n"
	"executed, 127 it was not found, 128 + n it was ended by signal n.\n"
	"Manuals: dashpot(8), dashpot.ini(5).\n";

/* Commands that later releases bring. */
static const char *const later[] = {
	"status", "explain", "events", "start",	 "stop",     "restart", "reset",
	"signal", "reload",  "wait",   "health", "simulate", "logs",
};

void options_help(void)
{
	size_t size = sizeof(help) - 1, at = 0;
	ssize_t n;

	while (at < size &&
	       (n = write(STDOUT_FILENO, help + at, size - at)) > 0)
		at += (size_t)n;
}

static _Noreturn void refuse_word(const char *word)
{
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strcmp(word, later[i]) == 0)
			die_text(DIE_USAGE,
				 "%s: not supported yet; diagnostic.json on "
				 "the volume says how the services are",
				 word);
	if (word[0] == '-')
		die_text(DIE_USAGE, "%s: no such option; see dashpot help",
			 word);
	die_text(DIE_USAGE,
		 "%s: no such command; to run the program of that name: "
		 "dashpot -- %s",
		 word, word);
}

/* The mode that a word stands for; false when it is none. */
static bool take_word(struct options *o, const char *word)
{
	static const struct {
		const char *word;
		enum options_mode mode;
	} words[] = {
		{ "run", OPTIONS_SUPERVISE },	 { "check", OPTIONS_CHECK },
		{ "version", OPTIONS_VERSION },	 { "help", OPTIONS_HELP },
		{ "--version", OPTIONS_VERSION }, { "--help", OPTIONS_HELP },
		{ "-h", OPTIONS_HELP },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].word) != 0)
			continue;
		o->mode = words[i].mode;
		return true;
	}
	return false;
}

static void take_file(struct options *o, const char *file)
{
	if (!file)
		die_text(DIE_USAGE, "-c needs a file");
	if (o->files_count == OPTIONS_FILES)
		die_text(DIE_USAGE, "-c: at most %d files", OPTIONS_FILES);
	o->files[o->files_count++] = file;
}

/* Which mode a command line without a word means. */
static void choose_mode(struct options *o, bool is_pid1)
{
	if (o->command && o->files_count == 0)
		o->mode = OPTIONS_SINGLE;
	else if (is_pid1)
		o->mode = OPTIONS_SUPERVISE;
	else if (o->files_count > 0)
		die_text(DIE_USAGE,
			 "this is not PID 1: to supervise all the same, say "
			 "dashpot run -c %s",
			 o->files[0]);
	else
		o->mode = OPTIONS_HELP;
}

struct options options_parse(int argc, char **argv, bool is_pid1)
{
	struct options o = { .mode = OPTIONS_HELP };
	bool has_word = false;
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *word = argv[i];

		if (strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0)
			take_file(&o, argv[++i]);
		else if (strncmp(word, "-c", 2) == 0 && word[2])
			take_file(&o, word + 2);
		else if (strncmp(word, "--config=", 9) == 0)
			take_file(&o, word + 9);
		else if (has_word || !take_word(&o, word))
			refuse_word(word);
		else
			has_word = true;
		if (i >= argc)
			break;
	}
	if (i < argc) {
		o.command = argv + i + 1;
		if (!o.command[0])
			die_text(DIE_USAGE, "--: a command must follow");
	}
	if (!has_word)
		choose_mode(&o, is_pid1);
	if (o.command && o.mode != OPTIONS_SINGLE &&
	    o.mode != OPTIONS_SUPERVISE)
		die_text(DIE_USAGE, "%s takes no command behind --", argv[1]);
	return o;
}
