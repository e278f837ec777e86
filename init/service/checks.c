/* SPDX-License-Identifier: ISC */
/* One state a service: when it is asked next, or that it is being asked. Until
 * it is ready it is asked for that, then for its health. */
#include "init/service/checks.h"

#include <errno.h>
#include <sys/wait.h>

#include "init/service/hooks.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"
#include "init/service/prober_link.h"

enum {
	POLL_MS = 100,       /* to the second look for readiness, doubled ... */
	POLL_MOST_MS = 1000, /* ... up to this */
	READY_MS = 5000,     /* one look for readiness lasts so long */
	SLACK_MS = 1000,     /* the prober itself keeps its time-out */
	AGAIN_MS = 250,      /* until there is a prober again */
	CLOSED_MS = 1000,    /* a closed descriptor may be a process that ends:
			      * it is said only after that */
};

const struct config_check *checks_form(const struct sup *sup, uint32_t i)
{
	const struct config_service *s = settings(sup, i);

	return sup->check[i].is_health ? &s->health : &s->ready;
}

static void begin(struct sup *sup, uint32_t i, bool is_health, int64_t next_ms)
{
	sup->service[i].is_checked = true;
	sup->check[i] = (struct check){
		.next_ms = next_ms,
		.late_ms = NEVER,
		.poll_ms = POLL_MS,
		.is_health = is_health,
	};
	service_touch(sup, i);
}

bool checks_begin(struct sup *sup, uint32_t i)
{
	const struct config_service *s = settings(sup, i);

	switch (s->ready.kind) {
	case CONFIG_CHECK_NONE:
		return false;
	case CONFIG_CHECK_NOTIFY:
	case CONFIG_CHECK_FD:
		begin(sup, i, false, NEVER);
		break;
	case CONFIG_CHECK_TCP:
	case CONFIG_CHECK_HTTP:
	case CONFIG_CHECK_UNIX:
	case CONFIG_CHECK_FILE:
	case CONFIG_CHECK_EXEC:
		begin(sup, i, false, sup->now_ms);
		break;
	}
	return true;
}

void checks_watch(struct sup *sup, uint32_t i)
{
	const struct config_service *s = settings(sup, i);

	const int64_t first_ms = s->health_grace_ms > 0 ? s->health_grace_ms
							: s->health_interval_ms;
	const bool is_soon = s->health_grace_ms == 0 &&
			     !sup->service[i].has_passed;

	checks_end(sup, i);
	if (s->health.kind == CONFIG_CHECK_NONE)
		return;
	begin(sup, i, true, sup->now_ms + (is_soon ? 0 : first_ms));
	sup->check[i].counts_ms = sup->now_ms + first_ms;
}

void checks_end(struct sup *sup, uint32_t i)
{
	if (!sup->service[i].is_checked)
		return;
	/* Its form may be another one by now: nothing happens without one. */
	if (sup->check[i].is_asked)
		hook_cancel(sup, i, HOOK_CHECK);
	sup->service[i].is_checked = false;
	sup->check[i].is_asked = false;
	notify_end(sup, i);
}

bool checks_have_passed(const struct sup *sup, uint32_t i)
{
	return settings(sup, i)->health.kind == CONFIG_CHECK_NONE ||
	       sup->service[i].has_passed;
}

int64_t checks_next_ms(const struct sup *sup, uint32_t i)
{
	const struct check *c = &sup->check[i];

	return earlier(c->next_ms, c->late_ms);
}

/* --- Asking ------------------------------------------------------------- */

/* The next one at its usual time. */
static void plan(struct sup *sup, uint32_t i)
{
	struct check *c = &sup->check[i];

	if (c->is_health &&
	    (sup->now_ms >= c->counts_ms || sup->service[i].has_passed)) {
		c->next_ms = sup->now_ms + settings(sup, i)->health_interval_ms;
		return;
	}
	c->next_ms = sup->now_ms + c->poll_ms;
	c->poll_ms *= 2;
	if (c->is_health)
		c->next_ms = earlier(c->next_ms, c->counts_ms);
	else
		c->poll_ms = earlier(c->poll_ms, POLL_MOST_MS);
}

/* It could not be made, which is nobody's failure. Said once, until one can
 * be made again. */
static void skip(struct sup *sup, uint32_t i, int err)
{
	struct check *c = &sup->check[i];

	c->is_asked = false;
	c->late_ms = NEVER;
	if (err == ESRCH) {
		c->next_ms = sup->now_ms + AGAIN_MS;
		return;
	}
	plan(sup, i);
	if (!c->is_skipped)
		SUP_SAY(sup, BOARD_EV_CHECK_SKIPPED, (int)i, err,
			c->is_health);
	c->is_skipped = true;
}

static int64_t timeout_of(const struct sup *sup, uint32_t i)
{
	return sup->check[i].is_health ? settings(sup, i)->health_timeout_ms
				       : READY_MS;
}

static void ask(struct sup *sup, uint32_t i)
{
	struct check *c = &sup->check[i];
	int64_t timeout_ms = timeout_of(sup, i);
	const struct config_check *form = checks_form(sup, i);
	const struct hook_task task = { .argv = form->argv,
					.path = form->path,
					.is_new = !c->is_health };
	int err;

	c->number = ++sup->asked;
	if (prober_link_makes(form->kind)) {
		err = prober_link_ask(sup, i, c->number, c->is_health,
				      timeout_ms);
		c->late_ms = sup->now_ms + timeout_ms + SLACK_MS;
	} else {
		err = hook_start(sup, i, HOOK_CHECK, &task, timeout_ms);
	}
	if (err < 0) {
		skip(sup, i, -err);
		return;
	}
	c->is_asked = true;
	c->next_ms = NEVER;
}

/* The prober does not even say that the time is over: it hangs, which says
 * nothing about the service. */
static void miss(struct sup *sup, uint32_t i)
{
	if (!sup->is_prober_silent)
		SUP_SAY(sup, BOARD_EV_PROBER_SILENT, (int)i,
			timeout_of(sup, i) + SLACK_MS);
	sup->is_prober_silent = true;
	skip(sup, i, ESRCH);
	plan(sup, i);
}

void checks_fire(struct sup *sup, uint32_t i)
{
	struct check *c = &sup->check[i];

	if (sup->now_ms >= c->late_ms)
		miss(sup, i);
	if (sup->now_ms < c->next_ms)
		return;
	if (checks_form(sup, i)->kind == CONFIG_CHECK_FD) {
		c->next_ms = NEVER;
		SUP_SAY(sup, BOARD_EV_READY_CLOSED, (int)i,
			checks_form(sup, i)->number);
	} else if (!c->is_asked) {
		ask(sup, i);
	}
}

void checks_told_nothing(struct sup *sup, uint32_t i)
{
	if (!sup->service[i].is_checked || sup->check[i].is_health)
		return;
	sup->check[i].next_ms = sup->now_ms + CLOSED_MS;
	service_touch(sup, i);
}

void checks_shift(struct sup *sup, uint32_t i, int64_t jump_ms)
{
	struct service *s = &sup->service[i];
	struct check *c = &sup->check[i];

	if (s->awaits_ready && s->due_ms != NEVER)
		s->due_ms += jump_ms;
	if (s->is_checked && c->late_ms != NEVER)
		c->late_ms += jump_ms;
	if (s->awaits_ready || s->is_checked)
		service_touch(sup, i);
}

void checks_prober_lost(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		if (!sup->service[i].is_checked || !sup->check[i].is_asked ||
		    !prober_link_makes(checks_form(sup, i)->kind))
			continue;
		skip(sup, i, ESRCH);
		service_touch(sup, i);
	}
}

/* --- Answers ------------------------------------------------------------ */

static void is_healthy(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	struct check *c = &sup->check[i];

	if (c->failures > 0)
		SUP_SAY(sup, BOARD_EV_HEALTHY, (int)i, c->failures);
	c->failures = 0;
	c->is_passed = true;
	/* Who comes after it has waited for that. */
	if (!s->has_passed) {
		s->has_passed = true;
		sup->is_tree_changed = true;
		plan(sup, i);
	}
	/* `stable` was over and waited for this. */
	if (s->due_ms == NEVER && !s->was_stable)
		service_take(sup, i, LIFE_STABLE);
}

static void is_unhealthy(struct sup *sup, uint32_t i)
{
	const uint32_t most = settings(sup, i)->health_failures;
	struct check *c = &sup->check[i];

	/* It is still on its way up. */
	if (sup->now_ms < c->counts_ms)
		return;
	c->failures++;
	c->is_passed = false;
	SUP_SAY(sup, BOARD_EV_UNHEALTHY, (int)i, c->answer, c->code,
		c->failures, most);
	if (c->failures >= most)
		service_give_up(sup, i, BOARD_UNHEALTHY);
}

void checks_answered(struct sup *sup, uint32_t i, enum board_answer answer,
		     int32_t code)
{
	struct check *c = &sup->check[i];
	bool is_news = c->answer != answer || c->code != code ||
		       c->failures > 0;

	if (answer == BOARD_ANSWER_SKIPPED) {
		skip(sup, i, code);
		service_arm(sup, i);
		return;
	}
	c->is_asked = false;
	c->is_skipped = false;
	c->late_ms = NEVER;
	c->answer = answer;
	c->code = code;
	plan(sup, i);
	if (!c->is_health && answer == BOARD_ANSWER_YES)
		service_ready(sup, i);
	else if (c->is_health && answer == BOARD_ANSWER_YES)
		is_healthy(sup, i);
	else if (c->is_health)
		is_unhealthy(sup, i);
	if (is_news)
		service_touch(sup, i);
	else
		service_arm(sup, i);
}

void checks_hook_ended(struct sup *sup, uint32_t i, int status,
		       bool is_timed_out)
{
	int err = hook_error(sup, i, HOOK_CHECK);

	if (!sup->service[i].is_checked || !sup->check[i].is_asked ||
	    prober_link_makes(checks_form(sup, i)->kind))
		return;
	if (is_timed_out)
		checks_answered(sup, i, BOARD_ANSWER_TIMEOUT, 0);
	else if (err != 0)
		checks_answered(sup, i,
				hook_was_refused(sup, i, HOOK_CHECK)
					? BOARD_ANSWER_SKIPPED
					: BOARD_ANSWER_ERROR,
				err);
	else if (WIFSIGNALED(status))
		checks_answered(sup, i, BOARD_ANSWER_SIGNAL, WTERMSIG(status));
	else if (checks_form(sup, i)->kind == CONFIG_CHECK_FILE &&
		 WEXITSTATUS(status) == EEXIST)
		checks_answered(sup, i, BOARD_ANSWER_OLD, 0);
	else if (checks_form(sup, i)->kind == CONFIG_CHECK_FILE &&
		 WEXITSTATUS(status) != 0)
		checks_answered(sup, i, BOARD_ANSWER_ERROR,
				WEXITSTATUS(status));
	else
		checks_answered(sup, i,
				WEXITSTATUS(status) == 0 ? BOARD_ANSWER_YES
							 : BOARD_ANSWER_EXIT,
				WEXITSTATUS(status));
}
