/* SPDX-License-Identifier: ISC */
#include "init/kernel/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* since Linux 6.16 */
#endif

int sockets_stream(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

int sockets_pair(int *ret_own_fd, int *ret_peer_fd)
{
	int pair[2] = { -1, -1 };
	int err = descriptors_pair(pair) < 0 ? -errno : 0;

	*ret_own_fd = pair[0];
	*ret_peer_fd = pair[1];
	return err;
}

int sockets_send(int fd, const void *record, size_t size)
{
	return send(fd, record, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno
								       : 0;
}

int sockets_take(int fd, void *ret_record, size_t size)
{
	ssize_t n = recv(fd, ret_record, size, MSG_DONTWAIT | MSG_TRUNC);

	return n < 0 ? -errno : n == (ssize_t)size;
}

int sockets_notify(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	const int on = 1, off = 0;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	/* With a family alone the kernel finds the name. */
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)) < 0)
		err = -errno;
	/* Descriptors have no use here; older kernels let them come. */
	(void)setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

bool sockets_drop(int fd)
{
	char nothing;

	return recv(fd, &nothing, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0;
}

bool sockets_name(int fd, char ret_name[SOCKETS_NAME])
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(name);

	if (getsockname(fd, (struct sockaddr *)&name, &size) < 0)
		return false;
	size -= (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1;
	memcpy(ret_name, name.sun_path + 1, size);
	ret_name[size] = '\0';
	return true;
}
