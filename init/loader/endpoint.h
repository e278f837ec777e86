/* SPDX-License-Identifier: ISC */
/* Values of a special form that only few keys have. Each function says
 * whether the text has that form and what it should be; what it means is kept
 * only where this release uses it. */
#ifndef INIT_LOADER_ENDPOINT_H
#define INIT_LOADER_ENDPOINT_H

#include <stdbool.h>

#include "init/config/scalar_value.h"
#include "init/loader/arena.h"

/* A check as it is written; texts are in the arena or NULL. */
struct endpoint {
	enum config_check_kind kind;
	uint32_t number;
	const char *host, *path;
};

/* A readiness or health check that is no command: notify, fd:N, tcp:HOST:PORT,
 * http:HOST:PORT/PATH, unix:PATH, file:PATH. */
bool endpoint_check(struct arena *a, const char *text, struct endpoint *check,
		    struct why *why);

/* HOST:PORT; HOST is numeric ([::1] in brackets) or localhost. */
bool endpoint_address(const char *text, size_t len, struct why *why);

/* "keep" (0) or "kill-after 5m" (milliseconds). */
bool endpoint_orphans(const char *text, int64_t *ms, struct why *why);

/* An absolute path. */
bool endpoint_path(const char *text, struct why *why);

/* relay, inherit, null, file:PATH or, for stderr only, stdout. A file: that is
 * dashpot's own stdout or stderr by path is relay, to that output. *path: in
 * text, or NULL; the path of the stream itself is not touched. */
bool endpoint_stream(const char *text, bool is_stderr,
		     struct config_stream *stream, const char **path,
		     struct why *why);

#endif
