/* SPDX-License-Identifier: ISC */
/* The clocks. Source: clock_gettime(2); it cannot fail for these. */
#ifndef INIT_KERNEL_CLOCK_H
#define INIT_KERNEL_CLOCK_H

#include <stdint.h>

/* Since the machine started, without the time that it was suspended. */
int64_t clock_mono_ns(void);
int64_t clock_mono_ms(void);

/* Since the machine started, as the start times of processes count. */
int64_t clock_boot_ms(void);

/* Since 1970, as the clock is set. */
int64_t clock_wall_ms(void);

#endif
