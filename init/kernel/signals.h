/* SPDX-License-Identifier: ISC */
/* Signals wait, blocked, until a turn takes them: everything is blocked before
 * anything else happens, and nothing has a handler. What nothing is to get is
 * ignored, so that it cannot wait. Sets have bit n - 1 for signal n. */
#ifndef INIT_KERNEL_SIGNALS_H
#define INIT_KERNEL_SIGNALS_H

#include <signal.h>
#include <stdint.h>

#define SIGNALS_BIT(number) (UINT64_C(1) << ((number) - 1))
#define SIGNALS_ALL (~UINT64_C(0))

/* Most that a turn takes, and most real-time signals that wait. */
enum { SIGNALS_AT_ONCE = 64 };

/* Block every signal but the faults and set all dispositions to default (an
 * inherited SIG_IGN on SIGCHLD loses exit statuses). The first thing that the
 * program does. */
void signals_block(void);

/* Let the signals of `wanted` wait, and throw away all others but the faults,
 * those that wait already among them. fd: what this function returned before,
 * -1 the first time. Returns a non-blocking, close-on-exec signalfd(2) that can
 * be read while one of `wanted` waits, or -errno. From the first call on at
 * most SIGNALS_AT_ONCE real-time signals wait for this process and for its
 * children (RLIMIT_SIGPENDING). */
int signals_collect(int fd, uint64_t wanted);

/* Sleep until a signal can be read from `fd`, at most timeout_ms; -1: without
 * an end. Source: poll(2). */
void signals_wait(int fd, int timeout_ms);

/* Take the next signal of `set` that waits: the lowest number above `last`,
 * else the lowest of all. Who begins with 0 and goes on with the last result
 * gets each number that waits once before any number twice, however fast
 * others send. *code gets its si_code (sigaction(2)). 0 when none waits. */
int signals_next(uint64_t set, int last, int *code);

/* First in a child that is to execute something: the limit of the queue and
 * the dispositions are again what they were, and SIGTERM is no longer blocked:
 * it ends a child that does not execute yet. */
void signals_enter_child(void);

/* Take this one by its disposition, if it waits. */
void signals_let_in(int number);

/* In a child, last before exec: unblock everything. */
void signals_unblock_all(void);

#endif
