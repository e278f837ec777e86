/* SPDX-License-Identifier: ISC */
/* Who follows gets the last lines first, also after a connection that broke:
 * what was shown already is known by its time, and how often that came. */
#include "init/cli/logs.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "init/cli/options.h"
#include "init/cli/query.h"
#include "init/cli/terminal_out.h"
#include "init/cli/volume_reader.h"
#include "init/kernel/die.h"

enum { LINES = 100000 }; /* most that may be asked for */

struct logs {
	const char *control, *number;
	const char *names[QUERY_NAMES];
	int count;
	bool is_followed, is_json, has_times;
	bool has_names;   /* of several services: say which */
	bool is_again;    /* connected again */
	int64_t last_ms;  /* time of the line that was shown last */
	unsigned same;    /* lines of that time that were shown ... */
	unsigned skipped; /* ... and of these, that came again */
};

static void print_line(struct out *o, const struct logs *l,
		       struct json_value line)
{
	if (l->is_json) {
		out_json_line(o, line);
		return;
	}
	if (l->has_times) {
		out_text(o, reader_text(line, "time"));
		out_text(o, " ");
	}
	if (l->has_names) {
		out_styled(o, OUT_BOLD, reader_text(line, "service"));
		out_text(o, ": ");
	}
	out_text(o, reader_text(line, "text"));
	if (json_is_true(json_get(line, "is_cut")))
		out_text(o, " ...");
	out_line(o);
}

/* True for a line that was not shown before the connection broke. */
static bool is_new(struct logs *l, struct json_value line)
{
	int64_t time_ms = json_to_time(json_get(line, "time"));

	if (l->is_again && time_ms < l->last_ms)
		return false;
	if (l->is_again && time_ms == l->last_ms && l->skipped < l->same) {
		l->skipped++;
		return false;
	}
	l->same = time_ms == l->last_ms ? l->same + 1 : 1;
	if (time_ms != l->last_ms)
		l->is_again = false;
	l->last_ms = time_ms;
	return true;
}

static void make_request(struct query *a, const struct logs *l)
{
	query_begin(a, "logs", l->control);
	if (l->is_followed)
		phrase_add(&a->line, " follow");
	if (l->number != NULL && !l->is_again)
		phrase_add(&a->line, " lines=%s", l->number);
	query_add_names(a, l->names, l->count);
}

/* Until dashpot is gone. */
static void follow(struct query *a, struct logs *l, struct out *o)
{
	struct reader r;
	struct json_value line;
	int err;

	make_request(a, l);
	for (err = query_stream(a); err == 0; err = query_stream_again(a)) {
		reader_follow(&r, a->fd);
		while (out_end(o) == 0 && reader_next(&r, &line)) {
			if (query_is_error(line))
				query_refuse(a, line);
			if (is_new(l, line))
				print_line(o, l, line);
		}
		if (o->err < 0)
			return;
		l->is_again = true;
		l->skipped = 0;
		make_request(a, l);
	}
	query_fail(a, err);
}

static void parse(struct logs *l, int argc, char **argv)
{
	const struct option rows[] = {
		{ "--control", .value = &l->control },
		{ "--json", .is_given = &l->is_json },
		{ "--follow", .is_given = &l->is_followed },
		{ "-f", .is_given = &l->is_followed },
		{ "--lines", .value = &l->number },
		{ "-n", .value = &l->number },
		{ "--times", .is_given = &l->has_times },
		{ "-t", .is_given = &l->has_times },
	};

	l->count = options_parse(argc, argv, rows, 8, l->names, QUERY_NAMES);
	if (l->count == 0)
		die_text(DIE_USAGE, "logs: of which service? See dashpot help "
			 "logs");
	(void)options_number("-n", l->number, LINES, 0);
	l->has_names = l->count > 1 || strpbrk(l->names[0], "*?[") != NULL;
}

int logs_run(int argc, char **argv)
{
	static struct query a;
	static struct logs l;
	struct json_value lines, line;
	struct out o;

	parse(&l, argc, argv);
	out_begin(&o, STDOUT_FILENO);
	if (l.is_followed) {
		follow(&a, &l, &o);
		return DIE_SYSTEM;
	}
	make_request(&a, &l);
	lines = json_get(query_get(&a), "lines");
	while (json_next(&lines, NULL, &line))
		print_line(&o, &l, line);
	return out_end(&o) < 0 ? DIE_SYSTEM : 0;
}
