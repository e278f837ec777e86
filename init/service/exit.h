/* SPDX-License-Identifier: ISC */
/* Ends of services: why a process ended, and what that leads to. */
#ifndef INIT_SERVICE_EXIT_H
#define INIT_SERVICE_EXIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "init/service/supervisor.h"

/* An end, and what the life of its service made of it. */
struct service_end {
	enum life_event event; /* LIFE_EVENTS: nothing, it was asked to end */
	struct board_end end;
};

/* The leader of service i has been reaped, and *ret_end says what followed.
 * False when it was a start that the machine refused: that is no end, and made
 * no room for another attempt. */
bool service_reaped(struct sup *sup, uint32_t i, int status,
		    const struct rusage *used, struct service_end *ret_end);

#endif
