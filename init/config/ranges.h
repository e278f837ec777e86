/* SPDX-License-Identifier: ISC */
/* Are the numbers of a compiled block in range? One table for each struct, of
 * every field that is no place in the block; what two fields have to do with
 * each other stands behind it.
 *
 * A new field of struct config or struct config_service gets its row here:
 * test_config_verify fails for one that can be anything. */
#ifndef INIT_CONFIG_RANGES_H
#define INIT_CONFIG_RANGES_H

#include <stdbool.h>

#include "init/config/config.h"

/* True when all of them are, in the head or in a service. */
bool ranges_head(const struct config *c);
bool ranges_service(const struct config_service *s);

/* True when the byte of a boolean is one: 0 or 1. */
static inline bool ranges_is_bool(const bool *b)
{
	return *(const unsigned char *)b <= 1;
}

#endif
