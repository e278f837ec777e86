/* SPDX-License-Identifier: ISC */
/* dashpot: chooses the mode; nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "init/cli/options.h"
#include "init/config/config.h"
#include "init/die.h"
#include "init/format.h"
#include "init/pid1/loop.h"
#include "init/pid1/signals.h"
#include "init/pid1/single.h"

/* Descriptors 0 to 2 must be taken, or a pipe of ours would become somebody's
 * standard output. */
static void fill_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static const struct config *load(const struct options *o)
{
	const struct config_source from = {
		.files = o->files,
		.files_count = o->files_count,
		.command = o->command,
	};
	unsigned mistakes = 0;
	const struct config *config =
		config_load(&from, STDERR_FILENO, &mistakes);

	if (!config)
		die_text(DIE_USAGE, "%u mistake%s: nothing was started",
			 mistakes, mistakes == 1 ? "" : "s");
	return config;
}

static int check(const struct config *config)
{
	bool is_short = config->shutdown_timeout_ms < config->shutdown_needs_ms;

	return format_fd(STDOUT_FILENO,
			 "%u services, no mistake; stopping needs up to %lld "
			 "ms%s\n",
			 config->services, (long long)config->shutdown_needs_ms,
			 is_short ? ", but shutdown_timeout gives less" : "") <
			       0
		       ? DIE_SYSTEM
		       : 0;
}

int main(int argc, char **argv)
{
	struct options o;

	signals_block();
	fill_standard_streams();
	o = options_parse(argc, argv, getpid() == 1);
	switch (o.mode) {
	case OPTIONS_SINGLE:
		single_run(o.command);
	case OPTIONS_SUPERVISE:
		loop_run(load(&o), argv);
	case OPTIONS_CHECK:
		return check(load(&o));
	case OPTIONS_VERSION:
		return format_fd(STDOUT_FILENO, "dashpot %s\n",
				 DASHPOT_VERSION) < 0
			       ? DIE_SYSTEM
			       : 0;
	case OPTIONS_HELP:
		options_help();
		break;
	}
	return 0;
}
