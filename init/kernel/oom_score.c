/* SPDX-License-Identifier: ISC */
/* One file of /proc, read and written. */
#include "init/kernel/oom_score.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "init/kernel/print.h"
#include "init/lib/scan.h"

static const char file[] = "/proc/self/oom_score_adj";

/* What children of PID 1 begin with; more than the most: as PID 1. */
static int after = OOM_SCORE_MOST + 1;

int oom_score_set(int score)
{
	int fd, err;

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	err = fd < 0 ? -errno : print_fd(fd, "%d", score);
	close(fd);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return err < 0 ? err : 0;
}

int oom_score_be_last(void)
{
	char text[16] = "";
	const char *at = text;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int score;

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	score = (int)scan_signed(&at);
	if (score - OOM_SCORE_STEP > -OOM_SCORE_MOST &&
	    oom_score_set(score - OOM_SCORE_STEP) == 0)
		score -= OOM_SCORE_STEP;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	after = score + OOM_SCORE_STEP < OOM_SCORE_MOST ? score + OOM_SCORE_STEP
							: OOM_SCORE_MOST;
	return score;
}

void oom_score_go_before(void)
{
	if (after <= OOM_SCORE_MOST)
		(void)oom_score_set(after);
}
