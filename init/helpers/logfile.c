/* SPDX-License-Identifier: ISC */
/* O_NONBLOCK is for FIFOs and terminals: one that nobody reads is an error
 * (ENXIO) and no hang. Regular files ignore it. */
#include "init/helpers/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/format.h"

enum {
	LOOK_MS = 1000,
	LINKS = 8, /* symlinks in a row that are followed */
};

void logfile_close(struct logfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* What a symlink says, if root or dashpot made it: one that a service put into
 * its own directory could lead to any file of root's. Through /proc/self/fd it
 * would lead to a descriptor of this process. 0, or -errno. */
static int read_link(const char *path, char text[PATH_MAX])
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), err = 0;
	struct stat st;
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	n = readlinkat(fd, "", text, PATH_MAX - 1);
	if (n < 0 || fstat(fd, &st) < 0)
		err = -errno;
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		err = -EACCES;
	else if (strncmp(path, "/proc/self/fd/", 14) == 0)
		err = -EINVAL;
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	return err;
}

/* Open the file under path, symlink by symlink. Its descriptor, or -errno. */
static int open_path(const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK |
			  O_NOCTTY | O_CLOEXEC | O_NOFOLLOW;
	char at[PATH_MAX], to[PATH_MAX];

	format(at, sizeof(at), "%s", path);
	for (int links = 0; links <= LINKS; links++) {
		int fd = open(at, flags, 0640), err = fd < 0 ? -errno : 0;
		size_t directory = (size_t)(strrchr(at, '/') + 1 - at);

		if (err != -ELOOP)
			return fd < 0 ? err : fd;
		err = read_link(at, to);
		if (err < 0)
			return err;
		if (to[0] == '/')
			directory = 0;
		if (directory + strlen(to) >= sizeof(at))
			return -ENAMETOOLONG;
		memcpy(at + directory, to, strlen(to) + 1);
	}
	return -ELOOP;
}

static int open_it(struct logfile *f, int64_t now_ms)
{
	struct stat st;

	f->fd = open_path(f->path);
	if (f->fd < 0)
		return f->fd;
	if (fstat(f->fd, &st) < 0) {
		int err = -errno;

		logfile_close(f);
		return err;
	}
	f->size = (uint64_t)st.st_size;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->is_regular = S_ISREG(st.st_mode);
	f->looked_ms = now_ms;
	return 0;
}

/* The name of rotated file n; 0 is the file itself. */
static void name_it(const struct logfile *f, char name[PATH_MAX], uint32_t n)
{
	format(name, PATH_MAX, n == 0 ? "%s" : "%s.%u", f->path, n);
}

/* PATH becomes PATH.1, PATH.1 becomes PATH.2, ...; the last one is lost. 0, or
 * -errno of what happened to PATH: a gap further up does not matter. */
static int shift(const struct logfile *f)
{
	char from[PATH_MAX], to[PATH_MAX];
	int err = 0;

	if (strlen(f->path) + sizeof(".4294967295") > PATH_MAX)
		return -ENAMETOOLONG;
	if (f->keep == 0)
		return unlink(f->path) < 0 ? -errno : 0;
	for (uint32_t n = f->keep; n > 0; n--) {
		name_it(f, from, n - 1);
		name_it(f, to, n);
		err = rename(from, to) < 0 ? -errno : 0;
	}
	return err;
}

static void rotate(struct logfile *f)
{
	int err = shift(f);

	f->rotate_err = -err;
	if (err == 0 || err == -ENOENT) {
		f->rotate_err = 0;
		logfile_close(f);
	} else {
		f->size = 0;
	}
}

/* True when the path leads to another file now, or to none. */
static bool is_moved(const struct logfile *f)
{
	struct stat st;

	return stat(f->path, &st) < 0 || st.st_dev != f->dev ||
	       st.st_ino != f->ino;
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
