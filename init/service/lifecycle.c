/* SPDX-License-Identifier: ISC */
/* The middle of PID 1: a verdict or a deadline (and an exit, in ends.c) becomes
 * one event of the life table, and the deeds of its row are done here. Nothing
 * here looks at another service; tree.c does. */
#include "init/service/lifecycle.h"

#include <signal.h>

#include "init/kernel/wait.h"
#include "init/service/checks.h"
#include "init/service/hooks.h"
#include "init/service/leftovers.h"
#include "init/service/oom.h"
#include "init/service/schedule_timer.h"
#include "init/service/start_queue.h"
#include "init/service/stop.h"

/* Work out its next deadline. Once SIGKILL was sent, kill_ms is over; while it
 * is swept, sweep_ms minds it. */
void service_arm(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	int64_t next_ms = earlier(earlier(s->due_ms, s->stuck_ms), s->tick_ms);

	if (s->is_swept)
		next_ms = earlier(next_ms, s->sweep_ms);
	else if (s->pid && s->state == LIFE_STOPPING && !s->is_killed)
		next_ms = earlier(next_ms, earlier(s->drain_ms, s->kill_ms));
	if (s->is_checked)
		next_ms = earlier(next_ms, checks_next_ms(sup, i));
	sup->next_ms[i] = next_ms;
}

void service_touch(struct sup *sup, uint32_t i)
{
	service_arm(sup, i);
	sup->service[i].is_changed = true;
	sup->is_head_changed = true;
}

void service_begin(struct sup *sup, uint32_t i)
{
	sup->service[i] = (struct service){
		.since_ms = sup->now_ms,
		.short_ms = NEVER,
		.held_ms = NEVER,
		.started_ms = -1,
		.ready_ms = NEVER,
		.gone = LIFE_GONE,
		.due_ms = NEVER,
		.stuck_ms = NEVER,
		.kill_ms = NEVER,
		.drain_ms = NEVER,
		.sweep_ms = NEVER,
		.tick_ms = NEVER,
		.tick_wall_ms = -1,
		.ticked_wall_ms = -1,
		.mark = sup->marks + 1,
		.kills = -1,
		.kills_ms = -1,
		.on = -1,
		.verdict_fd = -1,
		.ready_fd = -1,
		.ready_peer_fd = -1,
	};
	sup->marks += 1 + HOOKS;
	if (settings(sup, i)->is_main)
		sup->main_service = i;
	if (settings(sup, i)->is_autostart)
		service_want(sup, i);
	service_touch(sup, i);
}

void service_want(struct sup *sup, uint32_t i)
{
	service_take(sup, i, config_is_scheduled(sup->config, i)
				     ? LIFE_SCHEDULED
				     : LIFE_WANT);
}

bool service_is_gone(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	return settings(sup, i)->is_removed && !life_is_up(s->state) &&
	       !s->is_swept && !hooks_hold(sup, i);
}

void services_begin(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++)
		service_begin(sup, i);
}

/* --- Deeds ------------------------------------------------------------- */

/* xorshift32: enough to spread delays. */
static uint32_t next_random(struct sup *sup)
{
	uint32_t x = sup->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	sup->random = x;
	return x;
}

static void arm_delay(struct sup *sup, uint32_t i, bool is_clean)
{
	const struct config_service *c = settings(sup, i);
	struct service *s = &sup->service[i];
	int64_t delay_ms = backoff_delay_ms(
		&c->dampen, is_clean ? 0 : s->failures, next_random(sup));
	struct breaker_tally tally = service_tally(sup, i);

	s->due_ms = sup->now_ms + delay_ms;
	SUP_SAY(sup, BOARD_EV_BACKOFF, (int)i, delay_ms, tally.failures,
		tally.max_failures, tally.window_ms);
}

static void arm_cooldown(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	const struct breaker *b = &sup->breaker[i];

	s->due_ms = b->until_ms;
	if (s->is_remembered && s->starts == 0)
		return;
	SUP_SAY(sup, BOARD_EV_BLOCKED, (int)i,
		breaker_cooldown_ms(b, &settings(sup, i)->breaker), b->trips,
		s->opened.failures, s->opened.window_ms, s->was_asked);
}

/* From its start on; a oneshot is never ready, but done. */
static void arm_ready(struct sup *sup, uint32_t i)
{
	const struct config_service *c = settings(sup, i);
	struct service *s = &sup->service[i];

	s->awaits_ready = true;
	s->due_ms = c->ready_timeout_ms > 0 && c->type == CONFIG_DAEMON
			    ? sup->now_ms + c->ready_timeout_ms
			    : NEVER;
}

static void calm(struct sup *sup, uint32_t i, enum life_event event)
{
	struct service *s = &sup->service[i];
	bool was_half_open = sup->breaker[i].state == BREAKER_HALF_OPEN;

	s->failures = 0;
	s->was_stable = true;
	breaker_succeeded(&sup->breaker[i]);
	if (event == LIFE_STABLE)
		SUP_SAY(sup, BOARD_EV_STABLE, (int)i, s->pid, was_half_open);
}

static void do_deeds(struct sup *sup, uint32_t i, unsigned deeds,
		     enum life_event event)
{
	struct service *s = &sup->service[i];

	if (deeds & LIFE_DO_DISARM)
		s->due_ms = NEVER;
	if (deeds & LIFE_DO_QUEUE)
		queue_join(sup, i);
	if (deeds & LIFE_DO_READY)
		arm_ready(sup, i);
	if (deeds & LIFE_DO_STABLE)
		s->due_ms = sup->now_ms + settings(sup, i)->stable_ms;
	if (deeds & LIFE_DO_DELAY)
		arm_delay(sup, i, event == LIFE_ENDED_CLEAN);
	if (deeds & LIFE_DO_COOLDOWN)
		arm_cooldown(sup, i);
	if (deeds & LIFE_DO_TELL)
		stop_begin(sup, i);
	if (deeds & LIFE_DO_CALM)
		calm(sup, i, event);
}

/* What is said when a state is reached that an event alone does not tell. */
static void say_state(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	switch (sup->service[i].state) {
	case LIFE_DONE:
		SUP_SAY(sup, BOARD_EV_DONE, (int)i, 0);
		break;
	case LIFE_FAILED:
		if (sup->breaker[i].state == BREAKER_LATCHED)
			SUP_SAY(sup, BOARD_EV_LATCHED, (int)i,
				sup->breaker[i].trips);
		else
			SUP_SAY(sup, BOARD_EV_FAILED, (int)i, 0);
		break;
	case LIFE_STOPPED:
		SUP_SAY(sup, BOARD_EV_STOPPED, (int)i, 0);
		break;
	case LIFE_IDLE:
		SUP_SAY(sup,
			s->failures > 0 ? BOARD_EV_RUN_FAILED
					: BOARD_EV_NEXT_RUN,
			(int)i, s->tick_ms - sup->now_ms, s->failures,
			(int64_t)s->skipped_now);
		s->skipped_now = 0;
		break;
	case LIFE_WAITING:
	case LIFE_STARTING:
	case LIFE_RUNNING:
	case LIFE_BACKOFF:
	case LIFE_BLOCKED:
	case LIFE_PROBING:
	case LIFE_STOPPING:
	case LIFE_STATES:
		break;
	}
}

/* Has this event shown that its breaker opened or latched? */
static bool has_tripped(const struct sup *sup, uint32_t i,
			enum life_event event)
{
	const unsigned opened = 1 << LIFE_FAILED_BLOCK |
				1 << LIFE_FAILED_LATCH | 1 << LIFE_GONE_BLOCK;

	return opened >> event & 1 ||
	       (event == LIFE_GONE_BAD &&
		sup->breaker[i].state == BREAKER_LATCHED);
}

void service_take(struct sup *sup, uint32_t i, enum life_event event)
{
	struct service *s = &sup->service[i];
	enum life_state was = s->state;
	unsigned deeds = life_step(&s->state, event);
	/* An attempt after one that was refused, refused again: no news. */
	bool is_news = s->refused_by == BOARD_LIMIT_NONE ||
		       (event != LIFE_SPAWNED && event != LIFE_SPAWNED_PROBE &&
			event != LIFE_REFUSED);

	/* Every row has a deed: without one the pair changes nothing. */
	if (deeds == 0)
		return;
	if (s->state != was) {
		s->since_ms = sup->now_ms;
		sup->is_tree_changed = is_news || sup->is_tree_changed;
		if (was == LIFE_WAITING)
			queue_leave(sup, i);
		if (was == LIFE_BLOCKED && event == LIFE_WANT)
			s->is_forced = true;
		timer_follow(sup, i, event);
		say_state(sup, i);
		leftovers_tidy(sup, i);
	}
	do_deeds(sup, i, deeds, event);
	if (has_tripped(sup, i, event))
		stop_tell_blocked(sup, i);
	if (is_news)
		service_touch(sup, i);
	else
		service_arm(sup, i);
}

void service_stop(struct sup *sup, uint32_t i, bool is_again)
{
	struct service *s = &sup->service[i];

	s->is_wanted = is_again;
	s->gone = LIFE_GONE;
	service_take(sup, i, LIFE_STOP);
	if (s->state == LIFE_STOPPED && is_again)
		service_take(sup, i, LIFE_WANT);
}

void service_forgive(struct sup *sup, uint32_t i, bool has_new_command)
{
	struct service *s = &sup->service[i];
	struct breaker *b = &sup->breaker[i];
	bool is_curable = has_new_command || b->state == BREAKER_LATCHED;
	bool is_held_back = s->state == LIFE_BLOCKED ||
			    s->state == LIFE_BACKOFF ||
			    (s->state == LIFE_FAILED && is_curable);

	/* It was given up and stops still: what was to come then is void. */
	if (s->gone != LIFE_GONE && (s->gone != LIFE_GONE_BAD || is_curable)) {
		s->gone = LIFE_GONE;
		s->is_wanted = true;
	}
	breaker_reset(b);
	s->failures = 0;
	s->is_remembered = false;
	s->is_forgiven = true;
	if (is_held_back)
		service_take(sup, i, LIFE_WANT);
	service_touch(sup, i);
}

bool service_kill(struct sup *sup, uint32_t i)
{
	bool is_sent = true;
	struct service *s = &sup->service[i];
	bool is_group_told = settings(sup, i)->stop_mode == CONFIG_GROUP;

	s->kill_ms = sup->now_ms;
	s->drain_ms = NEVER;
	if (s->pid) {
		is_sent = stop_send(sup, i, SIGKILL,
				    !leftovers_keeps(sup, i) ||
					    is_group_told) >= 0;
		s->is_killed = is_sent;
		if (!is_sent)
			s->kill_ms += SUP_RETRY_MS;
	}
	if (s->is_swept)
		s->sweep_ms = sup->now_ms;
	service_touch(sup, i);
	return is_sent;
}

/* --- Verdicts and deadlines -------------------------------------------- */

void service_ready(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (!s->awaits_ready || s->pid == 0 || s->verdict_fd >= 0)
		return;
	s->awaits_ready = false;
	s->ready_ms = sup->now_ms;
	/* A probe that is ready stays in its state. */
	sup->is_tree_changed = true;
	/* Where nothing is checked it means no more than "started". */
	if (settings(sup, i)->ready.kind != CONFIG_CHECK_NONE)
		SUP_SAY(sup, BOARD_EV_READY, (int)i, s->pid,
			sup->now_ms - s->started_ms);
	service_take(sup, i, LIFE_READY);
	checks_watch(sup, i);
	service_touch(sup, i);
}

void service_leaves(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (s->pid == 0 || s->state == LIFE_STOPPING || s->awaits_ready ||
	    s->ready_ms == NEVER)
		return;
	s->ready_ms = NEVER;
	/* Nobody asks it any more: it must not hang for ever. */
	s->due_ms = sup->now_ms + settings(sup, i)->stop_timeout_ms;
	sup->is_tree_changed = true;
	checks_end(sup, i);
	SUP_SAY(sup, BOARD_EV_LEAVING, (int)i, s->pid);
	service_touch(sup, i);
}

/* It runs in PID 1's own cgroup, or its own was not as it should be. */
static void say_cell(struct sup *sup, uint32_t i)
{
	const struct spawn_report *report = &sup->report[i];

	if (report->cell_err != 0 || report->is_cell_reset)
		SUP_SAY(sup, BOARD_EV_CELL, (int)i, report->cell_err);
}

void service_verdict(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	bool was_stuck = s->is_stuck;

	if (s->verdict_fd < 0)
		return;
	/* The write end is closed by exec or exit only: EOF or not yet. */
	if (!wait_is_at_end(s->verdict_fd))
		return;
	wait_close(sup->epoll_fd, s->verdict_fd);
	s->verdict_fd = -1;
	s->stuck_ms = NEVER;
	s->is_stuck = false;
	if (sup->report[i].err == 0)
		oom_begin(sup, i);
	/* Without an error before that step it was killed. */
	if (sup->report[i].err == 0 && sup->report[i].step == BOARD_STEP_EXEC) {
		say_cell(sup, i);
		queue_executes(sup, i);
		if (!checks_begin(sup, i))
			service_ready(sup, i);
	}
	/* A failed start is news once its process has ended. */
	if (sup->report[i].err == 0 || was_stuck)
		service_touch(sup, i);
	else
		service_arm(sup, i);
}

static void fire_stuck(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	/* Its pipe could not be watched, perhaps. */
	service_verdict(sup, i);
	s->stuck_ms = NEVER;
	if (s->verdict_fd < 0)
		return;
	s->is_stuck = true;
	SUP_SAY(sup, BOARD_EV_STUCK, (int)i, sup->report[i].step, s->pid,
		sup->now_ms - s->started_ms);
}

static void fire_due(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (s->state == LIFE_BACKOFF || s->state == LIFE_BLOCKED)
		service_take(sup, i, LIFE_DUE);
	else if (s->awaits_ready)
		service_give_up(sup, i, BOARD_START_TIMEOUT);
	else if (s->ready_ms == NEVER) /* it said that it would end */
		service_give_up(sup, i, BOARD_UNHEALTHY);
	else if (!checks_have_passed(sup, i))
		s->due_ms = NEVER; /* stable when its health check passes */
	else
		service_take(sup, i, LIFE_STABLE);
}

static void fire(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	int64_t now_ms = sup->now_ms;

	/* A check that is due is no news. */
	if (s->is_checked && now_ms >= checks_next_ms(sup, i)) {
		checks_fire(sup, i);
		service_arm(sup, i);
		if (sup->next_ms[i] > now_ms)
			return;
	}
	if (now_ms >= s->stuck_ms)
		fire_stuck(sup, i);
	if (s->state == LIFE_STOPPING && s->pid && now_ms >= s->drain_ms)
		stop_drained(sup, i);
	if (s->state == LIFE_STOPPING && s->pid && now_ms >= s->kill_ms &&
	    !s->is_killed) {
		if (service_kill(sup, i) && !s->has_failed)
			SUP_SAY(sup, BOARD_EV_KILLED, (int)i, 1,
				settings(sup, i)->stop_timeout_ms);
	}
	if (now_ms >= s->tick_ms)
		timer_fire(sup, i);
	if (now_ms >= s->due_ms)
		fire_due(sup, i);
	service_touch(sup, i);
}

void services_fire(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		int64_t late_ms = sup->now_ms - sup->next_ms[i];

		if (late_ms < 0)
			continue;
		if (late_ms > sup->late_max_ms)
			sup->late_max_ms = late_ms;
		fire(sup, i);
	}
	leftovers_run(sup);
}

int64_t services_next_ms(const struct sup *sup)
{
	int64_t next_ms = NEVER;

	for (uint32_t i = 0; i < sup->config->services; i++)
		next_ms = earlier(next_ms, sup->next_ms[i]);
	return next_ms;
}
