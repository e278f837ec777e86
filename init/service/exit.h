/* SPDX-License-Identifier: ISC */
/* Ends of services: why a process ended, and what that leads to. */
#ifndef INIT_SERVICE_EXIT_H
#define INIT_SERVICE_EXIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "init/pid1/supervisor.h"

/* The leader of service i has been reaped. False when it was a start that the
 * machine refused: its end made no room for another attempt. */
bool service_reaped(struct sup *sup, uint32_t i, int status,
		    const struct rusage *used);

#endif
