/* SPDX-License-Identifier: ISC */
/* Loads the configuration as `run` does, and says what a stop needs. */
#include "init/cli/check.h"

#include <unistd.h>

#include "init/cli/options.h"
#include "init/config/config.h"
#include "init/die.h"
#include "init/format.h"

int check_run(int argc, char **argv)
{
	struct options o = options_files(argc, argv);
	const struct config *c;
	bool is_short;

	if (o.command)
		die_text(DIE_USAGE, "check takes no command behind --");
	c = options_load(&o);
	is_short = c->shutdown_timeout_ms < c->shutdown_needs_ms;
	return format_fd(STDOUT_FILENO,
			 "%u services, no mistake; stopping needs up to %lld "
			 "ms%s\n",
			 c->services, (long long)c->shutdown_needs_ms,
			 is_short ? ", but shutdown_timeout gives less" : "") <
			       0
		       ? DIE_SYSTEM
		       : 0;
}
