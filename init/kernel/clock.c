/* SPDX-License-Identifier: ISC */
/* The library's call looks for the kernel's code in the process first, which is
 * a search of ELF tables to save 0.1 microseconds. */
#include "init/kernel/clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SECOND_NS = 1000000000, MS_NS = 1000000 };

static int64_t read_ns(clockid_t clock)
{
	struct timespec now = { 0 };

#ifdef __LP64__
	(void)syscall(SYS_clock_gettime, clock, &now);
#else
	(void)clock_gettime(clock, &now);
#endif
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / MS_NS;
}

int64_t clock_boot_ms(void)
{
	return read_ns(CLOCK_BOOTTIME) / MS_NS;
}

int64_t clock_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / MS_NS;
}
