/* SPDX-License-Identifier: ISC */
/* Which services a name or a pattern means. */
#ifndef INIT_CONFIG_NAME_PATTERN_H
#define INIT_CONFIG_NAME_PATTERN_H

#include <stdbool.h>

#include "init/lib/nearest.h"

/* True when the whole name matches, or for an instance NAME:N its NAME: `*` is
 * any text, `?` any character, `[ab]` and `[a-z]` one of those, `[!a]` any
 * other. A bracket that is not closed matches itself. Takes time of both
 * lengths multiplied at most. */
bool pattern_matches(const char *pattern, const char *name);

/* nearest_offer() of a service's name, and of the NAME of an instance NAME:N,
 * which near->best then points to until the call after the next one. */
void pattern_offer(struct nearest *near, const char *name);

#endif
