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

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/config/config.h"
#include "init/kernel/service_cgroup.h"
#include "init/kernel/spawn_report.h"
#include "init/kernel/task_limits.h"
#include "init/kernel/terminal.h"

/* What the child of a short command does instead of being its service. */
struct spawn_hook {
	struct config_list argv;   /* the command; none: */
	config_text path;          /* exit with 0 where this exists, else with
				    * the errno ... */
	const struct spawn_report *start; /* ... or, where this start of the
				    * service found it as it is, with EEXIST;
				    * NULL: any file will do */
	const char *const *extra;  /* variables over those of the service,
				    * NULL-ended */
	bool is_silent;            /* its output is dropped */
};

/* All that a child needs to become a process of a service. Nothing of it is
 * used after the call that takes it. */
struct spawn_plan {
	const struct config *config;
	uint32_t service;            /* whose settings the child takes on */
	struct spawn_report *report; /* shared with children */
	const struct limits *limits;
	const struct cells *cells;
	const int *pipe;      /* read ends for stdout and stderr; -1: none */
	uint64_t mark_base;
	uint64_t mark;        /* number of the mark, see lineage_mark.h */
	enum terminal terminal; /* of the given command */
	int ready_fd;         /* ready = fd:N: what becomes descriptor N */
	int socket_fd;        /* ready = notify: its socket; -1 none */
	const struct spawn_hook *hook; /* NULL: the service itself */
};

/* Start the service. Returns the pid, with *verdict_fd the non-blocking read
 * end of a pipe that is at its end once plan->report->err holds the verdict
 * (0: it executes). Or -errno: EAGAIN, ENOMEM of clone(2), EMFILE, ENFILE of
 * pipe(2). Called with all signals blocked. */
pid_t spawn_service(const struct spawn_plan *plan, int *verdict_fd);

/* Start a child that sets up all that a start of the service sets up, but in a
 * session of its own and in PID 1's cgroup, and does what plan->hook says. Its
 * pid, or -errno of clone(2). */
pid_t spawn_hook(const struct spawn_plan *plan);

/* Start a command in dashpot's own session, on its terminal (terminal.h), with
 * inherited output. argv is NULL-ended, with a slot before argv[0] that nothing
 * needs; its PATH is the inherited one. report must be shared with children.
 * Like spawn_service(). */
pid_t spawn_command(char **argv, enum terminal t, struct spawn_report *report,
		    int *verdict_fd);

/* In a child of PID 1 that starts nothing: let go of all reports, which it
 * could forge. */
void spawn_drop_reports(struct spawn_report *reports);

#endif
