/* SPDX-License-Identifier: ISC */
/* A cgroup of its own for each service, where dashpot may make some.
 *
 * That is the case where cgroup version 2 is mounted writable and the pids or
 * memory controller is in it; a version 2 that is mounted beside version 1 has
 * none and belongs to the host. There
 *
 *     OWN/dashpot/dashpot        PID 1, its helpers and whoever is let in
 *     OWN/dashpot/service-NAME   everything that service NAME ever forked
 *
 * are made, OWN being the cgroup in which PID 1 was started: a cgroup with
 * controllers for its children has no processes of its own (cgroups(7), the
 * "no internal processes" rule). The child of a start makes and joins the
 * service's cgroup, so that waiting for the kernel's lock costs nobody else;
 * PID 1 reads it, kills in it and removes it, which takes no longer than the
 * kernel needs for it. A frozen cgroup does not keep its processes from being
 * killed (cgroup-v2, cgroup.freeze). */
#ifndef INIT_KERNEL_SERVICE_CGROUP_H
#define INIT_KERNEL_SERVICE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "init/config/config.h"
#include "init/kernel/processes.h"
#include "init/kernel/spawn_report.h"

/* Where the cgroups of services are, and which limits they can have. */
struct cells {
	int dir_fd;       /* the directory that they are in; -1: none */
	int err;          /* errno: there are none; 0: there are */
	int pids_err;     /* errno: limit.tasks cannot be; 0: it can */
	int memory_err;   /* ... limit.memory, and who was killed */
};

/* Find out whether there can be such cgroups, make the first two and move to
 * OWN/dashpot/dashpot. Before the loop, and before the first helper; what
 * speaks of the container as a whole (limits_find()) is to be found before
 * it. Cannot fail: c->err says why there are none, and is 0 where there are. */
void service_cgroup_find(struct cells *c);

/* The descriptor of OWN/dashpot/memory.events, or -1. */
int service_cgroup_open_kills(const struct cells *c);

/* In the child of a start: make the cgroup, set its limits and join it. What an
 * earlier run has made below it is undone first: a cgroup that gives
 * controllers to others below may have no processes. 0, or -errno when a limit
 * that is no try cannot be set; then report->step says which. Without limits
 * the service runs without a cgroup when there can be none, and
 * report->cell_err says why. May block. */
int service_cgroup_enter(const struct cells *c, const char *name,
	       const struct config_service *s, struct spawn_report *report);

/* Look who is in the cgroup of that name, and send each of them set->signal;
 * fills set->found and set->one. Processes below it, which the service itself
 * moved there, count as one, and get no signal but SIGKILL. 0, or -errno
 * (ENFILE, EMFILE, ENOMEM): who is there is not known. */
int service_cgroup_look(const struct cells *c, int proc_fd, const char *name,
	      struct processes *set);

/* How many in it the kernel has killed for want of memory; -1 not known. */
int64_t service_cgroup_kills(const struct cells *c, const char *name);

/* Remove it, with a bounded number of empty ones that the service has made
 * below it. False while any is left. */
bool service_cgroup_remove(const struct cells *c, const char *name);

#endif
