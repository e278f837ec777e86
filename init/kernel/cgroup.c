/* SPDX-License-Identifier: ISC */
/* Text of the kernel, parsed in place. A naive join of the two paths misses in
 * every container whose cgroup mount is a bind of its own part. */
#include "init/kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/lib/format.h"
#include "init/lib/scan.h"

enum { PROC_FILE = 256 * 1024 }; /* a node's mountinfo can be long */

static ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (have < size - 1 &&
	       (n = read(fd, text + have, size - 1 - have)) > 0)
		have += (size_t)n;
	close(fd);
	text[have] = '\0';
	return (ssize_t)have;
}

/* True when the comma list holds exactly `word`. */
static bool has_word(const char *list, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = list; at < list + length;) {
		const char *comma =
			memchr(at, ',', (size_t)(list + length - at));
		const char *end = comma ? comma : list + length;

		if ((size_t)(end - at) == size && memcmp(at, word, size) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

/* Find the controller's line in /proc/self/cgroup, else that of the unified
 * hierarchy, and copy its path. True for version 2. */
static bool own_cgroup(const char *controller, char *text, char *path)
{
	bool is_v2 = true;
	char *save = NULL;

	path[0] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':');
		char *colon = names ? strchr(names + 1, ':') : NULL;
		bool is_v1;

		if (!colon)
			continue;
		is_v1 = has_word(names + 1, (size_t)(colon - names - 1),
				 controller);
		if (!is_v1 && (strncmp(line, "0::", 3) != 0 || !is_v2))
			continue;
		is_v2 = is_v2 && !is_v1;
		format(path, PATH_MAX, "%s", colon + 1);
	}
	return is_v2;
}

/* Undo the octal escapes of mountinfo in place: "\040" is a space. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] &&
		    s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				       (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* One line of mountinfo: is it the mount of `controller` (NULL: version 2)?
 * Then its root and mount point. Fields: id parent dev root point options … -
 * type source superoptions (proc(5)). */
static bool is_mount(char *line, const char *controller, char **root,
		     char **point)
{
	const char *dash = scan_find(line, " - ");
	char *tail, *save = NULL, *type, *options;

	if (!dash)
		return false;
	tail = line + (dash - line);
	*tail = '\0';
	strtok_r(line, " ", &save);
	strtok_r(NULL, " ", &save);
	strtok_r(NULL, " ", &save);
	*root = strtok_r(NULL, " ", &save);
	*point = strtok_r(NULL, " ", &save);
	type = strtok_r(tail + 3, " ", &save);
	strtok_r(NULL, " ", &save);
	options = strtok_r(NULL, " ", &save);
	if (!*point || !type)
		return false;
	unescape(*root);
	unescape(*point);
	if (!controller)
		return strcmp(type, "cgroup2") == 0;
	return strcmp(type, "cgroup") == 0 && options &&
	       has_word(options, strlen(options), controller);
}

/* The part of path behind root: the way from the mount point to the own
 * cgroup. NULL when the cgroup does not lie below this mount. */
static const char *below(const char *path, const char *root)
{
	size_t length = strlen(root);

	if (strcmp(root, "/") == 0)
		return path;
	if (strncmp(path, root, length) != 0 ||
	    (path[length] != '/' && path[length] != '\0'))
		return NULL;
	return path + length;
}

/* Leave what dashpot made for itself. */
static void leave_own(char *dir)
{
	static const char own[] = "/" CGROUP_TOP "/" CGROUP_TOP;
	size_t length = strlen(dir), size = sizeof(own) - 1;

	if (length >= size && strcmp(dir + length - size, own) == 0)
		dir[length - size] = '\0';
}

/* As cgroup_find(), with PROC_FILE bytes at `text` and PATH_MAX at `path`. */
static size_t find(const char *controller, char *dir, char *text, char *path)
{
	char *save = NULL;
	bool is_v2;

	if (read_file("/proc/self/cgroup", text, PROC_FILE) <= 0)
		return 0;
	is_v2 = own_cgroup(controller, text, path);
	if (read_file("/proc/self/mountinfo", text, PROC_FILE) <= 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *rest;
		char *root, *point;

		if (!is_mount(line, is_v2 ? NULL : controller, &root, &point))
			continue;
		rest = below(path, root);
		if (!rest || scan_find(rest, ".."))
			continue;
		if (strcmp(rest, "/") == 0)
			rest = "";
		if ((size_t)format(dir, PATH_MAX, "%s%s", point, rest) >=
		    PATH_MAX)
			return 0;
		leave_own(dir + strlen(point));
		return strlen(point);
	}
	return 0;
}

size_t cgroup_find(const char *controller, char dir[PATH_MAX])
{
	/* Used once; on the stack it would stay resident for ever. */
	const size_t size = PROC_FILE + PATH_MAX;
	char *scratch = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t top;

	if (scratch == MAP_FAILED)
		return 0;
	top = find(controller, dir, scratch, scratch + PROC_FILE);
	munmap(scratch, size);
	return top;
}

bool cgroup_has(const char *dir, const char *controller)
{
	char text[256];
	int fd = cgroup_open(dir, "cgroup.controllers");
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	/* Words with a space between them. */
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == ' ' || text[i] == '\n')
			text[i] = ',';
	return n > 0 && has_word(text, (size_t)n, controller);
}

int cgroup_open(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if ((size_t)format(path, sizeof(path), "%s/%s", dir, name) >=
	    sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int64_t cgroup_value(int fd, const char *key)
{
	char text[501];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	const char *at;

	text[n < 0 ? 0 : n] = '\0';
	at = scan_find(text, key);
	if (!at)
		return -1;
	at += strlen(key);
	return scan_signed(&at);
}
