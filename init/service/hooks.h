/* SPDX-License-Identifier: ISC */
/* Short commands of services: checks, stop_command, on_blocked.
 *
 * Each runs in a session of its own with the user, environment, limits and
 * directory of its service, and has a time-out, at which its group and its
 * leader are killed. It takes no token of restart_rate, but waits for no room
 * either: without headroom it is refused. Of each kind a service has one at
 * most: one that survives SIGKILL, because it hangs in a file system, keeps
 * its place, so that there is never a second one beside it.
 *
 * What it leaves when it ends is told to end, and killed after the service's
 * leftover_grace, at once where the command itself had to be killed; also what
 * has left its session, by the command's mark (ghosts.h). While all children
 * are known there is nothing of that, and no look. The service does not start
 * before it is gone. */
#ifndef INIT_SERVICE_HOOKS_H
#define INIT_SERVICE_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/kernel/signal_courier.h"
#include "init/service/supervisor.h"

/* What it does: run argv, or where that has no word, exit with 0 if path
 * exists, else with the errno. is_new: with EEXIST if it is what was there
 * before the service started. */
struct hook_task {
	struct config_list argv;
	config_text path;
	bool is_new;
};

/* Start one. 0, or -errno: -EBUSY where one of this kind still runs or hangs,
 * -ESRCH for a check while what the last one left is being ended, -EAGAIN
 * without room now, else what clone(2) said. Its variables are those of the
 * service and DASHPOT_SERVICE; of HOOK_STOP also MAINPID, of
 * HOOK_BLOCKED also DASHPOT_CAUSE, DASHPOT_CODE, DASHPOT_SIGNAL,
 * DASHPOT_TRIPS and DASHPOT_STATE. */
int hook_start(struct sup *sup, uint32_t i, enum hook_kind kind,
	       const struct hook_task *task, int64_t timeout_ms);

/* Does one run, whose result is still to come; of any service? */
bool hook_runs(const struct sup *sup, uint32_t i, enum hook_kind kind);
bool hooks_run(const struct sup *sup, enum hook_kind kind);

/* Is something that a hook of service i has left being ended? */
bool hooks_are_swept(const struct sup *sup, uint32_t i);

/* A courier has ended, with 0 or an errno; true where it went to the leader of
 * a hook. */
bool hooks_courier(struct sup *sup, const struct courier_task *task, int err);

/* Is a process left that a hook of service i has made? Then its index is not
 * free. */
bool hooks_hold(const struct sup *sup, uint32_t i);

/* Of the hook of this kind that ended last: did the machine refuse its start
 * after the clone (EAGAIN and its like)? Then its status says nothing. */
bool hook_was_refused(const struct sup *sup, uint32_t i, enum hook_kind kind);

/* ... and the errno of the step at which its start failed; 0: it ran. */
int hook_error(const struct sup *sup, uint32_t i, enum hook_kind kind);

/* Kill one that runs, or all of them; nobody learns how they end. */
void hook_cancel(struct sup *sup, uint32_t i, enum hook_kind kind);
void hooks_cancel_all(struct sup *sup);

/* An orphan was reaped: what hooks have left may be gone. */
void hooks_soon(struct sup *sup);

/* From the loop: pid was reaped. True when it was a hook. */
bool hooks_reaped(struct sup *sup, pid_t pid, int status);

/* Time-outs, and what hooks have left. */
void hooks_fire(struct sup *sup);
int64_t hooks_next_ms(const struct sup *sup);

/* The clock jumped by jump_ms: give each the time that was left. */
void hooks_shift(struct sup *sup, int64_t jump_ms);

#endif
