/* SPDX-License-Identifier: ISC */
/* Does any service of a configuration start by itself? */
#ifndef INIT_LOADER_NOTHING_STARTS_H
#define INIT_LOADER_NOTHING_STARTS_H

#include "init/config/config.h"

/* True when services are to start by themselves, and none of them ever does:
 * *ret_waits is the first service, which waits for the service *ret_for, which
 * has autostart = no and is required by none. False also where no service is to
 * start by itself, because an operator starts them then. */
bool nothing_starts(const struct config *c, uint16_t *ret_waits,
		    uint16_t *ret_for);

#endif
