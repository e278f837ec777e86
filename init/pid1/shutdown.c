/* SPDX-License-Identifier: ISC */
/* The phases: services in their order; then everybody else; then the helpers'
 * last messages and files; then exit. Each has a deadline of its own inside
 * shutdown_timeout, so that no process can hold up the end. */
#include "init/pid1/shutdown.h"

#include <signal.h>

#include "init/kernel/process.h"
#include "init/kernel/processes.h"
#include "init/pid1/helpers.h"
#include "init/service/checks.h"
#include "init/service/dependency_tree.h"
#include "init/service/hooks.h"
#include "init/service/lifecycle.h"
#include "init/service/start_queue.h"
#include "init/service/stop.h"

enum {
	SPARE_MS = 1500, /* of shutdown_timeout, for what follows services;
			  * half of a shorter one, shared out alike: */
	DEAD_MS = 200,   /* for the killed to be reaped, twice */
	REST_MS = 500,   /* for everybody else, told to end */
	HELPERS_MS = 500, /* for last messages and files */
	REAP_MS = 100,   /* for the very last ones */
	LOOK_MS = 20,    /* between two looks at who is left */
	EXIT_HELD = 111, /* the system has no room */
};

/* What of spare_ms the part of SPARE_MS comes to. */
static int64_t share(const struct sup *sup, int64_t part_ms)
{
	return part_ms * sup->stop.spare_ms / SPARE_MS;
}

/* Who drains already is not told later than anybody else. */
static void cut_drains(struct sup *sup)
{
	const int64_t half_ms = sup->stop.half_ms;

	for (uint32_t i = 0; i < sup->config->services; i++) {
		struct service *s = &sup->service[i];

		if (s->drain_ms == NEVER || s->drain_ms <= half_ms)
			continue;
		s->drain_ms = half_ms;
		s->kill_ms = half_ms + settings(sup, i)->stop_timeout_ms;
		service_touch(sup, i);
	}
}

static void begin(struct sup *sup, int code, int service, int by_signal)
{
	const struct config *c = sup->config;
	int64_t total_ms = c->shutdown_timeout_ms;
	int64_t spare_ms = earlier(SPARE_MS, total_ms / 2);

	if (sup->stop.phase != STOP_NOT)
		return;
	sup->stop = (struct shutdown){
		.phase = STOP_SERVICES,
		.began_ms = sup->now_ms,
		/* Only a timeout below the need cuts the order short. */
		.half_ms = total_ms < c->shutdown_needs_ms
				   ? sup->now_ms + total_ms / 2
				   : NEVER,
		.spare_ms = spare_ms,
		.next_ms = sup->now_ms + total_ms - spare_ms,
		.look_ms = NEVER,
		.exit_code = code,
		.exit_service = service,
	};
	cut_drains(sup);
	sup->is_head_changed = true;
	SUP_SAY(sup, BOARD_EV_SHUTDOWN, service, by_signal, total_ms);
}

/* Does a second stop signal leave nobody any time? Machines send several: what
 * stops a container a hook and then its runtime. A person at a terminal sends
 * what its line discipline makes of the keys, and no process can send that. */
static bool is_impatient(const struct sup *sup, int number, int code)
{
	switch (sup->config->stop_again) {
	case CONFIG_AGAIN_TERMINAL:
		return (number == SIGINT || number == SIGQUIT) &&
		       code == SI_KERNEL;
	case CONFIG_AGAIN_KILL:
		return true;
	case CONFIG_AGAIN_IGNORE:
		break;
	}
	return false;
}

void shutdown_by_signal(struct sup *sup, int number, int code)
{
	if (sup->stop.phase == STOP_NOT) {
		/* A command that never runs: as if the signal had ended it. */
		begin(sup, sup->main_service == UINT32_MAX ? 0 : 128 + number,
		      -1, number);
		sup->stop.is_main_code = sup->main_service != UINT32_MAX;
		return;
	}
	/* The last messages and files are for the person as well. */
	if (sup->stop.is_now || sup->stop.phase >= STOP_HELPERS)
		return;
	if (!is_impatient(sup, number, code)) {
		/* Who sends it all the time is no news each time. */
		if (!sup->stop.is_again_said)
			SUP_SAY(sup, BOARD_EV_SHUTDOWN_AGAIN, -1, number);
		sup->stop.is_again_said = true;
		return;
	}
	SUP_SAY(sup, BOARD_EV_SHUTDOWN_NOW, -1, number);
	sup->stop.half_ms = sup->now_ms;
	sup->stop.is_now = true;
	sup->stop.next_ms = sup->now_ms;
}

void shutdown_if_essential(struct sup *sup, uint32_t i,
			   const struct service_end *by)
{
	const struct board_end *end = &by->end;
	const struct config_service *c = config_service(sup->config, i);
	const struct service *s = &sup->service[i];

	if (sup->stop.phase != STOP_NOT)
		return;
	if (c->is_main && by->event == LIFE_ENDED_DONE) {
		begin(sup, end->code, (int)i, 0);
		return;
	}
	if (!c->is_essential)
		return;
	if (by->event == LIFE_FAILED_LATCH || by->event == LIFE_ENDED_BAD ||
	    (by->event == LIFE_FAILED_BLOCK && c->breaker.max_trips == 0)) {
		SUP_SAY(sup, BOARD_EV_ESSENTIAL, (int)i, end->cause, end->code,
			(int64_t)end->step, end->err,
			end->ended_ms - end->started_ms);
		begin(sup, s->exit_code, (int)i, 0);
	}
}

static bool has_failed(const struct sup *sup, uint32_t i)
{
	return sup->service[i].state == LIFE_FAILED;
}

/* The first service, by time, that is like that; -1 none. */
static int first_that(const struct sup *sup,
		      bool (*is_so)(const struct sup *sup, uint32_t i))
{
	int first = -1;

	for (uint32_t i = 0; i < sup->config->services; i++) {
		const struct service *s = &sup->service[i];

		if (is_so(sup, i) &&
		    !config_service(sup->config, i)->is_removed &&
		    (first < 0 || s->since_ms < sup->service[first].since_ms))
			first = (int)i;
	}
	return first;
}

/* It waits for what does not come, and so it did from the beginning. */
static bool never_ran(const struct sup *sup, uint32_t i)
{
	return sup->service[i].state == LIFE_WAITING &&
	       sup->service[i].starts == 0;
}

static bool has_run(const struct sup *sup, uint32_t i)
{
	return sup->service[i].starts > 0;
}

void shutdown_all_ended(struct sup *sup)
{
	int first = first_that(sup, has_failed);
	int code = first < 0 ? 0 : sup->service[first].exit_code;

	if (first < 0) {
		first = first_that(sup, never_ran);
		code = first < 0 ? 0 : 1;
	}
	/* Nothing has run or is to: a person is waited for. */
	if (first >= 0 || first_that(sup, has_run) >= 0)
		begin(sup, code, first, 0);
}

void shutdown_all_blocked(struct sup *sup)
{
	int first = first_that(sup, tree_is_blocked);
	int code;

	if (sup->stop.phase != STOP_NOT || first < 0)
		return;
	SUP_SAY(sup, BOARD_EV_ALL_BLOCKED, first,
		sup->now_ms - sup->blocked_since_ms);
	/* Blocked since another container: it never ran in this one. */
	code = sup->service[first].exit_code;
	begin(sup, code ? code : 1, first, 0);
}

void shutdown_if_held(struct sup *sup)
{
	int64_t when_ms;
	int32_t i = queue_held(sup, &when_ms);
	const struct board_limit *l;

	if (sup->stop.phase != STOP_NOT || sup->now_ms < when_ms)
		return;
	l = &sup->service[i].limit;
	SUP_SAY(sup, BOARD_EV_HELD, i, sup->now_ms - sup->service[i].held_ms,
		l->kind, l->current, l->max, l->reserve, board_limit_of(l),
		l->err);
	begin(sup, EXIT_HELD, i, 0);
	sup->stop.held = *l;
}

/* --- Phases ------------------------------------------------------------ */

static void kill_services(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		struct service *s = &sup->service[i];
		const bool is_first = s->pid && !s->is_killed;

		if ((!s->pid && !s->is_swept) || !service_kill(sup, i) ||
		    !is_first)
			continue;
		SUP_SAY(sup, BOARD_EV_KILLED, (int)i, 1,
			sup->now_ms - sup->stop.began_ms);
		/* As of a container that its engine killed. */
		if (sup->stop.is_now && sup->stop.exit_code == 0)
			sup->stop.exit_code = 128 + SIGKILL;
	}
	hooks_cancel_all(sup);
}

/* How many living ones there are, or -errno when that cannot be told now.
 * Without /proc nobody can ever be seen, or waited for. */
static int signal_rest(struct sup *sup, int number)
{
	pid_t spared[BOARD_HELPERS];
	struct processes unsent = { 0 };
	int living = 0, said = 0;

	for (int k = 0; k < BOARD_HELPERS; k++)
		spared[k] = sup->kept[k].pid;
	if (sup->proc_fd >= 0)
		living = processes_signal_rest(sup->proc_fd, number, spared,
					    BOARD_HELPERS, &unsent);
	if (number == SIGTERM && living > (int)unsent.unsent)
		SUP_SAY(sup, BOARD_EV_SHUTDOWN_REST, -1,
			living - (int)unsent.unsent);
	stop_sent(sup, -1, &said, number, unsent.one, unsent.err);
	return living;
}

static void enter_helpers(struct sup *sup)
{
	struct shutdown *stop = &sup->stop;

	if (stop->is_main_code && sup->service[sup->main_service].starts > 0)
		stop->exit_code = sup->service[sup->main_service].exit_code;
	stop->phase = STOP_HELPERS;
	stop->look_ms = NEVER;
	stop->next_ms = sup->now_ms + share(sup, HELPERS_MS);
	sup->is_head_changed = true;
	sup_say_orphans(sup, true);
	SUP_SAY(sup, BOARD_EV_EXIT, stop->exit_service, stop->exit_code,
		stop->held.kind, stop->held.current, stop->held.max,
		stop->held.reserve, board_limit_of(&stop->held),
		stop->held.err);
	helpers_last(sup);
}

static void enter_rest(struct sup *sup)
{
	int living;

	hooks_cancel_all(sup);
	living = signal_rest(sup, SIGTERM);
	if (living == 0) {
		enter_helpers(sup);
		return;
	}
	sup->stop.is_rest_told = living > 0;
	sup->stop.phase = STOP_REST;
	sup->stop.next_ms = sup->now_ms + share(sup, REST_MS);
	if (sup->stop.is_now)
		sup->stop.next_ms = sup->now_ms;
	sup->stop.look_ms = sup->now_ms + LOOK_MS;
}

static void run_services(struct sup *sup)
{
	struct shutdown *stop = &sup->stop;

	/* on_blocked is about what ends here, perhaps. */
	if (tree_stop(sup, sup->now_ms >= stop->half_ms) &&
	    !hooks_run(sup, HOOK_BLOCKED)) {
		enter_rest(sup);
		return;
	}
	if (sup->now_ms < stop->next_ms)
		return;
	if (stop->is_killed) {
		/* They survive SIGKILL: nobody can wait for them. */
		enter_rest(sup);
		return;
	}
	tree_stop(sup, true);
	kill_services(sup);
	stop->is_killed = true;
	stop->next_ms = sup->now_ms + share(sup, DEAD_MS);
}

static void run_rest(struct sup *sup)
{
	struct shutdown *stop = &sup->stop;
	bool is_time = sup->now_ms >= stop->next_ms;
	int number = is_time ? SIGKILL : stop->is_rest_told ? 0 : SIGTERM;
	int living;

	if (!is_time && sup->now_ms < stop->look_ms)
		return;
	if (is_time && stop->is_rest_killed) {
		enter_helpers(sup);
		return;
	}
	living = signal_rest(sup, number);
	if (living == 0) {
		enter_helpers(sup);
		return;
	}
	stop->is_rest_told = stop->is_rest_told || living > 0;
	stop->look_ms = sup->now_ms + LOOK_MS;
	if (is_time) {
		stop->is_rest_killed = true;
		stop->next_ms = sup->now_ms + share(sup, DEAD_MS);
	}
}

void shutdown_run(struct sup *sup)
{
	struct shutdown *stop = &sup->stop;

	switch (stop->phase) {
	case STOP_SERVICES:
		run_services(sup);
		break;
	case STOP_REST:
		run_rest(sup);
		break;
	case STOP_HELPERS:
		if (helpers_is_alone(sup) || sup->now_ms >= stop->next_ms)
			stop->phase = STOP_OVER;
		break;
	case STOP_NOT:
	case STOP_OVER:
		break;
	}
}

int64_t shutdown_next_ms(const struct sup *sup)
{
	const struct shutdown *stop = &sup->stop;

	int64_t held_ms;

	if (stop->phase == STOP_NOT) {
		(void)queue_held(sup, &held_ms);
		return earlier(tree_blocked_ms(sup), held_ms);
	}
	return earlier(earlier(stop->next_ms, stop->look_ms),
		       stop->half_ms > sup->now_ms ? stop->half_ms : NEVER);
}

void shutdown_shift(struct sup *sup, int64_t jump_ms)
{
	struct shutdown *stop = &sup->stop;

	for (uint32_t i = 0; i < sup->config->services; i++) {
		struct service *s = &sup->service[i];

		if (s->held_ms != NEVER)
			s->held_ms += jump_ms;
		checks_shift(sup, i, jump_ms);
		if (s->kill_ms == NEVER)
			continue;
		s->kill_ms += jump_ms;
		if (s->drain_ms != NEVER)
			s->drain_ms += jump_ms;
		service_touch(sup, i);
	}
	hooks_shift(sup, jump_ms);
	if (stop->phase == STOP_NOT)
		return;
	stop->began_ms += jump_ms;
	stop->next_ms += jump_ms;
	if (stop->half_ms != NEVER)
		stop->half_ms += jump_ms;
}

_Noreturn void shutdown_exit(struct sup *sup)
{
	process_end_all(sup->proc_fd, share(sup, REAP_MS),
			sup->stop.exit_code);
}
