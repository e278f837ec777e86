/* SPDX-License-Identifier: ISC */
/* The loop: one epoll_wait(2), nothing else that sleeps for long. */
#include "init/prober/prober.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/kernel/proc.h"

enum {
	WAKES = 64,
	AT_ONCE = 64,        /* questions in one turn */
	TELL_MS = 1000,      /* PID 1 is not that slow */
};

void prober_tell(struct prober *p, const struct probe_answer *a)
{
	struct pollfd room = { .fd = p->job->probe_fd, .events = POLLOUT };

	while (send(room.fd, a, sizeof(*a), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		/* Without PID 1 there is no work. */
		if (errno != EAGAIN && errno != EINTR)
			_exit(1);
		(void)poll(&room, 1, TELL_MS);
	}
}

static void take_questions(struct prober *p)
{
	const struct helper_job *job = p->job;
	struct probe_question q;

	for (int k = 0; k < AT_ONCE; k++) {
		ssize_t n = recv(job->probe_fd, &q, sizeof(q), MSG_DONTWAIT);

		if (n < 0)
			return;
		/* One of another configuration is for another prober: PID 1
		 * asks it again. */
		if (n == sizeof(q) && q.reloads == job->reloads &&
		    q.service < job->config->services)
			connect_begin(p, &q);
	}
}

static bool has_unix(const struct config *c)
{
	for (uint32_t i = 0; i < c->services; i++)
		if (config_service(c, i)->ready.kind == CONFIG_CHECK_UNIX ||
		    config_service(c, i)->health.kind == CONFIG_CHECK_UNIX)
			return true;
	return false;
}

static void set_up(struct prober *p, const struct helper_job *job)
{
	*p = (struct prober){ .job = job, .proc_fd = proc_open() };
	if (!has_unix(job->config))
		helper_drop_capabilities();
	helper_watch(job, job->probe_fd, PROBER_QUESTIONS);
	for (uint32_t i = 0; i < job->config->services; i++)
		if (job->sockets[i] >= 0)
			helper_watch(job, job->sockets[i], PROBER_SOCKETS + i);
}

static void take_turn(struct prober *p, int64_t next_ms)
{
	struct epoll_event wake[WAKES];
	int n = helper_wait(p->job, wake, WAKES,
			    helper_timeout_ms(next_ms, p->now_ms));
	bool is_asked = false;

	p->now_ms = clock_mono_ms();
	for (int k = 0; k < n; k++) {
		uint32_t what = wake[k].data.u32;

		if (what == HELPER_END)
			_exit(0);
		else if (what == HELPER_WAKE)
			continue;
		else if (what == PROBER_QUESTIONS)
			is_asked = true;
		else if (what >= PROBER_SOCKETS)
			notices_read(p, what - PROBER_SOCKETS);
		else
			connect_go_on(p, what);
	}
	/* Last: no wake-up of this turn is about a connection that it makes. */
	if (is_asked)
		take_questions(p);
}

_Noreturn void prober_main(const struct helper_job *job)
{
	struct prober p;

	set_up(&p, job);
	p.now_ms = clock_mono_ms();
	for (;;)
		take_turn(&p, connect_expire(&p));
}
