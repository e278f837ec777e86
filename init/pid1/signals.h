/* SPDX-License-Identifier: ISC */
/* Signals come in through one descriptor: everything is blocked before
 * anything else happens, and nothing has a handler. */
#ifndef INIT_PID1_SIGNALS_H
#define INIT_PID1_SIGNALS_H

#include <signal.h>

/* Block every signal but the faults and set all dispositions to default (an
 * inherited SIG_IGN on SIGCHLD loses exit statuses). The first thing that the
 * program does. */
void signals_block(void);

/* In a child, last before exec: unblock everything. */
void signals_unblock_all(void);

/* A non-blocking, close-on-exec signalfd(2) for all blocked signals, or
 * -errno. */
int signals_open(void);

/* The next signal number, 0 when none is waiting (or the read failed, which
 * can only mean that). */
int signals_next(int fd);

#endif
