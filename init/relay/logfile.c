/* SPDX-License-Identifier: ISC */
/* O_NONBLOCK is for FIFOs and terminals: opening a FIFO without a reader is
 * an error (ENXIO) and no hang. Regular files ignore it. */
#include "init/relay/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"
#include "init/lib/format.h"
#include "init/lib/safe_path.h"

enum {
	LOOK_MS = 1000,
	ROTATED = SAFE_PATH_NAME + 12, /* room for NAME.4294967295 */
};

void logfile_close(struct logfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Open the file, which is there or not made by anybody else; one that is made
 * here gets its owner and mode. A file that is there keeps them: a service that
 * may write the directory could have moved another one to its name. */
static int open_or_make(const struct logfile *f, int directory,
			const char *name)
{
	const int flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY |
			  O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(directory, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	fd = openat(directory, name, flags | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return -errno;
	if ((f->has_owner && descriptors_owner(fd, f->uid, f->gid) < 0) ||
	    descriptors_mode(fd, f->mode != 0 ? f->mode : 0640) < 0) {
		int err = -errno;

		/* Else the next attempt takes it for a service's own. */
		unlinkat(directory, name, 0);
		close(fd);
		return err;
	}
	return fd;
}

/* Nobody but root and dashpot's own user can put anything into it. */
static bool is_own_directory(int directory)
{
	struct stat st;

	return fstat(directory, &st) == 0 && (st.st_mode & 022) == 0 &&
	       (st.st_uid == 0 || st.st_uid == geteuid());
}

/* A file that has another name too may be root's, at some other place. */
static int look_at(struct logfile *f, int directory)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) && st.st_nlink > 1 &&
	    !is_own_directory(directory))
		return -EMLINK;
	f->size = (uint64_t)st.st_size;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->is_regular = S_ISREG(st.st_mode);
	return 0;
}

static int open_it(struct logfile *f, int64_t now_ms)
{
	char name[SAFE_PATH_NAME];
	int directory = safe_path_parent(f->path, name), err;

	if (directory < 0)
		return directory;
	f->fd = open_or_make(f, directory, name);
	err = f->fd < 0 ? f->fd : look_at(f, directory);
	close(directory);
	if (err < 0)
		logfile_close(f);
	f->looked_ms = now_ms;
	return err;
}

/* True when the name in its directory leads to the file that is open. */
static bool is_there(const struct logfile *f, int directory, const char *name)
{
	struct stat st;

	return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == f->dev && st.st_ino == f->ino;
}

/* True when the path leads to another file now, or to none. */
static bool is_moved(const struct logfile *f)
{
	char name[SAFE_PATH_NAME];
	int directory = safe_path_parent(f->path, name);
	bool is_same = directory >= 0 && is_there(f, directory, name);

	if (directory >= 0)
		close(directory);
	return !is_same;
}

/* The name of rotated file n; 0 is the file itself. */
static void name_it(const char *name, char to[ROTATED], uint32_t n)
{
	format(to, ROTATED, n == 0 ? "%s" : "%s.%u", name, n);
}

/* NAME becomes NAME.1, NAME.1 becomes NAME.2, ...; the last one is lost. 0, or
 * -errno of what happened to NAME: a gap further up does not matter. */
static int shift(const struct logfile *f, int directory, const char *name)
{
	char from[ROTATED], to[ROTATED];
	int err = 0;

	if (f->keep == 0)
		return unlinkat(directory, name, 0) < 0 ? -errno : 0;
	for (uint32_t n = f->keep; n > 0; n--) {
		name_it(name, from, n - 1);
		name_it(name, to, n);
		err = renameat(directory, from, directory, to) < 0 ? -errno
								   : 0;
	}
	return err;
}

/* Only the file that is open: another one in its place is opened next. */
static int shift_own(const struct logfile *f)
{
	char name[SAFE_PATH_NAME];
	int directory = safe_path_parent(f->path, name);
	int err = directory;

	if (directory < 0)
		return err;
	err = is_there(f, directory, name) ? shift(f, directory, name) : 0;
	close(directory);
	return err;
}

static void rotate(struct logfile *f)
{
	int err = shift_own(f);

	f->rotate_err = -err;
	if (err == 0 || err == -ENOENT) {
		f->rotate_err = 0;
		logfile_close(f);
	} else {
		f->size = 0;
	}
}

int logfile_ready(struct logfile *f, uint64_t bytes, bool may_rotate,
		  int64_t now_ms, enum board_volume *step)
{
	*step = BOARD_VOLUME_CREATE;
	if (f->fd >= 0 && now_ms - f->looked_ms >= LOOK_MS) {
		f->looked_ms = now_ms;
		if (is_moved(f))
			logfile_close(f);
	}
	for (;;) {
		int err = f->fd < 0 ? open_it(f, now_ms) : 0;

		if (err < 0)
			return err;
		if (!may_rotate || !f->is_regular || f->max_size == 0 ||
		    f->size == 0 || f->size + bytes <= f->max_size)
			return 0;
		rotate(f);
	}
}
