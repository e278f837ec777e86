/* SPDX-License-Identifier: ISC */
/* diagnostic.json, member by member. */
#include "init/report/diagnostic_json.h"

#include <errno.h>

#include "init/lib/errors.h"
#include "init/helper/helper.h"
#include "init/text/policy_text.h"
#include "policy/life.h"

#ifndef DASHPOT_VERSION
#define DASHPOT_VERSION "unknown"
#endif

/* The wall clock at a monotonic time; -1 for none. */
static int64_t wall_of(const struct report *r, int64_t mono_ms)
{
	return mono_ms < 0 ? -1 : r->now.wall_ms - r->now.mono_ms + mono_ms;
}

static cJSON *limit_object(struct json *j, const struct board_limit *l)
{
	cJSON *o = json_object(j);
	char text[240] = "", buf[16];
	struct phrase w = PHRASE_IN(text);
	bool is_nproc = l->kind == BOARD_LIMIT_NPROC;

	phrase_limit(&w, l, false);
	json_text(j, o, "kind", phrase_limit_kind(l->kind));
	json_text(j, o, "text", text);
	json_int_or_null(j, o, "level", l->kind == BOARD_LIMIT_PIDS_CGROUP,
			 l->level);
	json_int_or_null(j, o, "uid", is_nproc, l->uid);
	json_int_or_null(j, o, "current", l->current >= 0, l->current);
	json_int_or_null(j, o, "max", l->max >= 0, l->max);
	json_int_or_null(j, o, "reserve", l->reserve >= 0, l->reserve);
	json_text(j, o, "errno_name",
		  l->err != 0 ? errors_name(l->err, buf) : NULL);
	return o;
}

/* Memory of the whole container; null where its cgroup cannot be seen. */
static cJSON *memory_object(struct json *j, const struct usage *u)
{
	cJSON *o;

	if (u == NULL || u->mono_ms == 0 || u->cgroup[0] == '\0')
		return cJSON_CreateNull();
	o = json_object(j);
	json_int_or_null(j, o, "current_kib", u->memory_kib >= 0,
			 u->memory_kib);
	json_int_or_null(j, o, "max_kib", u->memory_max_kib >= 0,
			 u->memory_max_kib);
	json_int_or_null(j, o, "oom_kills", u->oom_kills >= 0, u->oom_kills);
	return o;
}

static cJSON *container_object(struct json *j, const struct report *r,
			       const struct board *head)
{
	const struct config *c = r->config;
	bool is_exiting = head->phase == BOARD_EXITING;
	const char *decider = head->exit_service >= 0 &&
			      (uint32_t)head->exit_service < c->services ?
		config_name(c, (uint32_t)head->exit_service) : NULL;
	cJSON *o = json_object(j);

	json_text(j, o, "hostname", r->hostname);
	json_text(j, o, "boot_id",
		  r->now.boot_id[0] != '\0' ? r->now.boot_id : NULL);
	json_int(j, o, "pid", head->pid);
	json_bool(j, o, "is_pid1", head->is_pid1);
	json_time(j, o, "started", head->began_wall_ms);
	json_int(j, o, "started_monotonic_ms", head->began_ms);
	json_int(j, o, "uptime_ms", r->now.mono_ms - head->began_ms);
	json_int(j, o, "recent_starts",
		 registry_recent_starts(r->registry, &r->now));
	json_bool(j, o, "is_outer_loop", head->is_outer_loop);
	json_int_or_null(j, o, "exit_code", is_exiting && head->exit_code >= 0,
			 head->exit_code);
	json_text(j, o, "exit_service", is_exiting ? decider : NULL);
	json_int(j, o, "reaped", (int64_t)head->reaped);
	json_int(j, o, "orphans", (int64_t)head->orphans);
	json_int_or_null(j, o, "orphans_alive",
			 r->usage != NULL && r->usage->mono_ms != 0,
			 r->usage != NULL ? r->usage->orphans : 0);
	json_int(j, o, "late_max_ms", head->late_max_ms);
	json_add(j, o, "memory", memory_object(j, r->usage));
	json_int(j, o, "shutdown_needs_ms", c->shutdown_needs_ms);
	json_int(j, o, "shutdown_timeout_ms", c->shutdown_timeout_ms);
	return o;
}

static cJSON *volume_object(struct json *j, const struct report *r)
{
	cJSON *o = json_object(j);

	json_text(j, o, "directory", r->directory);
	json_bool(j, o, "is_second", r->held_by != NULL);
	json_text(j, o, "held_by", r->held_by);
	json_bool(j, o, "is_registry_bad", r->is_registry_bad);
	return o;
}

static cJSON *headroom_object(struct json *j, const struct report *r,
			      const struct board *head)
{
	cJSON *o = json_object(j), *limits = cJSON_CreateArray();

	json_bool(j, o, "is_exact", head->is_dry_clone_exact);
	json_int_or_null(j, o, "written", r->config->headroom >= 0,
			 r->config->headroom);
	json_int(j, o, "waiting", head->waiting);
	for (size_t i = 0; i < BOARD_LIMITS; i++) {
		if (head->limit[i].kind == BOARD_LIMIT_NONE)
			break;
		json_add_line(j, limits, limit_object(j, &head->limit[i]));
	}
	json_add(j, o, "limits", limits);
	return o;
}

static cJSON *budget_object(struct json *j, const struct report *r,
			    const struct board *head)
{
	const struct budget_policy *p = &r->config->restart_rate;
	cJSON *o = json_object(j);

	json_int(j, o, "tokens", head->tokens);
	json_int(j, o, "burst", p->burst);
	json_int(j, o, "rate", p->rate);
	json_int(j, o, "period_ms", p->period_ms);
	json_int(j, o, "restarts", (int64_t)head->restarts);
	return o;
}

static cJSON *helpers_object(struct json *j, const struct board *head)
{
	cJSON *o = json_object(j);

	for (size_t i = 0; i < BOARD_HELPERS; i++) {
		cJSON *h = json_object(j);

		json_int_or_null(j, h, "pid", head->helper[i].pid > 0,
				 head->helper[i].pid);
		json_int(j, h, "restarts", head->helper[i].restarts);
		json_add(j, o, board_helper_word((enum board_helper_kind)i), h);
	}
	return o;
}

static cJSON *next_object(struct json *j, const struct report *r,
			  const struct board_service *row)
{
	bool is_tick = board_is_idle(row);
	const char *what = is_tick		       ? "schedule" :
			   row->state == LIFE_BLOCKED  ? "probe" :
			   row->is_draining	       ? "stop" :
			   row->state == LIFE_STOPPING ? "kill" :
			   row->state == LIFE_BACKOFF ||
					   row->state == LIFE_WAITING ?
							 "start" :
			   row->is_unready	       ? "give-up" :
							 "stable";
	cJSON *o;

	if (row->next_ms <= 0)
		return cJSON_CreateNull();
	o = json_object(j);
	json_text(j, o, "what", what);
	json_time(j, o, "time", is_tick && row->tick_wall_ms >= 0 ?
					row->tick_wall_ms :
					wall_of(r, row->next_ms));
	json_int(j, o, "monotonic_ms", row->next_ms);
	json_int(j, o, "in_ms", row->next_ms > r->now.mono_ms ?
					row->next_ms - r->now.mono_ms :
					0);
	return o;
}

static cJSON *waiting_object(struct json *j, const struct report *r,
			     uint32_t i, const struct board_service *row)
{
	uint32_t at = 0;
	uint32_t on = report_awaited(r, i, row, &at);
	cJSON *o, *services;

	if (row->wait == BOARD_WAIT_NOTHING)
		return cJSON_CreateNull();
	o = json_object(j);
	services = cJSON_CreateArray();
	json_text(j, o, "for", phrase_wait(row->wait));
	json_text(j, o, "service",
		  on != UINT32_MAX ? config_name(r->config, on) : NULL);
	for (; on != UINT32_MAX; on = report_awaited(r, i, row, &at))
		json_add_line(j, services,
			      cJSON_CreateString(config_name(r->config, on)));
	json_add(j, o, "services", services);
	json_bool(j, o, "is_settling", report_is_settling(r, row));
	json_add(j, o, "limit", row->wait == BOARD_WAIT_HEADROOM ?
					limit_object(j, &row->limit) :
					cJSON_CreateNull());
	return o;
}

/* Its schedule, and what came of it so far. */
static cJSON *schedule_object(struct json *j, const struct report *r,
			      const struct config_service *s,
			      const struct board_service *row)
{
	bool has_next = row->tick_ms > 0;
	cJSON *o;

	if (!schedule_is_set(&s->schedule))
		return cJSON_CreateNull();
	o = json_object(j);
	json_text(j, o, "text", config_string(r->config, s->schedule_text));
	json_int(j, o, "utc_offset_minutes", s->schedule.east_min);
	json_time(j, o, "next", !has_next		? -1 :
				row->tick_wall_ms >= 0 ? row->tick_wall_ms :
						wall_of(r, row->tick_ms));
	json_int_or_null(j, o, "next_monotonic_ms", has_next, row->tick_ms);
	json_int(j, o, "skipped", (int64_t)row->skipped);
	return o;
}

static cJSON *window_object(struct json *j, const struct breaker_tally *tally)
{
	cJSON *o;

	if (tally->max_failures == 0)
		return cJSON_CreateNull();
	o = json_object(j);
	json_int(j, o, "failures", tally->failures);
	json_int(j, o, "max_failures", tally->max_failures);
	json_int_or_null(j, o, "window_ms", tally->window_ms >= 0,
			 tally->window_ms);
	return o;
}

/* What the configuration says of it. */
static void add_settings(struct json *j, cJSON *o, const struct report *r,
			 const struct config_service *s)
{
	static const char *const restart[] = {
		[CONFIG_ALWAYS] = "always",
		[CONFIG_ON_FAILURE] = "on-failure",
		[CONFIG_NEVER] = "never",
	};
	char text[512] = "";
	struct phrase w = PHRASE_IN(text);

	policy_text(&w, r->config, s);
	json_text(j, o, "policy", text);
	json_text(j, o, "type", s->type == CONFIG_DAEMON ? "daemon" :
							   "oneshot");
	json_text(j, o, "restart", restart[s->restart]);
	json_bool(j, o, "is_essential", s->is_essential);
	json_text(j, o, "user", s->user != 0 ?
					config_string(r->config, s->user) :
					NULL);
	json_text(j, o, "file", s->file != 0 ?
					config_string(r->config, s->file) :
					NULL);
	json_int_or_null(j, o, "line", s->line > 0, s->line);
}

/* What it counted so far. */
static void add_counts(struct json *j, cJSON *o,
		       const struct registry_service *earlier,
		       const struct board_service *row)
{
	json_int(j, o, "starts", (int64_t)row->starts);
	json_int(j, o, "failures", (int64_t)row->failed);
	json_int(j, o, "starts_earlier", (int64_t)earlier->starts);
	json_int(j, o, "failures_earlier", (int64_t)earlier->failures);
	json_int(j, o, "failures_since_stable", row->failures);
	json_int(j, o, "failures_in_a_row", row->in_row);
	json_int(j, o, "trips", row->trips);
	json_int(j, o, "at_once_trips", row->at_once);
	json_int(j, o, "cooldown_doublings", row->doublings);
	json_int(j, o, "leftovers", row->leftovers);
	json_int(j, o, "leftovers_ended", (int64_t)row->leftovers_ended);
}

/* What it used when /proc was looked at last. */
static cJSON *usage_object(struct json *j, const struct report *r, uint32_t i,
			   int32_t pid)
{
	const struct usage_row *u = usage_of(r->usage, i, pid);
	cJSON *o;

	if (u == NULL)
		return cJSON_CreateNull();
	o = json_object(j);
	json_time(j, o, "time", r->usage->wall_ms);
	json_int(j, o, "monotonic_ms", r->usage->mono_ms);
	json_int(j, o, "processes", u->processes);
	json_int(j, o, "threads", u->threads);
	json_int(j, o, "zombies", u->zombies);
	json_int(j, o, "cpu_ms", u->cpu_ms);
	json_int_or_null(j, o, "cpu_percent", u->share >= 0, u->share);
	json_int(j, o, "rss_kib", u->rss_kib);
	return o;
}

static cJSON *service_object(struct json *j, const struct report *r,
			     uint32_t i, const struct board_service *row)
{
	const struct config_service *s = config_service(r->config, i);
	const struct registry_service *earlier = &r->registry->service[i];
	bool is_up = life_is_up((enum life_state)row->state) != 0;
	int64_t since_ms = row->since_ms;
	cJSON *o = json_object(j);
	char why[600] = "";
	struct phrase w = PHRASE_IN(why);

	if (since_ms <= 0) /* a row that PID 1 never touched */
		since_ms = r->board->began_ms;
	report_why(&w, r, i, row);
	json_text(j, o, "name", config_name(r->config, i));
	json_text(j, o, "state", life_word((enum life_state)row->state));
	json_text(j, o, "breaker", phrase_breaker(row->breaker));
	json_text(j, o, "why", why);
	json_int_or_null(j, o, "pid", row->pid > 0, row->pid);
	json_time(j, o, "since", wall_of(r, since_ms));
	json_int(j, o, "since_monotonic_ms", since_ms);
	json_time(j, o, "started", row->starts > 0 ?
					   wall_of(r, row->started_ms) :
					   -1);
	json_int_or_null(j, o, "started_monotonic_ms",
			 row->starts > 0 && row->started_ms >= 0,
			 row->started_ms);
	json_add(j, o, "next", next_object(j, r, row));
	json_add(j, o, "waiting", waiting_object(j, r, i, row));
	json_text(j, o, "step", is_up && row->step != BOARD_STEP_NONE ?
					board_step_word(row->step) :
					NULL);
	json_bool(j, o, "is_stuck", row->is_stuck);
	json_bool(j, o, "is_remembered", row->is_remembered);
	json_bool(j, o, "is_stop_asked", row->is_stop_asked);
	json_bool(j, o, "is_draining", row->is_draining);
	json_bool(j, o, "is_unsignalled", row->unsent != 0);
	json_bool(j, o, "is_stop_command_running",
		  row->hooks >> HOOK_STOP & 1);
	json_bool(j, o, "is_on_blocked_running",
		  row->hooks >> HOOK_BLOCKED & 1);
	json_add(j, o, "schedule", schedule_object(j, r, s, row));
	report_checks(j, o, r, i, row);
	json_add(j, o, "window", window_object(j, &row->tally));
	add_counts(j, o, earlier, row);
	add_settings(j, o, r, s);
	json_add(j, o, "usage", usage_object(j, r, i, row->pid));
	json_add(j, o, "output",
		 last_lines_array(j, &r->output, i, 0, OUTPUT_FULL));
	json_add(j, o, "ends",
		 registry_ends(j, row, earlier, &r->output, i));
	return o;
}

static cJSON *torn_object(struct json *j, const char *name)
{
	cJSON *o = json_object(j);

	json_text(j, o, "name", name);
	json_bool(j, o, "torn", true);
	return o;
}

/* "3 services: 1 running, 2 blocked" */
static void add_summary(struct phrase *w, const struct report *r)
{
	unsigned count[LIFE_STATES] = { 0 }, all = 0;
	const char *mark = ": ";

	for (uint32_t i = 0; i < r->config->services; i++) {
		const struct board_service *row = &r->board->service[i];
		const volatile uint8_t *state = &row->state;
		uint8_t seen = *state;

		if (board_is_hidden(config_service(r->config, i), row))
			continue;
		all++;
		if (seen < LIFE_STATES)
			count[seen]++;
	}
	phrase_add(w, "%u service%s", all, all == 1 ? "" : "s");
	for (unsigned i = 0; i < LIFE_STATES; i++) {
		if (count[i] == 0)
			continue;
		phrase_add(w, "%s%u %s", mark, count[i],
			   life_word((enum life_state)i));
		mark = ", ";
	}
}

/* The first members: what this document is. */
static void add_head(struct json *j, const struct report *r,
		     const struct board *head)
{
	char text[200] = "";
	struct phrase w = PHRASE_IN(text);
	cJSON *o = json_object(j), *item;

	add_summary(&w, r);
	json_int(j, o, "schema", REPORT_SCHEMA);
	json_text(j, o, "dashpot", DASHPOT_VERSION);
	json_int(j, o, "generation", (int64_t)r->generation);
	json_time(j, o, "time", r->now.wall_ms);
	json_int(j, o, "monotonic_ms", r->now.mono_ms);
	json_text(j, o, "phase", phrase_phase(head->phase));
	json_text(j, o, "summary", text);
	while (j->err == 0 && (item = cJSON_DetachItemFromArray(o, 0)) != NULL)
		json_member(j, item->string, item);
	cJSON_Delete(o);
}

void report_write(struct json *j, const struct report *r)
{
	static struct board head;
	static struct board_service row;

	if (!board_head_read(r->board, &head)) {
		j->err = -EAGAIN;
		return;
	}
	json_open(j, NULL);
	add_head(j, r, &head);
	json_member(j, "container", container_object(j, r, &head));
	json_member(j, "volume", volume_object(j, r));
	json_member(j, "headroom", headroom_object(j, r, &head));
	json_member(j, "restart_budget", budget_object(j, r, &head));
	json_member(j, "helpers", helpers_object(j, &head));
	json_open(j, "services");
	for (uint32_t i = 0; i < r->config->services && j->err == 0; i++) {
		const char *name = config_name(r->config, i);

		if (!board_row_read(&r->board->service[i], &row))
			json_member(j, name, torn_object(j, name));
		else if (!board_is_hidden(config_service(r->config, i), &row))
			json_member(j, name, service_object(j, r, i, &row));
	}
	json_close(j);
	json_close(j);
}
