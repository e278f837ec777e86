/* SPDX-License-Identifier: ISC */
/* bind(2) gives the socket its mode, so that it never has another mode; a
 * connection before listen(2) is refused. Sources: unix(7), ip(7). */
#include "init/control/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/lib/format.h"
#include "init/lib/scan.h"
#include "init/lib/unix_address.h"

/* Connect to a socket file; the descriptor, or -errno. Never waits. */
static int knock(const struct sockaddr_un *at, struct ucred *peer)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*peer);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* True for a socket file without a listener; else *t says what has the name. */
static bool is_stale(const struct sockaddr_un *at, struct listen_trouble *t)
{
	struct ucred peer = { .pid = 0 };
	struct stat st;
	int err;

	if (lstat(at->sun_path, &st) < 0)
		return false;
	t->uid = st.st_uid;
	/* A file of another kind refuses as well, and is kept. */
	if (!S_ISSOCK(st.st_mode)) {
		t->pid = -1;
		return false;
	}
	err = knock(at, &peer);
	if (err == 0) {
		t->pid = peer.pid;
		t->uid = peer.uid;
	}
	return err == -ECONNREFUSED;
}

static int bind_path(int fd, const char *path, const struct config *c,
		     struct listen_trouble *t)
{
	const mode_t mode = c->control_mode != 0 ? c->control_mode : 0600;
	struct sockaddr_un at;
	const socklen_t size = unix_address(&at, path);
	int err;

	*t = (struct listen_trouble){ .what = LISTEN_CONTROL };
	if (size == 0)
		return -ENAMETOOLONG;
	for (bool is_again = false;; is_again = true) {
		mode_t mask = umask(0777 & ~mode);

		err = bind(fd, (const struct sockaddr *)&at, size) < 0 ?
			      -errno : 0;
		umask(mask);
		if (err != -EADDRINUSE || is_again || !is_stale(&at, t))
			return err;
		if (unlink(path) < 0)
			return -errno;
	}
}

static int bind_somewhere(int fd, const struct config *c,
			  struct listen_trouble *t)
{
	char beside[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	int err;

	if (c->control != 0)
		return bind_path(fd, config_string(c, c->control), c, t);
	err = bind_path(fd, "/run/dashpot.sock", c, t);
	if (err < 0) {
		format(beside, sizeof(beside), "%s/dashpot.sock",
		       config_string(c, c->diagnostics));
		err = bind_path(fd, beside, c, t);
	}
	return err;
}

/* True when the socket is bound; its path has a NUL, as unix_address() leaves
 * room for that. */
static bool get_bound(int fd, struct sockaddr_un *ret_at)
{
	socklen_t size = sizeof(*ret_at);

	*ret_at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return getsockname(fd, (struct sockaddr *)ret_at, &size) == 0 &&
	       size > offsetof(struct sockaddr_un, sun_path);
}

int listen_bind(int fd, const struct config *c, struct listen_trouble *t)
{
	struct sockaddr_un bound;
	int err = 0;

	*t = (struct listen_trouble){ .what = LISTEN_CONTROL };
	if (!get_bound(fd, &bound))
		err = bind_somewhere(fd, c, t);
	if (err == 0 && listen(fd, LISTEN_BACKLOG) < 0)
		err = -errno;
	t->err = -err;
	return err;
}

/* A connection to the very file that is open tells which process listens: a
 * file that took the place of the socket is not taken for it. */
static int prove_own(int file_fd)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct ucred peer = { .pid = 0 };
	int err;

	format(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d", file_fd);
	err = knock(&at, &peer);
	/* Refused: a file of another kind, or a socket without a listener. */
	return err < 0 && err != -ECONNREFUSED ? err
	       : err == 0 && peer.pid == getpid() ? 0 : -EEXIST;
}

int listen_give_owner(int fd, const struct config *c)
{
	struct stat st;
	struct sockaddr_un bound;
	int file_fd, err = 0;

	if (!c->has_control_owner || !get_bound(fd, &bound))
		return 0;
	file_fd = open(bound.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file_fd < 0)
		return -errno;
	if (fstat(file_fd, &st) < 0)
		err = -errno;
	else if (st.st_uid != c->control_uid ||
		 (c->control_gid != UINT32_MAX &&
		  st.st_gid != c->control_gid))
		err = prove_own(file_fd);
	else
		goto out; /* an earlier helper has done it */
	if (err == 0 && fchownat(file_fd, "", c->control_uid, c->control_gid,
				 AT_EMPTY_PATH) < 0)
		err = -errno;
out:
	close(file_fd);
	return err;
}

int listen_abstract(int fd)
{
	char name[UNIX_ADDRESS_ROOM];
	struct sockaddr_un at;
	int err = get_bound(fd, &at) ? 0 : -EADDRINUSE;

	for (unsigned k = 0; k < UNIX_ADDRESS_NAMES && err == -EADDRINUSE;
	     k++) {
		err = unix_address_abstract(k, name);
		if (err < 0)
			return err;
		err = bind(fd, (const struct sockaddr *)&at,
			   unix_address(&at, name)) < 0 ? -errno : 0;
	}
	if (err == 0 && listen(fd, LISTEN_BACKLOG) < 0)
		err = -errno;
	return err;
}

/* An address as socket(2) calls take it. */
union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, union address *at,
			  socklen_t *size)
{
	const char *colon = strrchr(text, ':'), *port = colon + 1;
	bool is_v6 = text[0] == '[';
	char host[64];
	uint64_t number;
	size_t n;

	if (colon == NULL)
		return false;
	number = scan_unsigned(&port, 10);
	n = (size_t)(colon - text) - (is_v6 ? 2 : 0);
	if (number > 65535 || port == colon + 1 || *port != '\0' ||
	    colon - text < (is_v6 ? 3 : 1) || n >= sizeof(host))
		return false;
	memcpy(host, text + is_v6, n);
	host[n] = '\0';
	memset(at, 0, sizeof(*at));
	if (is_v6) {
		*size = sizeof(at->v6);
		at->v6.sin6_family = AF_INET6;
		at->v6.sin6_port = htons((uint16_t)number);
		return inet_pton(AF_INET6, host, &at->v6.sin6_addr) == 1;
	}
	*size = sizeof(at->v4);
	at->v4.sin_family = AF_INET;
	at->v4.sin_port = htons((uint16_t)number);
	return inet_pton(AF_INET,
			 strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
			 &at->v4.sin_addr) == 1;
}

int listen_tcp(const char *address)
{
	const int yes = 1;
	union address at;
	socklen_t size;
	int fd, err = 0;

	if (!parse_address(address, &at, &size))
		return -EINVAL;
	fd = socket(at.any.sa_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* An earlier helper's connections may still be closing. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, &at.any, size) < 0 || listen(fd, LISTEN_BACKLOG_HTTP) < 0)
		err = -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}
