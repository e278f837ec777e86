/* SPDX-License-Identifier: ISC */
/* Telling the container's manager how it goes: sd_notify(3). */
#ifndef INIT_CONTROL_NOTIFY_MANAGER_H
#define INIT_CONTROL_NOTIFY_MANAGER_H

struct control;

/* READY=1 and STOPPING=1, once each; what it does not take now is tried again
 * at the next call. Never blocks on a full socket. */
void notify_manager(struct control *ctl);

#endif
