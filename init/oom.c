/* SPDX-License-Identifier: ISC */
/* One file of /proc, read and written. */
#include "init/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "init/format.h"
#include "init/scan.h"

static const char file[] = "/proc/self/oom_score_adj";

static int own_score(void)
{
	char text[16] = "";
	const char *at = text;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return (int)scan_signed(&at);
}

int oom_set(int score)
{
	int fd, err;

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	err = fd < 0 ? -errno : format_fd(fd, "%d", score);
	close(fd);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return err < 0 ? err : 0;
}

int oom_be_last(void)
{
	int score = own_score();

	if (score - OOM_STEP > -OOM_MOST && oom_set(score - OOM_STEP) == 0)
		score -= OOM_STEP;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return score;
}

void oom_go_before(void)
{
	int score = own_score() + OOM_STEP;

	(void)oom_set(score > OOM_MOST ? OOM_MOST : score);
}
