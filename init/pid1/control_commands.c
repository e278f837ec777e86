/* SPDX-License-Identifier: ISC */
/* A command becomes events of the life table, like a deadline or an end does.
 * What an operator asked for is remembered, so that neither a dependency nor
 * the end of everything else overrules it. */
#include "init/pid1/control_commands.h"

#include "init/kernel/signal_courier.h"
#include "init/kernel/sockets.h"
#include "init/pid1/reload.h"
#include "init/pid1/shutdown.h"
#include "init/service/dependency_tree.h"
#include "init/service/leftovers.h"
#include "init/service/lifecycle.h"
#include "init/service/orphans.h"
#include "init/service/stop.h"

enum {
	AT_ONCE = 32, /* commands in one turn */
};

/* What a command means for one service. */
enum verdict {
	IS_SO, /* nothing: it is like that already */
	TO_DO,
	REFUSED,
};

static enum verdict judge_start(const struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	if (sup->breaker[i].state == BREAKER_LATCHED)
		return REFUSED;
	if (s->state == LIFE_STOPPING)
		return s->is_wanted ? IS_SO : TO_DO;
	/* Its stop waits for its dependents', and may be called off. */
	if (s->is_stop_asked)
		return TO_DO;
	return life_is_up(s->state) || s->state == LIFE_WAITING ? IS_SO : TO_DO;
}

/* Not to the child of a start that does not execute yet: it is still dashpot,
 * and would die of it without a word. */
static enum verdict judge_signal(struct sup *sup, uint32_t i)
{
	const struct service *s = &sup->service[i];

	service_verdict(sup, i);
	return s->pid == 0 || s->verdict_fd >= 0 || !courier_can(s->pid)
		       ? REFUSED
		       : TO_DO;
}

/* Who is not ready perhaps does not know the signal yet, and would die of it;
 * who is stopping has other things to do. */
static enum verdict judge_reload(struct sup *sup, uint32_t i)
{
	enum verdict verdict = judge_signal(sup, i);

	return sup->service[i].ready_ms == NEVER ? REFUSED : verdict;
}

static enum verdict judge(struct sup *sup, uint32_t i,
			  const struct command *command)
{
	const struct service *s = &sup->service[i];
	const struct breaker *b = &sup->breaker[i];

	switch ((enum command_kind)command->kind) {
	case COMMAND_RESTART:
		return b->state == BREAKER_LATCHED ? REFUSED : TO_DO;
	case COMMAND_START:
		return judge_start(sup, i);
	case COMMAND_STOP:
		/* How one ended stays readable, and dashpot may exit for it. */
		return s->is_stop_asked || s->state == LIFE_DONE ||
				       s->state == LIFE_FAILED
			       ? IS_SO
			       : TO_DO;
	case COMMAND_RESET:
		/* What the registry remembers is not known yet, perhaps. */
		return breaker_is_fresh(b) && s->failures == 0 &&
				       sup->restore_ms == NEVER
			       ? IS_SO
			       : TO_DO;
	case COMMAND_SIGNAL:
		return judge_signal(sup, i);
	case COMMAND_RELOAD_SERVICE:
		return judge_reload(sup, i);
	case COMMAND_SWEEP:
		return s->pid ? REFUSED : s->is_swept ? IS_SO : TO_DO;
	case COMMAND_RELOAD:
	case COMMAND_KINDS:
		break;
	}
	return IS_SO;
}

/* A person's start waits for no cooldown, remembered or not; one that is
 * stopping starts once it has stopped. */
static void start(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->is_stop_asked = false;
	if (life_is_up(s->state) && s->state != LIFE_STOPPING)
		return;
	s->is_forced = true;
	s->is_asked = true;
	s->is_wanted = s->state == LIFE_STOPPING;
	service_take(sup, i, LIFE_WANT);
}

/* One that runs is told by tree_follow(), after those that require it. */
static void stop(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->is_stop_asked = true;
	s->is_forced = false;
	s->is_asked = false;
	sup->is_tree_changed = true;
	if (!life_is_up(s->state) || s->state == LIFE_STOPPING) {
		s->is_parted = false;
		service_stop(sup, i, false);
	}
}

static void do_one(struct sup *sup, uint32_t i, const struct command *command)
{
	int number = command->signal;

	if (command->kind == COMMAND_RELOAD_SERVICE)
		number = settings(sup, i)->reload_signal;
	SUP_SAY(sup, BOARD_EV_COMMAND, (int)i, command->kind, number,
		command->pid, command->uid);
	switch ((enum command_kind)command->kind) {
	case COMMAND_RESTART:
		if (life_is_up(sup->service[i].state))
			service_stop(sup, i, true);
		start(sup, i);
		break;
	case COMMAND_START:
		start(sup, i);
		break;
	case COMMAND_STOP:
		stop(sup, i);
		break;
	case COMMAND_RESET:
		service_forgive(sup, i, false);
		break;
	case COMMAND_SIGNAL:
	case COMMAND_RELOAD_SERVICE:
		if (stop_send(sup, i, number, false) < 0)
			break;
		sup->service[i].sent = number;
		sup->service[i].sent_ms = sup->now_ms;
		break;
	case COMMAND_SWEEP:
		leftovers_begin(sup, i, true);
		break;
	case COMMAND_RELOAD:
	case COMMAND_KINDS:
		break;
	}
	service_touch(sup, i);
}

/* Every service of the set is there, and there is one, or may be none. */
static bool is_set(const struct sup *sup, const struct command_set *set,
		   bool is_any)
{
	for (uint32_t i = 0; i < CONFIG_SERVICES; i++) {
		if (!command_has(set, i))
			continue;
		if (i >= sup->config->services || settings(sup, i)->is_removed)
			return false;
		is_any = true;
	}
	return is_any;
}

/* 0, or why nothing of it is done. What the set means depends on the
 * configuration, so that it is looked at last. */
static uint32_t check(const struct sup *sup, const struct command *command)
{
	if (command->id == 0 || command->kind > COMMAND_RELOAD_SERVICE ||
	    (command->kind == COMMAND_SIGNAL &&
	     (command->signal < 1 || command->signal > 64)))
		return COMMAND_WRONG;
	if (sup->stop.phase != STOP_NOT)
		return COMMAND_STOPPING;
	if (command->kind == COMMAND_RELOAD)
		return 0;
	if (command->config != sup->reloads)
		return COMMAND_STALE;
	return is_set(sup, &command->services,
		      command->kind == COMMAND_SWEEP)
		       ? 0
		       : COMMAND_WRONG;
}

/* What is depended on is started first and stopped last. */
static void do_all(struct sup *sup, const struct command *command,
		   struct command_answer *answer)
{
	const uint32_t n = sup->config->services;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = config_order(
			sup->config)[command->kind == COMMAND_STOP ? n - 1 - k
								   : k];

		if (!command_has(&command->services, i))
			continue;
		switch (judge(sup, i, command)) {
		case IS_SO:
			break;
		case TO_DO:
			do_one(sup, i, command);
			break;
		case REFUSED:
			command_add(&answer->refused, i);
			break;
		}
	}
	if (command->kind == COMMAND_STOP && !tree_follow(sup))
		shutdown_all_ended(sup);
}

/* What is done is remembered; what is not may be asked again. */
static struct command_answer execute(struct sup *sup,
				     const struct command *command)
{
	struct command_answer answer = {
		.id = command->id,
		.error = check(sup, command),
		.events = atomic_load(&sup->boards.board->events),
		.generation = atomic_load(&sup->boards.board->generation),
	};

	if (!answer.error && command->kind == COMMAND_RELOAD)
		answer.error = reload_by_command(sup, &answer.err);
	else if (!answer.error)
		do_all(sup, command, &answer);
	if (!answer.error && command->kind == COMMAND_SWEEP) {
		/* Rows that are published behind this know what was found. */
		leftovers_run(sup);
		if (command->signal == 1)
			orphans_sweep(sup);
	}
	if (answer.error)
		return answer;
	/* Whoever asked waits for a newer board, also where nothing changes. */
	sup->is_head_changed = true;
	sup->answer[sup->answers++ % SUP_ANSWERS] = answer;
	return answer;
}

/* The answer of a command that was done already, or NULL. */
static const struct command_answer *find_answer(const struct sup *sup,
						uint64_t id)
{
	for (uint32_t k = 0; k < SUP_ANSWERS && k < sup->answers; k++)
		if (sup->answer[k].id == id)
			return &sup->answer[k];
	return NULL;
}

void control_commands_take(struct sup *sup, const struct command *command,
		   struct command_answer *answer)
{
	const struct command_answer *known = find_answer(sup, command->id);

	if (known)
		*answer = *known;
	else
		*answer = execute(sup, command);
}

void control_commands_run(struct sup *sup)
{
	struct command command;
	struct command_answer answer;

	for (int k = 0; k < AT_ONCE; k++) {
		int taken = sockets_take(sup->command_fd, &command,
					 sizeof(command));

		if (taken < 0)
			return; /* -EAGAIN: no more of them */
		if (taken == 0)
			continue;
		control_commands_take(sup, &command, &answer);
		/* A full socket, or a helper that died: the client asks
		 * again. */
		(void)sockets_send(sup->command_fd, &answer, sizeof(answer));
	}
}
