/* SPDX-License-Identifier: ISC */
/* The capability sets of this process, capabilities(7). The raw calls, for
 * which the C library has neither functions nor a header. */
#ifndef INIT_KERNEL_CAPABILITY_H
#define INIT_KERNEL_CAPABILITY_H

#include <stdint.h>

enum {
	CAPABILITY_CHOWN = 0,
	CAPABILITY_DAC_OVERRIDE = 1,
	CAPABILITY_DAC_READ_SEARCH = 2,
	CAPABILITY_FOWNER = 3,
	CAPABILITY_KILL = 5,
	CAPABILITY_SETUID = 7,
	CAPABILITY_NET_BIND_SERVICE = 10,
};

/* Bit n: capability n. */
struct capability_sets {
	uint64_t effective, permitted, inheritable;
};

static inline uint64_t capability_bit(unsigned n)
{
	return (uint64_t)1 << n;
}

/* What this process has. 0, or -errno of capget(2). */
int capability_get(struct capability_sets *sets);

/* Take these instead; never more than is permitted. What falls out of the
 * permitted or the inheritable set is no ambient capability any more. 0, or
 * -errno of capset(2): EPERM. */
int capability_set(const struct capability_sets *sets);

#endif
