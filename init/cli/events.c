/* SPDX-License-Identifier: ISC */
/* One pass over the lines, in the order of writing; a running dashpot's come in
 * the same form. */
#include "init/cli/events.h"

#include <string.h>
#include <unistd.h>

#include "init/cli/events_graph.h"
#include "init/cli/fetch.h"
#include "init/cli/options.h"
#include "init/kernel/clock.h"
#include "init/kernel/die.h"
#include "init/kernel/print.h"
#include "init/lib/format.h"
#include "init/lib/nearest.h"
#include "init/text/wording.h"

enum {
	SERVICE_AT = 26, /* columns of the time and blanks behind it */
};

/* What was seen on the way, for whoever finds nothing. */
struct seen {
	char best[READER_NAME]; /* the name nearest to the one asked for */
	struct nearest near;
	bool is_known;          /* the name was there, maybe too long ago */
};

void events_step(struct events_place *place, struct json_value event)
{
	int64_t began_ms = json_to_time(json_get(event, "container"));
	int64_t seq = json_to_int(json_get(event, "seq"), 0);

	/* A record of a loss stands for all that it says was lost. */
	int64_t first = seq - json_to_int(json_get(event, "lost"), 1) + 1;

	place->is_new = place->seq == 0 || began_ms != place->container_ms;
	/* What the very first one lacks before it was rotated away. */
	place->lost = place->seq == 0 ? 0 :
		      place->is_new   ? first - 1 :
					first - place->seq - 1;
	if (place->lost < 0)
		place->lost = 0;
	place->container_ms = began_ms;
	place->seq = seq;
	place->time_ms = json_to_time(json_get(event, "time"));
}

bool events_is_asked(const struct events *e, struct json_value event)
{
	char name[READER_NAME];

	if (e->name == NULL)
		return true;
	json_to_text(json_get(event, "service"), name, sizeof(name));
	return name[0] != '\0' && reader_matches(e->name, name);
}

static void note_name(struct seen *seen, struct json_value event)
{
	char name[READER_NAME];

	json_to_text(json_get(event, "service"), name, sizeof(name));
	if (name[0] == '\0')
		return;
	nearest_offer(&seen->near, name);
	if (seen->near.best == name)
		memcpy(seen->best, name, sizeof(name));
	if (seen->near.best != NULL)
		seen->near.best = seen->best;
}

static void add_time(struct out *o, int64_t time_ms)
{
	char time[PHRASE_TIME];

	phrase_time(time, time_ms);
	out_add(o, "%.10s %s", time, time + 11);
}

/* A line about the events themselves. */
static void remark(struct out *o, const char *text)
{
	out_styled(o, OUT_CYAN, text);
	out_line(o);
}

static void print_event(struct out *o, struct json_value event, int64_t time_ms)
{
	struct json_value level = json_get(event, "level");
	const char *service;

	add_time(o, time_ms);
	out_to(o, SERVICE_AT);
	service = reader_text(event, "service");
	if (*service != '\0') {
		out_styled(o, OUT_BOLD, service);
		out_text(o, ": ");
	}
	if (json_is(level, "error"))
		out_style(o, OUT_RED);
	else if (json_is(level, "warning"))
		out_style(o, OUT_YELLOW);
	out_text(o, reader_text(event, "message"));
	out_style(o, OUT_PLAIN);
	out_line(o);
}

/* What stands between this event and the one that was shown before it. */
static void print_gap(struct out *o, const struct events_place *place,
		      int64_t lost, int64_t *shown_container_ms)
{
	char text[80], time[PHRASE_TIME];

	if (lost > 0) {
		format(text, sizeof(text), "... %lld event%s lost",
		       (long long)lost, lost == 1 ? "" : "s");
		remark(o, text);
	}
	if (place->container_ms == *shown_container_ms)
		return;
	*shown_container_ms = place->container_ms;
	phrase_time(time, place->container_ms);
	format(text, sizeof(text), "--- container started %.10s %s", time,
	       time + 11);
	remark(o, text);
}

/* Nothing was shown: is the name wrong, or is it too long ago? */
static int tell_nothing(const struct events *e, struct out *o,
			const struct seen *seen, int64_t newest_ms)
{
	if (e->name != NULL && !seen->is_known &&
	    strpbrk(e->name, "*?") == NULL) {
		if (seen->near.best != NULL)
			die_text(DIE_USAGE, "events: there is none of a "
				 "service %s; did you mean %s?", e->name,
				 seen->best);
		die_text(DIE_USAGE, "events: there is none of a service %s",
			 e->name);
	}
	if (e->is_json)
		return 1;
	if (newest_ms < 0) {
		out_text(o, "no event is recorded");
	} else {
		out_text(o, "no such event; the newest one is of ");
		out_time(o, newest_ms, e->now_ms);
		out_text(o, ", ");
		out_distance(o, newest_ms, e->now_ms);
	}
	out_line(o);
	return 1;
}

/* The next event; followed ones come until dashpot is gone. place is that of
 * the event before. */
static bool next_event(const struct events *e, struct out *o,
		       struct reader *r, const struct events_place *place,
		       struct json_value *event)
{
	int err;

	/* What is told is told before anything is waited for. */
	while (e->ask == NULL || out_end(o) == 0) {
		if (reader_next(r, event)) {
			if (e->ask != NULL && query_is_error(*event))
				query_refuse(e->ask, *event);
			return true;
		}
		if (e->ask == NULL)
			return false;
		query_begin(e->ask, "events", e->ask->control);
		phrase_add(&e->ask->line, " follow after=%lld",
			   (long long)place->seq);
		err = query_stream_again(e->ask);
		if (err < 0)
			query_fail(e->ask, err);
		reader_follow(r, e->ask->fd);
	}
	return false;
}

static int print_lines(const struct events *e, struct out *o,
		       struct reader *r)
{
	struct events_place place = { .container_ms = -1 };
	struct seen seen = { .near = { .word = e->name } };
	int64_t shown_container_ms = -2, newest_ms = -1, lost = 0;
	struct json_value event;
	bool is_any = false;

	while (next_event(e, o, r, &place, &event)) {
		events_step(&place, event);
		if (e->name != NULL)
			note_name(&seen, event);
		lost = place.time_ms < e->since_ms ? 0 : lost + place.lost;
		if (!events_is_asked(e, event)) {
			lost += json_to_int(json_get(event, "lost"), 0);
			continue;
		}
		seen.is_known = true;
		newest_ms = place.time_ms;
		if (place.time_ms < e->since_ms)
			continue;
		is_any = true;
		if (e->is_json) {
			out_json_line(o, event);
			continue;
		}
		print_gap(o, &place, lost, &shown_container_ms);
		lost = 0;
		print_event(o, event, place.time_ms);
	}
	return is_any ? 0 : tell_nothing(e, o, &seen, newest_ms);
}

int events_print(const struct events *e, struct out *o)
{
	struct reader r;
	int code;

	if (e->ask != NULL)
		reader_follow(&r, e->live_fd);
	else if (e->live_fd > 0)
		reader_use(&r, e->live_fd);
	else if (!reader_open(&r, e->dir))
		die_text(DIE_SYSTEM,
			 "%s: there is no events.jsonl in it: it is no "
			 "diagnostics volume, or nothing was written yet",
			 e->dir);
	code = e->is_graph ? graph_print(e, o, &r) : print_lines(e, o, &r);
	reader_close(&r);
	if (r.damaged > 0)
		print_fd(STDERR_FILENO,
			  "dashpot: events: %llu lines that are no event were "
			  "left out\n", (unsigned long long)r.damaged);
	return code;
}

int events_run(int argc, char **argv)
{
	static struct query ask;
	struct events e = { .now_ms = clock_wall_ms(), .since_ms = -1 };
	const char *since = NULL, *control = NULL;
	bool is_followed = false;
	const struct option rows[] = {
		{ "--dir", .value = &e.dir },
		{ "--since", .value = &since },
		{ "--json", .is_given = &e.is_json },
		{ "--graph", .is_given = &e.is_graph },
		{ "--control", .value = &control },
		{ "--follow", .is_given = &is_followed },
		{ "-f", .is_given = &is_followed },
	};
	struct out o;
	int code;

	options_parse(argc, argv, rows, 7, &e.name, 1);
	fetch_refuse_both("events", e.dir, control);
	if (since != NULL)
		e.since_ms = e.now_ms -
			     options_duration("--since", since, 0, 0);
	if (e.is_json && e.is_graph)
		die_text(DIE_USAGE, "events: --json and --graph exclude each "
			 "other");
	if (is_followed && (e.is_graph || e.dir != NULL))
		die_text(DIE_USAGE, "events: --follow excludes --graph and "
			 "--dir");
	if (e.dir == NULL)
		e.live_fd = fetch_events(&ask, control, e.name, is_followed);
	if (is_followed)
		e.ask = &ask;
	e.dir = reader_directory(e.dir);
	out_begin(&o, STDOUT_FILENO);
	code = events_print(&e, &o);
	return out_end(&o) < 0 ? DIE_SYSTEM : code;
}
