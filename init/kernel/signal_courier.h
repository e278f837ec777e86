/* SPDX-License-Identifier: ISC */
/* Signals for processes of other users. Without CAP_KILL dashpot may not send
 * them itself; with CAP_SETUID a child of it that takes their uid may: a
 * courier, one for each uid.
 *
 * To send to many, send to each; where that is -EPERM, courier_note() it. Then
 * call courier_go(): in each courier it is 1, and what was done for all is
 * done again for those that courier_is_for(). Nothing here blocks. */
#ifndef INIT_KERNEL_SIGNAL_COURIER_H
#define INIT_KERNEL_SIGNAL_COURIER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a courier is about, for the event if it fails. */
struct courier_task {
	int32_t service; /* -1: none */
	int number;      /* the signal */
	pid_t pid;       /* ... to this process, or to such as this */
};

/* A process that may not be signalled from here. */
void courier_note(pid_t pid);

/* Make the couriers for what was noted, and forget it; the arguments are their
 * task. 1: this is a courier,
 * which ends by courier_end(); 0: they are on their way, or there was nothing
 * to do. -EPERM where dashpot may not take uids or too many were noted, or
 * -errno of clone(2): some have not got it. */
int courier_go(int32_t service, int number, pid_t pid);

/* Is it a courier's business? Outside of one always. */
bool courier_is_for(pid_t pid);

/* Is it the unreaped process of a courier? */
bool courier_is(pid_t pid);

/* The courier has done it: err is 0 or an errno. */
_Noreturn void courier_end(int err);

/* Added to what courier_send() returns where a courier has yet to do it. */
enum { COURIER_ON_ITS_WAY = 2 };

/* Send to an unreaped child, or to its group; where that has not been made yet,
 * to the child alone. 1: the group has it; 0: the child; with the above, where
 * it is on its way there. -errno as courier_go(), or of kill(2). */
int courier_send(int32_t service, int number, pid_t pid, bool is_group);

/* Can processes of other users be signalled at all? */
bool courier_has_rights(void);

/* Is the child there, and can signals be sent to it? */
bool courier_can(pid_t pid);

/* Was it a courier that ended? Then *ret_task is its task, and *ret_err 0 or
 * why it was not done (EPERM too where it was killed). */
bool courier_reaped(pid_t pid, int status, struct courier_task *ret_task,
		    int *ret_err);

#endif
