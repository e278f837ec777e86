/* SPDX-License-Identifier: ISC */
/* Does anything start by itself? */
#ifndef INIT_LOADER_REACH_H
#define INIT_LOADER_REACH_H

#include "init/config/config.h"

/* True when services are to start by themselves, and not one of them ever does:
 * *ret_waits is the first, which waits for *ret_for, that has autostart = no
 * and is required by none of them. Where nothing is to start, a person is
 * waited for: false. */
bool reach_is_nothing(const struct config *c, uint16_t *ret_waits,
		      uint16_t *ret_for);

#endif
