/* SPDX-License-Identifier: ISC */
/* What the process of a service may do: ids, no_new_privileges, capabilities.
 *
 * For the child between clone and exec: only system calls, and no change of
 * what PID 1 itself may do. Each step stands in the report before it is
 * taken. */
#ifndef INIT_KERNEL_PRIVILEGES_H
#define INIT_KERNEL_PRIVILEGES_H

#include "init/config/config.h"
#include "init/kernel/spawn_report.h"

/* Take on the user, groups, no_new_privileges and capabilities of s. Returns 0,
 * or the errno of the step that stands in the report; what the process may do
 * then is neither the one nor the other, so that it has to exit. */
int privileges_take(const struct config_service *s,
		    struct spawn_report *report);

/* Take this real uid and keep the others. 0 or -1 with errno, as setresuid(2).
 */
int privileges_lend_uid(uint32_t uid);

#endif
