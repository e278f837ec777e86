/* SPDX-License-Identifier: ISC */
/* A command becomes events of the life table, like a deadline or an end does.
 * What an operator asked for is remembered, so that neither a dependency nor
 * the end of everything else overrules it. */
#include "init/pid1/operator.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "init/pid1/services.h"

enum {
	AT_ONCE = 32, /* commands in one turn */
};

static void start(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->is_stop_asked = false;
	s->is_wanted = true; /* where it is stopping: once it has stopped */
	service_take(sup, i, LIFE_WANT);
}

static void stop(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	s->is_stop_asked = true;
	s->is_parted = false;
	service_stop(sup, i, false);
}

static void restart(struct sup *sup, uint32_t i)
{
	if (life_is_up(sup->service[i].state))
		service_stop(sup, i, true);
	start(sup, i);
}

/* What failures hold back starts at once; the rest goes on as it is. */
static void reset(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	bool is_latched = s->state == LIFE_FAILED &&
			  sup->breaker[i].state == BREAKER_LATCHED;

	breaker_reset(&sup->breaker[i]);
	s->failures = 0;
	s->is_remembered = false;
	if (is_latched || s->state == LIFE_BLOCKED || s->state == LIFE_BACKOFF)
		service_take(sup, i, LIFE_WANT);
}

/* True when the command can be done for service i. */
static bool is_possible(const struct sup *sup, uint32_t i,
			enum command_kind kind)
{
	switch (kind) {
	case COMMAND_START:
	case COMMAND_RESTART:
		return sup->breaker[i].state != BREAKER_LATCHED;
	case COMMAND_SIGNAL:
		return sup->service[i].pid != 0;
	case COMMAND_STOP:
	case COMMAND_RESET:
	case COMMAND_RELOAD:
	case COMMAND_TROUBLE:
	case COMMAND_KINDS:
		break;
	}
	return true;
}

static void do_one(struct sup *sup, uint32_t i, const struct command *command)
{
	SUP_SAY(sup, BOARD_EV_COMMAND, (int)i, command->kind, command->signal);
	switch ((enum command_kind)command->kind) {
	case COMMAND_START:
		start(sup, i);
		break;
	case COMMAND_STOP:
		stop(sup, i);
		break;
	case COMMAND_RESTART:
		restart(sup, i);
		break;
	case COMMAND_RESET:
		reset(sup, i);
		break;
	case COMMAND_SIGNAL:
		kill(sup->service[i].pid, command->signal);
		break;
	case COMMAND_RELOAD:
	case COMMAND_TROUBLE:
	case COMMAND_KINDS:
		break;
	}
	service_touch(sup, i);
}

/* 0, or why nothing of it is done. */
static uint32_t check(const struct sup *sup, const struct command *command)
{
	bool is_signal = command->kind == COMMAND_SIGNAL;
	bool has_service = command->kind == COMMAND_RELOAD;

	for (uint32_t i = 0; i < CONFIG_SERVICES; i++) {
		if (!command_has(&command->services, i))
			continue;
		if (i >= sup->config->services)
			return COMMAND_WRONG;
		has_service = true;
	}
	if (command->id == 0 || command->kind >= COMMAND_KINDS ||
	    !has_service ||
	    (is_signal && (command->signal < 1 || command->signal > 64)))
		return COMMAND_WRONG;
	if (sup->stop.phase != STOP_NOT)
		return COMMAND_STOPPING;
	if (command->config != sup->reloads)
		return COMMAND_STALE;
	return 0;
}

static void do_all(struct sup *sup, const struct command *command,
		   struct command_answer *answer)
{
	/* In the order of starts: what is depended on first. */
	for (uint32_t k = 0; k < sup->config->services; k++) {
		uint32_t i = config_order(sup->config)[k];

		if (!command_has(&command->services, i))
			continue;
		if (is_possible(sup, i, (enum command_kind)command->kind))
			do_one(sup, i, command);
		else
			command_add(&answer->refused, i);
	}
}

/* The answer of a command that was done already, or NULL. */
static const struct command_answer *find_answer(const struct sup *sup,
						uint64_t id)
{
	for (uint32_t k = 0; k < SUP_ANSWERS; k++)
		if (sup->answer[k].id == id && id != 0)
			return &sup->answer[k];
	return NULL;
}

static void take(struct sup *sup, const struct command *command)
{
	const struct command_answer *known = find_answer(sup, command->id);
	struct command_answer *answer =
		&sup->answer[sup->answers % SUP_ANSWERS];

	if (!known) {
		*answer = (struct command_answer){
			.id = command->id,
			.error = check(sup, command),
			.events = atomic_load(&sup->boards.board->events),
		};
		if (!answer->error)
			do_all(sup, command, answer);
		sup->answers++;
		known = answer;
	}
	/* A full socket, or a helper that died: the client asks again. */
	(void)send(sup->command_fd, known, sizeof(*known),
		   MSG_DONTWAIT | MSG_NOSIGNAL);
}

void operator_run(struct sup *sup)
{
	struct command command;

	for (int k = 0; k < AT_ONCE; k++) {
		ssize_t n = recv(sup->command_fd, &command, sizeof(command),
				 MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0)
			return; /* EAGAIN: no more of them */
		if (n != sizeof(command))
			continue;
		if (command.kind == COMMAND_TROUBLE)
			SUP_SAY(sup, BOARD_EV_CONTROL_TROUBLE, -1,
				command.config == 1, command.signal);
		else
			take(sup, &command);
	}
}
