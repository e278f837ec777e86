/* SPDX-License-Identifier: ISC */
/* What a person would want to know of a configuration that loads: settings
 * that cannot do what they seem to, and what this machine lacks for it. */
#ifndef INIT_CLI_CHECK_WARNINGS_H
#define INIT_CLI_CHECK_WARNINGS_H

#include <stdint.h>

#include "init/config/config.h"

/* The least time in ms from the first to the last of n failures (n >= 1) that
 * follow each other at once: only the delays lie between, at the low end of
 * their jitter, or a run that is stable and lets them begin anew. 0 when the
 * service is not restarted. */
int64_t warnings_fewest_ms(const struct config_service *s, uint32_t n);

/* Print each doubt as "FILE:LINE: warning: text", in the order of the files,
 * to the descriptor fd (negative: nowhere), the line being that of the
 * service's section. Returns their number. Reads the file system, passwd and
 * its own limits; allocates; raises limits of this process where it may. */
unsigned warnings_say(const struct config *c, int fd);

#endif
