/* SPDX-License-Identifier: ISC */
/* Answers that come later: when PID 1 has taken a command, and when what is
 * waited for has come or cannot come any more. */
#include "init/control/control.h"

#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/control/mistakes.h"
#include "init/text/event_line.h"

static void answer_command(struct control *ctl, struct client *c,
			   bool has_accepted)
{
	if (give_begin(c, ANSWER_SMALL) != NULL)
		give_result(ctl, c,
			    reply_command(c->answer, &ctl->reply, &c->watch,
					  has_accepted));
}

void await_ordered(struct control *ctl, struct client *c,
		   const struct command_answer *answer)
{
	static const struct {
		enum reply_code code;
		const char *sentence;
	} errors[] = {
		[COMMAND_WRONG] = { REPLY_INTERNAL,
				    "dashpot does not take this command" },
		[COMMAND_STALE] = { REPLY_STALE,
				    "the configuration was "
				    "reloaded meanwhile; ask again" },
		[COMMAND_STOPPING] = { REPLY_STOPPING,
				       "dashpot is stopping everything" },
		[COMMAND_BUSY] = { REPLY_BUSY, "a reload goes on already" },
		[COMMAND_NO_FORK] = { REPLY_NO_PROCESS, NULL },
	};
	char text[128];

	if (answer->error > COMMAND_NO_FORK) {
		give_refusal(ctl, c, REPLY_INTERNAL,
			     "dashpot answered nonsense", NULL);
	} else if (answer->error == COMMAND_NO_FORK) {
		format(text, sizeof(text),
		       "no process can be started to read "
		       "the configuration: %s",
		       errors_text(answer->err));
		give_refusal(ctl, c, REPLY_NO_PROCESS, text, NULL);
	} else if (answer->error != 0) {
		give_refusal(ctl, c, errors[answer->error].code,
			     errors[answer->error].sentence, NULL);
	} else {
		watch_begin(&c->watch, answer);
		c->state = CLIENT_WAITING;
		c->due_ms = c->since_ms + c->request.wait_ms;
		if (c->request.wait_ms == 0)
			answer_command(ctl, c, true);
		else
			await_waiting(ctl, c);
	}
}

void await_given_up(struct control *ctl, struct client *c)
{
	give_refusal(ctl, c, REPLY_INTERNAL,
		     "dashpot did not take the command in "
		     "time; the same line may be sent again",
		     NULL);
}

/* Why the reload changed nothing, with what is wrong in the files. */
static void answer_failure(struct control *ctl, struct client *c,
			   const struct board_event *failed)
{
	const struct event_text_from from = { .config = ctl->job->config,
					   .board = ctl->job->boards.board };
	char text[EVENT_LINE_TEXT] = "";
	struct phrase w = PHRASE_IN(text);
	int err;

	event_text_add(&w, &from, failed);
	if (give_begin(c, ANSWER_STREAM) == NULL)
		return;
	err = reply_error(c->answer, REPLY_RELOAD_FAILED, text, NULL);
	if (err == 0)
		err = mistakes_put(c->answer, ctl->job->boards.mistakes,
				   failed);
	give_result(ctl, c, err);
}

/* A reload is over when an event says so. */
static void wait_for_reload(struct control *ctl, struct client *c)
{
	struct board_event e;

	if (!watch_reload(&c->watch, ctl->job->boards.board, &e)) {
		if (ctl->now_ms >= c->due_ms)
			give_refusal(ctl, c, REPLY_BUSY,
				     "the reload goes on still; "
				     "events will tell how it ended",
				     NULL);
		return;
	}
	if (e.kind == BOARD_EV_RELOADED)
		answer_command(ctl, c, false);
	else if (e.kind == BOARD_EV_RELOAD_FAILED)
		answer_failure(ctl, c, &e);
	else
		give_refusal(ctl, c, REPLY_INTERNAL,
			     "too much has happened since; "
			     "events.jsonl says how the reload ended",
			     NULL);
}

void await_waiting(struct control *ctl, struct client *c)
{
	bool is_late = ctl->now_ms >= c->due_ms;

	if (control_phase(ctl) >= BOARD_STOPPING_ALL &&
	    c->request.kind != REQUEST_STOP) {
		give_refusal(ctl, c, REPLY_STOPPING,
			     "dashpot is stopping everything", NULL);
	} else if (c->request.kind == REQUEST_RELOAD) {
		wait_for_reload(ctl, c);
	} else if (reply_outcome(&ctl->reply, &c->watch) == OUTCOME_OPEN &&
		   !is_late) {
		return;
	} else if (c->request.kind != REQUEST_WAIT) {
		answer_command(ctl, c, false);
	} else if (give_begin(c, ANSWER_SMALL) != NULL) {
		give_result(
			ctl, c,
			reply_wait(c->answer, &ctl->reply, &c->watch, is_late));
	}
}
