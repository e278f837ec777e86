/* SPDX-License-Identifier: ISC */
/* How the runs of a service ended, and what they said. */
#ifndef INIT_CLI_RUNS_H
#define INIT_CLI_RUNS_H

#include "init/cli/service.h"
#include "init/text/wording.h"

/* Rows: its last end, the output of that run (or of the present one), earlier
 * ends. */
void runs_tell(struct out *o, const struct service_from *from,
	       struct peek service);

/* "4.2 MiB" */
void runs_add_size(struct phrase *w, int64_t kib);

#endif
