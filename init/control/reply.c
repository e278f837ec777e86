/* SPDX-License-Identifier: ISC */
/* Rendering: numbers of the board become words, nothing is decided. */
#include "init/control/reply.h"

#include <string.h>

#include "init/lib/format.h"
#include "init/report/prometheus.h"
#include "init/report/event_json.h"
#include "init/text/event_line.h"
#include "policy/life.h"

#ifndef DASHPOT_VERSION
#define DASHPOT_VERSION "unknown"
#endif

static const char list_end[] = "]}\n";

void reply_set_up(struct reply *r, const struct helper_job *job)
{
	static struct registry_service none[CONFIG_SERVICES];
	static struct usage_row rows[CONFIG_SERVICES];

	phrase_host(r->host);
	r->boards = &job->boards;
	r->config = job->config;
	r->registry.service = none;
	r->usage.row = rows;
	r->report = (struct report){
		.config = job->config,
		.board = job->boards.board,
		.registry = &r->registry,
		.usage = &r->usage,
		.notices = job->boards.notices,
		.output = { job->config, job->boards.relay,
			    job->boards.files },
		.hostname = r->host,
		.directory = r->directory,
	};
	r->report.now.began_wall_ms = job->boards.board->began_wall_ms;
}

/* What the recorder found on the volume. */
static void look_at_recorder(struct reply *r)
{
	const struct board_restore *restore = r->boards->restore;
	const struct config *c = r->config;

	memcpy(r->holder, restore->holder, sizeof(r->holder));
	r->holder[sizeof(r->holder) - 1] = '\0';
	r->report.held_by = restore->is_second ? r->holder : NULL;
	r->report.is_registry_bad = restore->is_bad;
	format(r->directory, sizeof(r->directory), "%s%s%s",
	       config_string(c, c->diagnostics), restore->is_second ? "/" : "",
	       restore->is_second ? r->host : "");
	/* How often the container started is known here, not when. */
	registry_begin(&r->registry, &r->report.now);
	for (; r->registry.starts < restore->container_starts &&
	       r->registry.starts < REGISTRY_STARTS; r->registry.starts++)
		r->registry.start_wall_ms[r->registry.starts] =
			r->report.now.began_wall_ms;
}

/* The present. */
static void look(struct reply *r)
{
	struct registry_now *now = &r->report.now;

	now->mono_ms = helper_mono_ms();
	now->wall_ms = helper_wall_ms();
	r->report.generation = atomic_load_explicit(
		&r->boards->board->generation, memory_order_acquire);
}

/* Append as printf(3) does; at most what a line of a message may have. */
__attribute__((format(printf, 2, 3)))
static int say(struct answer *a, const char *form, ...)
{
	static char text[EVENT_LINE_MOST];
	va_list args;
	int n;

	va_start(args, form);
	n = format_list(text, sizeof(text), form, args);
	va_end(args);
	return answer_put(a, text, (size_t)n < sizeof(text) ?
						 (size_t)n :
						 sizeof(text) - 1);
}

static int put_phrase(struct answer *a, const struct phrase *w)
{
	return answer_put(a, w->at, w->used);
}

static const char *bool_word(bool value)
{
	return value ? "true" : "false";
}

int reply_error(struct answer *a, enum reply_code code, const char *sentence,
		const char *nearest)
{
	static const char *const words[REPLY_CODES] = {
		[REPLY_USAGE] = "usage",
		[REPLY_UNKNOWN_SERVICE] = "unknown-service",
		[REPLY_FORBIDDEN] = "forbidden",
		[REPLY_STOPPING] = "stopping",
		[REPLY_STALE] = "stale",
		[REPLY_BUSY] = "busy",
		[REPLY_NO_PROCESS] = "no-process",
		[REPLY_RELOAD_FAILED] = "reload-failed",
		[REPLY_INTERNAL] = "internal",
	};
	char text[2048];
	struct phrase w = PHRASE_IN(text);

	phrase_add(&w, "{\"ok\":false,\"code\":\"%s\",\"error\":",
		   words[code]);
	phrase_add_json(&w, sentence);
	if (nearest != NULL) {
		phrase_add(&w, ",\"nearest\":");
		phrase_add_json(&w, nearest);
	}
	phrase_add(&w, "}\n");
	return put_phrase(a, &w);
}

int reply_version(struct answer *a)
{
	return say(a, "{\"ok\":true,\"version\":\"%s\",\"protocol\":1}\n",
		   DASHPOT_VERSION);
}

/* What takes a look at every process. */
static void sample(struct reply *r)
{
	look(r);
	look_at_recorder(r);
	(void)usage_sample(&r->usage, r->config, r->boards->board,
			   r->report.now.mono_ms, r->report.now.wall_ms);
}

int reply_status(struct answer *a, struct reply *r)
{
	struct json j = { .put = answer_put, .context = a };
	int err = say(a, "{\"ok\":true,\"report\":");

	sample(r);
	a->is_flat = true;
	report_write(&j, &r->report);
	a->is_flat = false;
	if (err == 0)
		err = j.err;
	return err == 0 ? say(a, "}\n") : err;
}

int reply_metrics(struct answer *a, struct reply *r)
{
	struct json j = { .put = answer_put, .context = a };

	sample(r);
	metrics_write(&j, &r->report);
	return j.err;
}

static uint64_t events_of(const struct reply *r)
{
	return atomic_load_explicit(&r->boards->board->events,
				    memory_order_acquire);
}

/* Put event n, or in its place how many were lost; *n is then the last of
 * them. False when it is not among those that are wanted. */
static bool put_event(struct json *j, const struct reply *r,
		      const struct command_set *only, uint64_t after,
		      uint64_t *n, const char *before)
{
	const struct board *board = r->boards->board;
	uint64_t events = events_of(r);
	struct board_event e;
	bool is_there = board_event_read(board, *n, &e);

	if (is_there && only != NULL &&
	    (e.service < 0 || !command_has(only, (uint32_t)e.service)))
		return false;
	if (j->err == 0)
		j->err = j->put(j->context, before, strlen(before));
	if (is_there) {
		record_put(j, &r->report.output, board, &e);
		return true;
	}
	/* The slot after the newest one is the oldest, and written next. */
	if (events > BOARD_EVENTS && *n <= events - BOARD_EVENTS)
		*n = events - BOARD_EVENTS + 1;
	record_put_lost(j, board, *n, *n - after);
	return true;
}

uint64_t reply_oldest_event(const struct reply *r)
{
	uint64_t events = events_of(r);

	/* The slot of the one before it may be written next. */
	return events >= BOARD_EVENTS ? events - BOARD_EVENTS + 2 : 1;
}

int reply_events(struct answer *a, const struct reply *r,
		 const struct command_set *only, uint64_t after,
		 bool has_after)
{
	struct json j = { .put = answer_put, .context = a };
	uint64_t events = events_of(r), n = after;
	const char *before = "";
	int err = say(a, "{\"ok\":true,\"events\":[");

	if (!has_after)
		n = reply_oldest_event(r) - 1;
	while (err == 0 && n < events) {
		uint64_t last = n++;

		if (put_event(&j, r, only, last, &n, before))
			before = ",";
		err = j.err;
	}
	return err == 0 ? answer_put(a, list_end, 3) : err;
}

int reply_next_events(struct answer *a, const struct reply *r,
		      const struct command_set *only, uint64_t *next)
{
	struct json j = { .put = answer_put, .context = a };
	uint64_t events = events_of(r);

	for (int k = 0; k < REPLY_EVENTS && *next <= events && j.err == 0;
	     k++, ++*next)
		if (put_event(&j, r, only, *next - 1, next, "") && j.err == 0)
			j.err = answer_put(a, "\n", 1);
	return j.err;
}

int reply_line(struct answer *a, const struct reply *r, uint32_t service,
	       const struct lines_line *line)
{
	static char text[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(text);

	tails_say(&w, config_name(r->config, service), line);
	return put_phrase(a, &w);
}

int reply_lines(struct answer *a, const struct reply *r)
{
	static struct lines_line line;
	uint32_t service;
	int err = say(a, "{\"ok\":true,\"lines\":[");

	for (bool is_first = true;
	     err == 0 && tails_next(&r->report.output, &service, &line);
	     is_first = false) {
		if (!is_first)
			err = answer_put(a, ",", 1);
		if (err == 0)
			err = reply_line(a, r, service, &line);
	}
	return err == 0 ? answer_put(a, list_end, 3) : err;
}

/* {"service":...,"result":...,"state":...,"why":...}; result may be NULL. */
static int put_service(struct answer *a, const struct reply *r, uint32_t i,
		       const struct board_service *row, const char *result,
		       bool is_first)
{
	static char text[EVENT_LINE_MOST + 1024];
	char why[600] = "";
	struct phrase w = PHRASE_IN(text), sentence = PHRASE_IN(why);

	report_why(&sentence, &r->report, i, row);
	phrase_add(&w, "%s{\"service\":", is_first ? "" : ",");
	phrase_add_json(&w, config_name(r->config, i));
	if (result != NULL)
		phrase_add(&w, ",\"result\":\"%s\"", result);
	phrase_add(&w, ",\"state\":\"%s\",\"why\":",
		   life_word((enum life_state)row->state));
	phrase_add_json(&w, why);
	phrase_add(&w, "}");
	return put_phrase(a, &w);
}

/* web: blocked: 3 failures within 15 s, ... */
static int put_text(struct answer *a, const struct reply *r, uint32_t i,
		    const struct board_service *row)
{
	char why[600] = "";
	struct phrase sentence = PHRASE_IN(why);

	report_why(&sentence, &r->report, i, row);
	return say(a, "%s: %s\n", config_name(r->config, i), why);
}

/* The next service of a set from *i on, and its row. A row that stays torn is
 * one that PID 1 died in; then nothing here matters any more. */
static bool next_row(const struct reply *r, const struct command_set *set,
		     uint32_t *i, struct board_service *row)
{
	for (; *i < r->config->services; ++*i)
		if (command_has(set, *i) &&
		    board_row_read(&r->boards->board->service[*i], row))
			return true;
	return false;
}

/* True for a service that health is about and that is not well. */
static bool is_unwell(const struct reply *r, uint32_t i,
		      const struct board_service *row)
{
	return watch_is_well(config_service(r->config, i), row) != WELL_YES;
}

int reply_health(struct answer *a, struct reply *r,
		 const struct command_set *asked, bool is_text,
		 bool *is_healthy)
{
	static struct board_service row;
	bool is_first = true;
	int err = 0;

	look(r);
	*is_healthy = true;
	for (uint32_t i = 0; next_row(r, asked, &i, &row); i++)
		*is_healthy = *is_healthy && !is_unwell(r, i, &row);
	if (!is_text)
		err = say(a, "{\"ok\":true,\"healthy\":%s,\"reasons\":[",
			  bool_word(*is_healthy));
	else if (*is_healthy)
		err = say(a, "ok\n");
	for (uint32_t i = 0; err == 0 && !*is_healthy &&
			     next_row(r, asked, &i, &row); i++) {
		if (!is_unwell(r, i, &row))
			continue;
		err = is_text ? put_text(a, r, i, &row) :
				put_service(a, r, i, &row, NULL, is_first);
		is_first = false;
	}
	return err == 0 && !is_text ? answer_put(a, list_end, 3) : err;
}

enum outcome reply_outcome(const struct reply *r, const struct watch *w)
{
	static struct board_service row;
	enum outcome all = OUTCOME_DONE;

	for (uint32_t i = 0; next_row(r, &w->asked, &i, &row); i++) {
		enum outcome one = watch_outcome(w, r->config,
						 r->boards->board, i, &row);

		if (one == OUTCOME_FAILED && w->kind == REQUEST_WAIT)
			return one;
		if (one == OUTCOME_OPEN)
			all = one;
	}
	return all;
}

int reply_wait(struct answer *a, struct reply *r, const struct watch *w,
	       bool is_timed_out)
{
	static struct board_service row;
	bool is_ready = reply_outcome(r, w) == OUTCOME_DONE, is_first = true;
	int err = say(a, "{\"ok\":true,\"ready\":%s,\"timed_out\":%s,"
		      "\"reasons\":[", bool_word(is_ready),
		      bool_word(is_timed_out && !is_ready));

	look(r);
	for (uint32_t i = 0; err == 0 && !is_ready &&
			     next_row(r, &w->asked, &i, &row); i++) {
		if (!is_unwell(r, i, &row))
			continue;
		err = put_service(a, r, i, &row, NULL, is_first);
		is_first = false;
	}
	return err == 0 ? answer_put(a, list_end, 3) : err;
}

int reply_command(struct answer *a, struct reply *r, const struct watch *w,
		  bool has_accepted)
{
	static struct board_service row;
	const char *words[] = {
		[OUTCOME_OPEN] = has_accepted ? "accepted" : "timed-out",
		[OUTCOME_DONE] = "done",
		[OUTCOME_FAILED] = has_accepted ? "accepted" : "failed",
		[OUTCOME_REFUSED] = "refused",
	};
	bool is_first = true;
	int err = say(a, "{\"ok\":true,\"services\":[");

	look(r);
	for (uint32_t i = 0; err == 0 && next_row(r, &w->asked, &i, &row);
	     i++) {
		enum outcome one = watch_outcome(w, r->config,
						 r->boards->board, i, &row);

		err = put_service(a, r, i, &row, words[one], is_first);
		is_first = false;
	}
	return err == 0 ? answer_put(a, list_end, 3) : err;
}

void reply_resting(const struct reply *r, struct command_set *set)
{
	memset(set, 0, sizeof(*set));
	for (uint32_t i = 0; i < r->config->services; i++) {
		const volatile int32_t *pid =
			&r->boards->board->service[i].pid;

		if (*pid == 0 && !config_service(r->config, i)->is_removed)
			command_add(set, i);
	}
}

void reply_default(const struct config *c, bool with_oneshots,
		   struct command_set *set)
{
	memset(set, 0, sizeof(*set));
	for (uint32_t i = 0; i < c->services; i++) {
		const struct config_service *s = config_service(c, i);

		if (s->is_autostart && !s->is_removed &&
		    (with_oneshots ||
		     (s->type == CONFIG_DAEMON && !s->is_health_ignored)))
			command_add(set, i);
	}
}
