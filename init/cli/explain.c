/* SPDX-License-Identifier: ISC */
/* The container first, then one line for each service that is well and a
 * paragraph for each that is not. */
#include "init/cli/explain.h"

#include <string.h>
#include <unistd.h>

#include "init/cli/explain_service.h"
#include "init/cli/fetch.h"
#include "init/cli/options.h"
#include "init/cli/volume_reader.h"
#include "init/kernel/clock.h"
#include "init/kernel/die.h"

enum { SEARCHED = 16 }; /* most services whose output is looked for in events */

/* What the document says as a whole. */
struct state {
	const struct explain *asked;
	struct service_from from;
	struct json_value all, container, services;
	int64_t due_ms;     /* a deadline that passed unanswered, or -1 */
	char due_of[READER_NAME];
	unsigned found, ill; /* services asked for; of those, not well */
};

static bool is_asked(const struct state *s, struct json_value service)
{
	return reader_matches(s->asked->name, reader_text(service, "name"));
}

/* Is it one that makes `explain` exit with 1? Of one that nobody started only
 * where it is named; once dashpot has exited, all are stopped. */
static bool is_ill(const struct state *s, struct json_value service)
{
	if (s->from.is_over && service_is_quiet(service))
		return false;
	return !service_is_well(service) &&
	       (s->asked->name != NULL || !service_is_unasked(service));
}

/* Look at all services once: how many are asked for, which deadline passed. */
static void survey(struct state *s)
{
	int64_t late_ms = s->asked->now_ms - EXPLAIN_LATE_MS;
	struct json_value walk = s->services, service;

	s->due_ms = -1;
	while (json_next(&walk, NULL, &service)) {
		int64_t due_ms = service_due_ms(service);

		if (is_asked(s, service)) {
			s->found++;
			s->ill += is_ill(s, service);
		}
		if (s->from.is_over || s->asked->live.at != NULL ||
		    due_ms < 0 || due_ms > late_ms ||
		    (s->due_ms >= 0 && s->due_ms <= due_ms))
			continue;
		s->due_ms = due_ms;
		json_to_text(json_get(service, "name"), s->due_of,
			  sizeof(s->due_of));
	}
}

/* How old the file is, and what follows from that. */
static void tell_age(struct out *o, const struct state *s)
{
	int64_t now_ms = s->asked->now_ms, written_ms = s->from.written_ms;

	if (s->asked->live.at != NULL)
		return;
	out_wrap(o, 2, "  last written ");
	out_time(o, written_ms, now_ms);
	out_text(o, ", ");
	out_distance(o, written_ms, now_ms);
	if (s->due_ms < 0 && !s->from.is_over &&
	    now_ms - written_ms > EXPLAIN_LATE_MS)
		out_wrap(o, 2, "; nothing is written while nothing changes: "
			       "the container may be gone");
	out_line(o);
	if (s->due_ms < 0)
		return;
	out_style(o, OUT_YELLOW);
	out_text(o, "  ");
	out_wrap(o, 2, s->due_of);
	out_wrap(o, 2, " was due for a change at ");
	out_time(o, s->due_ms, now_ms);
	out_wrap(o, 2, ", ");
	out_distance(o, s->due_ms, now_ms);
	out_wrap(o, 2, ", and nothing was written since: the container is "
		       "gone or paused, or its volume does not answer");
	out_style(o, OUT_PLAIN);
	out_line(o);
}

static void tell_end(struct out *o, const struct state *s)
{
	const char *by = reader_text(s->container, "exit_service");
	int64_t code = json_to_int(json_get(s->container, "exit_code"), -1);

	out_style(o, code == 0 ? OUT_GREEN : OUT_RED);
	out_add(o, "  dashpot exited with code %lld", (long long)code);
	if (*by != '\0') {
		out_text(o, ", which ");
		out_text(o, by);
		out_text(o, " decided");
	}
	out_style(o, OUT_PLAIN);
	out_line(o);
}

static void tell_container(struct out *o, const struct state *s)
{
	int64_t starts =
		json_to_int(json_get(s->container, "recent_starts"), 0);
	long long kills = json_to_int(json_get(json_get(s->container, "memory"),
					    "oom_kills"), 0);

	o->indent = 2;
	service_head(o, s->all);
	out_text(o, "  dashpot ");
	out_text(o, reader_text(s->all, "dashpot"));
	out_text(o, ", started ");
	out_time(o, json_to_time(json_get(s->container, "started")),
		 s->asked->now_ms);
	if (starts > 1)
		out_add(o, ", start %lld within 10 m", (long long)starts);
	out_line(o);
	if (s->from.is_over)
		tell_end(o, s);
	else if (json_is(json_get(s->all, "phase"), "stopping"))
		out_raw(o, "  it is stopping everything\n", 28);
	if (json_is_true(json_get(s->container, "is_outer_loop")))
		out_raw(o, "  the container itself restarts in a loop\n", 42);
	if (kills > 0) {
		out_add(o, "  killed for want of memory: %lld", kills);
		out_line(o);
	}
	tell_age(o, s);
}

static void tell(struct out *o, struct state *s)
{
	struct json_value walk = s->services, service;

	if (s->asked->name == NULL || s->from.is_over || s->due_ms >= 0)
		tell_container(o, s);
	while (json_next(&walk, NULL, &service)) {
		if (!is_asked(s, service))
			continue;
		if (s->asked->name == NULL && !is_ill(s, service) &&
		    service_is_quiet(service)) {
			service_line(o, &s->from, service);
			continue;
		}
		out_line(o);
		service_tell(o, &s->from, service);
	}
}

static void put_member(struct out *o, const char *before,
		       struct json_value value)
{
	out_raw(o, before, strlen(before));
	if (value.at != NULL)
		out_json(o, value);
	else
		out_raw(o, "null", 4);
}

/* The same judgement for a program, and the document's own words. */
static void tell_json(struct out *o, const struct state *s, bool is_well)
{
	struct json_value walk = s->services, key, service;
	bool is_first = true;

	out_add(o, "{\"schema\":1,\"is_well\":%s,\"is_overdue\":%s,"
		"\"age_ms\":%lld",
		is_well ? "true" : "false", s->due_ms >= 0 ? "true" : "false",
		(long long)(s->asked->now_ms - s->from.written_ms));
	put_member(o, ",\"time\":", json_get(s->all, "time"));
	put_member(o, ",\"phase\":", json_get(s->all, "phase"));
	put_member(o, ",\"container\":", s->container);
	out_text(o, ",\"services\":{");
	while (json_next(&walk, &key, &service)) {
		if (!is_asked(s, service))
			continue;
		put_member(o, is_first ? "" : ",", key);
		put_member(o, ":", service);
		is_first = false;
	}
	out_raw(o, "}}\n", 3);
}

int explain_print(const struct explain *e, struct out *o)
{
	struct state s = { .asked = e };
	bool is_live = e->live.at != NULL, is_well;

	s.all = is_live ? e->live :
			  reader_document(e->dir, "diagnostic.json", true);
	s.container = json_get(s.all, "container");
	s.services = json_get(s.all, "services");
	s.from = (struct service_from){
		.dir = e->dir,
		.services = s.services,
		.registry = is_live ? (struct json_value){ NULL, NULL } :
				      reader_document(e->dir,
						      "process-registry.json",
						      false),
		.now_ms = e->now_ms,
		.written_ms = json_to_time(json_get(s.all, "time")),
		.is_over = json_is(json_get(s.all, "phase"), "exiting"),
		.is_whole = e->name != NULL,
	};
	survey(&s);
	if (s.found == 0 && e->name != NULL)
		service_refuse("explain", e->name, s.services);
	s.from.is_searched = !is_live && s.ill <= SEARCHED;
	is_well = s.ill == 0 && s.due_ms < 0 &&
		  json_to_int(json_get(s.container, "exit_code"), 0) == 0;
	if (e->is_json)
		tell_json(o, &s, is_well);
	else
		tell(o, &s);
	return is_well ? 0 : 1;
}

int explain_run(int argc, char **argv)
{
	struct explain e = { .dir = NULL };
	const char *control = NULL;
	const struct option rows[] = {
		{ "--dir", .value = &e.dir },
		{ "--json", .is_given = &e.is_json },
		{ "--control", .value = &control },
	};
	struct out o;
	int code;

	options_parse(argc, argv, rows, 3, &e.name, 1);
	fetch_refuse_both("explain", e.dir, control);
	if (e.dir == NULL)
		e.live = fetch_report("explain", control);
	e.dir = reader_directory(e.dir);
	e.now_ms = clock_wall_ms();
	out_begin(&o, STDOUT_FILENO);
	code = explain_print(&e, &o);
	return out_end(&o) < 0 ? DIE_SYSTEM : code;
}
