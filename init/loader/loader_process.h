/* SPDX-License-Identifier: ISC */
/* The loader as a process of its own: a child of PID 1 that reads the files of
 * a reload, leaves the compiled block in a file in memory, and ends. */
#ifndef INIT_LOADER_LOADER_PROCESS_H
#define INIT_LOADER_LOADER_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "init/board/board.h"
#include "init/loader/loader.h"

/* What the loader gets from PID 1. */
struct loader_job {
	struct loader_source source; /* with what is in force and held */
	pid_t parent;        /* PID 1's number; the loader ends with PID 1 */
	struct board *board; /* the loader has no use for it: unmapped */
	uint64_t event;      /* number of that which the mistakes are about */
	int mistakes_fd;     /* gets struct board_mistakes */
	int result_fd;       /* gets the result, and the block behind it */
};

/* What the loader's result file begins with. */
struct loader_result {
	uint32_t mistakes;
	uint32_t size; /* bytes of the block; 0: there is none */
};

/* In the child: load, and exit with 0; with 100 where there are mistakes, which
 * stderr gets as well, and with 111 where the results found no room. */
_Noreturn void loader_process_run(const struct loader_job *job);

#endif
