/* SPDX-License-Identifier: ISC */
/* The loop: one poll(2), nothing else that sleeps. While nobody is connected
 * it wakes up only when PID 1 has something new. */
#include "init/control/control.h"

#include <poll.h>
#include <unistd.h>

#include "init/control/notify.h"

/* Descriptors that are polled, those of clients behind them. */
enum { POLL_SIGNAL, POLL_WAKE, POLL_COMMAND, POLL_LOCAL, POLL_NEAR, POLL_HTTP,
       POLLS };

enum board_phase control_phase(const struct control *ctl)
{
	const volatile uint8_t *phase = &ctl->job->boards.board->phase;
	uint8_t now = *phase;

	atomic_thread_fence(memory_order_acquire);
	return (enum board_phase)now;
}

static void open_local(struct control *ctl)
{
	const struct helper_job *job = ctl->job;
	struct place_trouble t;
	int near_err = place_bind_near(job->near_fd);
	int err = place_bind(job->listen_fd, job->config, &t);

	ctl->near = (struct client_door){ .fd = near_err < 0 ? -1 :
							      job->near_fd,
					  .near = job->config };
	ctl->local = (struct client_door){ .fd = err < 0 ? -1 :
							  job->listen_fd };
	/* Where no path is asked for, the abstract name is place enough. */
	if (err < 0 && (job->config->control != 0 || near_err < 0))
		order_trouble(job, &t);
	if (err < 0)
		return;
	err = place_give(job->listen_fd, job->config);
	t = (struct place_trouble){ .what = PLACE_OWNER, .err = -err };
	if (err < 0)
		order_trouble(job, &t);
}

/* Where clients come in. Binding needs what is dropped behind it. */
static void open_doors(struct control *ctl)
{
	const struct config *c = ctl->job->config;
	struct place_trouble t = { .what = PLACE_LISTEN };
	int fd;

	open_local(ctl);
	ctl->http = (struct client_door){ .fd = -1, .is_http = true };
	if (c->listen != 0) {
		fd = place_listen(config_string(c, c->listen));
		t.err = -fd;
		if (fd < 0)
			order_trouble(ctl->job, &t);
		else
			ctl->http.fd = fd;
	}
	helper_drop_capabilities();
}

/* Tell the container's manager, once each. What it does not take now is tried
 * again with the next news. */
static void tell_manager(struct control *ctl)
{
	const char *path = ctl->job->notify_path;
	struct watch all = { .kind = REQUEST_WAIT };

	if (path == NULL)
		return;
	if (!ctl->is_ready_told && control_phase(ctl) == BOARD_UP) {
		reply_default(ctl->job->config, true, &all.asked);
		ctl->is_ready_told =
			reply_outcome(&ctl->reply, &all) == OUTCOME_DONE &&
			notify_send(path, "READY=1\nSTATUS=All services are "
				    "ready.") == 0;
	}
	if (!ctl->is_stopping_told && control_phase(ctl) >= BOARD_STOPPING_ALL)
		ctl->is_stopping_told = notify_send(path, "STOPPING=1") == 0;
}

/* Send what can be sent at once, and end; who gets no whole answer asks the
 * next helper. */
static _Noreturn void finish(struct control *ctl)
{
	tell_manager(ctl);
	for (int k = 0; k < CLIENTS; k++) {
		struct client *c = client_at(k);

		if (c->state == CLIENT_WAITING &&
		    control_phase(ctl) == BOARD_EXITING)
			await_waiting(ctl, c);
		if (c->state != CLIENT_FREE)
			client_send(c, ctl->now_ms);
	}
	_exit(0);
}

/* The board has news for those who wait and follow. */
static void look(struct control *ctl, uint64_t generation)
{
	ctl->generation = generation;
	ctl->look_ms = ctl->now_ms + CONTROL_LOOK_MS;
	tell_manager(ctl);
	for (int k = 0; k < CLIENTS; k++) {
		struct client *c = client_at(k);

		if (c->state == CLIENT_WAITING)
			await_waiting(ctl, c);
		else
			serve_events(ctl, c);
	}
}

/* What is due by the clock. */
static void run_deadlines(struct control *ctl)
{
	uint64_t generation = atomic_load_explicit(
		&ctl->job->boards.board->generation, memory_order_acquire);

	if (generation != ctl->generation && ctl->now_ms >= ctl->look_ms)
		look(ctl, generation);
	if (ctl->is_followed && ctl->now_ms >= ctl->tail_ms)
		serve_lines(ctl);
	for (int k = 0; k < CLIENTS; k++) {
		struct client *c = client_at(k);

		if (c->state == CLIENT_WAITING && ctl->now_ms >= c->due_ms)
			await_waiting(ctl, c);
		if (c->state != CLIENT_ORDERING)
			continue;
		if (ctl->now_ms >= c->due_ms)
			await_given_up(ctl, c);
		else if (ctl->now_ms >= c->again_ms)
			order_send(ctl, c);
	}
}

/* How long nothing is due: ms for poll(2). */
static int timeout_of(const struct control *ctl, int64_t next_ms)
{
	uint64_t generation = atomic_load_explicit(
		&ctl->job->boards.board->generation, memory_order_acquire);
	const int64_t others[] = {
		generation != ctl->generation ? ctl->look_ms : INT64_MAX,
		ctl->is_followed ? ctl->tail_ms : INT64_MAX,
		ctl->local.again_ms > ctl->now_ms ? ctl->local.again_ms
						  : INT64_MAX,
		ctl->near.again_ms > ctl->now_ms ? ctl->near.again_ms
						 : INT64_MAX,
		ctl->http.again_ms > ctl->now_ms ? ctl->http.again_ms
						 : INT64_MAX,
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] < next_ms)
			next_ms = others[i];
	if (next_ms == INT64_MAX)
		return -1;
	next_ms -= helper_mono_ms();
	return next_ms < 0 ? 0 : next_ms > 60000 ? 60000 : (int)next_ms;
}

static int fd_of(const struct control *ctl, const struct client_door *door)
{
	return client_has_place(door, ctl->now_ms) ? door->fd : -1;
}

/* The only sleep. */
static void sleep_on(struct control *ctl, struct pollfd *fds, int64_t next_ms)
{
	const int always[POLLS] = {
		[POLL_SIGNAL] = ctl->signal_fd,
		[POLL_WAKE] = ctl->job->wake_fd,
		[POLL_COMMAND] = ctl->job->command_fd,
		[POLL_LOCAL] = fd_of(ctl, &ctl->local),
		[POLL_NEAR] = fd_of(ctl, &ctl->near),
		[POLL_HTTP] = fd_of(ctl, &ctl->http),
	};

	for (int k = 0; k < POLLS; k++)
		fds[k] = (struct pollfd){ .fd = always[k], .events = POLLIN };
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
	ctl->now_ms = helper_mono_ms();
}

/* Hear everybody before anybody is answered: those who want the same then get
 * the same. */
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
			serve_request(ctl, client_at(k));
	answer_drop(ctl->status);
	ctl->status = NULL;
	for (int k = 0; k < CLIENTS; k++)
		if (client_at(k)->answer != NULL)
			client_send(client_at(k), ctl->now_ms);
}

static void take_turn(struct control *ctl)
{
	struct pollfd fds[POLLS + CLIENTS];

	run_deadlines(ctl);
	for (int k = 0; k < CLIENTS; k++)
		if (client_at(k)->answer != NULL)
			client_send(client_at(k), ctl->now_ms);
	sleep_on(ctl, fds, client_expire(ctl->now_ms));
	if (fds[POLL_WAKE].revents != 0)
		helper_sleep(ctl->job, 0);
	if (fds[POLL_SIGNAL].revents != 0 ||
	    control_phase(ctl) == BOARD_EXITING)
		finish(ctl);
	if (fds[POLL_COMMAND].revents != 0)
		order_take(ctl);
	serve_clients(ctl, fds + POLLS);
	if (fds[POLL_LOCAL].revents != 0)
		client_accept(&ctl->local, ctl->now_ms);
	if (fds[POLL_NEAR].revents != 0)
		client_accept(&ctl->near, ctl->now_ms);
	if (fds[POLL_HTTP].revents != 0)
		client_accept(&ctl->http, ctl->now_ms);
}

_Noreturn void control_main(const struct helper_job *job)
{
	static struct control ctl;

	ctl.job = job;
	ctl.now_ms = helper_mono_ms();
	ctl.signal_fd = helper_open_end();
	if (ctl.signal_fd < 0)
		_exit(1);
	reply_set_up(&ctl.reply, job);
	open_doors(&ctl);
	for (;;)
		take_turn(&ctl);
}
