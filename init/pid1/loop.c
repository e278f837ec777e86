/* SPDX-License-Identifier: ISC */
/* In the loop nothing may exit, block, allocate or parse. The only text made
 * here is that of the variables of a short command (hooks.c): its child may not
 * do more than system calls. */
#include "init/pid1/loop.h"

#include <signal.h>
#include <sys/wait.h>

#include "init/kernel/memory.h"
#include "init/kernel/signal_courier.h"
#include "init/kernel/wait.h"
#include "init/lib/invariant.h"
#include "init/pid1/control_commands.h"
#include "init/pid1/helper_news.h"
#include "init/pid1/helpers.h"
#include "init/pid1/registry_restore.h"
#include "init/pid1/reload.h"
#include "init/pid1/setup.h"
#include "init/pid1/shutdown.h"
#include "init/pid1/signal_actions.h"
#include "init/service/consistency.h"
#include "init/service/dependency_tree.h"
#include "init/service/exit.h"
#include "init/service/hooks.h"
#include "init/service/leftovers.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"
#include "init/service/oom.h"
#include "init/service/orphans.h"
#include "init/service/prober_link.h"
#include "init/service/publish.h"
#include "init/service/schedule_timer.h"
#include "init/service/start_queue.h"
#include "init/service/stop.h"

enum {
	JUMP_MS = 2000, /* later than this: the container was paused */
};

/* The only one: too large for a stack, and zero memory that is not used is
 * never touched. */
static struct sup the_sup;

static int64_t deadline_next(const struct sup *sup)
{
	int64_t next_ms = services_next_ms(sup);

	next_ms = earlier(next_ms, hooks_next_ms(sup));
	next_ms = earlier(next_ms, helpers_next_ms(sup));
	next_ms = earlier(next_ms, shutdown_next_ms(sup));
	next_ms = earlier(next_ms, reload_next_ms(sup));
	next_ms = earlier(next_ms, orphans_next_ms(sup));
	next_ms = earlier(next_ms, oom_next_ms(&sup->memory));
	next_ms = earlier(next_ms, sup->restore_ms);
	next_ms = earlier(next_ms, sup->volume_due_ms);
	if (sup->waiting > 0)
		next_ms = earlier(next_ms, sup->queue_ms);
	if (sup->is_reaping)
		next_ms = earlier(next_ms, sup->now_ms +
						   (sup->reaper.is_failing
							    ? SUP_RETRY_SOON_MS
							    : 0));
	if (sup->is_queue_due || sup->is_tree_changed)
		next_ms = sup->now_ms;
	return next_ms;
}

/* What a turn was woken for: numbers as sup->epoll_fd has them. */
struct wakes {
	int64_t number[WAIT_MOST];
	int n;
};

/* The only sleep. A clock that jumped while nothing was due means that the
 * container was paused. */
static void wait_for_events(struct sup *sup, struct wakes *wakes)
{
	int64_t before_ms = sup->now_ms;
	int64_t next_ms = deadline_next(sup);
	int64_t sleep_ms = next_ms == NEVER ? -1 : next_ms - sup->now_ms;

	if (next_ms != NEVER && sleep_ms < 0)
		sleep_ms = 0;
	wakes->n = wait_any(sup->epoll_fd, wakes->number, sleep_ms);
	sup_read_clocks(sup);
	if (next_ms != NEVER && sup->now_ms - next_ms > JUMP_MS &&
	    sleep_ms > 0) {
		/* How much of the sleep was pause cannot be told: no service
		 * loses any of the time that was left before it. */
		shutdown_shift(sup, sup->now_ms - before_ms);
		sup->volume_due_ms = NEVER; /* the recorder stood as well */
		SUP_SAY(sup, BOARD_EV_CLOCK_JUMP, -1, sup->now_ms - next_ms);
	}
}

static void take_wakes(struct sup *sup, const struct wakes *wakes)
{
	for (int k = 0; k < wakes->n; k++) {
		switch (wakes->number[k]) {
		case SUP_FROM_SIGNALS:
			signal_actions_take(sup);
			break;
		case SUP_FROM_CONTROL:
			control_commands_run(sup);
			break;
		case SUP_FROM_CLOCK:
			timer_clock_set(sup);
			break;
		case SUP_FROM_PROBER:
			prober_link_hear(sup);
			break;
		case SUP_FROM_HELPERS:
			if (!wait_wake_take(sup->notify_fd))
				break; /* its news was read already */
			restore_watch_volume(sup);
			helper_news_read(sup);
			break;
		default:
			break; /* a service: take_verdicts() */
		}
	}
}

/* Verdicts after reaping: a child that failed to start has exited by then,
 * and its end closes the pipe before its number is used again. */
static void take_verdicts(struct sup *sup, const struct wakes *wakes)
{
	for (int k = 0; k < wakes->n; k++) {
		const int64_t number = wakes->number[k];
		const int64_t ready = number - SUP_FROM_READY;

		if (number >= 0 && number < sup->config->services)
			service_verdict(sup, (uint32_t)number);
		else if (ready >= 0 && ready < sup->config->services)
			notify_read(sup, (uint32_t)ready);
	}
}

static void take_end(void *with, pid_t pid, int status,
		     const struct rusage *used)
{
	struct courier_task task;
	struct service_end end;
	struct sup *sup = with;
	bool is_run;
	int err;

	sup->reaped++;
	for (uint32_t i = 0; i < sup->config->services; i++) {
		if (sup->leader[i] != pid)
			continue;
		if (i == sup->main_service)
			terminal_leave(sup->terminal);
		is_run = service_reaped(sup, i, status, used, &end);
		shutdown_if_essential(sup, i, &end);
		if (is_run)
			queue_has_room(sup);
		return;
	}
	sup->is_head_changed = true;
	queue_has_room(sup);
	if (hooks_reaped(sup, pid, status))
		return;
	/* Its own death may be what a rise of the counter meant. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		sup->killed++;
	if (helpers_reaped(sup, pid, status) ||
	    reload_reaped(sup, pid, status))
		return;
	if (courier_reaped(pid, status, &task, &err)) {
		stop_courier(sup, &task, err);
		return;
	}
	sup->orphans++;
	leftovers_soon(sup);
	hooks_soon(sup);
}

static void reap(struct sup *sup)
{
	if (!sup->is_reaping)
		return;
	sup->killed = 0;
	sup->is_reaping = reap_batch(&sup->reaper, take_end, sup);
	/* Services of the same batch come first. */
	oom_follow(sup);
	while (sup->killed > 0 &&
	       oom_explains(&sup->memory, sup->now_ms)) {
		sup->killed--;
		sup->memory.others++;
	}
}

static void wake(struct sup *sup, unsigned helpers)
{
	for (int k = 0; k < BOARD_HELPERS; k++)
		if (helpers >> k & 1)
			helpers_wake(sup, (enum board_helper_kind)k);
}

/* What did not hold is said once. */
static void check_itself(struct sup *sup)
{
	struct invariant_place place;

	consistency_check(sup);
	while ((place = invariant_take()).file != 0)
		SUP_SAY(sup, BOARD_EV_INVARIANT, -1, place.file, place.line);
}

void loop_turn(struct sup *sup)
{
	struct wakes wakes;

	signal_actions_follow(sup);   /* of the configuration */
	check_itself(sup);            /* faults of dashpot -> events */
	wake(sup, publish(sup));      /* memory only */
	wait_for_events(sup, &wakes); /* the only sleep */
	services_fire(sup);           /* deadlines -> events */
	hooks_fire(sup);              /* ... of short commands */
	take_wakes(sup, &wakes);      /* signals -> wishes */
	oom_follow(sup);
	reap(sup);                    /* exits -> events, 64 a turn */
	take_verdicts(sup, &wakes);   /* exec done, or step and errno */
	helpers_run(sup);             /* helpers that died */
	reload_run(sup);              /* asked for, or silent */
	restore_run(sup);             /* what the registry remembers */
	restore_check_volume(sup);    /* does it hang? */
	if (sup->is_tree_changed &&
	    !tree_follow(sup))        /* dependents */
		shutdown_all_ended(sup);
	if (sup->now_ms >= tree_blocked_ms(sup))
		shutdown_all_blocked(sup);
	queue_run(sup);               /* starts: headroom, budget */
	shutdown_if_held(sup);        /* essential, and no room */
	sup_say_orphans(sup, false);  /* now and then */
	orphans_run(sup);             /* ends old ones (kill-after) */
	shutdown_run(sup);            /* phases, when stopping */
}

bool loop_is_over(const struct sup *sup)
{
	return sup->stop.phase == STOP_OVER;
}

_Noreturn void loop_run(const struct config *config,
			const struct loader_source *source, char **argv)
{
	struct sup *sup = &the_sup;

	setup_run(sup, config, source, argv);
	/* What set-up has run and used need not stay in memory. */
	memory_forget_used();
	while (!loop_is_over(sup))
		loop_turn(sup);
	shutdown_exit(sup);
}
