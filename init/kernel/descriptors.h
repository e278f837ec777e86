/* SPDX-License-Identifier: ISC */
/* The descriptors that the program begins with: 0 to 2 are there, and what
 * else is inherited goes to nobody. */
#ifndef INIT_KERNEL_DESCRIPTORS_H
#define INIT_KERNEL_DESCRIPTORS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A descriptor that reads as empty: /dev/null, or where there is none a pipe
 * that nobody writes to. flags as open(2). -errno when there is room for none.
 * */
int descriptors_empty(int flags);

/* Take what is free of 0 to 2, or a descriptor of ours would become somebody's
 * standard output. Ends the process with 111 where that cannot be done. */
void descriptors_fill_standard(void);

/* fcntl(2) with a number: the library's brings all its kinds with it. */
static inline int descriptors_control(int fd, int command, int number)
{
#ifdef SYS_fcntl64
	return (int)syscall(SYS_fcntl64, fd, command, number);
#else
	return (int)syscall(SYS_fcntl, fd, command, number);
#endif
}

/* pipe2(2), likewise without the library's ways for kernels before it. */
static inline int descriptors_pipe(int ends[2], int flags)
{
	return (int)syscall(SYS_pipe2, ends, flags);
}

/* fchmod(2) and fchown(2), without those for descriptors that are paths only.
 * */
static inline int descriptors_mode(int fd, unsigned mode)
{
	return (int)syscall(SYS_fchmod, fd, mode);
}

static inline int descriptors_owner(int fd, uid_t uid, gid_t gid)
{
#ifdef SYS_fchown32
	return (int)syscall(SYS_fchown32, fd, uid, gid);
#else
	return (int)syscall(SYS_fchown, fd, uid, gid);
#endif
}

/* Two ends that keep messages apart, close-on-exec and non-blocking. */
static inline int descriptors_pair(int ends[2])
{
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

#ifdef SYS_socketpair
	return (int)syscall(SYS_socketpair, AF_UNIX, type, 0, ends);
#else
	return socketpair(AF_UNIX, type, 0, ends);
#endif
}

/* Close it, unless it is -1, which it is then. */
void descriptors_drop(int *fd);

/* Does it take some text now, without blocking? Source: poll(2). */
bool descriptors_take_text(int fd);

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* Close first .. last: now, or with CLOSE_RANGE_CLOEXEC in whatever is executed
 * from here on. */
void descriptors_range(unsigned first, unsigned last, unsigned flags);

#endif
