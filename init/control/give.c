/* SPDX-License-Identifier: ISC */
/* Giving answers to clients, and saying why there is none. */
#include "init/control/control.h"

#include <errno.h>

#include "init/lib/errors.h"

struct answer *give_begin(struct client *c, size_t room)
{
	c->answer = answer_new(room);
	if (c->answer == NULL)
		client_drop(c);
	return c->answer;
}

void give_end(const struct control *ctl, struct client *c)
{
	answer_end(c->answer);
	c->state = CLIENT_ANSWERING;
	c->since_ms = ctl->now_ms;
}

void give_refusal(const struct control *ctl, struct client *c,
		  enum reply_code code, const char *sentence,
		  const char *nearest)
{
	answer_drop(c->answer);
	if (give_begin(c, ANSWER_STREAM) == NULL)
		return;
	(void)reply_error(c->answer, code, sentence, nearest); /* it fits */
	give_end(ctl, c);
}

void give_result(const struct control *ctl, struct client *c, int err)
{
	if (err == 0)
		give_end(ctl, c);
	else if (err == -E2BIG)
		give_refusal(
			ctl, c, REPLY_INTERNAL,
			"the answer is too long; ask for less, or again when "
			"others have read theirs",
			NULL);
	else
		give_refusal(ctl, c, REPLY_INTERNAL,
			     err == -EAGAIN
				     ? "the board is being written; ask again"
				     : errors_text(-err),
			     NULL);
}
