/* SPDX-License-Identifier: ISC */
/* The terminal that a command runs on: who gets what is typed there, and what
 * stops when the command is stopped.
 *
 * PID 1 gives the command a process group of its own and the terminal with it.
 * Nobody could continue a command that is stopped there, so PID 1 does.
 * Elsewhere a shell started dashpot, and has a say: the command stays in the
 * process group that the shell made. The kernel then tells it itself what is
 * typed, nothing is taken from the shell that must be given back, a pipeline
 * stays one job, and dashpot stops when the command does. */
#ifndef INIT_KERNEL_TERMINAL_H
#define INIT_KERNEL_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

enum terminal {
	TERMINAL_NONE,   /* there is none, or it cannot be seen without /dev */
	TERMINAL_OWN,    /* PID 1 has it for its command */
	TERMINAL_SHARED, /* with the shell that started dashpot */
};

/* Which it is for this process. */
enum terminal terminal_find(void);

/* In the child of a command, with all signals blocked: its process group, and
 * the terminal where that is its own. */
void terminal_enter(enum terminal t);

/* When the command is over: who types now means dashpot. */
void terminal_leave(enum terminal t);

/* Has the kernel sent this signal to the command as well? code: its si_code. */
bool terminal_has_told(enum terminal t, int number, int code);

/* Stop by this signal until somebody continues dashpot. The kernel stops no
 * orphaned group by it: where nobody could, this returns at once. */
void terminal_stop(int number);

/* After SIGCHLD: where the terminal has stopped the command, continue it as
 * PID 1, else stop until somebody continues dashpot. Takes back the message of
 * the stop from the kernel, never that of an end. */
void terminal_follow(enum terminal t, pid_t command);

#endif
