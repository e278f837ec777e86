/* SPDX-License-Identifier: ISC */
/* How the runs of a service ended, and what they said. */
#ifndef INIT_CLI_RUN_HISTORY_H
#define INIT_CLI_RUN_HISTORY_H

#include "init/cli/explain_service.h"
#include "init/text/wording.h"

/* Rows: its last end, the output of that run (or of the present one), earlier
 * ends. */
void history_tell(struct out *o, const struct service_from *from,
	       struct json_value service);

/* "4.2 MiB" */
void history_add_size(struct phrase *w, int64_t kib);

#endif
