/* SPDX-License-Identifier: ISC */
/* One pipe for what a service prints, and the limit on their number. */
#ifndef INIT_KERNEL_OUTPUT_PIPE_H
#define INIT_KERNEL_OUTPUT_PIPE_H

#include <stdbool.h>
#include <sys/resource.h>

#include "init/config/config.h"

/* A pipe that dashpot, the user of s and the users it changes to can open by
 * path for writing: whether they may is asked of /proc/PID/fd, which admits no
 * other. Its read end, which is its owner's, non-blocking and closed at exec;
 * or -errno (EMFILE, ENFILE). No process keeps a write end. */
int output_pipe_make(const struct config_service *s);

/* Give it to the user of s. 0, also where dashpot has no CAP_CHOWN: it stays
 * dashpot's then, and its mode is enough to write; or -errno. */
int output_pipe_give(int fd, const struct config_service *s);

/* What RLIMIT_NOFILE is. 0; or -errno where the call is refused (as by
 * seccomp): it counts as infinite then. */
int output_pipe_limit(struct rlimit *ret_files);

/* Raise its soft value to the hard one, `most`. 0 or -errno. */
int output_pipe_raise_limit(rlim_t most);

#endif
