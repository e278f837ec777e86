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

enum { LOOK_MS = 1000 };

void logfile_close(struct logfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static int open_it(struct logfile *f, int64_t now_ms)
{
	struct stat st;

	f->fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK |
				      O_NOCTTY | O_CLOEXEC, 0640);
	if (f->fd < 0)
		return -errno;
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
