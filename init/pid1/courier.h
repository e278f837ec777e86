/* SPDX-License-Identifier: ISC */
/* Signals for processes of other users. Without CAP_KILL dashpot may not send
 * them itself; with CAP_SETUID a child of it that takes their uid may. */
#ifndef INIT_PID1_COURIER_H
#define INIT_PID1_COURIER_H

#include <stdbool.h>
#include <sys/types.h>

/* Send to an unreaped child, or to its group; where that has not been made yet,
 * to the child alone. 1: the group has it; 0: the child; or it is on its way
 * there. -EPERM where dashpot may neither send it nor take a uid, else -errno
 * of kill(2) or clone(2). Never blocks. */
int courier_send(pid_t pid, int number, bool is_group);

/* Is the child there, and can signals be sent to it? */
bool courier_can(pid_t pid);

#endif
