/* SPDX-License-Identifier: ISC */
/* Helpers have no breaker, no budget and no headroom reserve: they are few,
 * and without them nobody can see why anything else fails. */
#include "init/pid1/helpers.h"

#include <signal.h>

#include "init/helper/helper.h"
#include "init/kernel/fork.h"
#include "init/kernel/spawn.h"
#include "init/kernel/wait.h"
#include "init/service/checks.h"
#include "init/service/output_pipes.h"
#include "init/service/prober_link.h"

enum {
	OWN_TASKS = 4,    /* PID 1, recorder, relay, control */
	FIRST_MS = 50,    /* delay after the first death */
	MOST_MS = 2000,   /* doubling stops here */
	FORGET_MS = 10000, /* alive for so long: the delay begins anew */
};

/* What the child of a helper is made with. */
struct birth {
	const struct sup *sup;
	enum board_helper_kind kind;
};

static void become_helper(void *with)
{
	const struct birth *b = with;
	const struct sup *sup = b->sup;
	const struct helper_job job = {
		.kind = b->kind,
		.config = sup->config,
		.reloads = sup->reloads,
		.boards = sup->boards,
		.pipes = sup->pipe,
		.command_fd = sup->command_peer_fd,
		.listen_fd = sup->listen_fd,
		.near_fd = sup->near_fd,
		.probe_fd = sup->probe_peer_fd,
		.sockets = sup->socket,
		.notify_path = *sup->notify_path ? sup->notify_path : NULL,
		.wake_fd = sup->kept[b->kind].wake_fd,
		.notify_fd = sup->notify_fd,
		.argv = sup->argv,
	};

	spawn_drop_reports(sup->report);
	helper_run(&job, helper_mains[b->kind]);
}

static void start(struct sup *sup, enum board_helper_kind kind)
{
	struct kept *kept = &sup->kept[kind];
	struct birth birth = { sup, kind };
	pid_t pid = fork_child(become_helper, &birth);

	kept->again_ms = NEVER;
	kept->is_renewed = false;
	sup->is_head_changed = true;
	if (pid < 0) {
		SUP_SAY(sup, BOARD_EV_HELPER_FAILED, -1, kind, -pid);
		kept->again_ms = sup->now_ms + MOST_MS;
		return;
	}
	kept->pid = pid;
	kept->began_ms = sup->now_ms;
}

static bool is_needed(const struct sup *sup, enum board_helper_kind kind)
{
	if (kind == BOARD_CONTROL)
		return sup->command_fd >= 0;
	if (kind == BOARD_PROBER)
		return sup->probe_fd >= 0 && prober_link_is_needed(sup->config);
	return kind != BOARD_FILES || sup->has_files;
}

int helpers_begin(struct sup *sup)
{
	for (int k = 0; k < BOARD_HELPERS; k++) {
		sup->kept[k] = (struct kept){ .again_ms = NEVER };
		sup->kept[k].wake_fd = wait_wake_open();
		if (sup->kept[k].wake_fd < 0)
			return sup->kept[k].wake_fd;
	}
	for (int k = 0; k < BOARD_HELPERS; k++)
		if (is_needed(sup, (enum board_helper_kind)k))
			start(sup, (enum board_helper_kind)k);
	return 0;
}

/* Does a service have a short command (hooks.h)? */
static bool has_hooks(const struct config *c)
{
	for (uint32_t i = 0; i < c->services; i++) {
		const struct config_service *s = config_service(c, i);

		if (s->stop_command.count + s->on_blocked.count > 0 ||
		    config_is_hook(&s->ready) || config_is_hook(&s->health))
			return true;
	}
	return false;
}

int64_t helpers_own_tasks(const struct config *c)
{
	return OWN_TASKS + pipes_have_files(c) + prober_link_is_needed(c) +
	       has_hooks(c);
}

int64_t helpers_tasks(const struct config *c)
{
	int64_t tasks = helpers_own_tasks(c);

	for (uint32_t i = 0; i < c->services; i++)
		tasks += config_service(c, i)->is_autostart;
	return tasks;
}

void helpers_renew(struct sup *sup)
{
	for (int k = 0; k < BOARD_HELPERS; k++) {
		struct kept *kept = &sup->kept[k];

		if (!is_needed(sup, (enum board_helper_kind)k) && !kept->pid)
			kept->again_ms = NEVER;
		else if (!kept->pid)
			kept->again_ms = sup->now_ms;
		kept->is_renewed = kept->pid != 0;
		/* The inspector listens to nobody and has nothing to lose. */
		if (kept->pid)
			fork_signal(kept->pid, k == BOARD_INSPECTOR ? SIGKILL
								    : SIGTERM);
	}
}

bool helpers_reaped(struct sup *sup, pid_t pid, int status)
{
	for (int k = 0; k < BOARD_HELPERS; k++) {
		struct kept *kept = &sup->kept[k];

		if (kept->pid != pid)
			continue;
		kept->pid = 0;
		sup->is_head_changed = true;
		if (k == BOARD_PROBER)
			checks_prober_lost(sup);
		/* At the end all go by themselves. */
		if (sup->stop.phase >= STOP_HELPERS ||
		    !is_needed(sup, (enum board_helper_kind)k))
			return true;
		if (kept->is_renewed) {
			kept->again_ms = sup->now_ms;
			return true;
		}
		if (k == BOARD_INSPECTOR) /* it has looked */
			return true;
		if (kept->delay_ms == 0 ||
		    sup->now_ms - kept->began_ms >= FORGET_MS)
			kept->delay_ms = FIRST_MS;
		else
			kept->delay_ms = earlier(2 * kept->delay_ms, MOST_MS);
		kept->again_ms = sup->now_ms + kept->delay_ms;
		kept->restarts++;
		SUP_SAY(sup, BOARD_EV_HELPER_DIED, -1, k, status,
			kept->delay_ms);
		return true;
	}
	return false;
}

void helpers_last(struct sup *sup)
{
	for (int k = 0; k < BOARD_HELPERS; k++)
		if (sup->kept[k].again_ms != NEVER)
			start(sup, (enum board_helper_kind)k);
}

void helpers_run(struct sup *sup)
{
	for (int k = 0; k < BOARD_HELPERS; k++)
		if (sup->now_ms >= sup->kept[k].again_ms)
			start(sup, (enum board_helper_kind)k);
}

int64_t helpers_next_ms(const struct sup *sup)
{
	int64_t next_ms = NEVER;

	for (int k = 0; k < BOARD_HELPERS; k++)
		next_ms = earlier(next_ms, sup->kept[k].again_ms);
	return next_ms;
}

void helpers_wake(struct sup *sup, enum board_helper_kind kind)
{
	/* A full counter says "look" as well. */
	if (!wait_wake(sup->kept[kind].wake_fd))
		sup->is_head_changed = true;
}

bool helpers_is_alone(const struct sup *sup)
{
	return sup->kept[BOARD_RECORDER].pid == 0 &&
	       sup->kept[BOARD_RELAY].pid == 0 &&
	       sup->kept[BOARD_FILES].pid == 0;
}
