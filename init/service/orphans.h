/* SPDX-License-Identifier: ISC */
/* Live processes that belong to nobody: children of PID 1 that are no service,
 * no helper and no command of dashpot's, and neither in a service's session nor
 * of its mark or its cgroup.
 *
 * A shell that a container engine starts in the container has no parent in
 * here, and is none; what it leaves running when it ends is. PID 1 looks for
 * them only with `orphans = kill-after` or when somebody asks for a sweep. */
#ifndef INIT_SERVICE_ORPHANS_H
#define INIT_SERVICE_ORPHANS_H

#include <stdint.h>

#include "init/service/supervisor.h"

/* End all that there are, and those that are left when these end. */
void orphans_sweep(struct sup *sup);

/* Look for them if it is time, and end who has been one for long enough: by
 * SIGTERM, then SIGKILL. */
void orphans_run(struct sup *sup);

/* The next look, or NEVER. */
int64_t orphans_next_ms(const struct sup *sup);

#endif
