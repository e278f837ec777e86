/* SPDX-License-Identifier: ISC */
/* Signals by name or number, and sets of them. */
#ifndef INIT_CONFIG_NAMED_SIGNALS_H
#define INIT_CONFIG_NAMED_SIGNALS_H

#include "init/config/scalar_value.h"

enum { SIGNALS = 64 };

/* "TERM", "SIGTERM", "RTMIN+3", "RTMAX-1" or "15": 1 .. 64. RTMIN is 34 as
 * for systemd and podman, not musl's own 35. */
bool signals_parse(const char *text, size_t len, uint8_t *number,
		   struct why *why);

/* A signal that asks a process to do something, none that stops it for a while
 * or tell about others. */
bool signals_request(const char *text, uint8_t *number, struct why *why);

/* A list of signals that can stop dashpot itself: bit n - 1 is signal n. */
bool signals_stopping(const char *text, uint64_t *set, struct why *why);

/* True for such a set: it has members, and nothing else. */
bool signals_are_stopping(uint64_t set);

/* A list of signals that dashpot takes itself and can pass on instead: none,
 * SIGHUP, SIGUSR1. */
bool signals_forwarded(const char *text, uint64_t *set, struct why *why);
bool signals_are_forwarded(uint64_t set);

#endif
