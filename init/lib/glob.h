/* SPDX-License-Identifier: ISC */
/* Which services somebody means who writes a name or a pattern. */
#ifndef INIT_LIB_GLOB_H
#define INIT_LIB_GLOB_H

#include <stdbool.h>

#include "init/lib/nearest.h"

/* True when the whole name matches, or for an instance NAME:N its NAME: `*` is
 * any text, `?` any character, `[ab]` and `[a-z]` one of those, `[!a]` any
 * other. A bracket that is not closed matches itself. Takes time of both
 * lengths multiplied at most. */
bool glob_matches(const char *pattern, const char *name);

/* nearest_offer() of a service's name, and of the NAME of an instance NAME:N,
 * which near->best then points to until the call after the next one. */
void glob_offer(struct nearest *near, const char *name);

#endif
