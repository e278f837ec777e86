/* SPDX-License-Identifier: ISC */
/* A copy of private state, made once a turn and only where something is new:
 * PID 1 never reads it back to decide anything. */
#include "init/service/publish.h"

#include <string.h>

#include "init/kernel/task_limits.h"

static void publish_breaker(const struct sup *sup, uint32_t i,
			    struct board_service *row)
{
	const struct service *s = &sup->service[i];
	const struct breaker *b = &sup->breaker[i];

	row->breaker = (uint8_t)b->state;
	row->trips = b->trips;
	row->at_once = b->at_once;
	row->doublings = b->doublings;
	row->until_ms = b->state == BREAKER_OPEN ? b->until_ms : -1;
	row->in_row = b->in_row;
	row->was_asked = s->was_asked;
	row->tally = s->state == LIFE_BLOCKED && s->opened.window_ms != 0
			     ? s->opened
			     : service_tally(sup, i);
}

/* The time at which something will happen to it by itself; -1 none. */
static int64_t next_of(const struct service *s)
{
	int64_t next_ms = s->due_ms;

	if (s->state == LIFE_STOPPING)
		next_ms = s->unsent ? NEVER : earlier(s->drain_ms, s->kill_ms);
	if (s->state == LIFE_IDLE)
		next_ms = s->tick_ms;
	if (s->state == LIFE_RUNNING || next_ms == NEVER)
		return -1;
	return next_ms;
}

static void publish_check(const struct sup *sup, uint32_t i,
			  struct board_service *row)
{
	const struct service *s = &sup->service[i];
	const struct check *c = s->is_checked ? &sup->check[i] : NULL;

	row->is_unready = s->pid != 0 && s->ready_ms == NEVER;
	row->answer = (uint8_t)(c ? c->answer : BOARD_ANSWER_NONE);
	row->answer_code = c ? c->code : 0;
	row->unhealthy = c ? c->failures : 0;
	row->is_passing = c && c->is_passed;
	row->has_passed = s->has_passed;
	row->is_parted = s->is_parted;
}

/* The kinds of those that run, checks excepted: bit n for kind n. */
static uint8_t hooks_shown(const struct sup *sup, uint32_t i)
{
	unsigned shown = 0;

	for (uint32_t k = 0; k < sup->hooks; k++)
		if (sup->hook[k].service == i && !sup->hook[k].is_over &&
		    sup->hook[k].kind != HOOK_CHECK)
			shown |= 1U << sup->hook[k].kind;
	return (uint8_t)shown;
}

/* An errno: a hook of service i, or what it left, could not be signalled; 0. */
static int hooks_unsent(const struct sup *sup, uint32_t i)
{
	int err = 0;

	for (uint32_t k = 0; k < sup->hooks; k++)
		if (sup->hook[k].service == i && sup->hook[k].unsent)
			err = sup->hook[k].unsent;
	return err;
}

static void publish_service(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	struct board_service *row = &sup->boards.board->service[i];
	const bool is_idle = s->state == LIFE_IDLE;

	board_row_begin(row);
	/* To everybody else it waits, for its schedule. */
	row->state = (uint8_t)(is_idle ? LIFE_WAITING : s->state);
	row->wait = (uint8_t)(is_idle ? BOARD_WAIT_SCHEDULE : s->wait);
	row->step = s->stuck_ms != NEVER || s->is_stuck
			    ? (uint8_t)sup->report[i].step
			    : BOARD_STEP_NONE;
	row->is_stuck = s->is_stuck;
	row->is_remembered = s->is_remembered;
	row->is_stop_asked = s->is_stop_asked;
	row->is_draining = s->drain_ms != NEVER && !s->unsent;
	row->hooks = hooks_shown(sup, i);
	row->pid = s->pid;
	row->on = s->on;
	row->unsent = s->unsent ? s->unsent : hooks_unsent(sup, i);
	row->failures = s->failures;
	row->leftovers = s->left;
	row->starts = s->starts;
	row->mark = s->mark;
	row->since_ms = s->since_ms;
	row->started_ms = s->started_ms;
	row->next_ms = next_of(s);
	row->tick_ms = s->tick_ms == NEVER ? -1 : s->tick_ms;
	row->tick_wall_ms = s->tick_wall_ms;
	row->skipped = s->skipped;
	row->limit = s->limit;
	publish_check(sup, i, row);
	publish_breaker(sup, i, row);
	board_row_end(row);
	s->is_changed = false;
}

static enum board_phase phase_of(const struct sup *sup)
{
	if (sup->stop.phase >= STOP_HELPERS)
		return BOARD_EXITING;
	if (sup->stop.phase != STOP_NOT)
		return BOARD_STOPPING_ALL;
	return sup->restore_ms == NEVER ? BOARD_UP : BOARD_STARTING;
}

/* Services that wait for room or a token, not for each other. */
static uint32_t count_short(const struct sup *sup)
{
	uint32_t n = 0;

	for (uint32_t i = 0; sup->waiting > 0 && i < sup->config->services; i++)
		n += sup->service[i].short_ms != NEVER;
	return n;
}

static void publish_head(struct sup *sup)
{
	struct board *b = sup->boards.board;

	board_head_begin(b);
	b->services = sup->config->services;
	b->phase = (uint8_t)phase_of(sup);
	b->is_pid1 = sup->pid == 1;
	b->is_outer_loop = sup->is_outer_loop;
	b->is_dry_clone_exact = sup->limits.is_dry_clone_exact;
	b->pid = sup->pid;
	b->exit_code =
		sup->stop.phase >= STOP_HELPERS ? sup->stop.exit_code : -1;
	b->exit_service =
		sup->stop.phase != STOP_NOT ? sup->stop.exit_service : -1;
	b->began_ms = sup->began_ms;
	b->began_wall_ms = sup->began_wall_ms;
	b->now_ms = sup->now_ms;
	b->now_wall_ms = sup->now_wall_ms;
	b->reloads = sup->reloads;
	b->mark_base = sup->mark_base;
	b->reaped = sup->reaped;
	b->orphans = sup->orphans;
	b->restarts = sup->restarts;
	b->tokens = budget_tokens(&sup->budget, &sup->config->restart_rate,
				  sup->now_ms);
	b->waiting = count_short(sup);
	b->late_max_ms = sup->late_max_ms;
	for (int k = 0; k < BOARD_HELPERS; k++)
		b->helper[k] = (struct board_helper){
			.pid = sup->kept[k].pid,
			.restarts = sup->kept[k].restarts,
		};
	limits_show(&sup->limits, sup->config->headroom, b->limit);
	board_head_end(b);
	sup->is_head_changed = false;
}

void publish_run(struct sup *sup, uint32_t i, uint64_t run)
{
	struct board_service *row = &sup->boards.board->service[i];

	board_row_begin(row);
	row->starts = run;
	board_row_end(row);
}

void publish_hook(struct sup *sup, uint32_t i, enum hook_kind kind, pid_t pid)
{
	struct board_service *row = &sup->boards.board->service[i];

	board_row_begin(row);
	row->hook_pid[kind] = pid;
	board_row_end(row);
}

void publish_end(struct sup *sup, uint32_t i, struct board_end *end)
{
	struct board_service *row = &sup->boards.board->service[i];

	end->number = row->ends_count + 1;
	board_row_begin(row);
	row->ends[row->ends_count % BOARD_ENDS] = *end;
	row->ends_count++;
	if (end->was_failure)
		row->failed++;
	board_row_end(row);
}

void publish_left_ended(struct sup *sup, uint32_t i, uint32_t ended)
{
	struct board_service *row = &sup->boards.board->service[i];

	board_row_begin(row);
	row->leftovers_ended += ended;
	board_row_end(row);
}

void publish_left(struct sup *sup, uint32_t i, uint32_t found)
{
	struct board_service *row = &sup->boards.board->service[i];
	struct board_end *end = &row->ends[(row->ends_count - 1) % BOARD_ENDS];
	uint32_t before = sup->service[i].left;

	if (found < before) {
		publish_left_ended(sup, i, before - found);
	} else if (found > before && row->ends_count > 0 &&
		   found > (uint32_t)end->leftovers) {
		board_row_begin(row);
		end->leftovers = (int32_t)found;
		board_row_end(row);
	}
}

void publish_begin(struct sup *sup)
{
	struct board *b = sup->boards.board;

	board_head_begin(b);
	b->pid = sup->pid;
	b->began_ms = sup->began_ms;
	b->began_wall_ms = sup->began_wall_ms;
	board_head_end(b);
}

unsigned publish(struct sup *sup)
{
	struct board *b = sup->boards.board;
	uint64_t events = atomic_load(&b->events);
	bool is_news = events != sup->events_seen;
	unsigned readers = 1U << BOARD_RECORDER | 1U << BOARD_CONTROL;

	/* An event alone is for the volume too. */
	if (!sup->is_head_changed && !is_news)
		return 0;
	for (uint32_t i = 0; i < sup->config->services; i++)
		if (sup->service[i].is_changed)
			publish_service(sup, i);
	publish_head(sup);
	atomic_fetch_add(&b->generation, 1);
	sup->events_seen = events;
	if (is_news || sup->stop.phase >= STOP_HELPERS)
		readers |= 1U << BOARD_RELAY |
			   (unsigned)sup->has_files << BOARD_FILES;
	return readers;
}
