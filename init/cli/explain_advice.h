/* SPDX-License-Identifier: ISC */
/* What to do about a service that does not run. */
#ifndef INIT_CLI_EXPLAIN_ADVICE_H
#define INIT_CLI_EXPLAIN_ADVICE_H

#include "init/text/json_reader.h"

/* One or two sentences, or NULL where nothing is known that would help.
 * service: of diagnostic.json. The text is valid until the next call. */
const char *advice_for(struct json_value service);

#endif
