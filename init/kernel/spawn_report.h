/* SPDX-License-Identifier: ISC */
/* What the child of a start tells PID 1 between its clone and its exec. */
#ifndef INIT_KERNEL_SPAWN_REPORT_H
#define INIT_KERNEL_SPAWN_REPORT_H

#include <stdint.h>

#include "init/board/board.h"

/* What the child of a start reports, in memory shared with it until it
 * executes or exits. */
struct spawn_report {
	volatile uint32_t step;   /* enum board_step, before each that blocks */
	volatile int32_t err;     /* errno of the step; 0 while well */
	volatile int32_t which;   /* what it is about: `code` of board_end */
	volatile int64_t current; /* HEADROOM: tasks of the uid; -1 unknown */
	volatile int64_t max;     /* HEADROOM: its RLIMIT_NPROC */
	volatile int64_t reserve; /* HEADROOM: tasks to be kept free */
	volatile uint32_t is_in_cell; /* it has joined its cgroup ... */
	volatile uint32_t is_cell_reset; /* ... below which it had made some */
	volatile int32_t cell_err; /* ... or why not, though there are some */
	/* ready = file: what was there before the program ran; 0: nothing */
	volatile uint64_t ready_device, ready_inode;
	volatile int64_t ready_changed_ns; /* st_ctim */
};

#endif
