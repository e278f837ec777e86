/* SPDX-License-Identifier: ISC */
#include "init/kernel/output_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"

enum { PIPE_MODE = 0622 };

int output_pipe_give(int fd, const struct config_service *s)
{
	uid_t uid = s->has_user ? s->uid : geteuid();

	return descriptors_owner(fd, uid, (gid_t)-1) < 0 && errno != EPERM &&
			       errno != EINVAL
		       ? -errno
		       : 0;
}

int output_pipe_make(const struct config_service *s)
{
	int ends[2];
	int err;

	if (descriptors_pipe(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	err = descriptors_mode(ends[0], PIPE_MODE) < 0
		      ? -errno
		      : output_pipe_give(ends[0], s);
	close(ends[1]);
	if (err < 0)
		close(ends[0]);
	return err < 0 ? err : ends[0];
}

int output_pipe_limit(struct rlimit *ret_files)
{
	if (prlimit(0, RLIMIT_NOFILE, NULL, ret_files) == 0)
		return 0;
	*ret_files = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	return -errno;
}

int output_pipe_raise_limit(rlim_t most)
{
	const struct rlimit raised = { most, most };

	return prlimit(0, RLIMIT_NOFILE, &raised, NULL) < 0 ? -errno : 0;
}
