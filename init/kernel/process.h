/* SPDX-License-Identifier: ISC */
/* The own process: who it is, what the kernel makes of it, and its end. */
#ifndef INIT_KERNEL_PROCESS_H
#define INIT_KERNEL_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* Its number in its PID namespace; 1 for an init. Source: getpid(2). */
pid_t process_id(void);

/* Its effective uid, by which signals are permitted, and its real one, by which
 * RLIMIT_NPROC counts. Source: geteuid(2), getuid(2). */
uid_t process_user(void);
uid_t process_real_user(void);

/* Orphans below become its children, as they do of PID 1. 0, or -errno (EINVAL:
 * the kernel has no such thing). Source: PR_SET_CHILD_SUBREAPER(2const). */
int process_adopt_orphans(void);

/* No other process of its user may look into it or trace it. Source:
 * PR_SET_DUMPABLE(2const). */
void process_hide(void);

/* End at once, with `code`. Source: _exit(2). */
_Noreturn void process_exit(int code);

/* End everything: SIGKILL to all other processes of the namespace, or where
 * the caller is not PID 1 to its descendants; wait for them for at most most_ms
 * (ms), because a process that hangs in the kernel does not end; then exit
 * with `code`. proc_fd: proc_open(), -1 none. */
_Noreturn void process_end_all(int proc_fd, int64_t most_ms, int code);

#endif
