/* SPDX-License-Identifier: ISC */
/* The sockets that PID 1 keeps: pairs to its helpers, which keep records apart,
 * and those by which services tell that they are ready. No call blocks. */
#ifndef INIT_KERNEL_SOCKETS_H
#define INIT_KERNEL_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* A stream socket without a name yet, for a helper to listen on; or -errno
 * (EMFILE, ENFILE, ENOMEM, EAFNOSUPPORT). Source: socket(2). */
int sockets_stream(void);

/* Two ends that keep records apart. 0, or -errno (EMFILE, ENFILE, ENOMEM), and
 * both are -1. Source: socketpair(2). */
int sockets_pair(int *ret_own_fd, int *ret_peer_fd);

/* Send one record, whole or not at all. 0, or -errno: EAGAIN where the other
 * side has not read enough, EPIPE and ECONNREFUSED where it is gone. */
int sockets_send(int fd, const void *record, size_t size);

/* Take one record of `size` bytes. 1: it is there; 0: it had another size, and
 * is gone; -errno: EAGAIN where none waits, others where fd is none. */
int sockets_take(int fd, void *ret_record, size_t size);

/* A socket for datagrams with a name of the kernel's choice, whose senders come
 * with them; or -errno (EMFILE, ENFILE, ENOMEM). Source: unix(7), autobind. */
int sockets_notify(void);

/* Drop the oldest datagram; false when there was none. */
bool sockets_drop(int fd);

enum { SOCKETS_NAME = 108 }; /* room for a name, with the NUL */

/* Its name, behind the NUL that such a name begins with. False for fd -1. */
bool sockets_name(int fd, char ret_name[SOCKETS_NAME]);

#endif
