/* SPDX-License-Identifier: ISC */
/* Loads the configuration as `run` does; then warnings to stderr, what was
 * asked for and a summary to stdout. */
#include "init/cli/check.h"

#include <string.h>
#include <unistd.h>

#include "init/cli/check_warnings.h"
#include "init/cli/command_line.h"
#include "init/kernel/die.h"
#include "init/kernel/print.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/loader/bounded_files.h"
#include "init/loader/envfile.h"
#include "init/loader/load_state.h"
#include "init/text/policy_text.h"

enum { WORDS = 1024 };

extern char **environ;

/* Put a variable first, where it is found before what was inherited. */
static void put_variable(struct arena *a, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2, count = 0;
	char *text = arena_get(a, size), **made;

	while (environ[count] != NULL)
		count++;
	made = arena_get(a, (count + 2) * sizeof(*made));
	format(text, size, "%s=%s", name, value);
	made[0] = text;
	memcpy(made + 1, environ, count * sizeof(*made));
	environ = made;
}

/* The variables of a file, for ${VAR}. They stay until the end. */
static void read_variables(const char *path)
{
	static struct arena arena;
	struct envfile f;
	struct why why;
	char *text, *name;
	size_t len;
	int err = files_read(&arena, path, LOAD_VARIABLES, &text, &len);
	bool ok;

	if (err < 0)
		die_text(DIE_USAGE, "--env-file %s: %s", path,
			 errors_text(-err));
	ok = envfile_begin(&f, text, len, &why);
	while (ok && (ok = envfile_next(&f, &name, &text, &why)) && name)
		if (text != NULL)
			put_variable(&arena, name, text);
	if (!ok)
		die_text(DIE_USAGE, "%s:%u: %s", path, f.line, why.text);
}

static void note_essential(const struct config *c)
{
	for (uint32_t i = 0; i < c->services; i++)
		if (config_service(c, i)->is_essential)
			return;
	print_fd(STDERR_FILENO,
		  "dashpot: note: no service is essential, so the container "
		  "goes on when one of them is blocked\n");
}

/* What others than this container may ask is often meant: a probe of
 * Kubernetes comes from outside. So it is no warning. Another spelling of a
 * loopback address than the usual ones is taken for one that is none. */
static void note_listen(const struct config *c)
{
	const char *at = config_string(c, c->listen);

	if (c->listen == 0 || strncmp(at, "127.", 4) == 0 ||
	    strncmp(at, "localhost:", 10) == 0 || strncmp(at, "[::1]:", 6) == 0)
		return;
	print_fd(STDERR_FILENO,
		  "dashpot: note: listen = %s tells health and metrics to "
		  "whoever can connect there, without authentication\n", at);
}

/* "web: always restarted, ..." for each service, or -errno. */
static int explain(const struct config *c)
{
	const struct budget_policy *rate = &c->restart_rate;
	char text[WORDS], per[PHRASE_TIME];
	struct phrase span = PHRASE_IN(per);
	int err = 0;

	for (uint32_t i = 0; i < c->services && err >= 0; i++) {
		struct phrase w = PHRASE_IN(text);

		policy_text(&w, c, config_service(c, i));
		err = print_fd(STDOUT_FILENO, "%s: %s\n", config_name(c, i),
				text);
	}
	phrase_duration(&span, rate->period_ms);
	if (err >= 0)
		err = print_fd(STDOUT_FILENO,
				"all together: at most %u restarts at once "
				"and %u in %s in the long run\n",
				rate->burst, rate->rate, per);
	return err;
}

static int say_summary(const struct config *c, unsigned doubts)
{
	bool is_short = c->shutdown_timeout_ms < c->shutdown_needs_ms;
	char some[32], needs[PHRASE_TIME];
	struct phrase w = PHRASE_IN(needs);

	phrase_duration(&w, c->shutdown_needs_ms);
	format(some, sizeof(some), "%u", doubts);
	return print_fd(STDOUT_FILENO,
			 "%u service%s, no mistake, %s warning%s; stopping "
			 "needs up to %s%s\n",
			 c->services, c->services == 1 ? "" : "s",
			 doubts > 0 ? some : "no", doubts == 1 ? "" : "s",
			 needs,
			 is_short ? ", but shutdown_timeout gives less" : "");
}

int check_run(int argc, char **argv)
{
	bool is_strict = false, is_explained = false;
	const char *variables[COMMAND_LINE_FILES];
	size_t files = 0;
	const struct option rows[] = {
		{ "--env-file", .value = variables, .most = COMMAND_LINE_FILES,
		  .count = &files },
		{ "--strict", .is_given = &is_strict },
		{ "--explain-policy", .is_given = &is_explained },
	};
	struct command_line o = command_line_files(argc, argv, rows, 3);
	const struct config *c;
	unsigned doubts = 0;
	int err = 0;

	for (size_t i = 0; i < files; i++)
		read_variables(variables[i]);
	o.doubts = &doubts;
	c = command_line_load(&o);
	doubts += warnings_say(c, STDERR_FILENO);
	note_essential(c);
	note_listen(c);
	if (is_explained)
		err = explain(c);
	if (err >= 0)
		err = say_summary(c, doubts);
	if (err < 0)
		die_system("check", -err);
	return is_strict && doubts > 0 ? 1 : 0;
}
