/* SPDX-License-Identifier: ISC */
/* The lock of a directory: a file in it that nobody can open but root and the
 * user that made it. (To lock the directory itself, it is enough to be allowed
 * to list it.) It also says which dashpot holds it.
 *
 * Every call may block as long as the file system does. */
#ifndef INIT_RECORDER_DIRECTORY_LOCK_H
#define INIT_RECORDER_DIRECTORY_LOCK_H

#include <stdbool.h>

enum { LOCK_HOLDER = 192 };

/* Take it, and write `own` into it: one line that names this dashpot. A
 * descriptor of the caller's that holds it until it is closed. On a file system
 * that knows no locks (ENOLCK, EBADF on NFS, …) it holds nothing.
 *
 * -EWOULDBLOCK: another process holds it, and `holder` is what that has
 * written. Any other -errno: there can be no such file, as on a full or a
 * read-only file system. What has its name and is no file of root's or of
 * dashpot's own user is removed: a service has put it there. A directory
 * that is not empty is renamed to .dashpot.lock.MILLISECONDS. */
int lock_take(int directory, const char *own, char holder[LOCK_HOLDER]);

/* True while the name still leads to the file that fd holds. */
bool lock_is_there(int directory, int fd);

#endif
