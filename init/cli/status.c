/* SPDX-License-Identifier: ISC */
/* Columns have fixed places but for the first, and the last is cut where the
 * line of a terminal is full: explain and --wide have the whole sentence.
 *
 * What comes from the volume has one clock, that of its writing. */
#include "init/cli/status.h"

#include <string.h>
#include <unistd.h>

#include "init/cli/explain_service.h"
#include "init/cli/fetch.h"
#include "init/cli/options.h"
#include "init/cli/sweep.h"
#include "init/cli/volume_reader.h"
#include "init/kernel/clock.h"
#include "init/kernel/die.h"
#include "init/text/wording.h"

/* Columns behind that of the name. */
enum {
	SINCE = 10,
	WAS = 4, /* further right for what comes from the volume: "was " */
	PID = 20,
	WHY = 37,
	TEXT = 1024, /* room for a sentence */
};

static bool is_asked(const struct status *s, struct json_value service)
{
	for (int i = 0; i < s->count; i++)
		if (reader_matches(s->names[i], reader_text(service, "name")))
			return true;
	return s->count == 0;
}

/* Every pattern has to mean somebody. */
static void check_names(const struct status *s, struct json_value services)
{
	for (int i = 0; i < s->count; i++) {
		const struct status one = { .names = s->names + i,
					    .count = 1 };
		struct json_value walk = services, service;
		bool is_found = false;

		while (!is_found && json_next(&walk, NULL, &service))
			is_found = is_asked(&one, service);
		if (!is_found)
			service_refuse("status", s->names[i], services);
	}
}

/* The limit under which least is free. */
static struct json_value tightest(struct json_value limits)
{
	struct json_value limit, best = { NULL, NULL };
	int64_t least = INT64_MAX;

	while (json_next(&limits, NULL, &limit)) {
		int64_t max = json_to_int(json_get(limit, "max"), -1);
		int64_t left = max - json_to_int(json_get(limit, "current"),
						 INT64_MAX);

		if (max < 0 || left >= least)
			continue;
		least = left;
		best = limit;
	}
	return best;
}

/* Services that wait for another one. */
static unsigned count_dependents(struct json_value services)
{
	struct json_value service;
	unsigned n = 0;

	while (json_next(&services, NULL, &service))
		n += json_is(json_get(json_get(service, "waiting"), "for"),
			     "dependency");
	return n;
}

static void print_container(struct out *o, const struct status *s)
{
	struct json_value container = json_get(s->all, "container");
	struct json_value room = json_get(s->all, "headroom");
	struct json_value limit = tightest(json_get(room, "limits"));
	int64_t waiting = json_to_int(json_get(room, "waiting"), 0);
	unsigned others = count_dependents(json_get(s->all, "services"));
	char text[TEXT] = "";
	struct phrase w = PHRASE_IN(text);

	service_head(o, s->all);
	phrase_add(&w, "up ");
	phrase_duration(&w, json_to_int(json_get(container, "uptime_ms"), 0));
	phrase_add(&w, "; %lld waiting for room or their turn",
		   (long long)waiting);
	if (others > 0)
		phrase_add(&w, ", %u for another service", others);
	out_wrap(o, 2, text);
	if (limit.at != NULL) {
		out_wrap(o, 2, "; ");
		out_wrap(o, 2, reader_text(limit, "text"));
	}
	out_line(o);
}

/* Of what comes from the volume: how old it is. */
static void print_age(struct out *o, const struct status *s)
{
	int64_t written_ms = json_to_time(json_get(s->all, "time"));
	int64_t code = json_to_int(json_get(json_get(s->all, "container"),
					 "exit_code"), -1);

	o->indent = 2;
	out_style(o, OUT_YELLOW);
	out_text(o, "This is old: it was written at ");
	out_time(o, written_ms, s->now_ms);
	out_text(o, ", ");
	out_distance(o, written_ms, s->now_ms);
	if (code >= 0)
		out_add(o, ", when dashpot exited with code %lld",
			(long long)code);
	else
		out_wrap(o, 2, "; all of it is as it was then");
	out_style(o, OUT_PLAIN);
	out_line(o);
}

/* As much of text as the line has room for. */
static void add_cut(struct out *o, const char *text)
{
	unsigned left = o->width > o->column ? o->width - o->column : 0;
	char copy[TEXT];
	size_t n = 0;

	if (o->is_whole || out_columns(text) <= left) {
		out_text(o, text);
		return;
	}
	for (size_t next = 0; next < sizeof(copy) - 1 && text[next] != '\0';) {
		size_t size = phrase_utf8_length(text + next);

		next += size == 0 ? 1 : size;
		if (next >= sizeof(copy))
			break;
		memcpy(copy + n, text + n, next - n);
		copy[next] = '\0';
		if (out_columns(copy) + 3 > left)
			break;
		n = next;
	}
	copy[n] = '\0';
	out_text(o, copy);
	out_text(o, "...");
}

/* Why it is as it is; of one that is well, how its last run ended. */
static void add_why(struct out *o, struct json_value service)
{
	struct json_value ends = json_get(service, "ends"), end;
	char text[TEXT] = "last: ";

	if (service_is_well(service) && service_is_quiet(service) &&
	    !service_is_idle(service)) {
		if (!json_next(&ends, NULL, &end))
			return;
		json_to_text(json_get(end, "text"), text + 6, sizeof(text) - 6);
		add_cut(o, text);
	} else {
		add_cut(o, service_why(service));
	}
}

static void print_row(struct out *o, const struct status *s, unsigned at,
		      struct json_value service)
{
	int64_t since_ms = json_to_time(json_get(service, "since"));
	int64_t pid = json_to_int(json_get(service, "pid"), 0);
	char text[PHRASE_TIME] = "";
	struct phrase w = PHRASE_IN(text);

	out_styled(o, OUT_BOLD, reader_text(service, "name"));
	if (o->column > at - 2)
		out_line(o);
	out_to(o, at);
	if (json_is_true(json_get(service, "torn"))) {
		out_text_line(o, "changing just now");
		return;
	}
	out_style(o, service_style(service));
	if (s->is_old && !service_is_over(service))
		out_text(o, "was ");
	out_text(o, reader_text(service, "state"));
	out_style(o, OUT_PLAIN);
	at += s->is_old ? WAS : 0;
	out_to(o, at + SINCE);
	phrase_duration(&w, s->seen_ms - since_ms);
	out_text(o, since_ms < 0 ? "-" : text);
	out_to(o, at + PID);
	if (pid > 0)
		out_add(o, "%7lld", (long long)pid);
	else
		out_text(o, "      -");
	out_add(o, " %7lld  ",
		(long long)json_to_int(json_get(service, "starts"), 0));
	add_why(o, service);
	out_line(o);
}

static void print_table(struct out *o, const struct status *s,
			struct json_value services)
{
	struct json_value walk = services, service;
	unsigned at = 4;

	while (json_next(&walk, NULL, &service)) {
		unsigned columns = out_columns(reader_text(service, "name"));

		if (is_asked(s, service) && columns > at)
			at = columns <= STATUS_NAME ? columns : STATUS_NAME;
	}
	at += 2;
	out_style(o, OUT_FAINT);
	out_text(o, "NAME");
	out_to(o, at);
	out_add(o, "STATE     %sSINCE         PID  STARTS  WHY OR LAST END",
		s->is_old ? "    " : "");
	out_style(o, OUT_PLAIN);
	out_line(o);
	while (json_next(&services, NULL, &service))
		if (is_asked(s, service))
			print_row(o, s, at, service);
}

/* The document, with the services that are asked for. */
static void print_json(struct out *o, const struct status *s)
{
	struct json_value walk = s->all, key, value, name, service;
	const char *mark = "{";

	for (; json_next(&walk, &key, &value); mark = ",") {
		const char *comma = "{";

		out_raw(o, mark, 1);
		out_json(o, key);
		out_raw(o, ":", 1);
		if (!json_is(key, "services")) {
			out_json(o, value);
			continue;
		}
		while (json_next(&value, &name, &service)) {
			if (!is_asked(s, service))
				continue;
			out_raw(o, comma, 1);
			out_json(o, name);
			out_raw(o, ":", 1);
			out_json(o, service);
			comma = ",";
		}
		out_raw(o, "{}", *comma == '{' ? 2 : 0);
		out_raw(o, "}", *comma == ',');
	}
	out_raw(o, "}\n", 2);
}

void status_print(const struct status *s, struct out *o)
{
	struct json_value services = json_get(s->all, "services");

	check_names(s, services);
	if (s->is_json) {
		print_json(o, s);
		return;
	}
	if (s->count == 0 || s->is_old)
		print_container(o, s);
	if (s->is_old)
		print_age(o, s);
	print_table(o, s, services);
}

int status_run(int argc, char **argv)
{
	const char *names[QUERY_NAMES], *control = NULL, *dir = NULL;
	struct status s = { .names = names };
	bool has_orphans = false, is_wide = false;
	const struct option rows[] = {
		{ "--control", .value = &control },
		{ "--dir", .value = &dir },
		{ "--json", .is_given = &s.is_json },
		{ "--orphans", .is_given = &has_orphans },
		{ "--wide", .is_given = &is_wide },
	};
	struct out o;

	s.count = options_parse(argc, argv, rows, 5, names, QUERY_NAMES);
	fetch_refuse_both("status", dir, control);
	if (has_orphans && (s.count > 0 || dir != NULL))
		die_text(DIE_USAGE, "status: --orphans takes no name and no "
				    "--dir: the running dashpot lists them");
	if (has_orphans)
		return sweep_show(control, s.is_json);
	if (dir == NULL)
		s.all = fetch_report("status", control);
	s.is_old = s.all.at == NULL;
	if (s.is_old)
		s.all = reader_document(reader_directory(dir),
					"diagnostic.json", true);
	s.now_ms = clock_wall_ms();
	s.seen_ms = s.is_old ? json_to_time(json_get(s.all, "time")) : s.now_ms;
	out_begin(&o, STDOUT_FILENO);
	o.is_whole |= is_wide;
	status_print(&s, &o);
	return out_end(&o) < 0 ? DIE_SYSTEM : 0;
}
