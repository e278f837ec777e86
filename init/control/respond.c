/* SPDX-License-Identifier: ISC */
/* Rendering: numbers of the board become words, nothing is decided. */
#include "init/control/respond.h"

#include <errno.h>
#include <string.h>

#include "init/control/loop.h"
#include "init/control/reload_errors.h"
#include "init/kernel/clock.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/report/event_json.h"
#include "init/report/process_owner.h"
#include "init/report/prometheus.h"
#include "init/report/service_health.h"
#include "init/text/event_line.h"
#include "init/text/host_name.h"
#include "policy/life.h"

#ifndef DASHPOT_VERSION
#define DASHPOT_VERSION "unknown"
#endif

void respond_set_up(struct control *ctl)
{
	static struct registry_service none[CONFIG_SERVICES];
	static struct usage_row rows[CONFIG_SERVICES];
	const struct helper_job *job = ctl->job;
	struct respond *r = &ctl->respond;

	host_name(r->host);
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
static void look_at_recorder(struct control *ctl)
{
	const struct board_restore *restore = ctl->job->boards.restore;
	const struct config *c = ctl->job->config;
	struct respond *r = &ctl->respond;

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
static void look(struct control *ctl)
{
	struct registry_now *now = &ctl->respond.report.now;

	now->mono_ms = clock_mono_ms();
	now->wall_ms = clock_wall_ms();
	ctl->respond.report.generation = control_generation(ctl);
}

/* What takes a look at every process. */
static void sample(struct control *ctl)
{
	struct respond *r = &ctl->respond;

	look(ctl);
	look_at_recorder(ctl);
	(void)usage_sample(&r->usage, r->report.config, r->report.board,
			   r->report.now.mono_ms, r->report.now.wall_ms);
}

/* --- Putting -------------------------------------------------------------- */

/* Append as printf(3) does; at most what a line of a message may have. */
__attribute__((format(printf, 2, 3)))
static void say(struct answer *a, const char *form, ...)
{
	static char text[EVENT_LINE_MOST];
	va_list args;
	int n;

	va_start(args, form);
	n = format_list(text, sizeof(text), form, args);
	va_end(args);
	answer_put(a, text, (size_t)n < sizeof(text) ? (size_t)n :
						       sizeof(text) - 1);
}

static void put_phrase(struct answer *a, const struct phrase *w)
{
	answer_put(a, w->at, w->used);
}

static const char *bool_word(bool value)
{
	return value ? "true" : "false";
}

static void put_error(struct answer *a, enum respond_code code,
		      const char *sentence, const char *nearest)
{
	static const char *const words[RESPOND_CODES] = {
		[RESPOND_USAGE] = "usage",
		[RESPOND_UNKNOWN_SERVICE] = "unknown-service",
		[RESPOND_FORBIDDEN] = "forbidden",
		[RESPOND_STOPPING] = "stopping",
		[RESPOND_STALE] = "stale",
		[RESPOND_BUSY] = "busy",
		[RESPOND_NO_PROCESS] = "no-process",
		[RESPOND_RELOAD_FAILED] = "reload-failed",
		[RESPOND_INTERNAL] = "internal",
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
	put_phrase(a, &w);
}

/* --- An answer's begin and end -------------------------------------------- */

bool respond_begin(struct client *c, size_t room)
{
	c->answer = answer_new(room);
	if (c->answer == NULL)
		client_drop(c);
	return c->answer != NULL;
}

static void refuse(struct control *ctl, struct client *c,
		   enum respond_code code, const char *sentence,
		   const char *nearest)
{
	answer_drop(c->answer);
	if (!respond_begin(c, ANSWER_STREAM))
		return;
	put_error(c->answer, code, sentence, nearest); /* it fits */
	respond_end(ctl, c);
}

void respond_end(struct control *ctl, struct client *c)
{
	int err = c->answer->json.err;

	if (err != 0) {
		respond_refuse(ctl, c, RESPOND_INTERNAL,
			       err == -E2BIG ?
				       "the answer is too long; ask for less, "
				       "or again when others have read "
				       "theirs" :
			       err == -EAGAIN ?
				       "the board is being written; ask "
				       "again" :
				       errors_text(-err));
		return;
	}
	answer_end(c->answer);
	c->state = CLIENT_ANSWERING;
	c->since_ms = ctl->now_ms;
}

void respond_refuse(struct control *ctl, struct client *c,
		    enum respond_code code, const char *sentence)
{
	refuse(ctl, c, code, sentence, NULL);
}

void respond_unknown(struct control *ctl, struct client *c, const char *name,
		     const char *nearest)
{
	char text[128];

	format(text, sizeof(text), "there is no service `%.48s`", name);
	refuse(ctl, c, RESPOND_UNKNOWN_SERVICE, text, nearest);
}

void respond_reload_failed(struct control *ctl, struct client *c,
			   const struct board_event *failed)
{
	const struct event_text_from from = {
		.config = ctl->job->config, .board = ctl->job->boards.board
	};
	char text[EVENT_LINE_TEXT] = "";
	struct phrase w = PHRASE_IN(text);

	event_text_add(&w, &from, failed);
	if (!respond_begin(c, ANSWER_STREAM))
		return;
	put_error(c->answer, RESPOND_RELOAD_FAILED, text, NULL);
	reload_errors_put(c->answer, ctl->job->boards.mistakes, failed);
	respond_end(ctl, c);
}

void respond_version(struct control *ctl, struct client *c)
{
	if (!respond_begin(c, ANSWER_STREAM))
		return;
	say(c->answer, "{\"ok\":true,\"version\":\"%s\",\"protocol\":1}\n",
	    DASHPOT_VERSION);
	respond_end(ctl, c);
}

/* A comma where an item of a list, an object, stands before. */
static void begin_item(struct answer *a)
{
	if (a->used > 0 && a->text[a->used - 1] == '}')
		answer_put(a, ",", 1);
}

/* The end of an answer that is a list. */
static void end_list(struct control *ctl, struct client *c)
{
	say(c->answer, "]}\n");
	respond_end(ctl, c);
}

/* --- The report, the metrics and the orphans ------------------------------ */

/* {"ok":true,"report":{...}} on one line. */
static void put_report(struct control *ctl, struct answer *a)
{
	say(a, "{\"ok\":true,\"report\":");
	sample(ctl);
	a->is_flat = true;
	report_write(&a->json, &ctl->respond.report);
	a->is_flat = false;
	say(a, "}\n");
}

void respond_status(struct control *ctl, struct client *c)
{
	if (ctl->status == NULL && respond_begin(c, ANSWER_MOST)) {
		put_report(ctl, c->answer);
		if (c->answer->json.err == 0) {
			ctl->status = c->answer;
			ctl->status->holders++;
		}
		respond_end(ctl, c);
	} else if (ctl->status != NULL) {
		c->answer = ctl->status;
		c->answer->holders++;
		respond_end(ctl, c);
	}
}

void respond_put_metrics(struct control *ctl, struct client *c)
{
	sample(ctl);
	metrics_write(&c->answer->json, &ctl->respond.report);
}

void respond_orphans(struct control *ctl, struct client *c)
{
	const struct strays strays = { ctl->job->config,
				       ctl->job->boards.board };

	if (!respond_begin(c, ANSWER_SMALL))
		return;
	say(c->answer, "{\"ok\":true,\"orphans\":[");
	strays_write(&c->answer->json, &strays);
	end_list(ctl, c);
}

/* --- Events --------------------------------------------------------------- */

static uint64_t events_of(const struct control *ctl)
{
	return atomic_load_explicit(&ctl->job->boards.board->events,
				    memory_order_acquire);
}

/* Put event n, or in its place how many were lost; *n is then the last of
 * them. False when the request did not ask for it. */
static bool put_event(struct control *ctl, struct client *c, uint64_t *n)
{
	const struct board *board = ctl->job->boards.board;
	struct json *j = &c->answer->json;
	uint64_t events = events_of(ctl), after = *n - 1;
	struct board_event e;
	bool is_there = board_event_read(board, *n, &e);

	if (is_there && c->request.count > 0 &&
	    (e.service < 0 ||
	     !command_has(&c->watch.asked, (uint32_t)e.service)))
		return false;
	begin_item(c->answer);
	if (is_there) {
		record_put(j, &ctl->respond.report.output, board, &e);
		return true;
	}
	/* The slot after the newest one is the oldest, and written next. */
	if (events > BOARD_EVENTS && *n <= events - BOARD_EVENTS)
		*n = events - BOARD_EVENTS + 1;
	record_put_lost(j, board, *n, *n - after);
	return true;
}

uint64_t respond_oldest_event(const struct control *ctl)
{
	uint64_t events = events_of(ctl);

	/* The slot of the one before it may be written next. */
	return events >= BOARD_EVENTS ? events - BOARD_EVENTS + 2 : 1;
}

void respond_events(struct control *ctl, struct client *c)
{
	uint64_t events = events_of(ctl), n = c->request.after;

	if (!respond_begin(c, ANSWER_MOST))
		return;
	say(c->answer, "{\"ok\":true,\"events\":[");
	if (!c->request.has_after)
		n = respond_oldest_event(ctl) - 1;
	while (n < events && c->answer->json.err == 0) {
		n++;
		put_event(ctl, c, &n);
	}
	end_list(ctl, c);
}

bool respond_next_events(struct control *ctl, struct client *c)
{
	struct answer *a = c->answer;
	uint64_t events = events_of(ctl);

	for (int k = 0; k < RESPOND_EVENTS && c->next <= events &&
			a->json.err == 0; k++, c->next++)
		if (put_event(ctl, c, &c->next))
			say(a, "\n");
	return a->json.err == 0;
}

/* --- Lines ---------------------------------------------------------------- */

bool respond_line(struct control *ctl, struct client *c, uint32_t service,
		  const struct lines_line *line)
{
	static char text[EVENT_LINE_MOST];
	struct phrase w = PHRASE_IN(text);

	last_lines_say(&w, config_name(ctl->job->config, service), line);
	put_phrase(c->answer, &w);
	return c->answer->json.err == 0;
}

void respond_lines(struct control *ctl, struct client *c)
{
	static struct lines_line line;
	uint32_t service;

	if (!respond_begin(c, ANSWER_MOST))
		return;
	say(c->answer, "{\"ok\":true,\"lines\":[");
	while (c->answer->json.err == 0 &&
	       last_lines_next(&ctl->respond.report.output, &service, &line)) {
		begin_item(c->answer);
		respond_line(ctl, c, service, &line);
	}
	end_list(ctl, c);
}

/* --- Services ------------------------------------------------------------- */

static struct board_service row; /* of the service that is looked at */

/* A service as an answer lists it; result may be NULL. */
static void put_service(struct control *ctl, struct answer *a, uint32_t i,
			const char *result)
{
	static char text[EVENT_LINE_MOST + 1024];
	char why[600] = "";
	struct phrase w = PHRASE_IN(text), sentence = PHRASE_IN(why);

	report_why(&sentence, &ctl->respond.report, i, &row);
	begin_item(a);
	phrase_add(&w, "{\"service\":");
	phrase_add_json(&w, config_name(ctl->job->config, i));
	if (result != NULL)
		phrase_add(&w, ",\"result\":\"%s\"", result);
	phrase_add(&w, ",\"state\":\"%s\",\"why\":",
		   life_word((enum life_state)row.state));
	phrase_add_json(&w, why);
	phrase_add(&w, "}");
	put_phrase(a, &w);
}

/* The next service from *i on that was asked for and is not well. */
static bool next_unwell(struct control *ctl, struct client *c, uint32_t *i)
{
	for (; commands_next_row(ctl, &c->watch, i, &row); ++*i)
		if (service_health(config_service(ctl->job->config, *i),
				   &row) != WELL_YES)
			return true;
	return false;
}

/* Put the services that are not well, unless is_right, and end. */
static void end_reasons(struct control *ctl, struct client *c, bool is_right)
{
	for (uint32_t i = 0; !is_right && next_unwell(ctl, c, &i); i++)
		put_service(ctl, c->answer, i, NULL);
	end_list(ctl, c);
}

void respond_health(struct control *ctl, struct client *c)
{
	uint32_t i = 0;
	bool is_healthy;

	look(ctl);
	is_healthy = !next_unwell(ctl, c, &i);
	if (!respond_begin(c, ANSWER_SMALL))
		return;
	say(c->answer, "{\"ok\":true,\"healthy\":%s,\"reasons\":[",
	    bool_word(is_healthy));
	end_reasons(ctl, c, is_healthy);
}

bool respond_put_ready(struct control *ctl, struct client *c)
{
	bool is_healthy = true;

	look(ctl);
	for (uint32_t i = 0; next_unwell(ctl, c, &i); i++) {
		char why[600] = "";
		struct phrase sentence = PHRASE_IN(why);

		report_why(&sentence, &ctl->respond.report, i, &row);
		say(c->answer, "%s: %s\n", config_name(ctl->job->config, i),
		    why);
		is_healthy = false;
	}
	if (is_healthy)
		say(c->answer, "ok\n");
	return is_healthy;
}

void respond_wait(struct control *ctl, struct client *c)
{
	bool is_ready = commands_outcome(ctl, &c->watch) == OUTCOME_DONE;

	if (!respond_begin(c, ANSWER_SMALL))
		return;
	look(ctl);
	say(c->answer, "{\"ok\":true,\"ready\":%s,\"timed_out\":%s,"
	    "\"reasons\":[", bool_word(is_ready),
	    bool_word(ctl->now_ms >= c->due_ms && !is_ready));
	end_reasons(ctl, c, is_ready);
}

void respond_command(struct control *ctl, struct client *c, bool has_accepted)
{
	const char *const words[] = {
		[OUTCOME_OPEN] = has_accepted ? "accepted" : "timed-out",
		[OUTCOME_DONE] = "done",
		[OUTCOME_FAILED] = has_accepted ? "accepted" : "failed",
		[OUTCOME_REFUSED] = "refused",
	};

	if (!respond_begin(c, ANSWER_SMALL))
		return;
	look(ctl);
	say(c->answer, "{\"ok\":true,\"services\":[");
	for (uint32_t i = 0; commands_next_row(ctl, &c->watch, &i, &row); i++)
		put_service(ctl, c->answer, i,
			    words[commands_outcome_of(ctl, &c->watch, i,
						      &row)]);
	end_list(ctl, c);
}
