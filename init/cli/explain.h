/* SPDX-License-Identifier: ISC */
/* `dashpot explain`: why a service does not run, what it said last, what comes
 * next, what to do; as a running dashpot says, or the volume. */
#ifndef INIT_CLI_EXPLAIN_H
#define INIT_CLI_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "init/cli/terminal_out.h"
#include "init/text/json_reader.h"

enum {
	EXPLAIN_LATE_MS = 5000, /* a deadline that is older was missed */
};

struct explain {
	struct json_value
		live;     /* the document of a running dashpot, or not there:
			   * that of the volume */
	const char *dir;  /* the volume */
	const char *name; /* pattern of services, or NULL for all */
	bool is_json;
	int64_t now_ms;   /* Unix time */
};

/* Print it. 0 when everything that was asked for is well, 1 when something is
 * not; ends the program with DIE_USAGE where no service has that name, and
 * with DIE_SYSTEM where the volume cannot be read. */
int explain_print(const struct explain *e, struct out *o);

/* As struct commands_row's run. */
int explain_run(int argc, char **argv);

#endif
