/* SPDX-License-Identifier: ISC */
/* From "is to stop" to the signal: what can come between takes its time in the
 * state `stopping`, so that whatever ends meanwhile was asked to. */
#include "init/service/stop.h"

#include <errno.h>
#include <signal.h>

#include "init/kernel/processes.h"
#include "init/kernel/signal_courier.h"
#include "init/service/checks.h"
#include "init/service/hooks.h"
#include "init/service/lifecycle.h"

void stop_sent(struct sup *sup, int32_t i, int *unsent, int number, pid_t pid,
	       int sent)
{
	const int err = sent < 0 ? -sent : 0;

	if (sent >= COURIER_ON_ITS_WAY || err == ESRCH || *unsent == err)
		return;
	*unsent = err;
	if (i >= 0)
		service_touch(sup, (uint32_t)i);
	if (err)
		SUP_SAY(sup, BOARD_EV_UNSIGNALLED, i, number, pid, err);
}

int stop_send(struct sup *sup, uint32_t i, int number, bool is_group)
{
	/* The group's number is taken as long as its leader is unreaped. */
	struct service *s = &sup->service[i];
	int sent = courier_send((int32_t)i, number, s->pid, is_group);

	stop_sent(sup, (int32_t)i, &s->unsent, number, s->pid, sent);
	return sent;
}

/* Its leader is to get the signal again, as where no courier could be made. */
static void send_again(struct sup *sup, uint32_t i, int number)
{
	struct service *s = &sup->service[i];

	if (number == SIGKILL) {
		s->is_killed = false;
		s->kill_ms = sup->now_ms + SUP_RETRY_MS;
	} else if (number == settings(sup, i)->stop_signal && !s->is_killed) {
		s->drain_ms = sup->now_ms + SUP_RETRY_MS;
	}
	service_touch(sup, i);
}

void stop_courier(struct sup *sup, const struct courier_task *task, int err)
{
	struct service *s =
		task->service < 0 ? NULL : &sup->service[task->service];
	const bool is_leader = s && s->pid == task->pid;
	int none = 0;

	/* Of what is left, each look sends again; and what follows a signal to
	 * wake who was stopped says nothing of that signal. */
	if (hooks_courier(sup, task, err) ||
	    (!err && (!is_leader || task->number == SIGCONT)))
		return;
	/* It ended meanwhile, and nothing is left that could be signalled. */
	if (s && !is_leader && !s->is_swept)
		return;
	stop_sent(sup, task->service, s ? &s->unsent : &none, task->number,
		  task->pid, -err);
	if (!is_leader)
		return;
	s->has_failed = err != 0;
	if (err && s->state == LIFE_STOPPING)
		send_again(sup, (uint32_t)task->service, task->number);
}

/* A stopped process would not notice what it was sent. */
static void wake(const struct sup *sup, uint32_t i, bool is_group)
{
	(void)courier_send((int32_t)i, SIGCONT, sup->service[i].pid, is_group);
}

static void send(struct sup *sup, uint32_t i)
{
	const struct config_service *c = settings(sup, i);
	struct service *s = &sup->service[i];
	int64_t now_ticks = processes_now_ticks();

	int sent = stop_send(sup, i, c->stop_signal,
			       c->stop_mode == CONFIG_GROUP);

	if (sent < 0) {
		s->drain_ms = sup->now_ms + SUP_RETRY_MS;
		return;
	}
	/* Some take a second signal for "at once": who gets this one does not
	 * get another when the leader has ended. */
	if (sent & 1) {
		wake(sup, i, true);
		s->told_ticks = now_ticks;
	}
	if (!s->has_failed)
		SUP_SAY(sup, BOARD_EV_STOPPING, (int)i, c->stop_signal, s->pid,
			s->kill_ms - sup->now_ms);
}

/* True when its stop_command is at it. */
static bool run_command(struct sup *sup, uint32_t i)
{
	const struct config_service *c = settings(sup, i);
	const struct service *s = &sup->service[i];
	const struct hook_task task = { .argv = c->stop_command };

	if (task.argv.count == 0 ||
	    hook_start(sup, i, HOOK_STOP, &task, c->stop_timeout_ms) < 0)
		return false;
	SUP_SAY(sup, BOARD_EV_STOPPING, (int)i, 0, s->pid,
		s->kill_ms - sup->now_ms);
	return true;
}

static void pass_on(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->drain_ms = NEVER;
	if (s->unsent) {
		send(sup, i);
		return;
	}
	s->kill_ms = sup->now_ms + settings(sup, i)->stop_timeout_ms;
	/* Before its exec it runs no code but ours and SIGTERM alone is not
	 * blocked: one that hangs there would cost its whole stop_timeout. */
	if (s->verdict_fd >= 0)
		(void)stop_send(sup, i, SIGTERM, false);
	if (s->verdict_fd >= 0 || !run_command(sup, i))
		send(sup, i);
	wake(sup, i, false);
}

/* When a stop that begins now is passed on. Who was not ready has nobody who
 * has to look elsewhere, and whose requirement is gone, or who was given up,
 * could do nothing for him. */
static int64_t drained_ms(const struct sup *sup, uint32_t i, bool was_ready)
{
	const struct service *s = &sup->service[i];
	bool is_all = sup->stop.phase != STOP_NOT;
	int64_t from_ms = is_all ? sup->stop.began_ms : sup->now_ms;

	if (!was_ready || s->is_parted || s->given_up != BOARD_NEVER_ENDED)
		return sup->now_ms;
	from_ms += settings(sup, i)->drain_delay_ms;
	return is_all ? earlier(from_ms, sup->stop.half_ms) : from_ms;
}

void stop_begin(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	bool was_ready = s->ready_ms != NEVER;

	service_verdict(sup, i);
	checks_end(sup, i);
	s->awaits_ready = false;
	s->due_ms = NEVER;
	s->ready_ms = NEVER;
	s->is_killed = false;
	s->unsent = 0;
	s->has_failed = false;
	s->drain_ms = drained_ms(sup, i, was_ready);
	if (s->drain_ms <= sup->now_ms) {
		pass_on(sup, i);
		return;
	}
	s->kill_ms = s->drain_ms + settings(sup, i)->stop_timeout_ms;
	SUP_SAY(sup, BOARD_EV_DRAINING, (int)i, s->drain_ms - sup->now_ms,
		s->pid);
}

void stop_drained(struct sup *sup, uint32_t i)
{
	pass_on(sup, i);
	service_touch(sup, i);
}

void stop_ended(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (s->drain_ms == NEVER)
		return;
	/* What it left behind gets the time that it would have had. */
	s->drain_ms = NEVER;
	s->kill_ms = sup->now_ms + settings(sup, i)->stop_timeout_ms;
}

void stop_command_ended(struct sup *sup, uint32_t i, bool is_well)
{
	struct service *s = &sup->service[i];

	if (s->state != LIFE_STOPPING)
		return;
	if (s->pid && !is_well && !s->is_killed)
		send(sup, i);
	/* It may have been all that was waited for. */
	if (s->is_swept)
		s->sweep_ms = sup->now_ms;
	service_touch(sup, i);
}

void stop_tell_blocked(struct sup *sup, uint32_t i)
{
	const struct hook_task task = { .argv = settings(sup, i)->on_blocked };

	/* One that is refused is said, and not made up for: its time is
	 * now. */
	if (task.argv.count > 0)
		(void)hook_start(sup, i, HOOK_BLOCKED, &task, STOP_BLOCKED_MS);
}
