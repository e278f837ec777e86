/* SPDX-License-Identifier: ISC */
/* Waits for dead children, in bounded batches and at once. */
#ifndef INIT_KERNEL_REAP_H
#define INIT_KERNEL_REAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { REAP_BATCH = 64 };

/* How far reaping is; all zero but children_fd at the beginning. */
struct reaper {
	int children_fd;  /* /proc/self/task/PID/children, or -1 */
	bool is_by_list;  /* with many live children: by their list */
	pid_t partial;    /* a listed number that the last part cut off */
	bool is_failing;  /* the last wait4(2) failed: it says nothing about
			   * who has ended */
};

/* The caller's children, zombies included, without a list of them. */
struct reap_children {
	int32_t count; /* -1: not known */
	uint32_t sum;  /* of their numbers */
};

/* One dead child. */
typedef void reap_end(void *with, pid_t pid, int status,
		      const struct rusage *used);

/* Open the list of children. Before the loop. Cannot fail: without the list
 * it reaps without it. */
struct reaper reaper_open(void);

/* Wait for dead children, up to a batch, and tell each to `end`. True when
 * there may be more: call again in the next turn, which must not sleep.
 *
 * waitpid(-1) costs a step for each live child, so among very many the list
 * in /proc is read and each number waited for (flat for each zombie); the
 * cheaper way is chosen by what the last batch cost. Both leave nothing
 * behind: it says false only after waitpid(-1) found nothing. Where wait4(2)
 * fails (a seccomp profile, a debugger) it says true with r->is_failing: no
 * SIGCHLD will come again for who has ended already, so look again soon. */
bool reap_batch(struct reaper *r, reap_end *end, void *with);

/* Wait for one dead child, whichever comes first, and at once: its pid and wait
 * status; 0: none is dead; or -errno (ECHILD: there is none). Source: wait4(2).
 */
pid_t reap_any(int *ret_status);

/* All children that there are now, but not many more than `most`: the kernel
 * walks to each part of the list from its beginning, so that the whole of a
 * long one takes a square of steps. Nobody is missed, because a child stays on
 * the list until it is waited for, and nobody is waited for meanwhile. */
struct reap_children reaper_children(const struct reaper *r, int32_t most);

#endif
