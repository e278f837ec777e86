/* SPDX-License-Identifier: ISC */
/* Sockets and their time-outs. A client that half-closes its connection after
 * asking still gets its answer, so only POLLHUP and a failed send(2) count as
 * gone. */
#include "init/control/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/lib/earlier.h"

enum { AGAIN_MS = 100 };

/* The lines apart, so that a place that is never taken costs no page. */
static struct client clients[CLIENTS];
static char lines[CLIENTS][REQUEST_LINE + 1];

struct client *client_at(int k)
{
	return &clients[k];
}

static bool is_lasting(const struct client *c)
{
	return c->state == CLIENT_ORDERING || c->state == CLIENT_WAITING ||
	       c->state == CLIENT_FOLLOWING;
}

int client_lasting(void)
{
	int n = 0;

	for (int k = 0; k < CLIENTS; k++)
		n += is_lasting(&clients[k]);
	return n;
}

/* A client that makes room for another one may go then. */
static int64_t may_go_ms(const struct client *c)
{
	if (c->state == CLIENT_ASKING)
		return c->came_ms + CLIENT_CROWD_ASK_MS;
	return c->state == CLIENT_ANSWERING ?
		       c->came_ms + CLIENT_CROWD_READ_MS : INT64_MAX;
}

/* The first free place, else the oldest client that makes room: of those
 * without a whole request, else of those with an answer. NULL: none. With
 * INT64_MIN for now_ms only a free place. */
static struct client *find_place(bool is_http, int64_t now_ms)
{
	int first = is_http ? (int)CLIENT_LOCAL : 0;
	int end = is_http ? CLIENTS : CLIENT_LOCAL;
	struct client *found = NULL;

	for (int k = first; k < end; k++) {
		struct client *c = &clients[k];

		if (c->state == CLIENT_FREE)
			return c;
		if (may_go_ms(c) <= now_ms &&
		    (found == NULL || c->state < found->state ||
		     (c->state == found->state &&
		      c->came_ms < found->came_ms)))
			found = c;
	}
	return found;
}

static bool is_open(const struct client_door *door, int64_t now_ms)
{
	return door->fd >= 0 && now_ms >= door->again_ms;
}

bool client_has_place(const struct client_door *door, int64_t now_ms)
{
	return is_open(door, now_ms) &&
	       find_place(door->is_http, now_ms) != NULL;
}

/* True when control_mode and control_owner let it connect to a socket file:
 * that takes the right to write. Supplementary groups are not looked at. */
static bool is_let_in(const struct config *c, const struct ucred *peer)
{
	uid_t uid = c->has_control_owner ? c->control_uid : getuid();
	gid_t gid = c->has_control_owner && c->control_gid != UINT32_MAX ?
			    c->control_gid : getgid();
	unsigned mode = c->control_mode != 0 ? c->control_mode : 0600;

	return (mode & (peer->uid == uid ? 0200 :
			peer->gid == gid ? 0020 : 0002)) != 0;
}

/* What a client may do: unix(7), SO_PEERCRED. A socket file is reached by the
 * users that its directory, mode and mounts let in; an abstract name by the
 * whole network namespace. */
static void judge(struct client *c, const struct client_door *door)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	bool is_master;

	if (door->is_http) {
		c->may_ask = true;
		return;
	}
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return;
	is_master = peer.uid == 0 || peer.uid == getuid();
	c->is_outside = peer.pid == 0;
	c->pid = peer.pid;
	c->uid = peer.uid;
	c->may_command = is_master && (door->near == NULL || !c->is_outside);
	c->may_ask = door->near == NULL ||
		     (!c->is_outside &&
		      (is_master || is_let_in(door->near, &peer)));
}

void client_accept(struct client_door *door, int64_t now_ms)
{
	while (is_open(door, now_ms)) {
		struct client *c = find_place(door->is_http, now_ms);
		int fd;

		if (!c)
			return;
		/* The library's brings the ways of older kernels with it. */
		fd = (int)syscall(SYS_accept4, door->fd, NULL, NULL,
				  SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			/* No client waits, or it has gone again. Without a
			 * free descriptor, accepting again would not end. */
			if (errno != EAGAIN && errno != ECONNABORTED)
				door->again_ms = now_ms + AGAIN_MS;
			return;
		}
		if (c->state != CLIENT_FREE)
			client_drop(c);
		*c = (struct client){
			.state = CLIENT_ASKING,
			.is_http = door->is_http,
			.fd = fd,
			.came_ms = now_ms,
			.since_ms = now_ms,
			.line = lines[c - clients],
		};
		judge(c, door);
	}
}

void client_drop(struct client *c)
{
	close(c->fd);
	answer_drop(c->answer);
	c->answer = NULL;
	c->state = CLIENT_FREE;
}

/* True when what was read is all that is needed. */
static bool is_whole(struct client *c)
{
	char *end;

	if (c->is_http)
		return http_parse(&c->http, c->line, c->asked) ||
		       c->asked == HTTP_HEAD;
	end = memchr(c->line, '\n', c->asked);
	if (end != NULL)
		c->asked = (size_t)(end - c->line);
	return end != NULL || c->asked == REQUEST_LINE;
}

bool client_read(struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->asked, REQUEST_LINE - c->asked,
			 MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		client_drop(c);
		return false;
	}
	c->asked += n > 0 ? (size_t)n : 0;
	return is_whole(c);
}

void client_send(struct client *c, int64_t now_ms)
{
	struct answer *a = c->answer;

	while (a != NULL && c->sent < a->used) {
		ssize_t n = send(c->fd, a->text + c->sent, a->used - c->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			client_drop(c);
			return;
		}
		if (n < 0)
			break;
		c->sent += (size_t)n;
		c->since_ms = now_ms;
	}
	if (c->state == CLIENT_ANSWERING && a != NULL && c->sent == a->used) {
		client_drop(c);
	} else if (c->state == CLIENT_FOLLOWING && c->sent > 0) {
		answer_cut(a, c->sent);
		c->sent = 0;
	}
}

/* When a client that does nothing more is dropped. */
static int64_t patience_ms(const struct client *c, bool is_crowded)
{
	bool is_owed = c->answer != NULL && c->sent < c->answer->used;

	if (c->state == CLIENT_ASKING)
		return c->since_ms + CLIENT_ASK_MS;
	if (is_owed)
		return c->since_ms +
		       (is_crowded ? CLIENT_CROWD_READ_MS : CLIENT_READ_MS);
	return INT64_MAX;
}

int64_t client_expire(int64_t now_ms)
{
	const bool is_crowded[] = { find_place(false, INT64_MIN) == NULL,
				    find_place(true, INT64_MIN) == NULL };
	int64_t next_ms = INT64_MAX;

	for (int k = 0; k < CLIENTS; k++) {
		struct client *c = &clients[k];
		int64_t last_ms;

		if (c->state == CLIENT_FREE)
			continue;
		last_ms = patience_ms(c, is_crowded[c->is_http]);
		if (last_ms <= now_ms) {
			client_drop(c);
			continue;
		}
		next_ms = earlier(next_ms, last_ms);
		/* From then on a client at the door can get this place. */
		if (is_crowded[c->is_http] && may_go_ms(c) > now_ms)
			next_ms = earlier(next_ms, may_go_ms(c));
		if (c->state == CLIENT_WAITING || c->state == CLIENT_ORDERING)
			next_ms = earlier(next_ms, c->due_ms);
		if (c->state == CLIENT_ORDERING)
			next_ms = earlier(next_ms, c->again_ms);
	}
	return next_ms;
}

short client_events(const struct client *c)
{
	if (c->state == CLIENT_ASKING)
		return POLLIN;
	return c->answer != NULL && c->sent < c->answer->used ? POLLOUT : 0;
}
