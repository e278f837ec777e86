/* SPDX-License-Identifier: ISC */
/* open(2) without waiting, read(2) with a bound, getdents64(2). */
#include "init/loader/bounded_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/lib/safe_path.h"
#include "init/lib/sort.h"

enum { HOW = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY };

/* Read until the end or until more than `most` bytes have come. */
static int read_all(struct arena *a, int fd, size_t size, size_t most,
		    char **text, size_t *len)
{
	/* A file in /proc is regular and says that it has no bytes. */
	size_t room = size > 4096 ? size : 4096;
	char *to = arena_get(a, room + 2), *more;
	ssize_t n;

	*len = 0;
	while ((n = read(fd, to + *len, room + 1 - *len)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		*len += n > 0 ? (size_t)n : 0;
		if (*len > most)
			return -EFBIG;
		if (*len <= room)
			continue;
		more = arena_get(a, 2 * room + 2);
		memcpy(more, to, *len);
		to = more;
		room *= 2;
	}
	to[*len] = '\0';
	*text = to;
	return 0;
}

/* Read an open file, and close it; fd may be an -errno. */
static int read_fd(struct arena *a, int fd, size_t most, char **text,
		   size_t *len)
{
	struct stat st;
	int err;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = -ENODEV;
	else if (st.st_size > (off_t)most)
		err = -EFBIG;
	else
		err = read_all(a, fd, (size_t)st.st_size, most, text, len);
	close(fd);
	return err;
}

int files_read(struct arena *a, const char *path, size_t most, char **text,
	       size_t *len)
{
	int fd = open(path, HOW);

	return read_fd(a, fd < 0 ? -errno : fd, most, text, len);
}

int files_read_walked(struct arena *a, const char *path, size_t most,
		      char **text, size_t *len)
{
	return read_fd(a, safe_path_open(path, HOW, 0), most, text, len);
}

static bool is_ini(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 4 && strcmp(name + len - 4, ".ini") == 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What getdents64(2) writes. The library's readdir(3) would bring its heap
 * along. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t size; /* of this entry in bytes */
	uint8_t type;
	char name[];
};

/* Add the names in one buffer of entries; false when they are too many. */
static bool add_names(struct arena *a, const char *buffer, long size,
		      void **names, int *count)
{
	uint16_t bytes;

	for (long at = 0; at < size; at += bytes) {
		const char *entry = buffer + at;
		const char *name = entry + offsetof(struct entry, name);

		memcpy(&bytes, entry + offsetof(struct entry, size),
		       sizeof(bytes));
		if (!is_ini(name))
			continue;
		if (*count == FILES_LISTED)
			return false;
		names[(*count)++] = arena_copy(a, name, strlen(name));
	}
	return true;
}

int files_list(struct arena *a, const char *directory, void ***names)
{
	enum { BUFFER = 8192 };
	char *buffer = arena_get(a, BUFFER);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	long size;

	if (fd < 0)
		return -errno;
	*names = arena_get(a, FILES_LISTED * sizeof(**names));
	while ((size = syscall(SYS_getdents64, fd, buffer, BUFFER)) > 0) {
		if (!add_names(a, buffer, size, *names, &n)) {
			close(fd);
			return -E2BIG;
		}
	}
	if (size < 0)
		n = -errno;
	else
		sort_pointers(*names, (size_t)n, by_bytes);
	close(fd);
	return n;
}
