/* SPDX-License-Identifier: ISC */
/* Patterns are matched with the names of the configuration in force. */
#include "init/control/dispatch.h"

#include <string.h>

#include "init/config/name_pattern.h"
#include "init/control/loop.h"
#include "init/lib/nearest.h"
#include "policy/life.h"

/* --- Names ---------------------------------------------------------------- */

const char *dispatch_find(const struct config *c, const char *names,
			  uint32_t count, struct command_set *set,
			  const char **nearest)
{
	memset(set, 0, sizeof(*set));
	for (; count > 0; count--, names += strlen(names) + 1) {
		struct nearest near = { .word = names };
		bool is_found = false;

		for (uint32_t i = 0; i < c->services; i++) {
			const char *name = config_name(c, i);

			if (config_service(c, i)->is_removed) {
				continue;
			} else if (pattern_matches(names, name)) {
				command_add(set, i);
				is_found = true;
			} else if (!is_found) {
				pattern_offer(&near, name);
			}
		}
		*nearest = near.best;
		if (!is_found)
			return names;
	}
	return NULL;
}

/* True when a name, and not only a pattern, means the service. A client writes
 * the name `follow` as a pattern. */
static bool is_named(const struct request *r, const char *name)
{
	const char *word = r->names;

	for (uint32_t k = 0; k < r->count; k++, word += strlen(word) + 1)
		if ((strpbrk(word, "*?[") == NULL ||
		     strcmp(word, "[f]ollow") == 0) &&
		    pattern_matches(word, name))
			return true;
	return false;
}

static bool is_resting(const struct config_service *s,
		       const struct board_service *row, uint32_t kind)
{
	bool is_at_end = row->state == LIFE_DONE || board_is_idle(row);

	if (kind == COMMAND_START || kind == COMMAND_STOP)
		return (kind == COMMAND_START && is_at_end) ||
		       (row->state == LIFE_STOPPED && !s->is_autostart &&
			!row->is_stop_asked);
	if (kind == COMMAND_SIGNAL || kind == COMMAND_RELOAD_SERVICE)
		return row->pid == 0;
	return is_at_end || row->state == LIFE_STOPPED ||
	       row->state == LIFE_FAILED;
}

bool dispatch_leave_resting(const struct config *c, const struct board *b,
			    const struct request *r, struct command_set *set)
{
	static struct board_service row;
	bool is_any = false;

	for (uint32_t i = 0; i < c->services; i++) {
		if (!command_has(set, i))
			continue;
		if (!is_named(r, config_name(c, i)) &&
		    board_row_read(&b->service[i], &row) &&
		    is_resting(config_service(c, i), &row, r->kind))
			set->word[i / 32] &= ~(1U << i % 32);
		else
			is_any = true;
	}
	return is_any;
}

/* What sweep means without a name: all services without a process. */
static void find_resting(const struct config *c, const struct board *b,
			 struct command_set *set)
{
	for (uint32_t i = 0; i < c->services; i++) {
		const volatile int32_t *pid = &b->service[i].pid;

		if (*pid == 0 && !config_service(c, i)->is_removed)
			command_add(set, i);
	}
}

void dispatch_default(const struct config *c, bool with_oneshots,
		      struct command_set *set)
{
	memset(set, 0, sizeof(*set));
	for (uint32_t i = 0; i < c->services; i++) {
		const struct config_service *s = config_service(c, i);

		if (s->is_autostart && !s->is_removed &&
		    (with_oneshots ||
		     (s->type == CONFIG_DAEMON && !s->is_health_ignored)))
			command_add(set, i);
	}
}

/* --- Following ------------------------------------------------------------ */

/* True when one more may wait or follow; else it is told. */
static bool may_last(struct control *ctl, struct client *c)
{
	if (client_lasting() < CLIENT_LASTING)
		return true;
	respond_refuse(ctl, c, RESPOND_BUSY,
		       "too many clients wait or follow");
	return false;
}

/* True when the client follows from now on. */
static bool follow(struct control *ctl, struct client *c)
{
	if (!may_last(ctl, c) || !respond_begin(c, ANSWER_STREAM))
		return false;
	c->state = CLIENT_FOLLOWING;
	c->since_ms = ctl->now_ms;
	return true;
}

static bool follows(const struct client *c, uint32_t kind)
{
	return c->state == CLIENT_FOLLOWING && c->request.kind == kind;
}

void dispatch_events(struct control *ctl, struct client *c)
{
	uint64_t before = c->next;

	if (!follows(c, REQUEST_EVENTS))
		return;
	if (c->answer->used == 0)
		c->since_ms = ctl->now_ms;
	if (!respond_next_events(ctl, c))
		client_drop(c); /* it does not read */
	else if (c->next - before >= RESPOND_EVENTS)
		ctl->generation--; /* there are more: look again */
}

static void events(struct control *ctl, struct client *c)
{
	if (!c->request.is_follow) {
		respond_events(ctl, c);
		return;
	}
	c->next = c->request.has_after ? c->request.after + 1
				       : respond_oldest_event(ctl);
	if (follow(ctl, c))
		dispatch_events(ctl, c);
}

static void append_line(struct control *ctl, struct client *c, uint32_t i,
			const struct lines_line *line)
{
	if (c->answer->used == 0)
		c->since_ms = ctl->now_ms;
	if (!respond_line(ctl, c, i, line) ||
	    answer_put(c->answer, "\n", 1) < 0)
		client_drop(c); /* it does not read */
}

/* The lines since the last time, to all clients that follow. */
void dispatch_lines(struct control *ctl)
{
	static struct last_lines_at now;
	static struct lines_line line;
	const struct output *from = &ctl->respond.report.output;
	struct command_set all = { { 0 } };
	uint32_t i;

	ctl->is_followed = false;
	for (int k = 0; k < CLIENTS; k++) {
		if (!follows(client_at(k), REQUEST_LOGS))
			continue;
		ctl->is_followed = true;
		for (i = 0; i < COMMAND_WORDS; i++)
			all.word[i] |= client_at(k)->watch.asked.word[i];
	}
	ctl->tail_ms = ctl->now_ms + CONTROL_TAIL_MS;
	if (!ctl->is_followed)
		return;
	last_lines_now(&now, from, &all);
	last_lines_begin(from, &all, UINT64_MAX, &ctl->seen, &now);
	while (last_lines_next(from, &i, &line))
		for (int k = 0; k < CLIENTS; k++)
			if (follows(client_at(k), REQUEST_LOGS) &&
			    command_has(&client_at(k)->watch.asked, i))
				append_line(ctl, client_at(k), i, &line);
	ctl->seen = now;
}

static void logs(struct control *ctl, struct client *c)
{
	static struct lines_line line;
	static struct last_lines_at now;
	const struct output *from = &ctl->respond.report.output;
	const struct command_set *asked = &c->watch.asked;
	struct last_lines_at *to = c->request.is_follow ? &ctl->seen : &now;
	uint32_t i;

	/* The others are brought to where this one begins. */
	if (c->request.is_follow)
		dispatch_lines(ctl);
	last_lines_now(to, from, asked);
	last_lines_begin(from, asked, c->request.lines, NULL, to);
	if (!c->request.is_follow) {
		respond_lines(ctl, c);
		return;
	}
	follow(ctl, c);
	ctl->is_followed = true;
	while (follows(c, REQUEST_LOGS) && last_lines_next(from, &i, &line))
		append_line(ctl, c, i, &line);
}

/* --- Requests ------------------------------------------------------------- */

static void await(struct control *ctl, struct client *c)
{
	if (!may_last(ctl, c))
		return;
	c->state = CLIENT_WAITING;
	c->due_ms = ctl->now_ms + c->request.wait_ms;
	commands_wait(ctl, c);
}

static void order(struct control *ctl, struct client *c)
{
	const struct request *r = &c->request;
	const struct config *config = ctl->job->config;
	const struct board *board = ctl->job->boards.board;

	if (r->count > 0 && !r->has_all && r->kind != COMMAND_RESET &&
	    r->kind != COMMAND_SWEEP &&
	    !dispatch_leave_resting(config, board, r, &c->watch.asked)) {
		/* Patterns meant only what is at rest: nothing is done. */
		respond_command(ctl, c, false);
		return;
	}
	if (r->kind == COMMAND_SWEEP && r->count == 0)
		find_resting(config, board, &c->watch.asked);
	c->state = CLIENT_ORDERING;
	c->since_ms = ctl->now_ms;
	c->due_ms = ctl->now_ms + (r->wait_ms < CONTROL_TAKE_MS ?
					   CONTROL_TAKE_MS : r->wait_ms);
	commands_send(ctl, c);
}

/* Why a client gets no answer; NULL: its request is understood. */
static const char *refusal(struct client *c, struct why *why,
			   enum respond_code *ret_code)
{
	*ret_code = RESPOND_FORBIDDEN;
	if (!c->may_ask)
		return c->is_outside ?
			       "only processes of its own PID "
			       "namespace may ask here" :
			       "only root and the user that "
			       "dashpot runs as may ask here";
	*ret_code = RESPOND_USAGE;
	if (c->asked == REQUEST_LINE)
		return "a request has 4095 bytes and a newline at most";
	if (!request_parse(&c->request, c->line, c->asked, why))
		return why->text;
	*ret_code = RESPOND_FORBIDDEN;
	return request_is_command(&c->request) && !c->may_command ?
		       "only root and the user that "
		       "dashpot runs as may send commands" :
		       NULL;
}

static void local_request(struct control *ctl, struct client *c)
{
	static void (*const answers[])(struct control *, struct client *) = {
		[REQUEST_STATUS] = respond_status,
		[REQUEST_EVENTS] = events,
		[REQUEST_LOGS] = logs,
		[REQUEST_HEALTH] = respond_health,
		[REQUEST_WAIT] = await,
		[REQUEST_VERSION] = respond_version,
		[REQUEST_ORPHANS] = respond_orphans,
	};
	struct request *r = &c->request;
	const char *unknown, *nearest, *sentence;
	enum respond_code code;
	struct why why;

	sentence = refusal(c, &why, &code);
	if (sentence != NULL) {
		respond_refuse(ctl, c, code, sentence);
		return;
	}
	c->watch.kind = r->kind;
	unknown = dispatch_find(ctl->job->config, r->names, r->count,
				&c->watch.asked, &nearest);
	if (r->count == 0 &&
	    (r->kind == REQUEST_HEALTH || r->kind == REQUEST_WAIT))
		dispatch_default(ctl->job->config, r->kind == REQUEST_WAIT,
				 &c->watch.asked);
	if (unknown != NULL)
		respond_unknown(ctl, c, unknown, nearest);
	else if (request_is_command(r))
		order(ctl, c);
	else
		answers[r->kind](ctl, c);
}

void dispatch_request(struct control *ctl, struct client *c)
{
	if (c->is_http)
		http_request(ctl, c);
	else
		local_request(ctl, c);
}
