/* SPDX-License-Identifier: ISC */
/* Nothing here needs a file: a container may have no /dev and no /proc. */
#include "init/kernel/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/kernel/die.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
enum { MOST_FILES = 65536 }; /* looked at one by one */

int descriptors_empty(int flags)
{
	int fd = open("/dev/null", flags);
	int ends[2];

	if (fd >= 0)
		return fd;
	if (descriptors_pipe(ends, flags & O_CLOEXEC) < 0)
		return -errno;
	/* Who writes to the end that stays is told EBADF, as if it were
	 * closed. */
	close(ends[1]);
	return ends[0];
}

void descriptors_fill_standard(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		int got = descriptors_control(fd, F_GETFD, 0);

		/* The lowest that is free is this one. */
		if (got < 0)
			got = descriptors_empty(O_RDWR);
		if (got < 0)
			die_system("pipe", -got);
	}
}

void descriptors_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

bool descriptors_take_text(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	return poll(&room, 1, 0) > 0;
}

void descriptors_range(unsigned first, unsigned last, unsigned flags)
{
	struct rlimit files;

	/* Missing before Linux 5.9, one flag before 5.11; refused by older
	 * container profiles. */
	if (first > last ||
	    syscall(SYS_close_range, first, last, flags) == 0)
		return;
	if (prlimit(0, RLIMIT_NOFILE, NULL, &files) < 0 ||
	    files.rlim_cur > MOST_FILES)
		files.rlim_cur = MOST_FILES;
	for (unsigned fd = first; fd <= last && fd < files.rlim_cur; fd++) {
		if (flags)
			(void)descriptors_control((int)fd, F_SETFD, FD_CLOEXEC);
		else
			close((int)fd);
	}
}
