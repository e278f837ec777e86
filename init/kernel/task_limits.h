/* SPDX-License-Identifier: ISC */
/* Reads the limits on tasks that policy/headroom judges.
 *
 * Two kinds can be read: the pids cgroups that are visible here (from PID 1,
 * before each start), and RLIMIT_NPROC (by a clone that never makes a task,
 * in the child that is to be bound by it). What is hidden shows only as a
 * refused clone. No function here blocks or allocates. */
#ifndef INIT_KERNEL_TASK_LIMITS_H
#define INIT_KERNEL_TASK_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "init/board/board.h"
#include "init/kernel/spawn_report.h"

/* One level of a pids cgroup that is visible here; descriptors are -1 where
 * there is no such file. */
struct pids_level {
	int current_fd, max_fd, events_fd;
	int64_t events; /* last value of `max` in pids.events */
	int64_t fit;    /* what can stay free under it; -1 not known */
};

enum { PIDS_LEVELS = 6 };

struct limits {
	struct pids_level level[PIDS_LEVELS]; /* 0: the container's own */
	int levels;
	struct rlimit files;     /* RLIMIT_NOFILE that services get */
	int dry_clone_err;       /* what the test at start answered */
	bool is_dry_clone_exact;
};

/* Find the visible pids cgroups and keep their files open, and find out
 * whether the dry clone works here. Before the loop. Cannot fail: without
 * cgroups there is no level. Source: proc(5) cgroup and mountinfo,
 * cgroups(7). */
void limits_find(struct limits *l);

/* Say for each level what can stay free when `tasks` run: the most that the
 * reserve may be. written: the `headroom` key or negative. Returns -1 when
 * every level has room for the reserve, else the number of the tightest level,
 * with *wished its reserve and *max its limit. */
int limits_fit(struct limits *l, int64_t written, int64_t tasks,
	       int64_t *wished, int64_t *max);

/* May one more task be started under the visible levels? False: *binding is
 * the limit that says no, with its numbers. */
bool limits_have_room(const struct limits *l, int64_t written,
		      struct board_limit *binding);

/* Remember the counters of refused forks before a clone, and after it was
 * refused say by which limit (err: the clone's errno). */
void limits_note(struct limits *l);
void limits_blame(const struct limits *l, int err, struct board_limit *out);

/* The same for a child of that uid whose start was refused after the clone. */
void limits_blame_child(const struct limits *l,
			const struct spawn_report *report, uint32_t uid,
			struct board_limit *out);

/* A step that was refused for want of something that is no limit on tasks. */
void limits_blame_step(unsigned step, int err, struct board_limit *out);

/* Fill up to BOARD_LIMITS entries with all visible levels; the rest NONE. */
void limits_show(const struct limits *l, int64_t written,
		 struct board_limit out[BOARD_LIMITS]);

/* Does this errno of a start say nothing about what was to be started, at any
 * step, but that the machine is short of something? */
bool limits_are_short(int err);

/* The tightest visible pids limit; -1 and -1 when there is none. */
void limits_tightest(const struct limits *l, int64_t *current, int64_t *max);

/* In the child of a start, with the ids it will have: would one more task
 * pass RLIMIT_NPROC with the reserve kept free? 0 when it would, where nothing
 * limits, or where the dry clone did not work at start (it may make a task
 * then); else EAGAIN or ENOMEM with the exact numbers in *report. */
int limits_check_child(const struct limits *l, int64_t written,
		       struct spawn_report *report);

#endif
