/* SPDX-License-Identifier: ISC */
/* Who goes first when memory is short: oom_score_adj (proc(5)).
 *
 * PID 1 is to be the last: whatever it starts has 100 more. Between its clone
 * and
 * its first step a child has PID 1's own value, and the kernel that looks then
 * takes the larger of both, which is PID 1. PID 1 cannot give it more by having
 * more itself for the clone: of children that have not run yet it would be the
 * first to go.
 *
 * PID 1 is also not dumpable, so that what runs as its own user cannot write to
 * its memory (prctl(2), PR_SET_DUMPABLE); then its /proc files are root's, and
 * the one write here is made while the writer is dumpable. exec undoes it. */
#ifndef INIT_KERNEL_OOM_SCORE_H
#define INIT_KERNEL_OOM_SCORE_H

enum { OOM_SCORE_STEP = 100, OOM_SCORE_MOST = 1000 };

/* PID 1 is not dumpable from here on, and lowers its own value by
 * OOM_SCORE_STEP,
 * where CAP_SYS_RESOURCE lets it, but never to -1000, which would be "never".
 * Returns the value that it has then; 0 where /proc does not tell. */
int oom_score_be_last(void);

/* In a child of PID 1, before all else: OOM_SCORE_STEP more than PID 1,
 * OOM_SCORE_MOST at
 * most. Raising takes no right; what fails changes nothing. Without
 * oom_score_be_last() it does nothing. */
void oom_score_go_before(void);

/* Set the own value; the caller is not dumpable then. 0, or -errno. */
int oom_score_set(int score);

#endif
