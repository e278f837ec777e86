/* SPDX-License-Identifier: ISC */
/* Every line is made in one buffer and written at once; the first write that
 * fails ends the writing, and the caller says so. */
#include "init/simulate/timeline.h"

#include <string.h>
#include <unistd.h>

#include "init/kernel/print.h"
#include "init/text/event_text.h"
#include "init/text/wording.h"

enum { LINE = 512, TIME = 14 };

static const char *const words[] = {
	[SIMULATION_STARTED] = "started",
	[SIMULATION_PROBE] = "probe",
	[SIMULATION_BUDGET] = "waits-budget",
	[SIMULATION_AWAITS] = "waits-dependency",
	[SIMULATION_RETRY] = "failed",
	[SIMULATION_CLEAN] = "clean",
	[SIMULATION_BLOCKED] = "blocked",
	[SIMULATION_LATCHED] = "latched",
	[SIMULATION_DONE] = "done",
	[SIMULATION_FAILED] = "failed-for-good",
	[SIMULATION_STABLE] = "stable",
	[SIMULATION_CLOSED] = "closed",
	[SIMULATION_PARTED] = "stopped",
	[SIMULATION_EARLY] = "early-probe",
};

static void put(struct timeline *t, const struct phrase *w)
{
	int err;

	if (t->err < 0)
		return;
	err = print_fd(STDOUT_FILENO, "%s\n", w->at);
	if (err < 0)
		t->err = err;
}

static const char *name_of(const struct timeline *t, uint32_t i)
{
	return config_name(t->plan->config, i);
}

/* --- In words ---------------------------------------------------------- */

/* Blanks up to that column, at least one. */
static void fill(struct phrase *w, size_t column)
{
	do
		phrase_add(w, " ");
	while (w->used < column && !w->is_cut);
}

/* Text that ends at that column. */
static void right(struct phrase *w, size_t column, const char *text)
{
	size_t length = strlen(text);

	fill(w, column > length ? column - length : 0);
	phrase_add(w, "%s", text);
}

/* "1:02:03.004" */
static void add_clock(struct phrase *w, int64_t ms)
{
	int64_t s = ms / 1000;

	phrase_add(w, "%lld:%02d:%02d.%03d", (long long)(s / 3600),
		   (int)(s / 60 % 60), (int)(s % 60), (int)(ms % 1000));
}

/* 1,234,567 */
static void add_grouped(struct phrase *w, uint64_t n)
{
	if (n >= 1000) {
		add_grouped(w, n / 1000);
		phrase_add(w, ",%03d", (int)(n % 1000));
	} else {
		phrase_add(w, "%d", (int)n);
	}
}

/* "fails after 2 s" */
static void add_end(struct phrase *w, const struct simulation_event *e,
		    const char *how)
{
	phrase_add(w, "%s after ", how);
	phrase_duration(w, e->ran_ms);
}

/* " (failure 2 of 3 within 15 s)" */
static void add_tally(struct phrase *w, const struct simulation_event *e)
{
	if (e->tally.max_failures == 0) {
		phrase_add(w, " (failure %u)", e->number);
		return;
	}
	phrase_add(w, " (failure %u of %u ", e->tally.failures,
		   e->tally.max_failures);
	phrase_window(w, e->tally.window_ms);
	phrase_add(w, ")");
}

static void add_blocked(struct phrase *w, const struct simulation_event *e)
{
	add_end(w, e, "fails");
	phrase_add(w, "; blocked for ");
	phrase_duration(w, e->next_ms);
	phrase_add(w, " (trip %u", e->number);
	if (e->number == 1 && e->tally.failures >= e->tally.max_failures &&
	    e->tally.max_failures > 0) {
		phrase_add(w, ": ");
		event_text_failures(w, e->tally.failures, e->tally.window_ms);
	}
	phrase_add(w, ")");
}

static void add_what(struct phrase *w, const struct timeline *t,
		     const struct simulation_event *e)
{
	switch (e->what) {
	case SIMULATION_STARTED:
	case SIMULATION_PROBE:
		phrase_add(w, "start %u%s", e->number,
			   e->what == SIMULATION_PROBE ? ", a probe" : "");
		break;
	case SIMULATION_BUDGET:
		phrase_add(w, "waits: restart_rate has no token left");
		break;
	case SIMULATION_AWAITS:
		phrase_add(w, "waits for %s", name_of(t, e->number));
		break;
	case SIMULATION_RETRY:
		add_end(w, e, "fails");
		add_tally(w, e);
		phrase_add(w, "; again in ");
		phrase_duration(w, e->next_ms);
		break;
	case SIMULATION_CLEAN:
		add_end(w, e, "ends well");
		phrase_add(w, "; again in ");
		phrase_duration(w, e->next_ms);
		break;
	case SIMULATION_BLOCKED:
		add_blocked(w, e);
		break;
	case SIMULATION_LATCHED:
		add_end(w, e, "fails");
		phrase_add(w, "; blocked for good (trip %u, max_trips)",
			   e->number);
		break;
	case SIMULATION_DONE:
	case SIMULATION_FAILED:
		add_end(w, e, e->what == SIMULATION_DONE ? "ends well"
							 : "fails");
		phrase_add(w, ", for good");
		break;
	case SIMULATION_STABLE:
		phrase_add(w, "stable; delay and count in a row begin anew");
		break;
	case SIMULATION_CLOSED:
		phrase_add(w, "stable; no longer blocked");
		break;
	case SIMULATION_PARTED:
		phrase_add(w, "stops with %s, which it requires",
			   name_of(t, e->number));
		break;
	case SIMULATION_EARLY:
		phrase_add(w, "is tried early: %s, which was down when it was "
			      "blocked, is ready",
			   name_of(t, e->number));
		break;
	}
}

static void put_event_text(struct timeline *t,
			   const struct simulation_event *e)
{
	char line[LINE], clock[PHRASE_TIME] = "";
	struct phrase w = PHRASE_IN(line), at = PHRASE_IN(clock);

	add_clock(&at, e->at_ms);
	right(&w, TIME - 2, clock);
	fill(&w, TIME);
	phrase_add(&w, "%s", name_of(t, e->service));
	fill(&w, (size_t)t->column);
	add_what(&w, t, e);
	put(t, &w);
}

static void put_omitted_text(struct timeline *t, uint64_t omitted)
{
	char line[LINE];
	struct phrase w = PHRASE_IN(line);

	fill(&w, TIME);
	phrase_add(&w, "... ");
	add_grouped(&w, omitted);
	phrase_add(&w, " more (--all shows them)");
	put(t, &w);
}

static void put_exit_text(struct timeline *t,
			  const struct simulation_result *r)
{
	char line[LINE], clock[PHRASE_TIME] = "";
	struct phrase w = PHRASE_IN(line), at = PHRASE_IN(clock);

	add_clock(&at, r->ended_ms);
	right(&w, TIME - 2, clock);
	fill(&w, TIME);
	if (r->is_cut)
		phrase_add(&w, "the simulation ends here: too many events");
	else
		phrase_add(&w, "dashpot exits with code %d: ", r->exit_code);
	if (r->exit == SIMULATION_ESSENTIAL)
		phrase_add(&w, "%s is essential",
			   name_of(t, r->exit_service));
	else if (r->exit == SIMULATION_ALL_ENDED)
		phrase_add(&w, "nothing can start again by itself");
	else if (r->exit == SIMULATION_ALL_BLOCKED)
		phrase_add(&w, "exit_when_all_blocked (--no-exit goes on)");
	put(t, &w);
}

/* Columns of the totals, each to the right of what stands before. */
enum { STARTS = 8, SPAN = 12, TRIPS = 7 };

static void put_head(struct timeline *t)
{
	static const struct {
		const char *title;
		size_t width;
	} columns[] = {
		{ "STARTS", STARTS }, { "UP", SPAN },
		{ "BLOCKED", SPAN },  { "LONGEST GAP", SPAN },
		{ "TRIPS", TRIPS },
	};
	char line[LINE];
	struct phrase w = PHRASE_IN(line);
	size_t column = (size_t)t->column - TIME;

	phrase_add(&w, "SERVICE");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		column += columns[i].width;
		right(&w, column, columns[i].title);
	}
	phrase_add(&w, "  AT THE END");
	put(t, &w);
}

static void add_number(struct phrase *w, size_t column, uint64_t n)
{
	char text[PHRASE_TIME] = "";
	struct phrase in = PHRASE_IN(text);

	add_grouped(&in, n);
	right(w, column, text);
}

static void put_total_text(struct timeline *t, uint32_t i,
			   const struct simulation_total *total)
{
	const int64_t spans[] = { total->up_ms, total->blocked_ms,
				  total->gap_ms };
	size_t column = (size_t)t->column - TIME;
	char line[LINE];
	struct phrase w = PHRASE_IN(line);

	phrase_add(&w, "%s", name_of(t, i));
	add_number(&w, column += STARTS, total->starts);
	for (size_t k = 0; k < sizeof(spans) / sizeof(spans[0]); k++) {
		char text[PHRASE_TIME] = "";
		struct phrase in = PHRASE_IN(text);

		phrase_duration(&in, spans[k]);
		right(&w, column += SPAN, text);
	}
	add_number(&w, column + TRIPS, total->trips);
	phrase_add(&w, "  %s", life_word(total->state));
	if (total->short_ms > 0) {
		phrase_add(&w, "; waited ");
		phrase_duration(&w, total->short_ms);
		phrase_add(&w, " for restart_rate");
	}
	put(t, &w);
}

/* --- In JSON ------------------------------------------------------------ */

static void put_event_json(struct timeline *t,
			   const struct simulation_event *e)
{
	bool is_other = e->what == SIMULATION_AWAITS ||
			e->what == SIMULATION_PARTED ||
			e->what == SIMULATION_EARLY;
	char line[LINE];
	struct phrase w = PHRASE_IN(line);

	phrase_add(&w, "%s{\"at_ms\":%lld,\"event\":\"%s\",\"service\":",
		   t->shown > 0 ? "," : "", (long long)e->at_ms,
		   words[e->what]);
	phrase_add_json(&w, name_of(t, e->service));
	if (is_other) {
		phrase_add(&w, ",\"other\":");
		phrase_add_json(&w, name_of(t, e->number));
	} else {
		phrase_add(&w, ",\"number\":%u,\"ran_ms\":%lld,"
			   "\"next_in_ms\":%lld",
			   e->number, (long long)e->ran_ms,
			   (long long)e->next_ms);
	}
	if (e->tally.max_failures > 0) {
		phrase_add(&w, ",\"failures\":%u,\"max_failures\":%u,"
			   "\"window_ms\":",
			   e->tally.failures, e->tally.max_failures);
		phrase_add(&w, e->tally.window_ms < 0 ? "null" : "%lld",
			   (long long)e->tally.window_ms);
	}
	phrase_add(&w, "}");
	put(t, &w);
}

static void put_total_json(struct timeline *t, uint32_t i,
			   const struct simulation_total *total, bool is_first)
{
	char line[LINE];
	struct phrase w = PHRASE_IN(line);

	phrase_add(&w, is_first ? "" : ",");
	phrase_add_json(&w, name_of(t, i));
	phrase_add(&w, ":{\"starts\":%u,\"failures\":%u,\"trips\":%u,"
		   "\"up_ms\":%lld,\"blocked_ms\":%lld,\"waited_ms\":%lld,"
		   "\"longest_gap_ms\":%lld,\"state\":\"%s\","
		   "\"breaker\":\"%s\"}",
		   total->starts, total->failures, total->trips,
		   (long long)total->up_ms, (long long)total->blocked_ms,
		   (long long)total->short_ms, (long long)total->gap_ms,
		   life_word(total->state), phrase_breaker(total->breaker));
	put(t, &w);
}

static void put_end_json(struct timeline *t,
			 const struct simulation_result *r)
{
	static const char *const why[] = {
		[SIMULATION_ESSENTIAL] = "essential",
		[SIMULATION_ALL_BLOCKED] = "all-blocked",
		[SIMULATION_ALL_ENDED] = "all-ended",
	};
	char line[LINE];
	struct phrase w = PHRASE_IN(line);

	phrase_add(&w, "},\"ended_ms\":%lld,\"is_complete\":%s,"
		   "\"restarts\":%llu,\"exit\":",
		   (long long)r->ended_ms, r->is_cut ? "false" : "true",
		   (unsigned long long)r->restarts);
	if (r->exit == SIMULATION_NO_EXIT)
		phrase_add(&w, "null}");
	else
		phrase_add(&w, "{\"why\":\"%s\",\"code\":%d}}", why[r->exit],
			   r->exit_code);
	put(t, &w);
}

/* --- Both -------------------------------------------------------------- */

void timeline_begin(struct timeline *t)
{
	const struct simulation_plan *p = t->plan;
	char line[LINE];
	struct phrase w = PHRASE_IN(line);
	size_t longest = strlen("SERVICE");

	for (uint32_t i = 0; i < p->config->services; i++)
		if (p->is_simulated[i] && strlen(name_of(t, i)) > longest)
			longest = strlen(name_of(t, i));
	t->column = TIME + (int)longest + 2;
	if (t->is_json) {
		phrase_add(&w, "{\"schema\":1,\"for_ms\":%lld,\"seed\":%u,"
			   "\"timeline\":[",
			   (long long)p->for_ms, p->seed);
	} else {
		right(&w, TIME - 2, "TIME");
		fill(&w, TIME);
		phrase_add(&w, "SERVICE");
		fill(&w, (size_t)t->column);
		phrase_add(&w, "WHAT");
	}
	put(t, &w);
}

static void show(struct timeline *t, const struct simulation_event *e)
{
	if (t->is_json)
		put_event_json(t, e);
	else
		put_event_text(t, e);
	t->shown++;
}

void timeline_tell(void *to, const struct simulation_event *event)
{
	struct timeline *t = to;

	if (t->is_all || t->events < TIMELINE_FIRST)
		show(t, event);
	else
		t->last[t->events % TIMELINE_LAST] = *event;
	t->events++;
}

/* The events in the ring; returns how many are not shown at all. */
static uint64_t show_last(struct timeline *t)
{
	uint64_t left = t->events - t->shown;
	uint64_t kept = left < TIMELINE_LAST ? left : TIMELINE_LAST;

	if (left > kept && !t->is_json)
		put_omitted_text(t, left - kept);
	for (uint64_t at = t->events - kept; at < t->events; at++)
		show(t, &t->last[at % TIMELINE_LAST]);
	return left - kept;
}

int timeline_end(struct timeline *t, const struct simulation_result *result)
{
	uint64_t omitted = show_last(t);
	bool is_first = true;
	char line[LINE] = "";
	struct phrase w = PHRASE_IN(line);

	if (t->is_json) {
		phrase_add(&w, "],\"timeline_omitted\":%llu,\"services\":{",
			   (unsigned long long)omitted);
		put(t, &w);
	} else {
		if (result->exit != SIMULATION_NO_EXIT || result->is_cut)
			put_exit_text(t, result);
		put(t, &w); /* an empty line */
		put_head(t);
	}
	for (uint32_t i = 0; i < t->plan->config->services; i++) {
		if (!t->plan->is_simulated[i])
			continue;
		if (t->is_json)
			put_total_json(t, i, &result->total[i], is_first);
		else
			put_total_text(t, i, &result->total[i]);
		is_first = false;
	}
	if (t->is_json)
		put_end_json(t, result);
	return t->err;
}
