/* SPDX-License-Identifier: ISC */
/* An exit status becomes a cause, a verdict of the breaker, a row on the board
 * and one event. Start failures are ends too: their child has reported the
 * step and the errno before it exited. */
#include "init/service/exit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "init/kernel/task_limits.h"
#include "init/service/checks.h"
#include "init/service/leftovers.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"
#include "init/service/oom.h"
#include "init/service/publish.h"
#include "init/service/start_queue.h"
#include "init/service/stop.h"
#include "policy/exit_policy.h"

enum {
	REFUSALS = 8,    /* of its own steps, in a row: it is a failure */
	SENT_MS = 10000, /* a signal that a person sent explains the end */
};

/* errno values that another try cures by itself, often enough. */
static bool is_passing(int err)
{
	return limits_are_short(err) || err == ETXTBSY || err == EIO ||
	       err == ESTALE || err == ETIMEDOUT || err == EINTR;
}

/* What dashpot exits with on behalf of a service that ended so. */
static int exit_code_of(const struct board_end *end)
{
	switch (end->cause) {
	case BOARD_EXITED:
		return end->code > 0 ? end->code : 1;
	case BOARD_SIGNALLED:
	case BOARD_OUT_OF_MEMORY:
	case BOARD_KILLED:
	case BOARD_SENT:
		return 128 + end->code;
	case BOARD_START_FAILED:
		return end->err == ENOENT ? 127 : 126;
	case BOARD_ASKED:
		return 0;
	case BOARD_NEVER_ENDED:
	case BOARD_START_TIMEOUT:
	case BOARD_UNHEALTHY:
	case BOARD_ZOMBIES:
	case BOARD_CAUSES:
		break;
	}
	return 1;
}

static bool is_at_once(const struct config_service *c,
		       const struct board_end *end)
{
	if (end->cause == BOARD_START_FAILED)
		return !is_passing(end->err);
	return end->cause == BOARD_EXITED &&
	       config_has_code(c->fatal_codes, end->code);
}

/* How the run ended, as policy/exit_policy sees it. */
static enum exit_end how_ended(const struct config_service *c,
				const struct board_end *end)
{
	if (end->cause == BOARD_SENT)
		return EXIT_POLICY_ASKED;
	if (end->cause == BOARD_EXITED &&
	    config_has_code(c->success_codes, end->code))
		return EXIT_POLICY_SUCCESS;
	return is_at_once(c, end) ? EXIT_POLICY_AT_ONCE : EXIT_POLICY_FAILURE;
}

/* What a run that ended by itself leads to. */
static enum life_event judge(struct sup *sup, uint32_t i,
			     struct board_end *end)
{
	const struct config_service *c = settings(sup, i);
	const struct exit_rules rules = {
		.breaker = &c->breaker,
		.min_runtime_ms = c->min_runtime_ms,
		.is_success_an_end = c->type == CONFIG_ONESHOT ||
				     c->restart != CONFIG_ALWAYS,
		.is_never_restarted = c->restart == CONFIG_NEVER,
		.is_scheduled = config_is_scheduled(sup->config, i),
	};
	struct service *s = &sup->service[i];
	struct breaker *b = &sup->breaker[i];
	int64_t runtime_ms = end->ended_ms - end->started_ms;
	enum exit_end how = how_ended(c, end);
	const bool is_probe = b->state == BREAKER_HALF_OPEN;
	const bool is_asked = is_probe && b->is_asked;
	enum life_event event;

	end->was_failure = exit_is_failure(&rules, how, runtime_ms);
	if (end->was_failure) {
		s->failures++;
		s->exit_code = exit_code_of(end);
	}
	event = exit_event(&rules, b, how, runtime_ms, sup->now_ms);
	if (event == LIFE_ENDED_BAD)
		s->exit_code = exit_code_of(end);
	if (event == LIFE_ENDED_TICK && !end->was_failure) {
		s->failures = 0;
		s->was_stable = true;
	}
	if (event != LIFE_FAILED_BLOCK && event != LIFE_FAILED_LATCH)
		return event;
	s->was_asked = is_asked;
	s->opened = service_tally(sup, i);
	if (how == EXIT_POLICY_AT_ONCE || is_probe)
		s->opened.window_ms = 0;
	return event;
}

static void describe_end(const struct sup *sup, uint32_t i, int status,
			 const struct rusage *used, struct board_end *end)
{
	const struct service *s = &sup->service[i];
	const struct spawn_report *report = &sup->report[i];

	*end = (struct board_end){
		.run = s->starts,
		.started_ms = s->started_ms,
		.ended_ms = sup->now_ms,
		.ended_wall_ms = sup->now_wall_ms,
		.cpu_us = ((int64_t)used->ru_utime.tv_sec +
			   used->ru_stime.tv_sec) *
				  1000000 +
			  used->ru_utime.tv_usec + used->ru_stime.tv_usec,
		.peak_kib = used->ru_maxrss,
		.cause = WIFSIGNALED(status) ? BOARD_SIGNALLED : BOARD_EXITED,
		.code = WIFSIGNALED(status) ? WTERMSIG(status)
					    : WEXITSTATUS(status),
		.was_signalled = WIFSIGNALED(status),
		.was_core_dumped = WIFSIGNALED(status) && WCOREDUMP(status),
		.was_probe =
			s->state == LIFE_PROBING || s->was_given_up_probe,
	};
	limits_tightest(&sup->limits, &end->tasks_current, &end->tasks_max);
	if (s->given_up != BOARD_NEVER_ENDED) {
		end->cause = s->given_up;
		end->was_failure = true;
	} else if (s->state == LIFE_STOPPING) {
		end->cause = s->is_killed && WIFSIGNALED(status) &&
					     WTERMSIG(status) == SIGKILL
				     ? BOARD_KILLED
				     : BOARD_ASKED;
	} else if (report->err) {
		end->cause = BOARD_START_FAILED;
		end->step = report->step;
		end->err = report->err;
		end->code = report->which;
	}
}

/* An end by what a person sent is what that person wanted to see. */
static void look_for_sender(const struct sup *sup, uint32_t i,
			    struct board_end *end)
{
	const struct service *s = &sup->service[i];
	const int code = end->cause == BOARD_EXITED ? end->code - 128
						    : end->code;

	if (end->cause > BOARD_SIGNALLED || code != s->sent ||
	    s->sent_ms < s->started_ms || sup->now_ms - s->sent_ms > SENT_MS)
		return;
	end->cause = BOARD_SENT;
	end->code = s->sent;
	end->was_signalled = true;
}

/* A SIGKILL that dashpot did not send: was it the kernel's? One that came
 * while it was being stopped is accounted for all the same. */
static void look_for_oom(struct sup *sup, uint32_t i, int status,
			 struct board_end *end)
{
	enum board_oom oom;

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL ||
	    (sup->service[i].state == LIFE_STOPPING &&
	     sup->service[i].is_killed))
		return;
	oom = oom_killed(sup, i);
	if (oom == BOARD_OOM_NO || end->cause != BOARD_SIGNALLED)
		return;
	end->cause = BOARD_OUT_OF_MEMORY;
	end->oom = oom;
}

static void record_end(struct sup *sup, uint32_t i, struct board_end *end)
{
	publish_end(sup, i, end);
	SUP_SAY(sup, BOARD_EV_ENDED, (int)i, end->cause, end->code,
		(int64_t)end->step, end->err, end->ended_ms - end->started_ms,
		end->was_failure, sup->service[i].session,
		(int64_t)end->number);
}

/* Did the machine refuse the start after the clone? Then it is nobody's fault.
 * A step that goes on saying so is its service's: of a directory, a limit. */
static bool is_refused(const struct sup *sup, uint32_t i)
{
	const struct spawn_report *report = &sup->report[i];

	return sup->service[i].state != LIFE_STOPPING &&
	       limits_are_short(report->err) &&
	       (report->step == BOARD_STEP_HEADROOM ||
		report->step == BOARD_STEP_EXEC ||
		sup->service[i].refusals + 1 < REFUSALS);
}

/* There is no end, and the start waits: for want of headroom with all that the
 * same limit binds, else alone. */
static void refuse(struct sup *sup, uint32_t i)
{
	struct board_limit limit;

	limits_blame_child(&sup->limits, &sup->report[i], queue_uid(sup, i),
			   &limit);
	sup->service[i].starts--;
	sup->service[i].has_cell |= sup->report[i].is_in_cell != 0;
	publish_run(sup, i, sup->service[i].starts);
	service_take(sup, i, LIFE_REFUSED);
	if (sup->report[i].step == BOARD_STEP_HEADROOM)
		queue_refused(sup, i, &limit);
	else
		queue_set_aside(sup, i, &limit);
}

static void forget_process(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (s->verdict_fd >= 0)
		service_verdict(sup, i);
	stop_ended(sup, i);
	checks_end(sup, i);
	notify_end(sup, i);
	s->awaits_ready = false;
	s->pid = 0;
	sup->leader[i] = 0;
	s->ready_ms = NEVER;
	s->stuck_ms = NEVER;
	s->is_stuck = false;
}

/* What follows from a verdict once nothing of it runs any more. */
static enum life_event gone_after(enum life_event verdict)
{
	switch ((unsigned)verdict) {
	case LIFE_FAILED_RETRY:
		return LIFE_GONE_RETRY;
	case LIFE_FAILED_BLOCK:
		return LIFE_GONE_BLOCK;
	case LIFE_ENDED_TICK:
		return LIFE_GONE_TICK;
	}
	return LIFE_GONE_BAD;
}

void service_give_up(struct sup *sup, uint32_t i, enum board_cause cause)
{
	struct service *s = &sup->service[i];
	struct board_end end = {
		.cause = cause,
		.started_ms = s->started_ms,
		.ended_ms = sup->now_ms,
	};

	if (!s->pid || s->state == LIFE_STOPPING)
		return;
	SUP_SAY(sup, BOARD_EV_GIVEN_UP, (int)i, cause, end.ended_ms -
		end.started_ms);
	s->verdict = judge(sup, i, &end);
	s->given_up = cause;
	s->is_late = cause == BOARD_START_TIMEOUT;
	s->was_given_up_probe = s->state == LIFE_PROBING;
	service_take(sup, i, LIFE_STOP);
	s->gone = gone_after(s->verdict);
}

bool service_reaped(struct sup *sup, uint32_t i, int status,
		    const struct rusage *used, struct service_end *ret_end)
{
	struct service *s = &sup->service[i];
	struct board_end *end = &ret_end->end;
	bool is_given_up = s->given_up != BOARD_NEVER_ENDED;

	ret_end->event = LIFE_EVENTS;
	forget_process(sup, i);
	if (is_refused(sup, i)) {
		refuse(sup, i);
		return false;
	}
	s->has_token = false;
	s->refused_by = BOARD_LIMIT_NONE;
	s->refusals = 0;
	describe_end(sup, i, status, used, end);
	look_for_sender(sup, i, end);
	look_for_oom(sup, i, status, end);
	s->given_up = BOARD_NEVER_ENDED;
	s->was_given_up_probe = false;
	if (is_given_up)
		ret_end->event = s->verdict;
	else if (end->cause != BOARD_ASKED && end->cause != BOARD_KILLED)
		ret_end->event = judge(sup, i, end);
	else if (settings(sup, i)->is_main)
		s->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						   : WEXITSTATUS(status);
	record_end(sup, i, end);
	s->has_vanished = end->cause == BOARD_EXITED && end->code == 0 &&
			  settings(sup, i)->type == CONFIG_DAEMON &&
			  end->ended_ms - end->started_ms < SUP_VANISH_MS;
	leftovers_begin(sup, i, false);
	/* One that is stopping takes its GONE when nothing of it is left. */
	if (ret_end->event != LIFE_EVENTS)
		service_take(sup, i, ret_end->event);
	return true;
}
