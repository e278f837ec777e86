/* SPDX-License-Identifier: ISC */
/* A pipe is read here, because PID 1 needs one byte of it; datagrams are
 * parsed by the prober, and what it makes of them is checked against the run
 * that goes on. */
#include "init/service/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"
#include "init/lib/die.h"
#include "init/lib/format.h"
#include "init/pid1/reload_apply.h"
#include "init/service/checks.h"
#include "init/service/lifecycle.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* since Linux 6.16 */
#endif

enum {
	PIECE = 64,      /* bytes read at once: a newline is looked for */
	PIECES = 16,     /* ... in one turn */
	NOISE = 64 * 1024, /* bytes without a newline: it writes none */
	EXTEND_NEWS_MS = 100, /* a time-out moves by so much: others hear */
	OLD_MOST = 4096, /* datagrams of former runs that are dropped */
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

/* A bind(2) with no name at all lets the kernel find one (unix(7),
 * autobind). Who sent it comes with every datagram. */
static int make_socket(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	const int on = 1, off = 0;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)) < 0)
		err = -errno;
	/* Descriptors are for nobody here; older kernels let them come. */
	(void)setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static void close_socket(struct sup *sup, uint32_t i)
{
	if (sup->socket[i] >= 0)
		close(sup->socket[i]);
	sup->socket[i] = -1;
}

void notify_make(struct sup *sup)
{
	for (uint32_t i = 0; i < sup->config->services; i++) {
		sup->socket[i] = -1;
		if (!needs_socket(sup->config, i))
			continue;
		sup->socket[i] = make_socket();
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
		if (i < before && adopt_is_gone(sup, i))
			close_socket(sup, i);
		if (sup->socket[i] >= 0 || !needs_socket(next, i))
			continue;
		fd = make_socket();
		if (fd < 0) {
			err = fd;
			continue;
		}
		sup->socket[i] = fd;
		made[i] = true;
	}
	for (uint32_t i = 0; err < 0 && i < next->services; i++)
		if (made[i])
			close_socket(sup, i);
	return err;
}

void notify_settle(struct sup *sup)
{
	/* Who sends to one that nobody reads would hang once it is full. */
	for (uint32_t i = 0; i < sup->config->services; i++)
		if (!needs_socket(sup->config, i))
			close_socket(sup, i);
}

/* --- A start ------------------------------------------------------------- */

static int make_pipe(struct sup *sup, uint32_t i)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct service *s = &sup->service[i];
	int ends[2];
	int err;

	if (descriptors_pipe(ends, O_CLOEXEC) < 0)
		return -errno;
	event.data.u64 = SUP_FROM_READY + i;
	if (descriptors_control(ends[0], F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(sup->epoll_fd, EPOLL_CTL_ADD, ends[0], &event) < 0) {
		err = -errno;
		close(ends[0]);
		close(ends[1]);
		return err;
	}
	s->ready_fd = ends[0];
	s->ready_peer_fd = ends[1];
	s->ready_noise = 0;
	return 0;
}

void notify_drop_old(const struct sup *sup, uint32_t i)
{
	char nothing;

	for (int k = 0; k < OLD_MOST && sup->socket[i] >= 0; k++)
		if (recv(sup->socket[i], &nothing, 1,
			 MSG_DONTWAIT | MSG_TRUNC) < 0)
			return;
}

int notify_prepare(struct sup *sup, uint32_t i)
{
	if (settings(sup, i)->ready.kind != CONFIG_CHECK_FD)
		return 0;
	return make_pipe(sup, i);
}

char *notify_variable(const struct sup *sup, uint32_t i)
{
	static char variable[sizeof("NOTIFY_SOCKET=@") +
			     sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(name);
	int length;

	/* Without a socket (-1) that is EBADF. */
	if (getsockname(sup->socket[i], (struct sockaddr *)&name, &size) < 0)
		return NULL;
	/* The NUL that an abstract name begins with is written as "@". */
	length = (int)(size - offsetof(struct sockaddr_un, sun_path)) - 1;
	format(variable, sizeof(variable), "NOTIFY_SOCKET=@%.*s", length,
	       name.sun_path + 1);
	return variable;
}

void notify_cloned(struct sup *sup, uint32_t i, bool has_process)
{
	struct service *s = &sup->service[i];

	if (s->ready_peer_fd >= 0)
		close(s->ready_peer_fd);
	s->ready_peer_fd = -1;
	if (!has_process)
		notify_end(sup, i);
}

void notify_end(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];

	if (s->ready_fd < 0)
		return;
	/* As with a verdict: a child that hangs before its exec has a copy. */
	(void)epoll_ctl(sup->epoll_fd, EPOLL_CTL_DEL, s->ready_fd, NULL);
	close(s->ready_fd);
	s->ready_fd = -1;
}

void notify_read(struct sup *sup, uint32_t i)
{
	struct service *s = &sup->service[i];
	char text[PIECE];

	for (int k = 0; k < PIECES && s->ready_fd >= 0; k++) {
		ssize_t n = read(s->ready_fd, text, sizeof(text));

		if (n < 0)
			return; /* EAGAIN: nothing more yet */

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
