/* SPDX-License-Identifier: ISC */
/* dashpot: chooses the mode; nothing else. */
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "init/cli/options.h"
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

int main(int argc, char **argv)
{
	struct config_source source;
	struct options o;

	signals_block();
	fill_standard_streams();
	o = options_parse(argc, argv, getpid() == 1);
	switch (o.mode) {
	case OPTIONS_SINGLE:
		single_run(o.command);
	case OPTIONS_SUPERVISE:
		source = options_source(&o);
		loop_run(options_load(&o), &source, argv);
	case OPTIONS_COMMAND:
		break;
	}
	signals_unblock_all(); /* a person may want to interrupt it */
	return o.row != NULL ? commands_run(o.row, argc - 1, argv + 1) :
			       commands_help(NULL);
}
