/* SPDX-License-Identifier: ISC */
/* openat2(2) with RESOLVE_NO_SYMLINKS would do for paths without any; but links
 * of root's are common (/var/run, mounted secrets), and it is missing before
 * Linux 5.6 and in older container profiles. Sources: symlink(7), proc(5). */
#include "init/lib/safe_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	LINKS = 40,           /* as the kernel's own limit */
	PROC_MAGIC = 0x9fa0,  /* linux/magic.h */
};

/* A walk: what is behind it, and what is before it. */
struct walk {
	int at;               /* O_PATH */
	int links;            /* followed so far */
	char rest[PATH_MAX];  /* the name that is looked at, and what follows */
};

static int go_to(struct walk *w, const char *directory)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (w->at >= 0)
		close(w->at);
	w->at = fd;
	return 0;
}

/* /proc/PID/fd/N: its text may be the path of another file, or none at all. */
static bool is_descriptor(int fd, const char *name)
{
	struct statfs system;

	return name[strspn(name, "0123456789")] == '\0' &&
	       fstatfs(fd, &system) == 0 && system.f_type == PROC_MAGIC;
}

/* Put what the symlink fd says in the place of its name. 0, or -errno. */
static int follow(struct walk *w, int fd, const struct stat *st,
		  const char *name, const char *next)
{
	char to[PATH_MAX];
	size_t behind = strlen(next);
	ssize_t n;

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return -EACCES;
	if (is_descriptor(fd, name))
		return -EINVAL;
	if (++w->links > LINKS)
		return -ELOOP;
	n = readlinkat(fd, "", to, sizeof(to));
	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	if ((size_t)n + 1 + behind >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + n + 1, next, behind + 1);
	memcpy(w->rest, to, (size_t)n);
	w->rest[n] = behind > 0 ? '/' : '\0';
	return to[0] == '/' ? go_to(w, "/") : 0;
}

/* Take the first name of the rest. 1: it is the last one; 0; or -errno. */
static int step(struct walk *w, char name[SAFE_PATH_NAME])
{
	const char *first = w->rest + strspn(w->rest, "/");
	const char *next = first + strcspn(first, "/");
	size_t length = (size_t)(next - first);
	struct stat st;
	int fd, err = 0;

	next += strspn(next, "/");
	if (length >= SAFE_PATH_NAME)
		return -ENAMETOOLONG;
	memcpy(name, length > 0 ? first : ".", length > 0 ? length : 1);
	name[length > 0 ? length : 1] = '\0';
	fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && *next == '\0' ? 1 : -errno;
	if (fstat(fd, &st) < 0) {
		err = -errno;
	} else if (S_ISLNK(st.st_mode)) {
		err = follow(w, fd, &st, name, next);
	} else if (*next == '\0') {
		err = 1;
	} else {
		close(w->at);
		w->at = fd;
		memmove(w->rest, next, strlen(next) + 1);
		return 0;
	}
	close(fd);
	return err;
}

int safe_path_parent(const char *path, char name[SAFE_PATH_NAME])
{
	struct walk w = { .at = -1 };
	size_t length = strlen(path);
	int err;

	if (length >= sizeof(w.rest))
		return -ENAMETOOLONG;
	memcpy(w.rest, path, length + 1);
	err = go_to(&w, path[0] == '/' ? "/" : ".");
	while (err == 0)
		err = step(&w, name);
	if (err > 0)
		return w.at;
	if (w.at >= 0)
		close(w.at);
	return err;
}

int safe_path_open(const char *path, int flags, mode_t mode)
{
	char name[SAFE_PATH_NAME];
	int directory = safe_path_parent(path, name), fd;

	if (directory < 0)
		return directory;
	fd = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		fd = -errno;
	close(directory);
	return fd;
}

bool safe_path_is_same(int fd, int other)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
