/* SPDX-License-Identifier: ISC */
/* dashpot status --orphans, and dashpot sweep: processes that nobody looks
 * after. */
#ifndef INIT_CLI_SWEEP_H
#define INIT_CLI_SWEEP_H

#include <stdbool.h>

/* Print them; returns the exit code. */
int sweep_show(const char *control, bool is_json);

/* argv[0] is "sweep"; returns the exit code. */
int sweep_run(int argc, char **argv);

#endif
