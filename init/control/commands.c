/* SPDX-License-Identifier: ISC */
/* Commands to PID 1, its answers, and what comes of them. A command or answer
 * may be lost when a helper dies or a socket is full; the id of a command makes
 * sending it again harmless.
 *
 * A row that is newer than a command says what came of it. A run that failed
 * and was followed by another one between two looks is not noticed: what is
 * answered is true when it is answered. */
#include "init/control/commands.h"

#include <sys/socket.h>

#include "init/control/loop.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/report/service_health.h"
#include "policy/life.h"

/* --- How it goes with a service ------------------------------------------- */

bool commands_next_row(const struct control *ctl, const struct watch *w,
		       uint32_t *i, struct board_service *ret_row)
{
	for (; *i < ctl->job->config->services; ++*i)
		if (command_has(&w->asked, *i) &&
		    board_row_read(&ctl->job->boards.board->service[*i],
				   ret_row))
			return true;
	return false;
}

/* Nothing comes of service i by itself. */
static bool is_stuck(const struct config *c, const struct board *b, uint32_t i,
		     const struct board_service *row)
{
	const volatile uint8_t *phase = &b->phase;

	if (row->state != LIFE_STOPPED)
		return row->state == LIFE_BLOCKED || row->state == LIFE_FAILED;
	/* Before the first starts every row says stopped. */
	return row->is_stop_asked ||
	       (row->starts == 0 && !config_service(c, i)->is_autostart &&
		*phase != BOARD_STARTING);
}

/* Service i waits, and a service that it needs is stuck: any of them, not only
 * the service that the row names, which may be on its way. A daemon that ended
 * well lets services start that come `after` it, never services that require
 * it. */
static bool needs_stuck(const struct config *c, const struct board *b,
			uint32_t i)
{
	static struct board_service other;
	const struct config_service *s = config_service(c, i);

	for (uint32_t k = 0; k < s->deps; k++) {
		const struct config_dep *dep = config_dep(c, s->deps_first + k);
		const uint32_t on = dep->service;

		if (!board_row_read(&b->service[on], &other))
			continue;
		if (is_stuck(c, b, on, &other) ||
		    (dep->is_required && other.state == LIFE_DONE &&
		     config_service(c, on)->type == CONFIG_DAEMON))
			return true;
	}
	return false;
}

/* The same, of the services that it waits for in their turn. */
static bool is_hopeless(const struct config *c, const struct board *b,
			uint32_t i, const struct board_service *row)
{
	static struct board_service other;

	for (uint32_t k = 0; k < c->services; k++) {
		if (is_stuck(c, b, i, row))
			return true;
		if (row->state != LIFE_WAITING ||
		    row->wait != BOARD_WAIT_DEPENDENCY)
			return false;
		if (needs_stuck(c, b, i))
			return true;
		if (row->on < 0 || (uint32_t)row->on >= c->services)
			return false;
		i = (uint32_t)row->on;
		if (!board_row_read(&b->service[i], &other))
			return false;
		row = &other;
	}
	return false;
}

/* The start of a service with a schedule is over with its run. */
static enum outcome of_scheduled_start(const struct board_service *row)
{
	if (row->state == LIFE_WAITING && row->wait == BOARD_WAIT_HEADROOM)
		return OUTCOME_REFUSED;
	if (!board_is_idle(row))
		return row->state == LIFE_STOPPED ? OUTCOME_FAILED
						  : OUTCOME_OPEN;
	return row->failures > 0 ? OUTCOME_FAILED : OUTCOME_DONE;
}

static enum outcome of_start(const struct config *c, const struct board *b,
			     uint32_t i, const struct board_service *row)
{
	if (config_is_scheduled(c, i))
		return of_scheduled_start(row);
	/* What has ended well since is as it was wished, too. */
	if (service_is_ready(config_service(c, i), row) ||
	    row->state == LIFE_DONE)
		return OUTCOME_DONE;
	/* A start that was asked for does not wait for a delay: it failed. */
	if (row->state == LIFE_BACKOFF || is_hopeless(c, b, i, row))
		return OUTCOME_FAILED;
	return row->state == LIFE_WAITING &&
			       row->wait == BOARD_WAIT_HEADROOM ?
		       OUTCOME_REFUSED :
		       OUTCOME_OPEN;
}

enum outcome commands_outcome_of(const struct control *ctl,
				 const struct watch *w, uint32_t i,
				 const struct board_service *row)
{
	const struct config *c = ctl->job->config;
	const struct board *b = ctl->job->boards.board;

	if (command_has(&w->refused, i))
		return OUTCOME_REFUSED;
	/* PID 1 answers before it publishes. */
	if (w->generation != 0 && control_generation(ctl) <= w->generation)
		return OUTCOME_OPEN;
	if (w->kind == COMMAND_START || w->kind == COMMAND_RESTART)
		return of_start(c, b, i, row);
	if (w->kind == COMMAND_STOP)
		return row->pid == 0 && row->state != LIFE_STOPPING ?
			       OUTCOME_DONE :
			       OUTCOME_OPEN;
	if (w->kind != REQUEST_WAIT)
		return OUTCOME_DONE;
	if (service_health(config_service(c, i), row) == WELL_YES)
		return OUTCOME_DONE;
	/* Its last run failed, and the next one may be hours away. */
	if (board_is_idle(row))
		return OUTCOME_FAILED;
	return is_hopeless(c, b, i, row) ? OUTCOME_FAILED : OUTCOME_OPEN;
}

enum outcome commands_outcome(const struct control *ctl, const struct watch *w)
{
	static struct board_service row;
	enum outcome all = OUTCOME_DONE;

	for (uint32_t i = 0; commands_next_row(ctl, w, &i, &row); i++) {
		enum outcome one = commands_outcome_of(ctl, w, i, &row);

		if (one == OUTCOME_FAILED && w->kind == REQUEST_WAIT)
			return one;
		if (one == OUTCOME_OPEN)
			all = one;
	}
	return all;
}

/* --- Waiting for it ------------------------------------------------------- */

/* The reload that was asked for is over, with its event; kind NONE there: it is
 * no longer on the board. */
static bool is_reload_over(const struct watch *w, const struct board *b,
			   struct board_event *ret_e)
{
	uint64_t events = atomic_load_explicit(&b->events,
					       memory_order_acquire);

	/* Only one reload goes on at a time: the next to end is this one. */
	for (uint64_t n = w->events + 1; n <= events; n++) {
		if (!board_event_read(b, n, ret_e)) {
			ret_e->kind = BOARD_EV_NONE;
			return true;
		}
		if (ret_e->kind == BOARD_EV_RELOADED ||
		    ret_e->kind == BOARD_EV_RELOAD_FAILED)
			return true;
	}
	return false;
}

static void wait_for_reload(struct control *ctl, struct client *c, bool is_late)
{
	struct board_event e;

	if (!is_reload_over(&c->watch, ctl->job->boards.board, &e)) {
		if (is_late)
			respond_refuse(ctl, c, RESPOND_BUSY,
				       "the reload goes on still; "
				       "events will tell how it ended");
	} else if (e.kind == BOARD_EV_RELOADED) {
		respond_command(ctl, c, false);
	} else if (e.kind == BOARD_EV_RELOAD_FAILED) {
		respond_reload_failed(ctl, c, &e);
	} else {
		respond_refuse(ctl, c, RESPOND_INTERNAL,
			       "too much has happened since; "
			       "events.jsonl says how the reload ended");
	}
}

void commands_wait(struct control *ctl, struct client *c)
{
	bool is_late = ctl->now_ms >= c->due_ms;

	if (helper_phase(ctl->job) >= BOARD_STOPPING_ALL &&
	    c->request.kind != COMMAND_STOP)
		respond_refuse(ctl, c, RESPOND_STOPPING,
			       "dashpot is stopping everything");
	else if (c->request.kind == COMMAND_RELOAD)
		wait_for_reload(ctl, c, is_late);
	else if (commands_outcome(ctl, &c->watch) == OUTCOME_OPEN && !is_late)
		return;
	else if (c->request.kind == REQUEST_WAIT)
		respond_wait(ctl, c);
	else
		respond_command(ctl, c, false);
}

/* --- PID 1 ---------------------------------------------------------------- */

void commands_send(struct control *ctl, struct client *c)
{
	const struct request *r = &c->request;
	const struct command command = {
		.id = r->id,
		.kind = r->kind,
		.signal = r->kind == COMMAND_SWEEP ? r->has_orphans
						   : r->signal,
		.pid = c->pid,
		.uid = c->uid,
		.config = ctl->job->reloads,
		.services = c->watch.asked,
	};

	c->again_ms = ctl->now_ms + CONTROL_AGAIN_MS;
	if (send(ctl->job->command_fd, &command, sizeof(command),
		 MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		c->again_ms = ctl->now_ms + CONTROL_LOOK_MS; /* it is full */
}

/* PID 1 has not done the command of a client. */
static void refuse(struct control *ctl, struct client *c,
		   const struct command_answer *answer)
{
	static const struct {
		enum respond_code code;
		const char *sentence;
	} errors[] = {
		{ RESPOND_INTERNAL, "dashpot answered nonsense" },
		[COMMAND_WRONG] = { RESPOND_INTERNAL,
				    "dashpot does not take this command" },
		[COMMAND_STALE] = { RESPOND_STALE,
				    "the configuration was "
				    "reloaded meanwhile; ask again" },
		[COMMAND_STOPPING] = { RESPOND_STOPPING,
				       "dashpot is stopping everything" },
		[COMMAND_BUSY] = { RESPOND_BUSY, "a reload goes on already" },
		[COMMAND_NO_FORK] = { RESPOND_NO_PROCESS,
				      "no process can be started to read "
				      "the configuration: " },
	};
	uint32_t k = answer->error > COMMAND_NO_FORK ? 0 : answer->error;
	char text[128];

	format(text, sizeof(text), "%s%s", errors[k].sentence,
	       k == COMMAND_NO_FORK ? errors_text(answer->err) : "");
	respond_refuse(ctl, c, errors[k].code, text);
}

/* PID 1 has answered the command of a client. */
static void take(struct control *ctl, struct client *c,
		 const struct command_answer *answer)
{
	if (answer->error != 0) {
		refuse(ctl, c, answer);
		return;
	}
	c->watch.refused = answer->refused;
	c->watch.events = answer->events;
	c->watch.generation = answer->generation;
	c->state = CLIENT_WAITING;
	c->due_ms = c->since_ms + c->request.wait_ms;
	if (c->request.wait_ms == 0)
		respond_command(ctl, c, true);
	else
		commands_wait(ctl, c);
}

void commands_take(struct control *ctl)
{
	struct command_answer answer;
	ssize_t n;

	while ((n = recv(ctl->job->command_fd, &answer, sizeof(answer),
			 MSG_DONTWAIT)) > 0) {
		if (n != sizeof(answer))
			continue;
		for (int k = 0; k < CLIENTS; k++) {
			struct client *c = client_at(k);

			if (c->state == CLIENT_ORDERING &&
			    c->request.id == answer.id)
				take(ctl, c, &answer);
		}
	}
}

void commands_send_again(struct control *ctl, struct client *c)
{
	if (ctl->now_ms >= c->due_ms)
		respond_refuse(ctl, c, RESPOND_INTERNAL,
			       "dashpot did not take the command in "
			       "time; the same line may be sent again");
	else if (ctl->now_ms >= c->again_ms)
		commands_send(ctl, c);
}
