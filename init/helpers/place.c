/* SPDX-License-Identifier: ISC */
/* bind(2) gives the socket its mode, so that it never has another one; nobody
 * can connect before listen(2). Sources: unix(7), ip(7). */
#include "init/helpers/place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/format.h"
#include "init/scan.h"

/* A socket file to which nobody listens any more. */
static bool is_stale(const struct sockaddr_un *at)
{
	struct stat st;
	int fd;
	bool is_refused;

	/* A file of another kind refuses as well, and is somebody's. */
	if (lstat(at->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	is_refused = connect(fd, (const struct sockaddr *)at,
			     sizeof(*at)) < 0 && errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

static int bind_path(int fd, const char *path, const struct config *c)
{
	const mode_t mode = c->control_mode != 0 ? c->control_mode : 0600;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int err;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	for (bool is_again = false;; is_again = true) {
		mode_t mask = umask(0777 & ~mode);

		err = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ?
			      -errno : 0;
		umask(mask);
		if (err != -EADDRINUSE || is_again || !is_stale(&at))
			return err;
		if (unlink(path) < 0)
			return -errno;
	}
}

static int bind_abstract(int fd)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	int n;

	if (stat("/proc/self/ns/pid", &st) < 0)
		return -errno;
	n = format(at.sun_path + 1, sizeof(at.sun_path) - 1, "dashpot-%llu",
		   (unsigned long long)st.st_ino);
	return bind(fd, (const struct sockaddr *)&at,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				(size_t)n)) < 0 ? -errno : 0;
}

static int bind_somewhere(int fd, const struct config *c)
{
	char beside[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	int err;

	if (c->control != 0)
		return bind_path(fd, config_string(c, c->control), c);
	err = bind_path(fd, "/run/dashpot.sock", c);
	if (err < 0) {
		format(beside, sizeof(beside), "%s/dashpot.sock",
		       config_string(c, c->diagnostics));
		err = bind_path(fd, beside, c);
	}
	return err < 0 ? bind_abstract(fd) : 0;
}

/* The address that the socket is bound to; its path is "" where it is not
 * bound, or to an abstract name. */
static int get_bound(int fd, struct sockaddr_un *at, socklen_t *size)
{
	memset(at, 0, sizeof(*at));
	*size = sizeof(*at);
	return getsockname(fd, (struct sockaddr *)at, size) < 0 ? -errno : 0;
}

int place_bind(int fd, const struct config *c, bool *is_abstract)
{
	/* Room for the NUL that the kernel does not count. */
	union {
		struct sockaddr_un at;
		char bytes[sizeof(struct sockaddr_un) + 1];
	} bound = { .bytes = { 0 } };
	socklen_t size;
	int err = get_bound(fd, &bound.at, &size);

	if (err == 0 && size <= offsetof(struct sockaddr_un, sun_path)) {
		err = bind_somewhere(fd, c);
		if (err == 0)
			err = get_bound(fd, &bound.at, &size);
	}
	if (err < 0)
		return err;
	*is_abstract = bound.at.sun_path[0] == '\0';
	if (!*is_abstract && c->has_control_owner &&
	    lchown(bound.at.sun_path, c->control_uid, c->control_gid) < 0)
		return -errno;
	return listen(fd, PLACE_BACKLOG) < 0 ? -errno : 0;
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

int place_listen(const char *address)
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
	if (bind(fd, &at.any, size) < 0 || listen(fd, PLACE_BACKLOG_HTTP) < 0)
		err = -errno;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}
