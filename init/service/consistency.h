/* SPDX-License-Identifier: ISC */
/* State, process, deadline and queue of a service say the same. */
#ifndef INIT_SERVICE_CONSISTENCY_H
#define INIT_SERVICE_CONSISTENCY_H

#include "init/service/supervisor.h"

/* Look at each service that has changed in this turn. What disagrees is a fault
 * of dashpot (init/lib/invariant.h); it is set so that the service can go on
 * and PID 1 does not lose track of a process. */
void consistency_check(struct sup *sup);

#endif
