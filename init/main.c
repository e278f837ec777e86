/* SPDX-License-Identifier: ISC */
/* dashpot: chooses the mode; nothing else. */
#include <stdbool.h>
#include <unistd.h>

#include "init/cli/command_line.h"
#include "init/kernel/descriptors.h"
#include "init/kernel/signals.h"
#include "init/loader/loader.h"
#include "init/pid1/loop.h"
#include "init/pid1/single_command.h"

int main(int argc, char **argv)
{
	struct loader_source source;
	struct command_line o;

	signals_block();
	descriptors_fill_standard();
	o = command_line_parse(argc, argv, getpid() == 1);
	switch (o.mode) {
	case COMMAND_LINE_SINGLE:
		single_run(o.command);
	case COMMAND_LINE_SUPERVISE:
		/* The loader may read from them, services not. */
		descriptors_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
		source = command_line_source(&o);
		loop_run(command_line_load(&o), &source, argv);
	case COMMAND_LINE_COMMAND:
		break;
	}
	signals_unblock_all(); /* a person may want to interrupt it */
	return o.row != NULL ? commands_run(o.row, argc - 1, argv + 1) :
			       commands_help(NULL);
}
