/* SPDX-License-Identifier: ISC */
/* Where this process's own cgroups lie, and the small files in them.
 *
 * A controller is looked for in version 1 first, then in the unified hierarchy,
 * so hybrid machines work. A directory is the mount point and the part of the
 * cgroup's path below that mount's root: in a container the two do not simply
 * join. Source: proc(5) cgroup and mountinfo, cgroups(7). */
#ifndef INIT_KERNEL_CGROUP_H
#define INIT_KERNEL_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As a controller: version 2 alone, whatever controllers it has. */
#define CGROUP_V2 ""

/* Below the cgroup that it was started in dashpot may make this one, and move
 * to one of the same name in it (init/kernel/service_cgroup.h). */
#define CGROUP_TOP "dashpot"

/* ... and beside that one of this name, and the service's behind it, for each
 * service. With a "-" it is no file of a controller. */
#define CGROUP_SERVICE "service-"

/* Find the own cgroup of `controller` ("pids") and write its directory to dir;
 * where that is one that dashpot made for itself, the one that it was started
 * in. Returns the bytes of its mount point at the beginning of dir, or 0 when
 * it cannot be seen here. Reads whole files into memory of its own for a
 * moment: not for a loop. */
size_t cgroup_find(const char *controller, char dir[PATH_MAX]);

/* True when the cgroup at dir, of version 2, has the controller. */
bool cgroup_has(const char *dir, const char *controller);

/* Open the file `name` in dir for reading, close-on-exec; -1 when it is not
 * there. */
int cgroup_open(const char *dir, const char *name);

/* The number behind `key` (with its space: "oom_kill ") in the first 500 bytes
 * of fd; -1 when fd is -1, cannot be read or has no such key. One pread(2). */
int64_t cgroup_value(int fd, const char *key);

#endif
