/* SPDX-License-Identifier: ISC */
/* dashpot itself waits for the result; this waits a little longer for it. */
#include "init/cli/service_commands.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "init/cli/command_results.h"
#include "init/cli/options.h"
#include "init/cli/query.h"
#include "init/cli/terminal_out.h"
#include "init/config/named_signals.h"
#include "init/kernel/die.h"
#include "init/kernel/print.h"

struct service_command {
	const char *word, *control;
	const char *signal; /* of `signal`, else NULL */
	uint8_t number;     /* ... its number */
	const char *names[QUERY_NAMES + 1];
	int count;
	int64_t wait_ms;
	bool is_reload, is_json, has_all;
};

static void parse(struct service_command *s, int argc, char **argv)
{
	bool is_signal = strcmp(argv[0], "signal") == 0, is_impatient = false;
	const char *timeout = NULL;
	const struct option rows[] = {
		{ "--control", .value = &s->control },
		{ "--json", .is_given = &s->is_json },
		{ "--all", .is_given = &s->has_all },
		{ "--timeout", .value = &timeout },
		{ "--no-wait", .is_given = &is_impatient },
	};
	struct why why, ignored;
	const char *last;
	int first = is_signal;

	s->word = argv[0];
	s->is_reload = strcmp(argv[0], "reload") == 0;
	/* A signal is sent, and that is all. */
	s->count = options_parse(argc, argv, rows, is_signal ? 3 : 5, s->names,
			      QUERY_NAMES + first);
	s->wait_ms = is_impatient ? 0 :
			options_duration("--timeout", timeout, 0,
					 QUERY_WAIT_MS);
	if (!s->is_reload && s->count < first + 1)
		die_text(DIE_USAGE, "%s: which service? See dashpot help %s",
			 s->word, s->word);
	if (!is_signal)
		return;
	s->signal = s->names[0];
	s->count--;
	memmove(s->names, s->names + 1,
		sizeof(s->names[0]) * (size_t)s->count);
	if (signals_parse(s->signal, strlen(s->signal), &s->number, &why))
		return;
	last = s->names[s->count - 1];
	if (signals_parse(last, strlen(last), &s->number, &ignored))
		die_text(DIE_USAGE, "signal: the signal comes first: dashpot "
			 "signal %s %s%s", last, s->signal,
			 s->count > 1 ? " ..." : "");
	die_text(DIE_USAGE, "signal: %s", why.text);
}

static void make_request(struct query *a, const void *of)
{
	const struct service_command *s = of;

	query_begin(a, s->word, s->control);
	query_add_id(a);
	if (s->signal != NULL)
		phrase_add(&a->line, " %s", s->signal);
	else
		phrase_add(&a->line, " wait=%lld", (long long)s->wait_ms);
	if (s->has_all)
		phrase_add(&a->line, " all=yes");
	query_add_names(a, s->names, s->count);
	a->silence_ms += s->wait_ms;
}

int service_commands_run(int argc, char **argv)
{
	static struct query a;
	static struct service_command s;
	struct json_value answer, services, rest, first;
	struct out o;
	bool is_done, is_nothing;
	char name[16];

	parse(&s, argc, argv);
	answer = query_command(&a, make_request, &s);
	services = rest = json_get(answer, "services");
	/* There is nothing to stop where all is at rest. */
	is_nothing = s.count > 0 && strcmp(s.word, "stop") != 0 &&
		     !json_next(&rest, NULL, &first);
	is_done = results_are_done(services) && !is_nothing;
	out_begin(&o, STDOUT_FILENO);
	if (s.is_json)
		out_json_line(&o, answer);
	else if (is_nothing)
		print_fd(STDERR_FILENO, "dashpot: %s: all are at rest; "
			  "--all means these too\n", s.word);
	else
		results_tell(&o, services,
			     s.signal ? phrase_signal(s.number, name) : NULL);
	if (!s.is_json && s.is_reload && s.count == 0)
		out_text_line(&o, s.wait_ms > 0 ? "reloaded" : "reload begun");
	if (out_end(&o) < 0)
		return DIE_SYSTEM;
	return is_done ? 0 : 1;
}
