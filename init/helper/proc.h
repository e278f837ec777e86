/* SPDX-License-Identifier: ISC */
/* /proc as helpers read it: every process once, by the fields of proc(5)
 * stat. */
#ifndef INIT_HELPER_PROC_H
#define INIT_HELPER_PROC_H

#include <stddef.h>
#include <stdint.h>

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
	int32_t pid;
	char state;
	int64_t field[PROC_FIELDS];
};

typedef void proc_visit(void *with, int proc_fd, const struct proc_seen *p);

/* /proc, when it is that of this PID namespace; else -1. The caller closes
 * it. */
int proc_open(void);

/* Read one process; its state is '\0' when it is gone. */
void proc_read(int proc_fd, int32_t pid, struct proc_seen *p);

/* Let `visit` see every process, zombies too. */
void proc_each(int proc_fd, proc_visit *visit, void *with);

/* Read the file `name` of a process into text, with a NUL behind it; returns
 * its bytes, 0 when there is nothing to be read. */
size_t proc_file(int proc_fd, int32_t pid, const char *name, char *text,
		 size_t size);

#endif
