/* SPDX-License-Identifier: ISC */
/* Commands to PID 1 and its answers. Either may be lost when a helper dies or
 * a socket is full; the id of a command makes sending it again harmless. */
#include "init/control/control.h"

#include <errno.h>
#include <sys/socket.h>

#include "init/board/command.h"

void order_send(struct control *ctl, struct client *c)
{
	const struct request *r = &c->request;
	const struct command command = {
		.id = r->id,
		.kind = (uint32_t)(r->kind - REQUEST_START) + COMMAND_START,
		.signal = r->kind == REQUEST_SWEEP ? r->has_orphans
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

void order_take(struct control *ctl)
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
				await_ordered(ctl, c, &answer);
		}
	}
}

void order_trouble(const struct helper_job *job, const struct place_trouble *t)
{
	const struct command command = {
		.id = 1,
		.kind = COMMAND_TROUBLE,
		.signal = t->err,
		.config = t->what,
		.services.word = { (uint32_t)t->pid, t->uid },
	};

	/* Should it be lost, clients see what is wrong themselves. */
	(void)send(job->command_fd, &command, sizeof(command),
		   MSG_DONTWAIT | MSG_NOSIGNAL);
}
