/* SPDX-License-Identifier: ISC */
/* `dashpot status`: a table of the services, one line each. */
#ifndef INIT_CLI_STATUS_H
#define INIT_CLI_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "init/cli/terminal_out.h"
#include "init/text/json_reader.h"

enum { STATUS_NAME = 24 }; /* a longer name has a line of its own */

struct status {
	struct json_value all;          /* the document */
	const char *const *names; /* patterns of services; count 0: all */
	int count;
	int64_t now_ms;           /* Unix time */
	int64_t seen_ms;          /* ... at which it was like that */
	bool is_old;              /* from the volume, not of this moment */
	bool is_json;
};

/* Print it. Ends the program with DIE_USAGE where a pattern means no
 * service. */
void status_print(const struct status *s, struct out *o);

/* As struct commands_row's run. */
int status_run(int argc, char **argv);

#endif
