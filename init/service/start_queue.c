/* SPDX-License-Identifier: ISC */
/* Gates: a limit that refused one start would refuse the others too, so they
 * wait together. The first in the queue tries every 250 ms; once it comes
 * through, the others follow in the same turn. Gate 0 is for limits that bind
 * all services, the others for one value of one uid's RLIMIT_NPROC each.
 *
 * A refusal that no limit on tasks explains (a file system that says ENOMEM, a
 * limit of the service's own) closes no gate: it says nothing of the others.
 * Whatever is refused so stands aside, behind the queue, and is tried in turn
 * with its like, every 250 ms; one that executes lets the next one try. */
#include "init/service/start_queue.h"

#include <errno.h>
#include <sys/resource.h>

#include "init/kernel/process.h"
#include "init/kernel/processes.h"
#include "init/kernel/spawn.h"
#include "init/kernel/task_limits.h"
#include "init/kernel/wait.h"
#include "init/service/dependency_tree.h"
#include "init/service/hooks.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"
#include "init/service/oom.h"
#include "init/service/publish.h"

enum {
	AT_ONCE = 64, /* starts in one turn */
};

/* --- Waiting ----------------------------------------------------------- */

void queue_join(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	/* One that was refused has waited all the time. */
	if (s->refused_by == BOARD_LIMIT_NONE)
		s->queued_ms = sup->now_ms;
	s->since_ms = s->queued_ms;
	s->wait = BOARD_WAIT_NOTHING;
	s->on = -1;
	s->limit.kind = BOARD_LIMIT_NONE;
	sup->waiting++;
	sup->is_queue_due = true;
}

/* Own time goes on, and a person learns that the shortage is over. */
static void end_shortage(struct sup *sup, uint32_t i, bool has_started)
{
	struct service *s = &sup->service[i];

	if (s->short_ms == NEVER)
		return;
	breaker_release(&sup->breaker[i], sup->now_ms);
	if (has_started && s->wait == BOARD_WAIT_HEADROOM &&
	    s->refused_by == BOARD_LIMIT_NONE)
		SUP_SAY(sup, BOARD_EV_WAIT_OVER, (int)i,
			sup->now_ms - s->short_ms);
	s->short_ms = NEVER;
}

void queue_leave(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	end_shortage(sup, i, life_is_up(s->state));
	if (!life_is_up(s->state)) {
		s->refused_by = BOARD_LIMIT_NONE;
		s->refusals = 0;
		s->held_ms = NEVER;
	}
	s->wait = BOARD_WAIT_NOTHING;
	s->on = -1;
	sup->waiting--;
}

static bool is_same_limit(const struct board_limit *a,
			  const struct board_limit *b)
{
	return a->kind == b->kind && a->level == b->level && a->uid == b->uid;
}

/* Service i waits for `wait`; say so when that is news: of several dependencies
 * that are about to be ready only the first one. While room or a token
 * is short its own time stands still, else many loops together would hide
 * from their breakers. */
static void wait_for(struct sup *sup, uint32_t i, enum board_wait wait,
		     int32_t on, const struct board_limit *limit)
{
	struct service *s = &sup->service[i];
	static const struct board_limit none;
	const struct board_limit *by = limit ? limit : &none;
	bool is_short = wait == BOARD_WAIT_HEADROOM ||
			wait == BOARD_WAIT_BUDGET;
	bool is_news = s->wait != wait || !is_same_limit(&s->limit, by) ||
		       (s->on != on && tree_is_lost(sup, (uint32_t)on));

	if (is_short && s->short_ms == NEVER) {
		breaker_hold(&sup->breaker[i], sup->now_ms);
		s->short_ms = sup->now_ms;
	}
	if (!is_short)
		end_shortage(sup, i, false);
	if (wait != BOARD_WAIT_HEADROOM)
		s->held_ms = NEVER;
	else if (s->held_ms == NEVER)
		s->held_ms = sup->now_ms;
	if (is_news || s->on != on || s->limit.current != by->current ||
	    s->limit.max != by->max)
		service_touch(sup, i);
	/* Who waits for a blocked service holds up no exit_when_all_blocked. */
	if (s->wait != wait)
		sup->is_tree_changed = true;
	s->wait = wait;
	s->on = on;
	s->limit = *by;
	if (!is_news || wait == BOARD_WAIT_RESTORE ||
	    wait == BOARD_WAIT_LEFTOVERS)
		return;
	if (limit)
		SUP_SAY(sup, BOARD_EV_WAITING, (int)i, wait, limit->kind,
			limit->current, limit->max, limit->reserve,
			board_limit_of(limit), limit->err);
	else
		SUP_SAY(sup, BOARD_EV_WAITING, (int)i, wait, on);
}

/* May service i start as far as it itself is concerned? *when_ms: else look
 * again then. */
static bool is_startable(struct sup *sup, uint32_t i, int64_t *when_ms)
{
	struct service *s = &sup->service[i];
	int32_t on;

	*when_ms = NEVER;
	if (sup->restore_ms != NEVER) {
		wait_for(sup, i, BOARD_WAIT_RESTORE, -1, NULL);
		return false;
	}
	if (s->is_swept || hooks_are_swept(sup, i)) {
		wait_for(sup, i, BOARD_WAIT_LEFTOVERS, -1, NULL);
		return false;
	}
	on = tree_awaits(sup, i, when_ms);
	if (on >= 0)
		wait_for(sup, i, BOARD_WAIT_DEPENDENCY, on, NULL);
	return on < 0;
}

static struct budget_claim claim_of(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	return (struct budget_claim){
		.since_ms = s->queued_ms,
		.failures = s->failures,
		.is_essential = config_service(sup->config, i)->is_essential,
		.is_scheduled = config_is_scheduled(sup->config, i),
		.was_stable = s->was_stable,
	};
}

/* Those that stand aside come last, whose last attempt is oldest first. */
static bool goes_before(const struct sup *sup, uint32_t i, uint32_t other)
{
	const struct service *a = &sup->service[i];
	const struct service *b = &sup->service[other];
	struct budget_claim claim, other_claim;

	if ((a->refusals > 0) != (b->refusals > 0))
		return b->refusals > 0;
	if (a->refusals > 0)
		return a->tried_ms < b->tried_ms;
	claim = claim_of(sup, i);
	other_claim = claim_of(sup, other);
	return budget_before(&claim, &other_claim);
}

/* Insertion keeps equals in their order of start and is linear at boot, when
 * all are equal. */
static void insert(const struct sup *sup, uint16_t *list, uint32_t n,
		   uint16_t i)
{
	while (n > 0 && goes_before(sup, i, list[n - 1])) {
		list[n] = list[n - 1];
		n--;
	}
	list[n] = i;
}

/* --- Gates ------------------------------------------------------------- */

uint32_t queue_uid(const struct sup *sup, uint32_t i)
{
	const struct config_service *c = config_service(sup->config, i);

	return c->has_user ? c->uid : process_real_user();
}

/* The soft RLIMIT_NPROC that service i will have. */
static uint64_t nproc_of(const struct sup *sup, uint32_t i)
{
	const struct config_service *c = config_service(sup->config, i);

	for (uint32_t k = 0; k < c->limits; k++) {
		const struct config_limit *l =
			config_limit(sup->config, c->limits_first + k);

		if (l->resource == RLIMIT_NPROC)
			return l->soft;
	}
	return UINT64_MAX;
}

static void close_gate(struct sup *sup, struct gate *gate,
		       const struct board_limit *limit, bool is_after_clone)
{
	gate->limit = *limit;
	gate->is_closed = true;
	gate->is_after_clone = is_after_clone;
	gate->tried_ms = sup->now_ms;
	gate->next_ms = sup->now_ms + SUP_RETRY_MS;
}

/* The closed gate of service i's own RLIMIT_NPROC, or NULL. */
static struct gate *own_gate(struct sup *sup, uint32_t i)
{
	uint32_t uid = queue_uid(sup, i);
	uint64_t nproc = nproc_of(sup, i);

	for (int k = 1; k < SUP_GATES; k++) {
		struct gate *gate = &sup->gate[k];

		if (gate->is_closed && gate->uid == uid &&
		    gate->nproc == nproc)
			return gate;
	}
	return NULL;
}

/* ... or one that can become it; with more limits short of room than gates
 * the last gate changes hands. */
static struct gate *new_own_gate(struct sup *sup, uint32_t i)
{
	struct gate *gate = own_gate(sup, i);

	for (int k = 1; k < SUP_GATES && !gate; k++)
		if (!sup->gate[k].is_closed || k == SUP_GATES - 1)
			gate = &sup->gate[k];
	gate->uid = queue_uid(sup, i);
	gate->nproc = nproc_of(sup, i);
	return gate;
}

/* The gate that holds service i back now, or NULL. */
static struct gate *shut_gate(struct sup *sup, uint32_t i)
{
	struct gate *own = own_gate(sup, i);

	if (sup->gate[0].is_closed && sup->now_ms < sup->gate[0].next_ms)
		return &sup->gate[0];
	if (own && sup->now_ms < own->next_ms)
		return own;
	return NULL;
}

/* A process was made. Where only an exec shows that there is room, the others
 * wait for this attempt's verdict; for one that hangs before its exec no longer
 * than for one that is refused. */
static void pass_gate(struct sup *sup, struct gate *gate)
{
	if (!gate || !gate->is_closed)
		return;
	if (!gate->is_after_clone) {
		gate->is_closed = false;
		return;
	}
	gate->tried_ms = sup->now_ms;
	gate->next_ms = sup->now_ms + SUP_RETRY_MS;
}

static void open_gate(struct sup *sup, struct gate *gate)
{
	if (!gate || !gate->is_closed || !gate->is_after_clone)
		return;
	gate->is_closed = false;
	sup->is_queue_due = true;
}

/* Only the first of its attempts is news. */
static void wait_again(struct sup *sup, uint32_t i,
		       const struct board_limit *limit)
{
	struct service *s = &sup->service[i];

	if (s->refused_by == BOARD_LIMIT_NONE)
		s->refused_ms = sup->now_ms;
	if (s->refused_by == limit->kind) {
		s->wait = BOARD_WAIT_HEADROOM;
		s->limit = *limit;
	}
	s->refused_by = limit->kind;
	wait_for(sup, i, BOARD_WAIT_HEADROOM, -1, limit);
	sup->is_queue_due = true;
}

void queue_refused(struct sup *sup, uint32_t i,
		   const struct board_limit *limit)
{
	close_gate(sup,
		   limit->kind == BOARD_LIMIT_NPROC ? new_own_gate(sup, i)
						    : &sup->gate[0],
		   limit, true);
	wait_again(sup, i, limit);
}

void queue_set_aside(struct sup *sup, uint32_t i,
		     const struct board_limit *limit)
{
	sup->service[i].refusals++;
	sup->aside_ms = sup->now_ms + SUP_RETRY_MS;
	wait_again(sup, i, limit);
}

static void say_started(struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	SUP_SAY(sup, BOARD_EV_STARTED, (int)i, s->pid,
		sup->breaker[i].state == BREAKER_HALF_OPEN,
		(int64_t)s->starts);
}

void queue_executes(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->has_token = false;
	s->held_ms = NEVER;
	if (s->refused_by != BOARD_LIMIT_NONE) {
		s->refused_by = BOARD_LIMIT_NONE;
		SUP_SAY(sup, BOARD_EV_WAIT_OVER, (int)i,
			sup->now_ms - s->refused_ms);
	}
	say_started(sup, i);
	if (s->refusals > 0) {
		sup->aside_ms = sup->now_ms;
		sup->is_queue_due = true;
	}
	s->refusals = 0;
	open_gate(sup, &sup->gate[0]);
	open_gate(sup, own_gate(sup, i));
}

int32_t queue_held(const struct sup *sup, int64_t *when_ms)
{
	const int64_t most_ms = sup->config->held_timeout_ms;
	int32_t first = -1;

	*when_ms = NEVER;
	for (uint32_t i = 0; most_ms > 0 && sup->waiting > 0 &&
			     i < sup->config->services; i++) {
		const struct service *s = &sup->service[i];

		if (s->state != LIFE_WAITING || s->held_ms == NEVER ||
		    !settings(sup, i)->is_essential ||
		    s->held_ms + most_ms >= *when_ms)
			continue;
		*when_ms = s->held_ms + most_ms;
		first = (int32_t)i;
	}
	return first;
}

void queue_has_room(struct sup *sup)
{
	for (int k = 0; k < SUP_GATES; k++) {
		struct gate *gate = &sup->gate[k];
		int64_t soon_ms = gate->tried_ms + SUP_RETRY_SOON_MS;

		if (!gate->is_closed || gate->next_ms <= soon_ms)
			continue;
		gate->next_ms = soon_ms;
		sup->is_queue_due = true;
	}
}

/* --- Starting ---------------------------------------------------------- */

/* Does its next start take a token? First starts at boot do not, nor does one
 * that was refused after it had taken its token. */
static bool takes_token(const struct service *s)
{
	return s->starts > 0 && !s->has_token;
}

static void has_spawned(struct sup *sup, uint32_t i, pid_t pid, int verdict_fd)
{
	struct service *s = &sup->service[i];
	bool is_probe = sup->breaker[i].state == BREAKER_HALF_OPEN;

	pass_gate(sup, &sup->gate[0]);
	pass_gate(sup, own_gate(sup, i));
	if (s->refusals > 0)
		sup->aside_ms = sup->now_ms + SUP_RETRY_MS;
	s->pid = pid;
	sup->leader[i] = pid;
	s->session = pid;
	s->verdict_fd = verdict_fd;
	s->started_ms = sup->now_ms;
	s->stuck_ms = sup->now_ms + SUP_STUCK_MS;
	s->starts++;
	s->unsent = 0;
	s->has_failed = false;
	s->is_forced = false;
	s->is_asked = false;
	s->is_parted = false;
	s->is_late = false;
	s->is_wanted = false;
	s->was_stable = false;
	s->has_passed = false;
	service_take(sup, i, is_probe ? LIFE_SPAWNED_PROBE : LIFE_SPAWNED);
	/* -ENOMEM or -ENOSPC: its verdict is then read when it is called stuck
	 * or when its child ends. */
	(void)wait_add(sup->epoll_fd, sup->service[i].verdict_fd, i);
}

/* One attempt to start service i, all conditions of its own being met. */
static void try_start(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	struct spawn_plan plan;
	struct board_limit limit;
	int verdict_fd = -1;
	pid_t pid;

	if (!limits_have_room(&sup->limits, sup->config->headroom, &limit)) {
		close_gate(sup, &sup->gate[0], &limit, false);
		wait_for(sup, i, BOARD_WAIT_HEADROOM, -1, &limit);
		return;
	}
	if (takes_token(s)) {
		s->has_token = budget_take(&sup->budget,
					   &sup->config->restart_rate,
					   sup->now_ms);
		sup->restarts++;
	}
	s->tried_ms = sup->now_ms;
	limits_note(&sup->limits);
	oom_prepare(sup, i);
	s->born_ticks = processes_now_ticks();
	breaker_probe(&sup->breaker[i], sup->now_ms,
		      service_start_kind(s));
	pid = notify_prepare(sup, i);
	if (pid < 0) {
		limits_blame_step(BOARD_STEP_READY, -pid, &limit);
		queue_set_aside(sup, i, &limit);
		return;
	}
	publish_run(sup, i, s->starts + 1);
	plan = service_plan(sup, i);
	pid = spawn_service(&plan, &verdict_fd);
	notify_cloned(sup, i, pid > 0);
	if (pid < 0) {
		publish_run(sup, i, s->starts);
		limits_blame(&sup->limits, -pid, &limit);
		close_gate(sup, &sup->gate[0], &limit, false);
		wait_for(sup, i, BOARD_WAIT_HEADROOM, -1, &limit);
		return;
	}
	has_spawned(sup, i, pid, verdict_fd);
}

static void start_or_wait(struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];
	struct gate *gate = shut_gate(sup, i);

	/* The token is asked for first and taken last: in another order two
	 * shortages at once would take turns in being said. */
	if (takes_token(s) &&
	    budget_tokens(&sup->budget, &sup->config->restart_rate,
			  sup->now_ms) == 0)
		wait_for(sup, i, BOARD_WAIT_BUDGET, -1, NULL);
	else if (gate)
		wait_for(sup, i, BOARD_WAIT_HEADROOM, -1, &gate->limit);
	else if (s->refusals > 0 && sup->now_ms < sup->aside_ms)
		wait_for(sup, i, BOARD_WAIT_HEADROOM, -1, &s->limit);
	else
		try_start(sup, i);
}

/* Bring forward what goes first by age, of those that a token would let start.
 * False where there is none. */
static bool bring_oldest(struct sup *sup, uint16_t *list, uint32_t n)
{
	struct budget_claim best = { .since_ms = sup->now_ms };
	uint32_t at = n;

	for (uint32_t k = 0; k < n; k++) {
		struct budget_claim claim = claim_of(sup, list[k]);

		if (!takes_token(&sup->service[list[k]]) ||
		    !budget_older(&claim, &best, sup->now_ms) ||
		    shut_gate(sup, list[k]))
			continue;
		best = claim;
		at = k;
	}
	if (at == n)
		return false;
	for (uint16_t oldest = list[at]; at > 0; at--) {
		list[at] = list[at - 1];
		list[at - 1] = oldest;
	}
	return true;
}

/* All that can start, in the order of `list`, which is that of rank; as many as
 * a turn takes, the others in the next. */
static void start_in_turn(struct sup *sup, uint16_t *list, uint32_t n)
{
	bool has_old = true;
	uint32_t started = 0;

	for (uint32_t k = 0; k < n && started < AT_ONCE; k++) {
		if (sup->budget.is_by_age && has_old)
			has_old = bring_oldest(sup, &list[k], n - k);
		start_or_wait(sup, list[k]);
		started += sup->service[list[k]].state != LIFE_WAITING;
	}
	sup->is_queue_due |= started == AT_ONCE;
}

/* When to look again: at a token, or when a gate tries again. */
static void plan(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		if (sup->service[i].state != LIFE_WAITING ||
		    sup->service[i].wait != BOARD_WAIT_BUDGET)
			continue;
		sup->queue_ms = earlier(
			sup->queue_ms,
			budget_next_ms(&sup->budget,
				       &sup->config->restart_rate,
				       sup->now_ms));
		break;
	}
	for (int k = 0; k < SUP_GATES; k++) {
		struct gate *gate = &sup->gate[k];

		/* It was due and nobody tried: nobody waits behind it. */
		if (gate->is_closed && gate->next_ms <= sup->now_ms)
			gate->is_closed = false;
		if (gate->is_closed)
			sup->queue_ms = earlier(sup->queue_ms, gate->next_ms);
	}
	if (sup->aside_ms > sup->now_ms)
		sup->queue_ms = earlier(sup->queue_ms, sup->aside_ms);
}

void queue_run(struct sup *sup)
{
	uint16_t list[CONFIG_SERVICES];
	uint32_t n = 0;

	if (!sup->is_queue_due && sup->now_ms < sup->queue_ms)
		return;
	sup->is_queue_due = false;
	sup->queue_ms = NEVER;
	if (sup->waiting == 0 || sup->stop.phase != STOP_NOT)
		return;
	for (uint32_t k = 0; k < sup->config->services; k++) {
		uint16_t i = config_order(sup->config)[k];
		int64_t when_ms;

		if (sup->service[i].state != LIFE_WAITING)
			continue;
		if (is_startable(sup, i, &when_ms))
			insert(sup, list, n++, i);
		else
			sup->queue_ms = earlier(sup->queue_ms, when_ms);
	}
	start_in_turn(sup, list, n);
	plan(sup);
}
