/* SPDX-License-Identifier: ISC */
/* The diagnostics directory; see FACTS in the header of each step: a lazy
 * unmount is only seen by comparing the directory behind the path, and a full
 * disk is only seen at write, fsync or close. */
#include "init/helpers/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/format.h"
#include "init/text/heap.h"

int volume_fail(struct volume *v, enum board_volume step, int err)
{
	v->step = step;
	v->err = err;
	return -1;
}

/* The one below a directory that another container writes too may be anything;
 * a symlink there could lead out of the volume. */
static int open_directory(const struct volume *v)
{
	return open(v->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
				     (v->is_second ? O_NOFOLLOW : 0));
}

/* mkdir -p, mode 0750 throughout. */
static void make_directories(const char *path)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return;
	memcpy(part, path, n + 1);
	for (char *slash = strchr(part + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(part, 0750); /* the last open says what went wrong */
		*slash = '/';
	}
	mkdir(part, 0750);
}

/* Where errno says that this file system has no locks on directories: 0. */
static int try_lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	return -1;
}

/* Remove what a writer that was killed left behind. */
static void remove_stale(int fd)
{
	unlinkat(fd, ".diagnostic.json.tmp", 0);
	unlinkat(fd, ".process-registry.json.tmp", 0);
	unlinkat(fd, ".metrics.prom.tmp", 0);
}

/* The directory in use, opened, and created first where it is missing. */
static int open_or_make(const struct volume *v)
{
	int fd = open_directory(v);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	make_directories(v->path);
	return open_directory(v);
}

/* Take fd as the directory in use. */
static void take(struct volume *v, int fd)
{
	struct stat st;

	if (v->lock_fd >= 0)
		close(v->lock_fd);
	v->lock_fd = fd;
	if (fstat(fd, &st) == 0) {
		v->dev = st.st_dev;
		v->ino = st.st_ino;
	}
	remove_stale(fd);
}

/* Lock the base, or where another dashpot has it, a directory below it. */
static int lock(struct volume *v)
{
	int fd;

	v->is_second = false;
	format(v->path, sizeof(v->path), "%s", v->base);
	fd = open_or_make(v);
	if (fd < 0)
		return volume_fail(v, BOARD_VOLUME_OPEN, errno);
	if (try_lock(fd) < 0) {
		close(fd);
		v->is_second = true;
		format(v->path, sizeof(v->path), "%s/%s", v->base,
			 v->hostname);
		fd = open_or_make(v);
		if (fd < 0)
			return volume_fail(v, BOARD_VOLUME_OPEN, errno);
		if (try_lock(fd) < 0) {
			close(fd);
			return volume_fail(v, BOARD_VOLUME_OPEN, EBUSY);
		}
	}
	take(v, fd);
	return 0;
}

int volume_begin(struct volume *v)
{
	bool is_first = v->lock_fd < 0;
	struct stat st;
	int fd;

	v->step = BOARD_VOLUME_WELL;
	v->err = 0;
	if (is_first && lock(v) < 0)
		return -1;
	fd = open_directory(v);
	if (fd < 0 && errno != ENOENT)
		return volume_fail(v, BOARD_VOLUME_OPEN, errno);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == v->dev &&
	    st.st_ino == v->ino)
		return fd;
	if (fd >= 0)
		close(fd);
	if (lock(v) < 0)
		return -1;
	return volume_fail(v, BOARD_VOLUME_MOVED, 0);
}

struct volume_out *volume_out(int fd)
{
	static struct volume_out o;

	o.fd = fd;
	o.used = 0;
	return &o;
}

int volume_flush(struct volume_out *o)
{
	size_t done = 0;

	while (done < o->used) {
		ssize_t n = write(o->fd, o->text + done, o->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -EIO : -errno;
		done += (size_t)n;
	}
	o->used = 0;
	return 0;
}

int volume_put(void *context, const char *text, size_t size)
{
	struct volume_out *o = context;

	while (size > 0) {
		size_t n = sizeof(o->text) - o->used;

		if (n > size)
			n = size;
		memcpy(o->text + o->used, text, n);
		o->used += n;
		text += n;
		size -= n;
		if (o->used == sizeof(o->text)) {
			int err = volume_flush(o);

			if (err < 0)
				return err;
		}
	}
	return 0;
}

int volume_fail_json(struct volume *v, int err)
{
	return volume_fail(v, err == -ENOMEM || err == -EAGAIN ?
				      BOARD_VOLUME_RENDER :
				      BOARD_VOLUME_WRITE, -err);
}

/* Put a whole document into fd and make it last. */
static int fill(struct volume *v, int fd,
		void (*write)(struct json *j, void *context), void *context)
{
	struct volume_out *o = volume_out(fd);
	struct json j = { .put = volume_put, .context = o };

	write(&j, context);
	if (j.err == 0)
		j.err = volume_flush(o);
	if (j.err < 0)
		return volume_fail_json(v, j.err);
	if (fsync(fd) < 0)
		return volume_fail(v, BOARD_VOLUME_FSYNC, errno);
	return 0;
}

int volume_replace(struct volume *v, int directory, const char *name,
		   void (*write)(struct json *j, void *context),
		   void *context)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char temp[64];
	int fd, err;

	format(temp, sizeof(temp), ".%s.tmp", name);
	fd = openat(directory, temp, flags, 0640);
	if (fd < 0 && errno == EEXIST) {
		unlinkat(directory, temp, 0);
		fd = openat(directory, temp, flags, 0640);
	}
	if (fd < 0)
		return volume_fail(v, BOARD_VOLUME_CREATE, errno);
	err = fill(v, fd, write, context);
	if (close(fd) < 0 && err == 0)
		err = volume_fail(v, BOARD_VOLUME_WRITE, errno);
	if (err == 0 && renameat(directory, temp, directory, name) < 0)
		err = volume_fail(v, BOARD_VOLUME_RENAME, errno);
	if (err < 0)
		unlinkat(directory, temp, 0);
	return err;
}

int volume_end(struct volume *v, int directory)
{
	int err = 0;

	if (fsync(directory) < 0 && errno != EINVAL)
		err = volume_fail(v, BOARD_VOLUME_FSYNC, errno);
	close(directory);
	return err;
}

char *volume_read(int directory, const char *name, size_t most, size_t *size,
		  int *err)
{
	int fd = openat(directory, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	struct stat st;
	ssize_t n = 0;

	*size = 0;
	*err = 0;
	if (fd < 0) {
		*err = errno == ENOENT ? 0 : errno;
		return NULL;
	}
	if (fstat(fd, &st) < 0)
		*err = errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > (off_t)most)
		*err = EFBIG;
	else if ((text = heap_take((size_t)st.st_size + 1)) == NULL)
		*err = ENOMEM;
	while (*err == 0 && *size < (size_t)st.st_size) {
		n = read(fd, text + *size, (size_t)st.st_size - *size);
		if (n <= 0)
			break;
		*size += (size_t)n;
	}
	if (n < 0)
		*err = errno;
	close(fd);
	if (*err != 0) {
		heap_give(text);
		text = NULL;
	}
	return text;
}
