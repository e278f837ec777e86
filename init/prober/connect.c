/* SPDX-License-Identifier: ISC */
/* At most one connection for each service, all of them non-blocking, and a
 * bounded look at what comes back. */
#include "init/prober/prober.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/lib/format.h"

enum {
	STATUS_LINE = 12,         /* "HTTP/1.1 200" */
	REQUEST = 4096 + 256,
	DRAIN_MOST = 256 * 1024,  /* of a page that is not needed */
	PIECE = 4096,
	LATER_MS = 50,            /* until the next try of one put off */
};

enum state {
	IDLE,
	LATER, /* connect(2) could not even begin; is tried again */
	CONNECTING,
	READING,  /* the status line of an answer */
	DRAINING, /* answered: the rest is let come, so that no server
		   * complains of a connection that broke */
};

static struct connection {
	enum state state;
	int fd;
	unsigned attempt;  /* of several addresses, or kinds of sockets */
	int first_err;     /* of attempt 0 */
	int later_err;     /* LATER: why */
	uint32_t number;   /* of the question */
	int64_t until_ms;
	int64_t later_ms;  /* LATER: until when */
	size_t length;     /* read so far */
	char text[STATUS_LINE + 1];
	bool is_health;
} connections[CONFIG_SERVICES];

static unsigned active; /* connections that are not IDLE */

static const struct config_check *form_of(const struct prober *p, uint32_t i)
{
	const struct config_service *s = config_service(p->job->config, i);

	return connections[i].is_health ? &s->health : &s->ready;
}

static void end(uint32_t i)
{
	struct connection *c = &connections[i];

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	active -= c->state != IDLE;
	c->state = IDLE;
}

static void tell(struct prober *p, uint32_t i, enum board_answer answer,
		 int code)
{
	const struct probe_answer a = {
		.kind = PROBE_ANSWER,
		.service = i,
		.number = connections[i].number,
		.answer = answer,
		.code = code,
	};

	prober_tell(p, &a);
}

static void answer(struct prober *p, uint32_t i, enum board_answer answer,
		   int code)
{
	end(i);
	tell(p, i, answer, code);
}

/* --- Connecting ----------------------------------------------------------- */

/* The address of an attempt; its length, or 0 when there is none more. */
static socklen_t address_of(const struct config *c,
			    const struct config_check *check, unsigned attempt,
			    struct sockaddr_storage *to)
{
	const char *host = config_string(c, check->host);
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	struct sockaddr_un *un = (struct sockaddr_un *)to;
	bool is_localhost = strcmp(host, "localhost") == 0;

	memset(to, 0, sizeof(*to));
	if (check->kind == CONFIG_CHECK_UNIX) {
		un->sun_family = AF_UNIX;
		format(un->sun_path, sizeof(un->sun_path), "%s",
		       config_string(c, check->path));
		return sizeof(*un);
	}
	if (is_localhost)
		host = attempt == 0 ? "127.0.0.1" : "::1";
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)check->number);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
		return sizeof(*v4);
	memset(to, 0, sizeof(*to));
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)check->number);
	return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 ? sizeof(*v6)
							      : 0;
}

/* A socket(2) of the kind of this attempt: a listener on a path may have
 * any. */
static int type_of(const struct config_check *check, unsigned attempt)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };

	return check->kind == CONFIG_CHECK_UNIX ? types[attempt] : SOCK_STREAM;
}

/* Is another attempt of use after this error? */
static bool has_another(const struct config *c,
			const struct config_check *check, unsigned attempt,
			int err)
{
	if (check->kind == CONFIG_CHECK_UNIX)
		return err == EPROTOTYPE && attempt < 2;
	return attempt == 0 &&
	       strcmp(config_string(c, check->host), "localhost") == 0;
}

/* Of this machine, not of the service. EADDRNOTAVAIL from an IPv4 address is
 * that no port is left to connect from; from an IPv6 one, that there is no
 * IPv6 here (connect(2)). */
static bool is_shortage(const struct prober *p, uint32_t i, int err)
{
	const char *host = config_string(p->job->config, form_of(p, i)->host);
	bool is_v6 = strchr(host, ':') != NULL || connections[i].attempt > 0;

	return err == EMFILE || err == ENFILE || err == ENOMEM ||
	       err == ENOBUFS || (err == EADDRNOTAVAIL && !is_v6);
}

static void send_request(struct prober *p, uint32_t i)
{
	const struct config *config = p->job->config;
	const struct config_check *check = form_of(p, i);
	const char *host = config_string(config, check->host);
	bool is_v6 = strchr(host, ':') != NULL;
	struct connection *c = &connections[i];
	struct epoll_event event = { .events = EPOLLIN };
	static char text[REQUEST];
	int length = format(text, sizeof(text),
			    "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\n"
			    "User-Agent: dashpot\r\nAccept: */*\r\n"
			    "Connection: close\r\n\r\n",
			    config_string(config, check->path),
			    is_v6 ? "[" : "", host, is_v6 ? "]" : "",
			    (unsigned)check->number);

	ssize_t sent = -1;

	event.data.u32 = i;
	errno = EIO;
	/* It fits into the buffer of any new connection. */
	if (length > 0 && (size_t)length < sizeof(text))
		sent = send(c->fd, text, (size_t)length, MSG_NOSIGNAL);
	if (sent >= 0 && sent < length)
		errno = EIO;
	else if (sent == length && epoll_ctl(p->job->epoll_fd, EPOLL_CTL_MOD,
					     c->fd, &event) == 0) {
		c->state = READING;
		return;
	}
	answer(p, i, errno == EINTR || is_shortage(p, i, errno) ?
		       BOARD_ANSWER_SKIPPED : BOARD_ANSWER_ERROR, errno);
}

/* A port of the range that connections get theirs from, without a listener:
 * a connection may meet itself there. */
static bool is_own_echo(int fd)
{
	struct sockaddr_storage own = { 0 }, peer = { 0 };
	socklen_t own_size = sizeof(own), peer_size = sizeof(peer);

	return getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 &&
	       own.ss_family != AF_UNIX && own_size == peer_size &&
	       memcmp(&own, &peer, own_size) == 0;
}

static void connected(struct prober *p, uint32_t i)
{
	if (form_of(p, i)->kind == CONFIG_CHECK_HTTP)
		send_request(p, i);
	else
		answer(p, i, BOARD_ANSWER_YES, 0);
}

/* Begin an attempt. 0 when it is under way or done, else errno. */
static int attempt(struct prober *p, uint32_t i)
{
	const struct config_check *check = form_of(p, i);
	struct connection *c = &connections[i];
	struct epoll_event event = { .events = EPOLLOUT };
	struct sockaddr_storage to;
	socklen_t size = address_of(p->job->config, check, c->attempt, &to);

	if (size == 0)
		return EAFNOSUPPORT;
	c->fd = socket(to.ss_family,
		       type_of(check, c->attempt) | SOCK_NONBLOCK |
			       SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return errno;
	event.data.u32 = i;
	if (epoll_ctl(p->job->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0)
		return ENOMEM;
	if (connect(c->fd, (const struct sockaddr *)&to, size) == 0) {
		connected(p, i);
		return 0;
	}
	return errno == EINPROGRESS ? 0 : errno;
}

/* EAGAIN: the backlog of a Unix socket is full, as that of a TCP port may be,
 * which connect(2) waits for there; or the machine lacks something. */
static void put_off(struct prober *p, uint32_t i, int err)
{
	struct connection *c = &connections[i];

	c->state = LATER;
	c->later_err = err;
	c->later_ms = p->now_ms + LATER_MS;
}

/* Go on with the next attempt after `err`, or answer with the first error;
 * nothing where err is 0. */
static void retry(struct prober *p, uint32_t i, int err)
{
	struct connection *c = &connections[i];

	while (err != 0) {
		if (c->attempt == 0)
			c->first_err = err;
		close(c->fd);
		c->fd = -1;
		if (err == EAGAIN || err == EINTR) {
			put_off(p, i, err);
			return;
		}
		if (is_shortage(p, i, err)) {
			answer(p, i, BOARD_ANSWER_SKIPPED, err);
			return;
		}
		if (!has_another(p->job->config, form_of(p, i), c->attempt,
				 err)) {
			answer(p, i, BOARD_ANSWER_ERROR, c->first_err);
			return;
		}
		c->attempt++;
		err = attempt(p, i);
	}
}

void connect_begin(struct prober *p, const struct probe_question *q)
{
	struct connection *c = &connections[q->service];

	if (c->state != IDLE)
		end(q->service);
	*c = (struct connection){
		.state = CONNECTING,
		.fd = -1,
		.number = q->number,
		.is_health = q->is_health != 0,
		.until_ms = p->now_ms + q->timeout_ms,
	};
	active++;
	retry(p, q->service, attempt(p, q->service));
}

/* --- Answers -------------------------------------------------------------- */

/* The status in "HTTP/1.1 200", or 0 where it is no such line. */
static int status_of(const char text[STATUS_LINE])
{
	static const char like[] = "HTTP/1.1 200";
	int status = 0;

	for (int k = 0; k < STATUS_LINE; k++) {
		bool is_digit = text[k] >= '0' && text[k] <= '9';

		if (like[k] >= '0' && like[k] <= '9' ? !is_digit
						     : text[k] != like[k])
			return 0;
		if (k >= STATUS_LINE - 3)
			status = status * 10 + (text[k] - '0');
	}
	return status >= 100 ? status : 0;
}

static void drain(uint32_t i)
{
	struct connection *c = &connections[i];
	char nothing[PIECE];

	for (;;) {
		ssize_t n = recv(c->fd, nothing, sizeof(nothing), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0)
			c->length += (size_t)n;
		if (n <= 0 || c->length > DRAIN_MOST) {
			end(i);
			return;
		}
	}
}

static void read_status(struct prober *p, uint32_t i)
{
	struct connection *c = &connections[i];
	ssize_t n = recv(c->fd, c->text + c->length, STATUS_LINE - c->length,
			 0);
	int status;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		int err = n < 0 ? errno : 0;

		answer(p, i, err ? BOARD_ANSWER_ERROR : BOARD_ANSWER_CLOSED,
		       err);
		return;
	}
	c->length += (size_t)n;
	if (c->length < STATUS_LINE)
		return;
	status = status_of(c->text);
	if (status == 0) {
		answer(p, i, BOARD_ANSWER_NONSENSE, 0);
		return;
	}
	c->state = DRAINING;
	if (status >= 200 && status <= 399)
		tell(p, i, BOARD_ANSWER_YES, 0);
	else
		tell(p, i, BOARD_ANSWER_HTTP, status);
	drain(i);
}

static void see_connected(struct prober *p, uint32_t i)
{
	struct connection *c = &connections[i];
	/* A reset, so that its port is free at once for whom it belongs to. */
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	socklen_t size = sizeof(int);
	int err = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0)
		err = errno;
	if (err == 0 && is_own_echo(c->fd)) {
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset,
				 sizeof(reset));
		err = ECONNREFUSED;
	}
	if (err != 0)
		retry(p, i, err);
	else
		connected(p, i);
}

void connect_go_on(struct prober *p, uint32_t i)
{
	switch (connections[i].state) {
	case CONNECTING:
		see_connected(p, i);
		break;
	case READING:
		read_status(p, i);
		break;
	case DRAINING:
		drain(i);
		break;
	case LATER:
	case IDLE:
		break;
	}
}

/* The time of the question is over. Who lets nobody in for all of it has not
 * answered; what the machine did not let begin says nothing. */
static void time_out(struct prober *p, uint32_t i)
{
	const struct connection *c = &connections[i];
	bool is_full = c->later_err == EAGAIN &&
		       form_of(p, i)->kind == CONFIG_CHECK_UNIX;

	if (c->state == DRAINING)
		end(i);
	else if (c->state == LATER && !is_full)
		answer(p, i, BOARD_ANSWER_SKIPPED, c->later_err);
	else
		answer(p, i, BOARD_ANSWER_TIMEOUT, 0);
}

int64_t connect_expire(struct prober *p)
{
	int64_t next_ms = INT64_MAX;

	for (uint32_t i = 0; active > 0 && i < p->job->config->services; i++) {
		struct connection *c = &connections[i];
		int64_t due_ms;

		if (c->state == LATER && c->until_ms > p->now_ms &&
		    c->later_ms <= p->now_ms) {
			c->state = CONNECTING;
			retry(p, i, attempt(p, i));
		}
		if (c->state == IDLE)
			continue;
		due_ms = c->state == LATER && c->later_ms < c->until_ms ?
				 c->later_ms : c->until_ms;
		if (due_ms <= p->now_ms)
			time_out(p, i);
		else if (due_ms < next_ms)
			next_ms = due_ms;
	}
	return next_ms;
}
