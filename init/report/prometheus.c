/* SPDX-License-Identifier: ISC */
/* One table row a metric: its name, help, kind, and the function that puts its
 * samples. */
#include "init/report/prometheus.h"

#include <errno.h>

#include "init/report/service_health.h"
#include "policy/breaker.h"
#include "policy/life.h"

#ifndef DASHPOT_VERSION
#define DASHPOT_VERSION "unknown"
#endif

/* What a sample is taken from. */
struct scrape {
	struct json *j;
	const struct report *report;
	const struct board *head;
	const struct board_service *row; /* of the service in turn */
	const struct config_service *settings; /* its own */
	const struct usage_row *usage;   /* of its process, or NULL */
	const char *service;             /* its name; NULL: all of dashpot */
	const char *metric;
};

/* Where a number is. */
enum scope { OF_DASHPOT, OF_SERVICE };

static void put(struct scrape *s, const struct phrase *w)
{
	if (s->j->err == 0)
		s->j->err = s->j->put(s->j->context, w->at, w->used);
}

/* A sample. `labels` ("", or `state="up"`) go behind service="…"; value
 * counts thousandths where is_milli. Names of services need no escape. */
static void put_sample(struct scrape *s, const char *labels, int64_t value,
		       bool is_milli)
{
	char text[320];
	struct phrase w = PHRASE_IN(text);
	bool has_both = s->service != NULL && labels[0] != '\0';

	phrase_add(&w, "dashpot_%s", s->metric);
	if (s->service != NULL || labels[0] != '\0')
		phrase_add(&w, "{");
	if (s->service != NULL)
		phrase_add(&w, "service=\"%s\"%s", s->service,
			   has_both ? "," : "");
	phrase_add(&w, "%s", labels);
	if (s->service != NULL || labels[0] != '\0')
		phrase_add(&w, "}");
	if (is_milli)
		phrase_add(&w, " %lld.%03lld\n", (long long)value / 1000,
			   (long long)value % 1000);
	else
		phrase_add(&w, " %lld\n", (long long)value);
	put(s, &w);
}

/* A plain number, where it is known. */
static void put_number(struct scrape *s, int64_t value)
{
	if (value >= 0)
		put_sample(s, "", value, false);
}

static void put_milli(struct scrape *s, int64_t value_ms)
{
	if (value_ms >= 0)
		put_sample(s, "", value_ms, true);
}

static void build_info(struct scrape *s)
{
	put_sample(s, "version=\"" DASHPOT_VERSION "\"", 1, false);
}

static void start_time(struct scrape *s)
{
	put_milli(s, s->head->began_wall_ms);
}

static void reaped(struct scrape *s)
{
	put_number(s, (int64_t)s->head->reaped);
}

static void orphans(struct scrape *s)
{
	put_number(s, (int64_t)s->head->orphans);
}

static void tokens(struct scrape *s)
{
	put_number(s, s->head->tokens);
}

static void tokens_used(struct scrape *s)
{
	put_number(s, (int64_t)s->head->restarts);
}

static void waiting(struct scrape *s)
{
	put_number(s, s->head->waiting);
}

static void lateness(struct scrape *s)
{
	put_milli(s, s->head->late_max_ms);
}

static void helper_restarts(struct scrape *s)
{
	char label[48] = "";

	for (unsigned i = 0; i < BOARD_HELPERS; i++) {
		struct phrase w = PHRASE_IN(label);

		phrase_add(&w, "helper=\"%s\"", board_helper_word(i));
		put_sample(s, label, s->head->helper[i].restarts, false);
	}
}

/* Which of the numbers of a limit. */
enum limit_number { LIMIT_TASKS, LIMIT_MAX, LIMIT_ROOM };

static void put_limits(struct scrape *s, enum limit_number which)
{
	char label[64] = "";

	for (size_t i = 0; i < BOARD_LIMITS; i++) {
		const struct board_limit *l = &s->head->limit[i];
		struct phrase w = PHRASE_IN(label);
		int64_t value = which == LIMIT_TASKS ? l->current :
				which == LIMIT_MAX   ? l->max :
				l->max - l->current;

		if (l->kind == BOARD_LIMIT_NONE)
			return;
		if (l->max < 0 || l->current < 0)
			continue;
		phrase_add(&w, "limit=\"%s\"", phrase_limit_kind(l->kind));
		if (l->kind == BOARD_LIMIT_PIDS_CGROUP)
			phrase_add(&w, ",level=\"%d\"", l->level);
		if (l->kind == BOARD_LIMIT_NPROC)
			phrase_add(&w, ",uid=\"%u\"", l->uid);
		put_sample(s, label, value > 0 ? value : 0, false);
	}
}

static void tasks(struct scrape *s)
{
	put_limits(s, LIMIT_TASKS);
}

static void tasks_limit(struct scrape *s)
{
	put_limits(s, LIMIT_MAX);
}

static void headroom(struct scrape *s)
{
	put_limits(s, LIMIT_ROOM);
}

/* KiB of a sample as bytes; -1 stays. */
static int64_t bytes_of(int64_t kib)
{
	return kib < 0 ? -1 : kib * 1024;
}

static bool has_usage(const struct scrape *s)
{
	return s->report->usage != NULL && s->report->usage->mono_ms != 0;
}

static void memory(struct scrape *s)
{
	put_number(s, has_usage(s) ? bytes_of(s->report->usage->memory_kib) :
				     -1);
}

static void memory_limit(struct scrape *s)
{
	put_number(s, has_usage(s) ?
			      bytes_of(s->report->usage->memory_max_kib) :
			      -1);
}

static void oom_kills(struct scrape *s)
{
	put_number(s, has_usage(s) ? s->report->usage->oom_kills : -1);
}

static void restarts(struct scrape *s)
{
	put_number(s, s->row->starts > 0 ? (int64_t)s->row->starts - 1 : 0);
}

static void failures(struct scrape *s)
{
	put_number(s, (int64_t)s->row->failed);
}

static void leftovers_ended(struct scrape *s)
{
	put_number(s, (int64_t)s->row->leftovers_ended);
}

static void state(struct scrape *s)
{
	char label[32] = "";

	for (unsigned i = 0; i < LIFE_STATES; i++) {
		struct phrase w = PHRASE_IN(label);

		if (i == LIFE_IDLE) /* on the board it is waiting */
			continue;
		phrase_add(&w, "state=\"%s\"", life_word((enum life_state)i));
		put_sample(s, label, s->row->state == i, false);
	}
}

static void breaker_open(struct scrape *s)
{
	put_number(s, s->row->breaker == BREAKER_OPEN ||
			      s->row->breaker == BREAKER_LATCHED);
}

static bool is_scheduled(const struct scrape *s)
{
	return schedule_is_set(&s->settings->schedule);
}

static void next_run(struct scrape *s)
{
	const struct registry_now *now = &s->report->now;
	const struct board_service *row = s->row;

	if (is_scheduled(s) && row->tick_ms > 0)
		put_milli(s, row->tick_wall_ms >= 0 ?
				     row->tick_wall_ms :
				     now->wall_ms - now->mono_ms +
					     row->tick_ms);
}

static void last_run_failed(struct scrape *s)
{
	if (is_scheduled(s) && s->row->ends_count > 0)
		put_number(s, s->row->failures > 0);
}

static void skipped(struct scrape *s)
{
	if (is_scheduled(s))
		put_number(s, (int64_t)s->row->skipped);
}

static void well(struct scrape *s)
{
	enum well is = service_health(s->settings, s->row);

	if (is != WELL_UNASKED)
		put_number(s, is == WELL_YES);
}

static void trips(struct scrape *s)
{
	put_number(s, s->row->trips);
}

static void service_start_time(struct scrape *s)
{
	const struct registry_now *now = &s->report->now;

	if (s->row->pid > 0 && s->row->started_ms > 0)
		put_milli(s, now->wall_ms - now->mono_ms + s->row->started_ms);
}

static void cpu(struct scrape *s)
{
	put_milli(s, s->usage != NULL ? s->usage->cpu_ms : -1);
}

static void resident(struct scrape *s)
{
	put_number(s, s->usage != NULL ? bytes_of(s->usage->rss_kib) : -1);
}

static void processes(struct scrape *s)
{
	put_number(s, s->usage != NULL ? s->usage->processes : -1);
}

static void threads(struct scrape *s)
{
	put_number(s, s->usage != NULL ? s->usage->threads : -1);
}

static void zombies(struct scrape *s)
{
	put_number(s, s->usage != NULL ? s->usage->zombies : -1);
}

static const struct metric {
	enum scope scope;
	bool is_counter;
	const char *name, *help;
	void (*put)(struct scrape *s);
} metrics[] = {
	/* clang-format off */
	{ OF_DASHPOT, false, "build_info", "Version, as a label.", build_info },
	{ OF_DASHPOT, false, "start_time_seconds",
	  "Start of dashpot, Unix time.", start_time },
	{ OF_DASHPOT, true, "reaped_total",
	  "Processes waited for.", reaped },
	{ OF_DASHPOT, true, "orphans_reaped_total",
	  "Of those, neither services nor dashpot's own.", orphans },
	{ OF_DASHPOT, false, "restart_tokens",
	  "Restarts that restart_rate allows now.", tokens },
	{ OF_DASHPOT, true, "restart_tokens_used_total",
	  "Restarts that took a token.", tokens_used },
	{ OF_DASHPOT, false, "waiting_services",
	  "Services that wait for room or for a token.", waiting },
	{ OF_DASHPOT, false, "lateness_max_seconds",
	  "Worst lateness of one of dashpot's deadlines.", lateness },
	{ OF_DASHPOT, true, "helper_restarts_total",
	  "Restarts of dashpot's helper processes.", helper_restarts },
	{ OF_DASHPOT, false, "tasks",
	  "Tasks that count against a limit.", tasks },
	{ OF_DASHPOT, false, "tasks_limit",
	  "Most tasks that a limit allows.", tasks_limit },
	{ OF_DASHPOT, false, "headroom_tasks",
	  "Tasks that still fit under a limit.", headroom },
	{ OF_DASHPOT, false, "memory_bytes",
	  "Memory of the container.", memory },
	{ OF_DASHPOT, false, "memory_limit_bytes",
	  "Memory limit of the container.", memory_limit },
	{ OF_DASHPOT, true, "oom_kills_total",
	  "Processes of the container killed for want of memory.", oom_kills },
	{ OF_SERVICE, true, "service_restarts_total",
	  "Starts after the first one.", restarts },
	{ OF_SERVICE, true, "service_failures_total",
	  "Ends that counted as failures.", failures },
	{ OF_SERVICE, true, "service_leftovers_ended_total",
	  "Left-behind processes that were ended.", leftovers_ended },
	{ OF_SERVICE, false, "service_state",
	  "1 for the state that the service is in.", state },
	{ OF_SERVICE, false, "service_well",
	  "1 while the service is well, as health says it.", well },
	{ OF_SERVICE, false, "service_breaker_open",
	  "1 while starts are blocked by failures.", breaker_open },
	{ OF_SERVICE, false, "service_breaker_trips",
	  "How often the breaker opened in a row.", trips },
	{ OF_SERVICE, false, "service_next_run_time_seconds",
	  "Next run by its schedule, Unix time.", next_run },
	{ OF_SERVICE, false, "service_last_run_failed",
	  "1 where the last run of its schedule failed.", last_run_failed },
	{ OF_SERVICE, true, "service_skipped_runs_total",
	  "Runs of its schedule that came during another one.", skipped },
	{ OF_SERVICE, false, "service_start_time_seconds",
	  "Start of the running process, Unix time.", service_start_time },
	{ OF_SERVICE, true, "service_cpu_seconds_total",
	  "CPU time of the present run.", cpu },
	{ OF_SERVICE, false, "service_resident_memory_bytes",
	  "Resident memory of all its processes.", resident },
	{ OF_SERVICE, false, "service_processes",
	  "Processes in its session.", processes },
	{ OF_SERVICE, false, "service_threads",
	  "Threads of those.", threads },
	{ OF_SERVICE, false, "service_zombies",
	  "Ended processes that it does not wait for.", zombies },
	/* clang-format on */
};

static void put_head(struct scrape *s, const struct metric *m)
{
	char text[240];
	struct phrase w = PHRASE_IN(text);

	s->metric = m->name;
	phrase_add(&w, "# HELP dashpot_%s %s\n# TYPE dashpot_%s %s\n", m->name,
		   m->help, m->name, m->is_counter ? "counter" : "gauge");
	put(s, &w);
}

/* A metric's samples stand together, so every row is read once for each. */
static void put_services(struct scrape *s, const struct metric *m,
			 struct board_service *row)
{
	const struct report *r = s->report;

	for (uint32_t i = 0; i < r->config->services && s->j->err == 0; i++) {
		if (!board_row_read(&r->board->service[i], row) ||
		    board_is_hidden(config_service(r->config, i), row))
			continue;
		s->row = row;
		s->settings = config_service(r->config, i);
		s->usage = usage_of(r->usage, i, row->pid);
		s->service = config_name(r->config, i);
		m->put(s);
	}
	s->service = NULL;
}

void metrics_write(struct json *j, const struct report *r)
{
	static struct board head;
	static struct board_service row;
	struct scrape s = { .j = j, .report = r, .head = &head };

	if (!board_head_read(r->board, &head)) {
		j->err = -EAGAIN;
		return;
	}
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		put_head(&s, &metrics[i]);
		if (metrics[i].scope == OF_DASHPOT)
			metrics[i].put(&s);
		else
			put_services(&s, &metrics[i], &row);
	}
}
