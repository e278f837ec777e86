/* SPDX-License-Identifier: ISC */
/* The loop: one poll(2), nothing else that sleeps. Without a client
 * it wakes up only when PID 1 has something new. */
#include "init/control/loop.h"

#include <poll.h>
#include <unistd.h>

#include "init/control/listen.h"
#include "init/control/notify_manager.h"
#include "init/kernel/clock.h"
#include "init/lib/earlier.h"

/* Descriptors that are polled, those of clients behind them. */
enum { POLL_FRAME, POLL_COMMAND, POLL_DOORS,
       POLLS = POLL_DOORS + DOORS };

uint64_t control_generation(const struct control *ctl)
{
	return atomic_load_explicit(&ctl->job->boards.board->generation,
				    memory_order_acquire);
}

/* Have PID 1 say that clients cannot come in. */
static void tell_trouble(const struct helper_job *job,
			 const struct listen_trouble *t)
{
	const struct news_item item = {
		.kind = BOARD_EV_CONTROL_TROUBLE,
		.service = -1,
		.n = { t->what == LISTEN_TCP, t->err, t->pid, t->uid,
		       t->what == LISTEN_OWNER },
	};

	helper_say(job, job->boards.control, &item);
}

static void open_local(struct control *ctl)
{
	const struct helper_job *job = ctl->job;
	struct listen_trouble t;
	int near_err = listen_abstract(job->near_fd);
	int err = listen_bind(job->listen_fd, job->config, &t);

	if (near_err >= 0)
		ctl->door[DOOR_NEAR].fd = job->near_fd;
	if (err >= 0)
		ctl->door[DOOR_LOCAL].fd = job->listen_fd;
	/* Where no path is asked for, the abstract name is place enough. */
	if (err < 0 && (job->config->control != 0 || near_err < 0))
		tell_trouble(job, &t);
	if (err < 0)
		return;
	err = listen_give_owner(job->listen_fd, job->config);
	t = (struct listen_trouble){ .what = LISTEN_OWNER, .err = -err };
	if (err < 0)
		tell_trouble(job, &t);
}

/* Where clients come in. Binding needs what is dropped behind it. */
static void open_doors(struct control *ctl)
{
	const struct config *c = ctl->job->config;
	struct listen_trouble t = { .what = LISTEN_TCP };
	int fd = -1;

	ctl->door[DOOR_LOCAL] = (struct client_door){ .fd = -1 };
	ctl->door[DOOR_NEAR] = (struct client_door){ .fd = -1, .near = c };
	open_local(ctl);
	if (c->listen != 0) {
		fd = listen_tcp(config_string(c, c->listen));
		t.err = -fd;
		if (fd < 0)
			tell_trouble(ctl->job, &t);
	}
	ctl->door[DOOR_HTTP] = (struct client_door){ .fd = fd,
						     .is_http = true };
	helper_drop_capabilities();
}

static void send_answers(struct control *ctl)
{
	for (int k = 0; k < CLIENTS; k++)
		if (client_at(k)->answer != NULL)
			client_send(client_at(k), ctl->now_ms);
}

/* Send what can be sent at once, and end; a client without a whole answer asks
 * the next helper. */
static _Noreturn void finish(struct control *ctl)
{
	notify_manager(ctl);
	for (int k = 0; k < CLIENTS; k++) {
		struct client *c = client_at(k);

		if (c->state == CLIENT_WAITING &&
		    helper_phase(ctl->job) == BOARD_EXITING)
			commands_wait(ctl, c);
	}
	send_answers(ctl);
	_exit(0);
}

/* What is due by the clock, and what is new on the board for clients that wait
 * or follow. */
static void run_deadlines(struct control *ctl)
{
	uint64_t generation = control_generation(ctl);
	bool is_new = generation != ctl->generation &&
		      ctl->now_ms >= ctl->look_ms;

	if (is_new) {
		ctl->generation = generation;
		ctl->look_ms = ctl->now_ms + CONTROL_LOOK_MS;
		notify_manager(ctl);
	}
	for (int k = 0; k < CLIENTS; k++) {
		struct client *c = client_at(k);

		if (c->state == CLIENT_ORDERING)
			commands_send_again(ctl, c);
		else if (c->state == CLIENT_WAITING &&
			 (is_new || ctl->now_ms >= c->due_ms))
			commands_wait(ctl, c);
		else if (is_new)
			dispatch_events(ctl, c);
	}
	if (ctl->is_followed && ctl->now_ms >= ctl->tail_ms)
		dispatch_lines(ctl);
}

/* How long nothing is due: ms for poll(2). */
static int timeout_of(const struct control *ctl, int64_t next_ms)
{
	if (control_generation(ctl) != ctl->generation)
		next_ms = earlier(next_ms, ctl->look_ms);
	if (ctl->is_followed)
		next_ms = earlier(next_ms, ctl->tail_ms);
	for (int k = 0; k < DOORS; k++)
		if (ctl->door[k].again_ms > ctl->now_ms)
			next_ms = earlier(next_ms, ctl->door[k].again_ms);
	return helper_timeout_ms(next_ms, clock_mono_ms());
}

static int fd_of(const struct control *ctl, const struct client_door *door)
{
	return client_has_place(door, ctl->now_ms) ? door->fd : -1;
}

/* The only sleep. */
static void sleep_on(struct control *ctl, struct pollfd *fds, int64_t next_ms)
{
	const int always[POLL_DOORS] = {
		[POLL_FRAME] = ctl->job->epoll_fd,
		[POLL_COMMAND] = ctl->job->command_fd,
	};

	for (int k = 0; k < POLLS; k++)
		fds[k] = (struct pollfd){
			.fd = k < POLL_DOORS ?
				      always[k] :
				      fd_of(ctl, &ctl->door[k - POLL_DOORS]),
			.events = POLLIN,
		};
	for (int k = 0; k < CLIENTS; k++) {
		const struct client *c = client_at(k);
		bool is_there = c->state != CLIENT_FREE;

		fds[POLLS + k] = (struct pollfd){
			.fd = is_there ? c->fd : -1,
			.events = is_there ? client_events(c) : 0,
		};
	}
	if (poll(fds, POLLS + CLIENTS, timeout_of(ctl, next_ms)) < 0)
		for (int k = 0; k < POLLS + CLIENTS; k++)
			fds[k].revents = 0;
	ctl->now_ms = clock_mono_ms();
}

/* Read every request before the first is answered, so that clients that ask the
 * same get the same. */
static void serve_clients(struct control *ctl, const struct pollfd *fds)
{
	bool is_whole[CLIENTS] = { false };

	for (int k = 0; k < CLIENTS; k++) {
		struct client *c = client_at(k);

		if (fds[k].revents == 0 || c->state == CLIENT_FREE)
			continue;
		if (c->state == CLIENT_ASKING)
			is_whole[k] = client_read(c);
		else if ((fds[k].revents & (POLLHUP | POLLERR)) != 0)
			client_drop(c);
	}
	for (int k = 0; k < CLIENTS; k++)
		if (is_whole[k])
			dispatch_request(ctl, client_at(k));
	answer_drop(ctl->status);
	ctl->status = NULL;
	send_answers(ctl);
}

/* SIGTERM has come. Wakes are forgotten: the loop looks at the board itself. */
static bool is_told_to_end(const struct helper_job *job)
{
	struct epoll_event events[2];
	int n = helper_wait(job, events, 2, 0);

	return (n > 0 && events[0].data.u32 == HELPER_END) ||
	       (n > 1 && events[1].data.u32 == HELPER_END);
}

static void take_turn(struct control *ctl)
{
	struct pollfd fds[POLLS + CLIENTS];

	run_deadlines(ctl);
	send_answers(ctl);
	sleep_on(ctl, fds, client_expire(ctl->now_ms));
	if ((fds[POLL_FRAME].revents != 0 && is_told_to_end(ctl->job)) ||
	    helper_phase(ctl->job) == BOARD_EXITING)
		finish(ctl);
	if (fds[POLL_COMMAND].revents != 0)
		commands_take(ctl);
	serve_clients(ctl, fds + POLLS);
	for (int k = 0; k < DOORS; k++)
		if (fds[POLL_DOORS + k].revents != 0)
			client_accept(&ctl->door[k], ctl->now_ms);
}

_Noreturn void control_main(const struct helper_job *job)
{
	static struct control ctl;

	ctl.job = job;
	ctl.now_ms = clock_mono_ms();
	respond_set_up(&ctl);
	open_doors(&ctl);
	for (;;)
		take_turn(&ctl);
}
