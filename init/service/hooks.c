/* SPDX-License-Identifier: ISC */
/* Those that run stand side by side in sup->hook, in no order: there are few,
 * and nothing looks through them while there are none. */
#include "init/service/hooks.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "init/kernel/execute.h"
#include "init/kernel/lineage_mark.h"
#include "init/kernel/processes.h"
#include "init/kernel/spawn.h"
#include "init/kernel/task_limits.h"
#include "init/lib/format.h"
#include "init/service/checks.h"
#include "init/service/leftovers.h"
#include "init/service/lifecycle.h"
#include "init/service/publish.h"
#include "init/service/start_queue.h"
#include "init/service/stop.h"
#include "init/text/wording.h"

enum {
	VARIABLES = EXECUTE_EXTRA, /* that a hook has more than its service */
	VARIABLE = 80,   /* most bytes of one */
	AT_ONCE = 32,    /* hooks in one look for what they left */
	AGAIN_MS = 50,   /* until the next look at what is left */
	SOON_MS = 10,    /* ... when an orphan was reaped meanwhile */
	STAY_MS = 2000,  /* it survives SIGKILL for so long: look rarely */
	RARELY_MS = 1000,
};

/* Its place; sup->hooks where there is none. */
static uint32_t find(const struct sup *sup, uint32_t i, enum hook_kind kind)
{
	uint32_t k = 0;

	while (k < sup->hooks &&
	       (sup->hook[k].service != i || sup->hook[k].kind != kind))
		k++;
	return k;
}

static struct spawn_report *report_of(const struct sup *sup, uint32_t i,
				      enum hook_kind kind)
{
	return &sup->report[(1 + (uint32_t)kind) * CONFIG_SERVICES + i];
}

bool hook_runs(const struct sup *sup, uint32_t i, enum hook_kind kind)
{
	uint32_t k = find(sup, i, kind);

	return k < sup->hooks && !sup->hook[k].is_over;
}

bool hooks_run(const struct sup *sup, enum hook_kind kind)
{
	bool is_any = false;

	for (uint32_t k = 0; k < sup->hooks; k++)
		is_any |= sup->hook[k].kind == kind && !sup->hook[k].is_over;
	return is_any;
}

bool hooks_are_swept(const struct sup *sup, uint32_t i)
{
	bool is_swept = false;

	for (uint32_t k = 0; k < sup->hooks; k++)
		is_swept |= sup->hook[k].service == i && sup->hook[k].is_reaped;
	return is_swept;
}

bool hooks_hold(const struct sup *sup, uint32_t i)
{
	bool is_held = false;

	for (uint32_t k = 0; k < sup->hooks; k++)
		is_held |= sup->hook[k].service == i;
	return is_held;
}

int hook_error(const struct sup *sup, uint32_t i, enum hook_kind kind)
{
	return report_of(sup, i, kind)->err;
}

bool hook_was_refused(const struct sup *sup, uint32_t i, enum hook_kind kind)
{
	return limits_are_short(report_of(sup, i, kind)->err);
}

/* --- Its variables ------------------------------------------------------ */

struct variables {
	const char *list[VARIABLES + 1];
	char text[VARIABLES][VARIABLE];
	uint32_t count;
};

__attribute__((format(printf, 2, 3)))
static void add(struct variables *v, const char *form, ...)
{
	char *text = v->text[v->count];
	va_list args;

	va_start(args, form);
	(void)format_list(text, VARIABLE, form, args);
	va_end(args);
	v->list[v->count++] = text;
	v->list[v->count] = NULL;
}

/* How the last run of service i ended. */
static void add_end(struct variables *v, const struct sup *sup, uint32_t i)
{
	const struct board_service *row = &sup->boards.board->service[i];
	const struct board_end *end =
		&row->ends[(row->ends_count + BOARD_ENDS - 1) % BOARD_ENDS];
	char word[16];

	add(v, "DASHPOT_CAUSE=%s", phrase_cause(end->cause));
	add(v, "DASHPOT_CODE=%d", end->code);
	if (end->was_signalled)
		add(v, "DASHPOT_SIGNAL=%s", phrase_signal(end->code, word));
	add(v, "DASHPOT_TRIPS=%u", sup->breaker[i].trips);
	add(v, "DASHPOT_STATE=%s", life_word(sup->service[i].state));
}

/* Make the child. Its pid, or -errno. */
static pid_t spawn(struct sup *sup, uint32_t i, enum hook_kind kind,
		   const struct hook_task *task)
{
	struct variables v = { .count = 0 };
	const struct spawn_hook hook = {
		.argv = task->argv,
		.path = task->path,
		.start = task->is_new ? &sup->report[i] : NULL,
		.extra = v.list,
		.is_silent = kind == HOOK_CHECK,
	};
	struct spawn_plan plan = service_plan(sup, i);

	plan.report = report_of(sup, i, kind);
	plan.mark += 1 + (uint64_t)kind;
	plan.hook = &hook;
	add(&v, "DASHPOT_SERVICE=%s", config_name(sup->config, i));
	if (kind == HOOK_STOP)
		add(&v, "MAINPID=%d", sup->service[i].pid);
	if (kind == HOOK_BLOCKED)
		add_end(&v, sup, i);
	return spawn_hook(&plan);
}

/* --- Starting ---------------------------------------------------------- */

/* Say why one that a person wrote does not run; a check has its own ways. */
static int refuse(struct sup *sup, uint32_t i, enum hook_kind kind, int err,
		  const struct board_limit *limit)
{
	if (kind != HOOK_CHECK)
		SUP_SAY(sup, BOARD_EV_HOOK_REFUSED, (int)i, kind, limit->kind,
			limit->current, limit->max, limit->reserve,
			board_limit_of(limit), -err);
	return err;
}

/* ... and for no longer than that takes, where nothing hangs? */
static bool is_being_swept(const struct sup *sup, uint32_t i,
			   enum hook_kind kind)
{
	uint32_t k = find(sup, i, kind);

	return k < sup->hooks && sup->hook[k].is_reaped &&
	       !sup->hook[k].is_stay_said;
}

int hook_start(struct sup *sup, uint32_t i, enum hook_kind kind,
	       const struct hook_task *task, int64_t timeout_ms)
{
	struct board_limit limit = { .kind = BOARD_LIMIT_NONE };
	int64_t born_ticks = processes_now_ticks();
	pid_t pid;

	if (is_being_swept(sup, i, kind) && kind == HOOK_CHECK)
		return -ESRCH;
	if (find(sup, i, kind) < sup->hooks)
		return refuse(sup, i, kind, -EBUSY, &limit);
	if (!limits_have_room(&sup->limits, sup->config->headroom, &limit))
		return refuse(sup, i, kind, -EAGAIN, &limit);
	limits_note(&sup->limits);
	pid = spawn(sup, i, kind, task);
	if (pid < 0) {
		limits_blame(&sup->limits, -pid, &limit);
		return refuse(sup, i, kind, pid, &limit);
	}
	sup->hook[sup->hooks++] = (struct hook){
		.began_ms = sup->now_ms,
		.next_ms = sup->now_ms + timeout_ms,
		.born_ticks = born_ticks,
		.pid = pid,
		.service = (uint16_t)i,
		.kind = (uint8_t)kind,
	};
	publish_hook(sup, i, kind, pid);
	if (kind == HOOK_CHECK)
		return 0;
	SUP_SAY(sup, BOARD_EV_HOOK, (int)i, kind, pid, timeout_ms);
	service_touch(sup, i);
	return 0;
}

/* --- Ending ------------------------------------------------------------ */

/* Its number is taken while the leader is unreaped. A group that the child has
 * not made yet does not exist. */
static void kill_hook(struct sup *sup, struct hook *hook)
{
	int err;

	if (hook->kind != HOOK_CHECK)
		service_touch(sup, hook->service);
	err = courier_send(hook->service, SIGKILL, hook->pid, true);
	stop_sent(sup, hook->service, &hook->unsent, SIGKILL, hook->pid, err);
	hook->is_over = true;
	hook->is_killed = true;
	hook->next_ms = err < 0 ? sup->now_ms + SUP_RETRY_MS : NEVER;
}

bool hooks_courier(struct sup *sup, const struct courier_task *task, int err)
{
	for (uint32_t k = 0; k < sup->hooks; k++) {
		struct hook *hook = &sup->hook[k];

		if (hook->pid != task->pid || hook->is_reaped)
			continue;
		stop_sent(sup, hook->service, &hook->unsent, task->number,
			  hook->pid, -err);
		if (err)
			hook->next_ms = sup->now_ms + SUP_RETRY_MS;
		return true;
	}
	return false;
}

void hook_cancel(struct sup *sup, uint32_t i, enum hook_kind kind)
{
	uint32_t k = find(sup, i, kind);

	if (k < sup->hooks && !sup->hook[k].is_over)
		kill_hook(sup, &sup->hook[k]);
}

void hooks_cancel_all(struct sup *sup)
{
	for (uint32_t k = 0; k < sup->hooks; k++)
		if (!sup->hook[k].is_over)
			kill_hook(sup, &sup->hook[k]);
}

/* How a hook ended, or that it was killed at its time-out. */
static void say_end(struct sup *sup, const struct hook *hook, int status,
		    bool is_timed_out)
{
	const struct spawn_report *report =
		report_of(sup, hook->service, (enum hook_kind)hook->kind);
	enum board_cause cause = WIFSIGNALED(status) ? BOARD_SIGNALLED
						     : BOARD_EXITED;

	if (report->err && !is_timed_out)
		cause = BOARD_START_FAILED;
	SUP_SAY(sup, BOARD_EV_HOOK_ENDED, hook->service, cause,
		cause == BOARD_START_FAILED ? report->which :
		WIFSIGNALED(status)	    ? WTERMSIG(status) :
					      WEXITSTATUS(status),
		report->step, report->err, sup->now_ms - hook->began_ms,
		is_timed_out, hook->kind);
}

static void tell(struct sup *sup, const struct hook *hook, int status,
		 bool is_timed_out)
{
	const enum hook_kind kind = (enum hook_kind)hook->kind;
	const uint32_t i = hook->service;
	struct board_limit limit;

	if (kind == HOOK_CHECK) {
		checks_hook_ended(sup, i, status, is_timed_out);
		return;
	}
	if (!is_timed_out && hook_was_refused(sup, i, kind)) {
		limits_blame_child(&sup->limits, report_of(sup, i, kind),
				   queue_uid(sup, i), &limit);
		(void)refuse(sup, i, kind, -report_of(sup, i, kind)->err,
			     &limit);
	} else {
		say_end(sup, hook, status, is_timed_out);
	}
	service_touch(sup, i);
	if (kind == HOOK_STOP)
		stop_command_ended(sup, i, !is_timed_out && WIFEXITED(status) &&
						   WEXITSTATUS(status) == 0);
}

static void forget(struct sup *sup, uint32_t k)
{
	/* Its service may have waited for it. */
	sup->is_queue_due = true;
	if (sup->hook[k].unsent)
		service_touch(sup, sup->hook[k].service);
	sup->hook[k] = sup->hook[--sup->hooks];
}

bool hooks_reaped(struct sup *sup, pid_t pid, int status)
{
	struct hook hook;
	uint32_t k = 0;

	while (k < sup->hooks &&
	       (sup->hook[k].pid != pid || sup->hook[k].is_reaped))
		k++;
	if (k == sup->hooks)
		return false;
	hook = sup->hook[k];
	publish_hook(sup, hook.service, (enum hook_kind)hook.kind, 0);
	/* Another's SIGKILL may be the kernel's, for want of memory. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    !hook.is_killed)
		sup->killed++;
	sup->hook[k].is_over = true;
	sup->hook[k].is_reaped = true;
	sup->hook[k].began_ms = sup->now_ms;
	sup->hook[k].next_ms = sup->now_ms;
	if (!leftovers_has_strangers(sup))
		forget(sup, k);
	if (!hook.is_over)
		tell(sup, &hook, status, false);
	return true;
}

/* --- What it leaves ----------------------------------------------------- */

static int64_t kill_ms(const struct sup *sup, const struct hook *hook)
{
	return hook->is_killed ? hook->began_ms
			       : hook->began_ms + settings(sup, hook->service)
							  ->leftover_grace_ms;
}

static struct processes set_of(const struct sup *sup, const struct hook *hook)
{
	const uint64_t mark = sup->service[hook->service].mark;
	const bool is_late = sup->now_ms >= kill_ms(sup, hook);

	return (struct processes){
		.id = hook->pid,
		.born_ticks = hook->born_ticks,
		.mark = mark_make(sup->mark_base, mark + 1 + hook->kind),
		.service = hook->service,
		.signal = is_late	  ? SIGKILL
			  : hook->is_told ? 0
					  : SIGTERM,
	};
}

/* Count those that have ended. */
static void record(struct sup *sup, struct hook *hook, uint32_t found)
{
	if (found < hook->left) {
		publish_left_ended(sup, hook->service, hook->left - found);
		service_touch(sup, hook->service);
	}
	hook->left = found;
}

/* A check that leaves something leaves it every time: said once a run. */
static void say_left(struct sup *sup, const struct hook *hook,
		     const struct processes *left)
{
	struct service *s = &sup->service[hook->service];

	if (hook->kind == HOOK_CHECK && s->check_left_run == s->starts + 1)
		return;
	if (hook->kind == HOOK_CHECK)
		s->check_left_run = s->starts + 1;
	SUP_SAY(sup, BOARD_EV_HOOK_LEFT, hook->service, hook->kind,
		left->found, left->one);
}

/* What a look has found of it. False: nothing, so that it is over. */
static bool follow(struct sup *sup, struct hook *hook,
		   const struct processes *left)
{
	bool is_stay = sup->now_ms >= kill_ms(sup, hook) + STAY_MS;

	if (left->found > 0 && !hook->is_told)
		say_left(sup, hook, left);
	record(sup, hook, left->found);
	if (left->found == 0 && left->ended == 0)
		return false;
	hook->is_told = hook->is_told || left->found > 0;
	if (left->signal)
		stop_sent(sup, hook->service, &hook->unsent, left->signal,
			  left->one, processes_sent(left));
	if (left->err == 0 && is_stay && !hook->is_stay_said)
		SUP_SAY(sup, BOARD_EV_LEFTOVERS_STAY, hook->service,
			left->found + (left->found == 0), left->one);
	hook->is_stay_said = hook->is_stay_said || is_stay;
	hook->next_ms = sup->now_ms + (left->found == 0 ? SOON_MS
				       : is_stay	? RARELY_MS
							: AGAIN_MS);
	if (sup->now_ms < kill_ms(sup, hook))
		hook->next_ms = earlier(hook->next_ms, kill_ms(sup, hook));
	return true;
}

/* Look for what is left of hooks whose leader is reaped; several share a
 * look. */
static void look(struct sup *sup)
{
	struct processes left[AT_ONCE];
	uint32_t of[AT_ONCE], n = 0;
	int seen;

	for (uint32_t k = 0; k < sup->hooks && n < AT_ONCE; k++) {
		if (!sup->hook[k].is_reaped ||
		    sup->now_ms < sup->hook[k].next_ms)
			continue;
		sup->hook[k].next_ms = sup->look_ms;
		of[n] = k;
		left[n++] = set_of(sup, &sup->hook[k]);
	}
	if (n == 0 || sup->now_ms < sup->look_ms)
		return;
	seen = leftovers_look(sup, left, n);
	/* Downwards: one that is forgotten gives its place to the last. Without
	 * /proc nothing can ever be found. */
	while (n-- > 0) {
		if (seen < 0 && sup->proc_fd >= 0)
			sup->hook[of[n]].next_ms = sup->now_ms + RARELY_MS;
		else if (!follow(sup, &sup->hook[of[n]], &left[n]))
			forget(sup, of[n]);
	}
}

void hooks_soon(struct sup *sup)
{
	for (uint32_t k = 0; k < sup->hooks; k++)
		if (sup->hook[k].is_reaped && !sup->hook[k].is_stay_said)
			sup->hook[k].next_ms = earlier(sup->hook[k].next_ms,
						       sup->now_ms + SOON_MS);
}

void hooks_fire(struct sup *sup)
{
	for (uint32_t k = 0; k < sup->hooks; k++) {
		struct hook *hook = &sup->hook[k];
		bool was_over;

		if (sup->now_ms < hook->next_ms || hook->is_reaped)
			continue;
		was_over = hook->is_over;
		kill_hook(sup, hook);
		if (!was_over)
			tell(sup, hook, 0, true);
	}
	look(sup);
}

int64_t hooks_next_ms(const struct sup *sup)
{
	int64_t next_ms = NEVER;

	for (uint32_t k = 0; k < sup->hooks; k++)
		next_ms = earlier(next_ms, sup->hook[k].next_ms);
	return next_ms;
}

void hooks_shift(struct sup *sup, int64_t jump_ms)
{
	for (uint32_t k = 0; k < sup->hooks; k++)
		if (sup->hook[k].next_ms != NEVER)
			sup->hook[k].next_ms += jump_ms;
}
