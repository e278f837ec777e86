/* SPDX-License-Identifier: ISC */
/* Who listens at a socket that this process has connected to: unix(7),
 * SO_PEERCRED. Any process can bind a name, so that what answers there is
 * believed only if the kernel says that it may be dashpot. */
#ifndef INIT_CLI_PEER_H
#define INIT_CLI_PEER_H

#include <stdbool.h>
#include <stdint.h>

/* What the kernel says of it. */
struct peer {
	int32_t pid; /* 0: it is in no PID namespace that is seen from here */
	uint32_t uid;
	bool is_known;    /* the kernel says anything at all */
	bool is_believed; /* its user is root, this one, or that of PID 1 */
	bool is_here;     /* it is in the PID namespace of this process */
};

struct peer peer_of(int fd);

/* True unless it is sure to be in another mount namespace: that of another
 * container which shares the PID namespace. */
bool peer_is_in_this_mount_namespace(const struct peer *p);

#endif
