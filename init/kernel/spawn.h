/* SPDX-License-Identifier: ISC */
/* Makes the process of a service: one fork-style clone, then the steps of
 * enum board_step in the child, then exec.
 *
 * The child writes the step it takes into its struct spawn_report, which it
 * shares with PID 1, before each one that can block. A pipe that closes at
 * exec or exit tells the loop when there is a verdict. Neither CLONE_VM nor
 * CLONE_VFORK: a child that opens a FIFO or a hung mount must not suspend
 * PID 1. */
#ifndef INIT_KERNEL_SPAWN_H
#define INIT_KERNEL_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "init/config/config.h"
#include "init/kernel/terminal.h"
#include "init/pid1/supervisor.h"

/* Start service i. Returns the pid, with *verdict_fd the non-blocking read
 * end of a pipe that is at its end once sup->report[i].err holds the verdict
 * (0: it executes). Or -errno: EAGAIN, ENOMEM of clone(2), EMFILE, ENFILE of
 * pipe(2). Called with all signals blocked. */
pid_t spawn_service(const struct sup *sup, uint32_t i, int *verdict_fd);

/* What the child of a short command does (hooks.h) instead of being its
 * service. */
struct spawn_hook {
	struct config_list argv;   /* the command; none: */
	config_text path;          /* exit with 0 where this exists, else with
				    * the errno ... */
	bool is_new;               /* ... or, where the start of the service
				    * found it as it is, with EEXIST */
	const char *const *extra;  /* variables over those of the service,
				    * NULL-ended */
	enum hook_kind kind;
};

/* In a child of PID 1: set up all that a start of service i sets up, but in a
 * session of its own, and do what `hook` says. */
_Noreturn void spawn_hook(const struct sup *sup, uint32_t i,
			  struct spawn_report *report,
			  const struct spawn_hook *hook);

/* Start a command in dashpot's own session, on its terminal (terminal.h), with
 * inherited output. argv is
 * NULL-ended, with a slot before argv[0] that nothing needs; its PATH is the
 * inherited one. report must be shared with children. Like spawn_service(). */
pid_t spawn_command(char **argv, enum terminal t, struct spawn_report *report,
		    int *verdict_fd);

/* A process as fork(2) makes it: its pid, 0 in the child, -1 with errno. The
 * raw clone(2), because a library's fork takes locks and runs handlers that
 * PID 1 has no use for. */
pid_t spawn_clone(void);

/* In a child of PID 1 that starts nothing: let go of all reports, which it
 * could forge. */
void spawn_drop_reports(const struct sup *sup);

#endif
