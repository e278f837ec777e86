/* SPDX-License-Identifier: ISC */
/* The abstract names of the control socket, which lead to the dashpot of this
 * container whatever `control` says and though nothing can be written: they are
 * made of the inodes of the PID and mount namespaces. Processes of the same
 * network namespace can take one, so there are several, and whoever connects
 * looks who listens there. Source: unix(7). */
#ifndef INIT_LIB_ABSTRACT_NAME_H
#define INIT_LIB_ABSTRACT_NAME_H

enum {
	NEAR_NAMES = 4,
	NEAR_ROOM = 64, /* bytes of a name, NUL included */
};

/* Name k, 0 .. NEAR_NAMES - 1, with `@` for its first byte; its length, or
 * -errno where /proc does not say which namespaces these are. */
int abstract_name(unsigned k, char to[NEAR_ROOM]);

#endif
