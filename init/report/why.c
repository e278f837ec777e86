/* SPDX-License-Identifier: ISC */
/* One sentence for a person at three in the morning: what a service is, why,
 * and what comes next. */
#include "init/report/diagnostic_json.h"

#include "init/lib/errors.h"
#include "init/report/service_health.h"
#include "init/text/event_text.h"
#include "policy/breaker.h"
#include "policy/life.h"

enum { BUSY = 90 }; /* percent of a core that are worth a word */

/* "; last: exited with code 1 after 12 ms" */
static void add_last(struct phrase *w, const struct board_service *row)
{
	const struct board_end *end;

	if (row->ends_count == 0)
		return;
	end = &row->ends[(row->ends_count - 1) % BOARD_ENDS];
	phrase_add(w, ", last: ");
	phrase_end(w, end->cause, end->code, end->step, end->err,
		   end->started_ms < 0 ? -1 : end->ended_ms - end->started_ms);
	if (end->cause == BOARD_OUT_OF_MEMORY)
		phrase_add(w, " (%s, its peak was %lld MiB: raise the memory "
			      "limit)",
			   phrase_oom(end->oom),
			   (long long)(end->peak_kib + 1023) / 1024);
}

/* ", uses 98 % of a core" where that is worth knowing. */
static void add_usage(struct phrase *w, const struct report *r, uint32_t i,
		      const struct board_service *row)
{
	const struct usage_row *u = usage_of(r->usage, i, row->pid);

	if (u != NULL && u->share >= BUSY)
		phrase_add(w, ", uses %lld %% of a core", (long long)u->share);
	if (u != NULL && u->zombies > 0)
		phrase_add(w, ", does not wait for %lld of its processes "
			      "that ended",
			   (long long)u->zombies);
}

/* "; next probe in 9.4 s" */
static void add_next(struct phrase *w, const struct report *r,
		     const struct board_service *row, const char *what)
{
	if (row->next_ms <= 0)
		return;
	phrase_add(w, "; %s in ", what);
	phrase_duration(w, row->next_ms - r->now.mono_ms);
}

static void add_since(struct phrase *w, const struct report *r, int64_t then)
{
	phrase_duration(w, r->now.mono_ms - then);
}

/* "failure 2 of 3 within 15 s" */
static void add_count(struct phrase *w, const struct board_service *row)
{
	if (row->tally.failures == 0 || row->tally.max_failures == 0) {
		phrase_add(w, "starts again after a delay");
		return;
	}
	phrase_add(w, "failure %u of %u ", row->tally.failures,
		   row->tally.max_failures);
	phrase_window(w, row->tally.window_ms);
}

/* What opened the breaker. */
static void add_trip(struct phrase *w, const struct board_service *row)
{
	if (row->was_asked)
		phrase_add(w, "the start that was asked for failed, after "
			      "trip %u in a row",
			   row->trips);
	else if (row->is_remembered)
		phrase_add(w, "remembered from before the container "
			      "restarted, trip %u in a row",
			   row->trips);
	else if (row->at_once > 0)
		phrase_add(w, "trying again at once cannot help, trip %u",
			   row->trips);
	else if (row->trips > 1)
		phrase_add(w, "its probe failed too, trip %u in a row",
			   row->trips);
	else if (row->tally.max_failures > 0)
		event_text_failures(w, row->tally.failures,
				  row->tally.window_ms);
	else
		phrase_add(w, "it failed");
}

/* "next run at 2026-11-30T03:15Z (15 3 * * *), last: ..." */
static void add_schedule(struct phrase *w, const struct report *r,
			 const struct config_service *s,
			 const struct board_service *row)
{
	const char *text = config_string(r->config, s->schedule_text);
	char time[PHRASE_TIME];

	if (row->tick_wall_ms >= 0) {
		phrase_time(time, row->tick_wall_ms);
		/* Without seconds: it has none. */
		phrase_add(w, "next run at %.16sZ (%s)", time, text);
	} else {
		phrase_add(w, "by its schedule (%s)", text);
	}
	if (row->failures > 0)
		phrase_add(w, ", %u run%s in a row failed", row->failures,
			   row->failures == 1 ? "" : "s");
	if (row->skipped > 0)
		phrase_add(w, ", skipped %llu",
			   (unsigned long long)row->skipped);
	add_last(w, row);
	if (row->tick_wall_ms < 0)
		add_next(w, r, row, "next run");
}

/* Ended processes take room until their parent waits for them: who has most. */
static void add_zombies(struct phrase *w, const struct report *r)
{
	int64_t most = 0;
	uint32_t of = 0;

	if (r->usage == NULL)
		return;
	for (uint32_t i = 0; i < r->config->services; i++)
		if (r->usage->row[i].zombies > most) {
			most = r->usage->row[i].zombies;
			of = i;
		}
	if (most > 0)
		phrase_add(w, "; %lld of them have ended, and pid %d of %s "
			      "does not wait for them",
			   (long long)most, (int)r->usage->row[of].parent,
			   config_name(r->config, of));
}

static void add_waiting(struct phrase *w, const struct report *r, uint32_t i,
			const struct config_service *s,
			const struct board_service *row)
{
	switch ((enum board_wait)row->wait) {
	case BOARD_WAIT_NOTHING:
		phrase_add(w, "it is about to start");
		break;
	case BOARD_WAIT_RESTORE:
		phrase_add(w, "for what the volume remembers, 500 ms at most");
		break;
	case BOARD_WAIT_DEPENDENCY:
		report_waits(w, r, i, row);
		break;
	case BOARD_WAIT_BUDGET:
		phrase_add(w, "for its turn: restart_rate is used up");
		break;
	case BOARD_WAIT_HEADROOM:
		phrase_add(w, "for room to start a process: ");
		phrase_limit(w, &row->limit, true);
		add_zombies(w, r);
		break;
	case BOARD_WAIT_LEFTOVERS:
		phrase_add(w, "until the processes that its last run left "
			      "(%u) are gone",
			   row->leftovers);
		break;
	case BOARD_WAIT_SCHEDULE:
		add_schedule(w, r, s, row);
		break;
	}
}

/* "; not ready yet: waits for tcp:127.0.0.1:5432 (connection refused)" */
static void add_unready(struct phrase *w, const struct report *r, uint32_t i,
			const struct board_service *row)
{
	const struct config_check *ready = &config_service(r->config, i)->ready;

	if (!row->is_unready || ready->kind == CONFIG_CHECK_NONE)
		return;
	phrase_add(w, "; not ready yet: waits for ");
	phrase_check(w, r->config, ready);
	if (row->answer == BOARD_ANSWER_NONE)
		return;
	phrase_add(w, " (");
	phrase_answer(w, row->answer, row->answer_code);
	phrase_add(w, ")");
}

/* "; not healthy yet: no check of tcp:127.0.0.1:80 has passed (...)" */
static void add_unchecked(struct phrase *w, const struct report *r,
			  const struct config_service *s,
			  const struct board_service *row)
{
	if (s->health.kind == CONFIG_CHECK_NONE || row->has_passed ||
	    row->is_unready)
		return;
	phrase_add(w, service_health(s, row) == WELL_YES
			      ? "; health_grace: "
			      : "; not healthy yet: ");
	phrase_add(w, "no check of ");
	phrase_check(w, r->config, &s->health);
	phrase_add(w, " has passed");
	if (row->answer == BOARD_ANSWER_NONE)
		return;
	phrase_add(w, " (");
	phrase_answer(w, row->answer, row->answer_code);
	phrase_add(w, ")");
}

/* "; health check failed 2 of 3 times in a row: HTTP status 503" */
static void add_health(struct phrase *w, const struct report *r,
		       const struct config_service *s,
		       const struct board_service *row)
{
	if (row->unhealthy == 0) {
		add_unchecked(w, r, s, row);
		return;
	}
	phrase_add(w, "; health check failed, %u of %u in a row: ",
		   row->unhealthy, s->health_failures);
	phrase_answer(w, row->answer, row->answer_code);
}

/* What it says of itself (sd_notify). */
static void add_status(struct phrase *w, const struct report *r, uint32_t i,
		       const struct board_service *row)
{
	struct board_notice notice;

	if (!report_notice(r, i, row, &notice))
		return;
	if (notice.is_reloading)
		phrase_add(w, "; reloading");
	if (*notice.text != '\0')
		phrase_add(w, "; says \"%s\"", notice.text);
}

static void add_starting(struct phrase *w, const struct report *r, uint32_t i,
			 const struct board_service *row)
{
	if (row->is_stuck)
		phrase_add(w, "stuck at %s for ", board_step_word(row->step));
	else if (row->step != BOARD_STEP_NONE)
		phrase_add(w, "at %s for ", board_step_word(row->step));
	else
		phrase_add(w, "for ");
	add_since(w, r, row->since_ms);
	if (row->is_stuck)
		phrase_add(w, "; the file or file system that it needs there "
			      "does not answer");
	else if (row->step == BOARD_STEP_NONE)
		add_unready(w, r, i, row);
}

static void add_stopped(struct phrase *w, const struct config_service *s,
			const struct board_service *row)
{
	if (row->is_stop_asked)
		phrase_add(w, "somebody asked for it");
	else if (row->starts == 0 && !s->is_autostart)
		phrase_add(w, "autostart = no");
	else if (row->starts == 0)
		phrase_add(w, "not started yet");
	else
		phrase_add(w, "by the shutdown or with a service that it "
			      "requires");
	add_last(w, row);
}

static void add_stopping(struct phrase *w, const struct report *r,
			 const struct board_service *row)
{
	if (row->is_draining) {
		phrase_add(w, "draining for ");
		add_since(w, r, row->since_ms);
		add_next(w, r, row, "told to stop");
		return;
	}
	phrase_add(w, row->unsent ? "its stop began " : "told to stop ");
	add_since(w, r, row->since_ms);
	phrase_add(w, " ago");
	if (row->hooks >> HOOK_STOP & 1)
		phrase_add(w, ", its stop_command runs");
	if (row->leftovers > 0)
		phrase_add(w, ", %u left-behind processes are ending",
			   row->leftovers);
	add_next(w, r, row, "killed");
}

static void add_running(struct phrase *w, const struct report *r,
			const struct board_service *row)
{
	phrase_add(w, "for ");
	add_since(w, r, row->since_ms);
	phrase_add(w, ", pid %d", row->pid);
	if (row->is_stop_asked)
		phrase_add(w, ", told to stop once what requires it has");
	if (row->failures > 0) {
		phrase_add(w, ", %u failure%s since it was last stable",
			   row->failures, row->failures == 1 ? "" : "s");
		if (row->tally.window_ms == BREAKER_IN_A_ROW)
			phrase_add(w, " (%u of %u in a row block it)",
				   row->tally.failures,
				   row->tally.max_failures);
		add_last(w, row);
	}
}

static void add_probing(struct phrase *w, const struct report *r, uint32_t i,
			const struct board_service *row)
{
	const struct config_service *s = config_service(r->config, i);

	phrase_add(w, "one start is tried after trip %u, ", row->trips);
	add_starting(w, r, i, row);
	add_health(w, r, s, row);
	add_status(w, r, i, row);
	phrase_add(w, "; no longer blocked once it is up for ");
	phrase_duration(w, s->stable_ms);
	add_usage(w, r, i, row);
}

static void add_failed(struct phrase *w, const struct board_service *row)
{
	if (row->breaker == BREAKER_LATCHED)
		phrase_add(w, "blocked %u times in a row (max_trips); "
			      "down until somebody resets it or "
			      "restarts the container",
			   row->trips);
	else
		phrase_add(w, "ended for good, without success");
	add_last(w, row);
}

void report_why(struct phrase *w, const struct report *r, uint32_t i,
		const struct board_service *row)
{
	const struct config_service *s = config_service(r->config, i);
	enum life_state state = (enum life_state)row->state;

	phrase_add(w, "%s: ", life_word(state));
	if (row->unsent)
		phrase_add(w, "cannot be signalled (%s): dashpot needs "
			      "CAP_KILL; ",
			   errors_text(row->unsent));
	switch (state) {
	case LIFE_STOPPED:
		add_stopped(w, s, row);
		break;
	case LIFE_WAITING:
		add_waiting(w, r, i, s, row);
		break;
	case LIFE_STARTING:
		add_starting(w, r, i, row);
		add_status(w, r, i, row);
		break;
	case LIFE_RUNNING:
		add_running(w, r, row);
		if (row->is_unready)
			phrase_add(w, ", says that it is about to stop");
		add_health(w, r, s, row);
		add_status(w, r, i, row);
		add_usage(w, r, i, row);
		break;
	case LIFE_BACKOFF:
		add_count(w, row);
		add_last(w, row);
		add_next(w, r, row, "next start");
		break;
	case LIFE_BLOCKED:
		add_trip(w, row);
		add_last(w, row);
		add_next(w, r, row, "next probe");
		break;
	case LIFE_PROBING:
		add_probing(w, r, i, row);
		break;
	case LIFE_STOPPING:
		add_stopping(w, r, row);
		break;
	case LIFE_DONE:
		phrase_add(w, "ended for good, with success");
		add_last(w, row);
		break;
	case LIFE_FAILED:
		add_failed(w, row);
		break;
	case LIFE_IDLE: /* on the board it is waiting */
	case LIFE_STATES:
		break;
	}
}
