/* SPDX-License-Identifier: ISC */
/* What PID 1 sleeps on: a set of descriptors, among them counters and clocks
 * that do nothing but wake it.
 *
 * A set answers with the numbers that its descriptors were added by. Nothing
 * here blocks but wait_any(). */
#ifndef INIT_KERNEL_WAIT_H
#define INIT_KERNEL_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAIT_MOST = 32 }; /* numbers that one wait_any() answers */

/* A new set, or -errno (EMFILE, ENFILE, ENOMEM). Source: epoll_create1(2). */
int wait_open(void);

/* Wake while `fd` can be read. 0, or -errno: ENOMEM and ENOSPC for want of
 * room, EPERM where such a file cannot be waited for, EBADF for fd -1. Source:
 * epoll_ctl(2). */
int wait_add(int set_fd, int fd, int64_t number);

/* Wake once at each change that the file announces as urgent, as the files of
 * cgroups do. 0 or -errno, as wait_add(). Source: cgroups(7), poll(2). */
int wait_add_changes(int set_fd, int fd, int64_t number);

/* A pipe whose read end is non-blocking and wakes the set as `number`; both
 * ends are closed at exec. 0, or -errno (EMFILE, ENFILE; as wait_add()), and
 * there is none. Source: pipe2(2). */
int wait_pipe_open(int set_fd, int64_t number, int *ret_fd, int *ret_peer_fd);

/* Read up to `size` bytes of it: how many; 0: its other end is closed; or
 * -errno (EAGAIN: nothing yet). */
int wait_pipe_read(int fd, char *ret_text, size_t size);

/* Take `fd` out of the set and close it. Closing alone is not enough: a child
 * that was cloned meanwhile and hangs before its exec holds a copy, and the set
 * would report that for ever. */
void wait_close(int set_fd, int fd);

/* Sleep until something of the set can be read, for at most sleep_ms (below 0:
 * without an end). Returns how many numbers ret_number holds now, in no order;
 * 0 when the time is over or the sleep was interrupted (a debugger: all
 * signals are blocked). Source: epoll_wait(2). */
int wait_any(int set_fd, int64_t ret_number[WAIT_MOST], int64_t sleep_ms);

/* A counter that another process wakes by, or -errno (EMFILE, ENFILE, ENOMEM).
 * Non-blocking, closed at exec. Source: eventfd(2). */
int wait_wake_open(void);

/* Wake who waits for the counter. False where it is full: it then wakes
 * already. */
bool wait_wake(int fd);

/* Take what has been counted. False when that was done already. */
bool wait_wake_take(int fd);

/* A descriptor that wakes whenever the wall clock is set, or -1 where the
 * kernel refuses one. Source: timerfd_create(2), TFD_TIMER_CANCEL_ON_SET. */
int wait_clock_open(void);

/* Arm it for the next time. */
void wait_clock_take(int fd);

/* Has the other end of a pipe been closed, and nothing been written? Never
 * blocks: fd is non-blocking. */
bool wait_is_at_end(int fd);

#endif
