/* SPDX-License-Identifier: ISC */
/* open(2) without waiting, read(2) with a bound, readdir(3). */
#include "init/config/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int files_read(struct arena *a, const char *path, size_t most, char **text,
	       size_t *len)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
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

static bool is_ini(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 4 && strcmp(name + len - 4, ".ini") == 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int files_list(struct arena *a, const char *directory, char ***names)
{
	enum { MOST = 4096 };
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int n = 0;

	if (dir == NULL)
		return -errno;
	*names = arena_get(a, MOST * sizeof(**names));
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (!is_ini(entry->d_name))
			continue;
		if (n == MOST) {
			n = -E2BIG;
			goto out;
		}
		(*names)[n++] = arena_copy(a, entry->d_name,
					   strlen(entry->d_name));
	}
	if (errno != 0)
		n = -errno;
	else
		qsort(*names, (size_t)n, sizeof(**names), by_bytes);
out:
	closedir(dir);
	return n;
}
