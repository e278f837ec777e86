/* SPDX-License-Identifier: ISC */
/* /proc as PID 1 and its helpers read it: every process once, by the fields of
 * proc(5) stat. Nothing here allocates or blocks: stat takes no lock that a
 * hung file system holds. */
#ifndef INIT_KERNEL_PROC_H
#define INIT_KERNEL_PROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROC_TICK_MS = 10 }; /* USER_HZ is 100 wherever Linux runs */

/* The fields behind the state, which is number 3. */
enum proc_field {
	PROC_PARENT, PROC_GROUP, PROC_SESSION,
	PROC_UTIME = 14 - 4, PROC_STIME, PROC_CUTIME, PROC_CSTIME,
	PROC_THREADS = 20 - 4,
	PROC_START = 22 - 4, /* ticks since the machine booted */
	PROC_RSS = 24 - 4,
	PROC_FIELDS,
};

/* One process of a pass. */
struct proc_seen {
	pid_t pid, parent, group, session;
	char state;          /* '\0': it is gone */
	int64_t start_ticks; /* since the machine booted */
	int64_t field[PROC_FIELDS];
};

/* What to do with each process of a pass; a negative result ends the pass. */
typedef int proc_visit(void *with, int proc_fd, const struct proc_seen *p);

/* A descriptor of /proc for the calls below; -1 where there is none, or where
 * it is another PID namespace's (unshare -pf without --mount-proc), whose
 * numbers mean other processes here. The caller closes it. */
int proc_open(void);

/* Read one process. 1, 0 when the process is gone or hidden from us (proc(5),
 * hidepid), or -errno when that cannot be told: ENFILE, EMFILE, ENOMEM. */
int proc_read(int proc_fd, pid_t pid, struct proc_seen *p);

/* Let `visit` see every process, zombies too. Returns how many there are, or
 * -errno (-ENOENT: proc_fd is -1), its own or that of `visit`. */
int proc_each(int proc_fd, proc_visit *visit, void *with);

/* Read the file `name` of a process into text, with a NUL behind it; returns
 * its bytes, 0 when the process is gone or hidden, or -errno as proc_read(). */
int proc_file(int proc_fd, pid_t pid, const char *name, char *text,
	      size_t size);

#endif
