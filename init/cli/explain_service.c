/* SPDX-License-Identifier: ISC */
/* The file was written some time ago: what it says of the future is told as
 * seen from now, and sentences lose the parts that only counted then. */
#include "init/cli/explain_service.h"

#include <string.h>

#include "init/cli/explain_advice.h"
#include "init/cli/run_history.h"
#include "init/cli/volume_reader.h"
#include "init/config/name_pattern.h"
#include "init/kernel/die.h"
#include "init/lib/format.h"
#include "init/lib/nearest.h"
#include "init/lib/scan.h"
#include "init/text/wording.h"

enum { TEXT = 1024 }; /* room for a sentence */

static bool is_state(struct json_value service, const char *state)
{
	return json_is(json_get(service, "state"), state);
}

bool service_is_idle(struct json_value service)
{
	return is_state(service, "waiting") &&
	       json_is(json_get(json_get(service, "waiting"), "for"),
		       "schedule");
}

bool service_is_well(struct json_value service)
{
	struct json_value is_well = json_get(service, "is_well");

	/* An older dashpot did not say so. */
	return is_well.at != NULL ? json_is_true(is_well)
				  : service_is_quiet(service);
}

bool service_is_over(struct json_value service)
{
	return is_state(service, "done") || is_state(service, "failed") ||
	       is_state(service, "stopped");
}

bool service_is_unasked(struct json_value service)
{
	struct json_value is_well = json_get(service, "is_well");

	return is_well.at != NULL && *is_well.at == 'n';
}

bool service_is_quiet(struct json_value service)
{
	bool is_failing =
		json_to_int(json_get(service, "failures_since_stable"), 0) >
			0 ||
		!json_is(json_get(service, "breaker"), "closed");

	if (json_is_true(json_get(service, "is_unsignalled")))
		return false;
	if (is_state(service, "running") || is_state(service, "starting"))
		return !is_failing &&
		       !json_is_true(json_get(service, "is_stuck"));
	if (service_is_idle(service))
		return !is_failing;
	if (is_state(service, "stopped"))
		return json_is(json_get(service, "breaker"), "closed");
	return is_state(service, "done") || is_state(service, "stopping");
}

enum out_style service_style(struct json_value service)
{
	return service_is_well(service) ? OUT_GREEN :
	       is_state(service, "blocked") || is_state(service, "failed") ?
					  OUT_RED :
					  OUT_YELLOW;
}

_Noreturn void service_refuse(const char *word, const char *name,
			      struct json_value services)
{
	struct nearest near = { .word = name };
	char names[512] = "", one[READER_NAME], best[READER_NAME] = "";
	struct phrase w = PHRASE_IN(names);
	struct json_value service;

	while (json_next(&services, NULL, &service)) {
		json_to_text(json_get(service, "name"), one, sizeof(one));
		pattern_offer(&near, one);
		if (near.best != NULL && near.best != best)
			format(best, sizeof(best), "%s", near.best);
		near.best = near.best != NULL ? best : NULL;
		phrase_add(&w, "%s%s", w.used > 0 ? ", " : "", one);
	}
	phrase_make_utf8(names); /* it may be cut */
	if (near.best != NULL)
		die_text(DIE_USAGE, "%s: there is no service %s; did you "
			 "mean %s?", word, name, best);
	die_text(DIE_USAGE, "%s: there is no service %s; there are: %s%s",
		 word, name, names, w.is_cut ? " ..." : "");
}

int64_t service_due_ms(struct json_value service)
{
	/* A waiting start is tried again and again without a change. */
	if (is_state(service, "waiting") && !service_is_idle(service))
		return -1;
	return json_to_time(json_get(json_get(service, "next"), "time"));
}

/* "blocked since 12:03:04Z, 4 s ago" */
static void add_state(struct out *o, const struct service_from *from,
		      struct json_value service)
{
	int64_t since_ms = json_to_time(json_get(service, "since"));

	out_styled(o, service_style(service), reader_text(service, "state"));
	if (since_ms < 0)
		return;
	out_text(o, " since ");
	out_time(o, since_ms, from->now_ms);
	out_text(o, ", ");
	out_distance(o, since_ms, from->now_ms);
}

static void add_name(struct out *o, struct json_value service)
{
	out_styled(o, OUT_BOLD, reader_text(service, "name"));
}

void service_head(struct out *o, struct json_value all)
{
	out_styled(o, OUT_BOLD,
		   reader_text(json_get(all, "container"), "hostname"));
	out_text(o, ": ");
	out_wrap(o, 2, reader_text(all, "summary"));
	out_line(o);
}

void service_line(struct out *o, const struct service_from *from,
		  struct json_value service)
{
	int64_t pid = json_to_int(json_get(service, "pid"), 0);

	add_name(o, service);
	out_to(o, OUT_ROW);
	if (json_is_true(json_get(service, "torn"))) {
		out_text_line(o, "was changing while the file was written");
		return;
	}
	add_state(o, from, service);
	if (pid > 0)
		out_add(o, ", pid %lld", (long long)pid);
	out_line(o);
}

char *service_why(struct json_value service)
{
	static char why[TEXT];
	const char *state = reader_text(service, "state");
	size_t skip = strlen(state);

	json_to_text(json_get(service, "why"), why, sizeof(why));
	return why + (strncmp(why, state, skip) == 0 &&
				      strncmp(why + skip, ": ", 2) == 0
			      ? skip + 2 : 0);
}

/* The sentence without the state before it, and without how the last run
 * ended and when the next one comes: both have rows of their own. */
static void add_why(struct out *o, const struct service_from *from,
		    struct json_value service)
{
	static const char *const own_rows[] = { ", last: ", "; next start in ",
						"; next probe in ",
						"; next run in ",
						"; killed in " };
	char *why = service_why(service);

	for (size_t i = 0; i < sizeof(own_rows) / sizeof(*own_rows); i++) {
		const char *found = scan_find(why, own_rows[i]);

		if (found != NULL)
			why[found - why] = '\0';
	}
	if (*why == '\0')
		return;
	out_begin_row(o, "why");
	out_wrap(o, OUT_ROW, why);
	/* Such sentences count time up to the write. */
	if (json_to_int(json_get(service, "pid"), 0) > 0 &&
	    from->now_ms - from->written_ms > 2000)
		out_wrap(o, OUT_ROW, " (when that was written)");
	out_line(o);
}

/* "4 % CPU, 4.2 MiB, 3 processes" */
static void add_usage(struct out *o, const struct service_from *from,
		      struct json_value service)
{
	struct json_value usage = json_get(service, "usage");
	int64_t percent = json_to_int(json_get(usage, "cpu_percent"), -1);
	int64_t processes = json_to_int(json_get(usage, "processes"), 0);
	char text[120] = "";
	struct phrase w = PHRASE_IN(text);

	if (processes == 0)
		return;
	if (percent >= 0)
		phrase_add(&w, "%lld %% of a CPU, ", (long long)percent);
	history_add_size(&w, json_to_int(json_get(usage, "rss_kib"), 0));
	phrase_add(&w, " of memory, %lld process%s, at ", (long long)processes,
		   processes == 1 ? "" : "es");
	out_begin_row(o, "uses");
	out_wrap(o, OUT_ROW, text);
	out_time(o, json_to_time(json_get(usage, "time")), from->now_ms);
	out_line(o);
}

static bool is_waiting_for(struct json_value service, const char *name)
{
	struct json_value names =
		json_get(json_get(service, "waiting"), "services");
	struct json_value one;

	while (json_next(&names, NULL, &one))
		if (json_is(one, name))
			return true;
	return false;
}

/* "3 services wait for it: front, web, worker" */
static void add_waiters(struct out *o, const struct service_from *from,
			struct json_value service)
{
	enum { MOST = 10 };
	struct json_value walk = from->services, other;
	char name[READER_NAME], one[READER_NAME];
	char names[TEXT] = "", text[40] = "";
	struct phrase list = PHRASE_IN(names), head = PHRASE_IN(text);
	unsigned count = 0;

	json_to_text(json_get(service, "name"), name, sizeof(name));
	while (json_next(&walk, NULL, &other)) {
		if (!is_waiting_for(other, name))
			continue;
		if (++count <= MOST)
			phrase_add(&list, "%s%s", count > 1 ? ", " : "",
				   json_to_text(json_get(other, "name"), one,
					     sizeof(one)));
	}
	if (count == 0)
		return;
	phrase_add(&head, "%u service%s for it: ", count,
		   count == 1 ? " waits" : "s wait");
	out_begin_row(o, "held up");
	out_wrap(o, OUT_ROW, text);
	out_wrap(o, OUT_ROW, names);
	if (count > MOST)
		out_wrap(o, OUT_ROW, ", ...");
	out_line(o);
}

/* The deadline of a breaker that a stop has kept for the next container. */
static int64_t until_ms(const struct service_from *from,
			struct json_value service)
{
	char name[READER_NAME];
	struct json_value kept;

	if (!json_is(json_get(service, "breaker"), "open"))
		return -1;
	json_to_text(json_get(service, "name"), name, sizeof(name));
	kept = json_get(json_get(from->registry, "services"), name);
	return json_to_time(json_get(kept, "until"));
}

/* "probe in 8 s, at 12:03:14Z", or what a container that is gone would have
 * done. */
static void add_next(struct out *o, const struct service_from *from,
		     struct json_value service)
{
	static const struct {
		const char *what, *now, *then;
	} words[] = {
		{ "probe", "a probe, one start to see whether it lives,",
		  "would have been tried again by a probe," },
		{ "start", "it is started again",
		  "would have been started again" },
		{ "kill", "it is killed", "would have been killed" },
		{ "schedule", "its schedule runs it",
		  "would have been run by its schedule" },
		{ "give-up", "it is given up where it is not ready",
		  "would have been given up where it was not ready" },
		{ "stable", "it counts as stable",
		  "would have counted as stable" },
	};
	struct json_value next = json_get(service, "next");
	int64_t due_ms = json_to_time(json_get(next, "time"));
	size_t what = 0;
	bool is_past;

	while (due_ms >= 0 && what < sizeof(words) / sizeof(*words) - 1 &&
	       !json_is(json_get(next, "what"), words[what].what))
		what++;
	if (due_ms < 0) { /* what 0: a probe */
		due_ms = until_ms(from, service);
		if (due_ms < 0)
			return;
	}
	is_past = from->is_over || due_ms < from->now_ms;
	out_begin_row(o, "next");
	out_wrap(o, OUT_ROW, is_past ? words[what].then : words[what].now);
	if (!is_past) {
		out_text(o, " ");
		out_distance(o, due_ms, from->now_ms);
		out_text(o, ",");
	}
	out_text(o, " at ");
	out_time(o, due_ms, from->now_ms);
	if (is_past) {
		out_text(o, ", ");
		out_distance(o, due_ms, from->now_ms);
	}
	if (from->is_over)
		out_wrap(o, OUT_ROW, ", but the container has ended");
	out_line(o);
	if (from->is_over && what == 0)
		out_row(o, "", "A new container on this volume tries it once, "
			       "at its start.");
}

/* "3 starts, 3 failures; in earlier containers 7 and 5". */
static void add_counts(struct out *o, struct json_value service)
{
	int64_t starts = json_to_int(json_get(service, "starts"), 0);
	int64_t failures = json_to_int(json_get(service, "failures"), 0);
	int64_t before = json_to_int(json_get(service, "starts_earlier"), 0);
	char text[200] = "";
	struct phrase w = PHRASE_IN(text);

	phrase_add(&w, "%lld start%s, %lld failure%s", (long long)starts,
		   starts == 1 ? "" : "s", (long long)failures,
		   failures == 1 ? "" : "s");
	if (before > 0)
		phrase_add(&w, "; in earlier containers %lld and %lld",
			   (long long)before,
			   (long long)json_to_int(json_get(service,
							"failures_earlier"),
					       0));
	out_row(o, "counts", text);
}

/* What the configuration says, and where. */
static void add_settings(struct out *o, struct json_value service)
{
	int64_t line = json_to_int(json_get(service, "line"), 0);

	out_begin_row(o, "settings");
	out_wrap(o, OUT_ROW, reader_text(service, "policy"));
	if (line > 0) {
		out_wrap(o, OUT_ROW, " (");
		out_text(o, reader_text(service, "file"));
		out_add(o, ":%lld)", (long long)line);
	}
	out_line(o);
}

void service_tell(struct out *o, const struct service_from *from,
		  struct json_value service)
{
	const char *advice = advice_for(service);

	o->indent = 2;
	if (json_is_true(json_get(service, "torn"))) {
		service_line(o, from, service);
		return;
	}
	add_name(o, service);
	out_text(o, ": ");
	add_state(o, from, service);
	out_line(o);
	add_why(o, from, service);
	add_waiters(o, from, service);
	add_usage(o, from, service);
	history_tell(o, from, service);
	add_counts(o, service);
	add_next(o, from, service);
	if (advice != NULL && !service_is_quiet(service))
		out_row(o, "to do", advice);
	add_settings(o, service);
}
