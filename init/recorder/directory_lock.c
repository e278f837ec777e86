/* SPDX-License-Identifier: ISC */
/* In a directory that a service may write, the file can be planted, removed and
 * replaced at any time: it counts when its owner is right, and only while it is
 * the one that has the name. The descriptor that holds it only reads, because
 * one that writes would keep the volume from being remounted read-only. Source:
 * flock(2). */
#include "init/recorder/directory_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/kernel/descriptors.h"
#include "init/lib/format.h"
#include "init/lib/safe_path.h"

enum { TRIES = 4 }; /* against a service that puts files there */

static const char name[] = ".dashpot.lock";

/* Services of root's dashpot may be other users and plant one; where dashpot is
 * a user, another user's is that of another container. */
static bool is_trusted(const struct stat *st)
{
	const uid_t own = geteuid();

	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	       (own != 0 || st->st_uid == 0);
}

/* Remove what stands there, unless it is a lock that cannot be opened. A
 * directory with something in it gets another name, with the time in it: where
 * that was guessed and taken, the next write tries another. 0, or -errno. */
static int clear_name(int directory, char holder[LOCK_HOLDER])
{
	char aside[sizeof(name) + 21];
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (is_trusted(&st)) {
		memcpy(holder, "another user", sizeof("another user"));
		return -EWOULDBLOCK;
	}
	if (unlinkat(directory, name,
		     S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	format(aside, sizeof(aside), "%s.%lld", name,
	       (long long)clock_wall_ms());
	return renameat(directory, name, directory, aside) < 0 ? -errno : 0;
}

/* The file, made where it is missing, or -errno. */
static int open_it(int directory, char holder[LOCK_HOLDER])
{
	const int flags = O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
			  O_NOCTTY | O_CLOEXEC;
	int err = -EBUSY;

	for (int i = 0; i < TRIES; i++) {
		int fd = openat(directory, name, flags, 0600);
		struct stat st;

		if (fd < 0 && errno != EACCES && errno != ELOOP &&
		    errno != EISDIR && errno != ENXIO)
			return -errno;
		if (fd >= 0 && fstat(fd, &st) == 0 && is_trusted(&st)) {
			/* Somebody may have widened it with all the rest. */
			(void)descriptors_mode(fd, 0600);
			return fd;
		}
		if (fd >= 0)
			close(fd);
		err = clear_name(directory, holder);
		if (err < 0)
			return err;
	}
	return err < 0 ? err : -EBUSY;
}

bool lock_is_there(int directory, int fd)
{
	int named = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool is_it = named >= 0 && safe_path_is_same(named, fd);

	if (named >= 0)
		close(named);
	return is_it;
}

/* What the holder has written, as far as it can be shown. */
static void read_holder(int fd, char holder[LOCK_HOLDER])
{
	ssize_t n = pread(fd, holder, LOCK_HOLDER - 1, 0);

	holder[n < 0 ? 0 : n] = '\0';
	holder[strcspn(holder, "\n")] = '\0';
	for (char *at = holder; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

/* That it cannot be written on a full disk does not matter to the lock. */
static void write_own(int directory, int held, const char *own)
{
	int fd = openat(directory, name,
			O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[LOCK_HOLDER];
	int n = format(text, sizeof(text), "%s\n", own);

	if (fd < 0)
		return;
	/* By now the name may lead elsewhere. */
	if (safe_path_is_same(fd, held) && ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
	close(fd);
}

int lock_take(int directory, const char *own, char holder[LOCK_HOLDER])
{
	int fd, err = 0;

	holder[0] = '\0';
	fd = open_it(directory, holder);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		read_holder(fd, holder);
		err = -EWOULDBLOCK;
	} else if (!lock_is_there(directory, fd)) {
		err = -EBUSY; /* replaced meanwhile: the next write tries */
	} else {
		write_own(directory, fd, own);
		return fd;
	}
	close(fd);
	return err;
}
