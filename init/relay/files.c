/* SPDX-License-Identifier: ISC */
/* The files helper: the log relay with log files for sinks. A hung log disk
 * blocks this process and nobody else. */
#include "init/relay/carry.h"

_Noreturn void files_main(const struct helper_job *job)
{
	struct carry c = { .job = job, .output = CONFIG_FILE };

	carry_run(&c);
}
