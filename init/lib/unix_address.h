/* SPDX-License-Identifier: ISC */
/* Addresses of AF_UNIX sockets, written as a path or as "@" and an abstract
 * name. Source: unix(7). */
#ifndef INIT_LIB_UNIX_ADDRESS_H
#define INIT_LIB_UNIX_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

enum {
	UNIX_ADDRESS_NAMES = 4, /* abstract names of the control socket */
	UNIX_ADDRESS_ROOM = 64, /* bytes of such a name, NUL included */
};

/* The address of `place`; its size, or 0 where the place is too long. */
socklen_t unix_address(struct sockaddr_un *ret_address, const char *place);

/* Abstract name k of the control socket, 0 .. UNIX_ADDRESS_NAMES - 1; its
 * length, or -errno where /proc does not say which namespaces these are.
 *
 * The names are made of the inodes of the PID and mount namespaces, so they
 * lead to the dashpot of this container whatever `control` says and though
 * nothing can be written. Processes of the same network namespace can take a
 * name: there are several, and a client that connects checks the listener. */
int unix_address_abstract(unsigned k, char ret_name[UNIX_ADDRESS_ROOM]);

#endif
