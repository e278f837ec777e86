/* SPDX-License-Identifier: ISC */
/* The diagnostics directory; see FACTS in the header of each step: a lazy
 * unmount is only seen by comparing the directory behind the path, and a full
 * disk is only seen at write, fsync or close. */
#include "init/recorder/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/kernel/descriptors.h"
#include "init/lib/format.h"
#include "init/text/heap.h"
#include "init/lib/safe_path.h"

enum { PAUSE_MS = 20 }; /* between two looks at a lock that is held */

int volume_fail(struct volume *v, enum board_volume step, int err)
{
	if (v->step == BOARD_VOLUME_WELL) {
		v->step = step;
		v->err = err;
	}
	return -1;
}

/* The one below a directory that another container writes too may be anything;
 * a symlink there could lead out of the volume. */
static int open_directory(const struct volume *v)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd;

	if (v->is_second)
		return open(v->path, flags | O_NOFOLLOW);
	fd = safe_path_open(v->path, flags, 0);
	if (fd < 0)
		errno = -fd;
	return fd;
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

/* Lock the directory that v->path says; `wait_ms` for a lock that is held. Its
 * descriptor with *lock_fd, or -errno: -EWOULDBLOCK where another process holds
 * it. */
static int lock_directory(const struct volume *v, int wait_ms, int *lock_fd,
			  char holder[LOCK_HOLDER])
{
	int fd = open_or_make(v);

	if (fd < 0)
		return -errno;
	for (;; wait_ms -= PAUSE_MS) {
		*lock_fd = lock_take(fd, v->own, holder);
		if (*lock_fd != -EWOULDBLOCK)
			return fd;
		if (wait_ms <= 0)
			break;
		poll(NULL, 0, PAUSE_MS);
	}
	close(fd);
	return -EWOULDBLOCK;
}

/* Lock the base, or where another dashpot has it, a directory below it. The
 * directory's descriptor, or -1. */
static int lock(struct volume *v)
{
	const int wait_ms = v->fd >= 0 ? 0 : VOLUME_LOCK_MS;
	char holder[LOCK_HOLDER];
	int fd, lock_fd = -1;

	if (v->lock_fd >= 0)
		close(v->lock_fd); /* or it would keep itself from it */
	v->lock_fd = -1;
	v->is_second = false;
	v->holder[0] = '\0';
	format(v->path, sizeof(v->path), "%s", v->base);
	fd = lock_directory(v, wait_ms, &lock_fd, holder);
	if (fd == -EWOULDBLOCK) {
		v->is_second = true;
		memcpy(v->holder, holder, sizeof(holder));
		format(v->path, sizeof(v->path), "%s/%s", v->base,
		       v->hostname);
		fd = lock_directory(v, wait_ms, &lock_fd, holder);
	}
	if (fd == -EWOULDBLOCK)
		fd = -EBUSY;
	if (fd < 0)
		return volume_fail(v, BOARD_VOLUME_OPEN, -fd);
	v->lock_fd = lock_fd < 0 ? -1 : lock_fd;
	remove_stale(fd);
	return fd;
}

/* Take fd as the directory in use: a caller's descriptor of it, or -1. */
static int take(struct volume *v, int fd)
{
	bool is_moved = v->fd >= 0 && !safe_path_is_same(v->fd, fd);
	int own = descriptors_control(fd, F_DUPFD_CLOEXEC, 3);

	if (v->fd >= 0)
		close(v->fd);
	v->fd = own;
	if (!is_moved)
		return fd;
	close(fd);
	return volume_fail(v, BOARD_VOLUME_MOVED, 0);
}

int volume_begin(struct volume *v)
{
	int fd = -1;

	v->step = BOARD_VOLUME_WELL;
	v->err = 0;
	if (v->fd >= 0) {
		fd = open_directory(v);
		if (fd < 0 && errno != ENOENT)
			return volume_fail(v, BOARD_VOLUME_OPEN, errno);
	}
	if (fd >= 0 && safe_path_is_same(v->fd, fd) && v->lock_fd >= 0 &&
	    lock_is_there(fd, v->lock_fd))
		return fd;
	if (fd >= 0)
		close(fd);
	fd = lock(v);
	return fd < 0 ? -1 : take(v, fd);
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
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		*err = EPERM;
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
	if (text != NULL)
		text[*size] = '\0';
	if (n < 0)
		*err = errno;
	close(fd);
	if (*err != 0) {
		heap_give(text);
		text = NULL;
	}
	return text;
}
