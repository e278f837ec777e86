/* SPDX-License-Identifier: ISC */
/* Paths through directories that a service may write.
 *
 * A user who may write a directory can put a symlink where a file or another
 * directory was, also between two looks at it. So a path is walked here one
 * name at a time, and a symlink is followed only if root or the process's own
 * user made it. Any call may block as long as the file systems do. */
#ifndef INIT_LIB_SAFE_PATH_H
#define INIT_LIB_SAFE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum { SAFE_PATH_NAME = NAME_MAX + 1 };

/* The directory that the last name of `path` lies in, as an O_PATH descriptor
 * of the caller's, and that name (no symlink when it was looked at; it need not
 * exist). -errno: -EACCES a symlink of another user's, -EINVAL one of
 * /proc/PID/fd, which leads to a descriptor, -ELOOP more than 40 of them. */
int safe_path_parent(const char *path, char name[SAFE_PATH_NAME]);

/* open(2) of what safe_path_parent() finds, with O_NOFOLLOW and O_CLOEXEC. A
 * descriptor, or -errno. */
int safe_path_open(const char *path, int flags, mode_t mode);

/* True when both descriptors lead to the same file or directory. */
bool safe_path_is_same(int fd, int other);

#endif
