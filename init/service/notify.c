/* SPDX-License-Identifier: ISC */
/* A pipe is read here, because PID 1 needs one byte of it; datagrams are
 * parsed by the prober, and what it makes of them is checked against the run
 * that goes on. */
#include "init/service/notify.h"

#include <errno.h>
#include <string.h>

#include "init/kernel/descriptors.h"
#include "init/kernel/die.h"
#include "init/kernel/sockets.h"
#include "init/kernel/wait.h"
#include "init/service/checks.h"
#include "init/service/lifecycle.h"

enum {
	PIECE = 64,      /* bytes read at once: a newline is looked for */
	PIECES = 16,     /* ... in one turn */
	NOISE = 64 * 1024, /* bytes without a newline: it writes none */
	EXTEND_NEWS_MS = 100, /* a time-out moves by so much: others hear */
};

uint32_t notify_descriptors(const struct config *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->services; i++) {
		enum config_check_kind kind = config_service(c, i)->ready.kind;

		n += kind == CONFIG_CHECK_NOTIFY || kind == CONFIG_CHECK_FD;
	}
	return n;
}

static bool needs_socket(const struct config *c, uint32_t i)
{
	return config_service(c, i)->ready.kind == CONFIG_CHECK_NOTIFY;
}

void notify_make(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		sup->socket[i] = -1;
		if (!needs_socket(sup->config, i))
			continue;
		sup->socket[i] = sockets_notify();
		if (sup->socket[i] < 0)
			die_system("socket", -sup->socket[i]);
	}
}

int notify_follow(struct sup *sup, const struct config *next)
{
	const uint32_t before = sup->config->services;
	bool made[CONFIG_SERVICES] = { false };
	int err = 0;

	for (uint32_t i = before; i < next->services; i++)
		sup->socket[i] = -1;
	for (uint32_t i = 0; err == 0 && i < next->services; i++) {
		int fd;

		/* The place is another service's: so is the name. */
		if (i < before && service_is_gone(sup, i))
			descriptors_drop(&sup->socket[i]);
		if (sup->socket[i] >= 0 || !needs_socket(next, i))
			continue;
		fd = sockets_notify();
		if (fd < 0) {
			err = fd;
			continue;
		}
		sup->socket[i] = fd;
		made[i] = true;
	}
	for (uint32_t i = 0; err < 0 && i < next->services; i++)
		if (made[i])
			descriptors_drop(&sup->socket[i]);
	return err;
}

void notify_settle(struct sup *sup)
{
	/* Who sends to one that nobody reads would hang once it is full. */
	for (uint32_t i = 0; i < sup->config->services; i++)
		if (!needs_socket(sup->config, i))
			descriptors_drop(&sup->socket[i]);
}

/* --- A start ------------------------------------------------------------- */

int notify_prepare(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (settings(sup, i)->ready.kind != CONFIG_CHECK_FD)
		return 0;
	s->ready_noise = 0;
	return wait_pipe_open(sup->epoll_fd, SUP_FROM_READY + i, &s->ready_fd,
			      &s->ready_peer_fd);
}

void notify_cloned(struct sup *sup, uint32_t i, bool has_process)
{
	struct service *s = &sup->service[i];

	descriptors_drop(&s->ready_peer_fd);
	if (!has_process)
		notify_end(sup, i);
}

void notify_end(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (s->ready_fd < 0)
		return;
	wait_close(sup->epoll_fd, s->ready_fd);
	s->ready_fd = -1;
}

void notify_read(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	char text[PIECE];

	for (int k = 0; k < PIECES && s->ready_fd >= 0; k++) {
		int n = wait_pipe_read(s->ready_fd, text, sizeof(text));

		if (n < 0)
			return; /* -EAGAIN: nothing more yet */

		bool is_newline = n > 0 && memchr(text, '\n', (size_t)n);

		s->ready_noise += (uint32_t)n;
		if (n > 0 && !is_newline && s->ready_noise < NOISE)
			continue;
		notify_end(sup, i);
		/* What it executes has written it, so it does execute. */
		service_verdict(sup, i);
		if (is_newline)
			service_ready(sup, i);
		else
			checks_told_nothing(sup, i);
	}
}

/* --- Datagrams ------------------------------------------------------------ */

/* The present run said it, as far as the sender could be seen. */
static bool is_of_this_run(const struct sup *sup, const struct probe_answer *a)
{
	const struct service *s = &sup->service[a->service];

	return settings(sup, a->service)->ready.kind == CONFIG_CHECK_NOTIFY &&
	       s->pid != 0 && s->state != LIFE_STOPPING &&
	       a->run == s->starts &&
	       (a->session == s->session || a->session == 0);
}

/* Its own word, read when it is over or has been told to end: redis, for one,
 * says STOPPING=1 as the last thing it does. Nothing follows from that. */
static bool is_late(const struct sup *sup, const struct probe_answer *a)
{
	const struct service *s = &sup->service[a->service];

	return a->run != s->starts ||
	       ((s->pid == 0 || s->state == LIFE_STOPPING) &&
		(a->session == s->session || a->session == 0));
}

/* Seen once a run: somebody who floods the socket floods nothing else. */
static void say_stray(struct sup *sup, const struct probe_answer *a)
{
	struct service *s = &sup->service[a->service];

	if (s->stray_run == s->starts + 1)
		return;
	s->stray_run = s->starts + 1;
	SUP_SAY(sup, BOARD_EV_NOTICE_STRAY, (int)a->service, a->pid, a->uid);
}

static void extend(struct sup *sup, uint32_t i, int32_t by_ms)
{
	struct service *s = &sup->service[i];
	int64_t until_ms = sup->now_ms + by_ms;
	bool is_news;

	if (!s->awaits_ready || s->due_ms == NEVER || by_ms <= 0 ||
	    until_ms <= s->due_ms)
		return;
	/* Who asks for it all the time is no news each time. */
	is_news = until_ms - s->due_ms >= EXTEND_NEWS_MS;
	s->due_ms = until_ms;
	if (is_news)
		service_touch(sup, i);
	else
		service_arm(sup, i);
}

void notify_take(struct sup *sup, const struct probe_answer *a)
{
	const uint32_t i = a->service;

	if (a->kind == PROBE_STRAY || !is_of_this_run(sup, a)) {
		/* One of a former run is late, not strange. */
		if (a->kind == PROBE_STRAY ? a->run == sup->service[i].starts
					   : !is_late(sup, a))
			say_stray(sup, a);
		return;
	}
	switch ((enum probe_kind)a->kind) {
	case PROBE_READY:
		service_verdict(sup, i);
		service_ready(sup, i);
		break;
	case PROBE_STOPPING:
		service_leaves(sup, i);
		break;
	case PROBE_EXTEND:
		extend(sup, i, a->code);
		break;
	case PROBE_ANSWER:
	case PROBE_STRAY:
	case PROBE_KINDS:
		break;
	}
}
