/* SPDX-License-Identifier: ISC */
/* From a request to its answer. */
#include "init/control/control.h"

#include "init/lib/format.h"
#include "init/control/names.h"
#include "init/report/process_owner.h"

/* All who ask in the same turn get the same report. */
static void answer_status(struct control *ctl, struct client *c)
{
	int err;

	if (ctl->status != NULL) {
		c->answer = ctl->status;
		c->answer->holders++;
		c->state = CLIENT_ANSWERING;
		c->since_ms = ctl->now_ms;
		return;
	}
	if (give_begin(c, ANSWER_MOST) == NULL)
		return;
	err = reply_status(c->answer, &ctl->reply);
	give_result(ctl, c, err);
	if (err == 0) {
		ctl->status = c->answer;
		ctl->status->holders++;
	}
}

/* True when one more may wait or follow; else it is told. */
static bool may_last(const struct control *ctl, struct client *c)
{
	if (client_lasting() < CLIENT_LASTING)
		return true;
	give_refusal(ctl, c, REPLY_BUSY, "too many clients wait or follow",
		     NULL);
	return false;
}

static void follow(struct control *ctl, struct client *c)
{
	if (!may_last(ctl, c) || give_begin(c, ANSWER_STREAM) == NULL)
		return;
	c->state = CLIENT_FOLLOWING;
	c->since_ms = ctl->now_ms;
}

static void answer_events(struct control *ctl, struct client *c)
{
	const struct request *r = &c->request;
	const struct command_set *only = r->count > 0 ? &c->watch.asked : NULL;

	if (!r->is_follow) {
		if (give_begin(c, ANSWER_MOST) != NULL)
			give_result(ctl, c,
				    reply_events(c->answer, &ctl->reply, only,
						 r->after, r->has_after));
		return;
	}
	c->next = r->after + 1;
	if (!r->has_after)
		c->next = reply_oldest_event(&ctl->reply);
	follow(ctl, c);
	serve_events(ctl, c);
}

static void append_line(struct control *ctl, struct client *c, uint32_t i,
			const struct lines_line *line)
{
	if (c->answer->used == 0)
		c->since_ms = ctl->now_ms;
	if (reply_line(c->answer, &ctl->reply, i, line) < 0 ||
	    answer_put(c->answer, "\n", 1) < 0)
		client_drop(c); /* it does not read */
}

static bool follows_lines(const struct client *c)
{
	return c->state == CLIENT_FOLLOWING && c->request.kind == REQUEST_LOGS;
}

/* What is new since the last time, to all who follow. */
void serve_lines(struct control *ctl)
{
	static struct tails_at now;
	static struct lines_line line;
	const struct output *from = &ctl->reply.report.output;
	struct command_set all = { { 0 } };
	uint32_t i;

	ctl->is_followed = false;
	for (int k = 0; k < CLIENTS; k++) {
		if (!follows_lines(client_at(k)))
			continue;
		ctl->is_followed = true;
		for (i = 0; i < COMMAND_WORDS; i++)
			all.word[i] |= client_at(k)->watch.asked.word[i];
	}
	ctl->tail_ms = ctl->now_ms + CONTROL_TAIL_MS;
	if (!ctl->is_followed)
		return;
	tails_now(&now, from, &all);
	tails_between(from, &all, &ctl->seen, &now);
	while (tails_next(from, &i, &line))
		for (int k = 0; k < CLIENTS; k++)
			if (follows_lines(client_at(k)) &&
			    command_has(&client_at(k)->watch.asked, i))
				append_line(ctl, client_at(k), i, &line);
	ctl->seen = now;
}

static void answer_logs(struct control *ctl, struct client *c)
{
	static struct lines_line line;
	static struct tails_at now;
	const struct output *from = &ctl->reply.report.output;
	const struct command_set *asked = &c->watch.asked;
	uint32_t i;

	/* The others are brought to where this one begins. */
	if (c->request.is_follow)
		serve_lines(ctl);
	tails_now(c->request.is_follow ? &ctl->seen : &now, from, asked);
	tails_last(from, asked, c->request.lines,
		   c->request.is_follow ? &ctl->seen : &now);
	if (!c->request.is_follow) {
		if (give_begin(c, ANSWER_MOST) != NULL)
			give_result(ctl, c,
				    reply_lines(c->answer, &ctl->reply));
		return;
	}
	follow(ctl, c);
	ctl->is_followed = true;
	while (follows_lines(c) && tails_next(from, &i, &line))
		append_line(ctl, c, i, &line);
}

void serve_events(struct control *ctl, struct client *c)
{
	const struct command_set *only =
		c->request.count > 0 ? &c->watch.asked : NULL;
	uint64_t before = c->next;

	if (c->state != CLIENT_FOLLOWING || c->request.kind != REQUEST_EVENTS)
		return;
	if (c->answer->used == 0)
		c->since_ms = ctl->now_ms;
	if (reply_next_events(c->answer, &ctl->reply, only, &c->next) < 0)
		client_drop(c); /* it does not read */
	else if (c->next - before >= REPLY_EVENTS)
		ctl->generation--; /* there are more: look again */
}

static void answer_health(struct control *ctl, struct client *c)
{
	bool is_healthy;

	if (c->request.count == 0)
		reply_default(ctl->job->config, false, &c->watch.asked);
	if (give_begin(c, ANSWER_SMALL) != NULL)
		give_result(ctl, c,
			    reply_health(c->answer, &ctl->reply,
					 &c->watch.asked, false, &is_healthy));
}

static void answer_version(struct control *ctl, struct client *c)
{
	if (give_begin(c, ANSWER_STREAM) != NULL)
		give_result(ctl, c, reply_version(c->answer));
}

static void answer_orphans(struct control *ctl, struct client *c)
{
	const struct strays strays = { ctl->job->config,
				       ctl->job->boards.board };

	if (give_begin(c, ANSWER_SMALL) != NULL)
		give_result(ctl, c, strays_reply(c->answer, &strays));
}

static void await(struct control *ctl, struct client *c)
{
	if (c->request.count == 0)
		reply_default(ctl->job->config, true, &c->watch.asked);
	if (!may_last(ctl, c))
		return;
	c->state = CLIENT_WAITING;
	c->due_ms = ctl->now_ms + c->request.wait_ms;
	await_waiting(ctl, c);
}

/* A pattern meant only what is at rest: nothing is to be done. */
static void answer_nothing(struct control *ctl, struct client *c)
{
	if (give_begin(c, ANSWER_SMALL) != NULL)
		give_result(ctl, c, reply_command(c->answer, &ctl->reply,
						  &c->watch, false));
}

static bool is_empty(const struct command_set *set)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < COMMAND_WORDS; i++)
		all |= set->word[i];
	return all == 0;
}

static void order(struct control *ctl, struct client *c)
{
	const struct request *r = &c->request;
	int64_t wait_ms = r->wait_ms;

	if (r->count > 0 && !r->has_all && r->kind != REQUEST_RESET &&
	    r->kind != REQUEST_SWEEP) {
		names_leave_resting(ctl->job->config, ctl->job->boards.board,
				    r, &c->watch.asked);
		if (is_empty(&c->watch.asked)) {
			answer_nothing(ctl, c);
			return;
		}
	}

	/* Without a name it is about all that do not run. */
	if (c->request.kind == REQUEST_SWEEP && c->request.count == 0)
		reply_resting(&ctl->reply, &c->watch.asked);

	c->state = CLIENT_ORDERING;
	c->since_ms = ctl->now_ms;
	c->due_ms = ctl->now_ms +
		    (wait_ms < CONTROL_TAKE_MS ? CONTROL_TAKE_MS : wait_ms);
	order_send(ctl, c);
}

static void serve_local(struct control *ctl, struct client *c)
{
	static void (*const answers[])(struct control *, struct client *) = {
		[REQUEST_STATUS] = answer_status,
		[REQUEST_EVENTS] = answer_events,
		[REQUEST_LOGS] = answer_logs,
		[REQUEST_HEALTH] = answer_health,
		[REQUEST_WAIT] = await,
		[REQUEST_VERSION] = answer_version,
		[REQUEST_ORPHANS] = answer_orphans,
	};
	struct request *r = &c->request;
	const char *unknown, *nearest;
	struct why why;
	char text[128];

	if (!c->may_ask)
		give_refusal(ctl, c, REPLY_FORBIDDEN,
			     c->is_outside ?
				     "only processes of its own PID "
				     "namespace may ask here" :
				     "only root and the user that "
				     "dashpot runs as may ask here",
			     NULL);
	else if (c->asked == REQUEST_LINE)
		give_refusal(ctl, c, REPLY_USAGE,
			     "a request has 4095 bytes and a "
			     "newline at most",
			     NULL);
	else if (!request_parse(r, c->line, c->asked, &why))
		give_refusal(ctl, c, REPLY_USAGE, why.text, NULL);
	else if (request_is_command(r) && !c->may_command)
		give_refusal(ctl, c, REPLY_FORBIDDEN,
			     "only root and the user that "
			     "dashpot runs as may send commands",
			     NULL);
	if (c->state != CLIENT_ASKING)
		return;
	unknown = names_find(ctl->job->config, r->names, r->count,
			     &c->watch.asked, &nearest);
	c->watch.kind = r->kind;
	if (unknown != NULL) {
		format(text, sizeof(text), "there is no service `%.48s`",
		       unknown);
		give_refusal(ctl, c, REPLY_UNKNOWN_SERVICE, text, nearest);
	} else if (request_is_command(r)) {
		order(ctl, c);
	} else {
		answers[r->kind](ctl, c);
	}
}

void serve_request(struct control *ctl, struct client *c)
{
	if (c->is_http)
		page_request(ctl, c);
	else
		serve_local(ctl, c);
}
