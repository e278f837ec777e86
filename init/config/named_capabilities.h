/* SPDX-License-Identifier: ISC */
/* The names of capabilities(7), and lists of them. */
#ifndef INIT_CONFIG_NAMED_CAPABILITIES_H
#define INIT_CONFIG_NAMED_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "init/config/scalar_value.h"

/* The name of capability n, "net_bind_service"; NULL when it has none. */
const char *capabilities_name(unsigned n);

/* "none" or a list of names, cap_net_bind_service or NET_BIND_SERVICE: their
 * bits. *is_try: a "-" stands in front of all of it. */
bool capabilities_parse(const char *text, uint64_t *set, bool *is_try,
			struct why *why);

#endif
