/* SPDX-License-Identifier: ISC */
/* The clocks. The library's call looks for the kernel's code in the process
 * first, which is a search of ELF tables to save 0.1 microseconds. */
#ifndef INIT_KERNEL_CLOCK_H
#define INIT_KERNEL_CLOCK_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As clock_gettime(2). */
static inline void clock_read(clockid_t clock, struct timespec *ret_now)
{
#ifdef __LP64__
	(void)syscall(SYS_clock_gettime, clock, ret_now);
#else
	(void)clock_gettime(clock, ret_now);
#endif
}

#endif
