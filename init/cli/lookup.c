/* SPDX-License-Identifier: ISC */
/* As exec_by_path() of init/pid1/spawn.c, without the exec. */
#include "init/cli/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/format.h"

static bool is_member(const struct config_service *s, uint32_t gid)
{
	if (gid == (s->has_group ? s->gid : (uint32_t)getegid()))
		return true;
	for (uint16_t i = 0; i < s->groups_count; i++)
		if (s->groups[i] == gid)
			return true;
	return false;
}

/* May the service execute it? Root may what anybody may. */
static bool is_executable(const struct config_service *s,
			  const struct stat *st)
{
	uint32_t uid = s->has_user ? s->uid : (uint32_t)geteuid();

	if (!S_ISREG(st->st_mode))
		return false;
	if (uid == 0)
		return (st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
	if (uid == st->st_uid)
		return (st->st_mode & S_IXUSR) != 0;
	if (is_member(s, st->st_gid))
		return (st->st_mode & S_IXGRP) != 0;
	return (st->st_mode & S_IXOTH) != 0;
}

/* The interpreter of a script ("#!" and a path), "" for anything else. */
static void read_interpreter(const char *file, char *to, size_t size)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, to, size - 1);
	size_t at = 2;

	if (fd >= 0)
		close(fd);
	to[n > 0 ? n : 0] = '\0';
	if (strncmp(to, "#!", 2) != 0) {
		*to = '\0';
		return;
	}
	at += strspn(to + at, " \t");
	n = (ssize_t)strcspn(to + at, " \t\r\n");
	memmove(to, to + at, (size_t)n);
	to[n] = '\0';
}

/* One file, which is relative to the directory of the service. */
static int look_at(const struct config *c, const struct config_service *s,
		   const char *path, size_t length, const char *name,
		   struct lookup *l)
{
	const char *in = config_string(c, s->directory);
	bool is_relative = (length > 0 ? *path : *name) != '/';
	struct stat st;
	int n = format(l->found, sizeof(l->found), "%s%s%.*s%s%s",
		       is_relative ? in : "", is_relative && *in ? "/" : "",
		       (int)length, path, length > 0 ? "/" : "", name);

	if (n >= (int)sizeof(l->found))
		return -ENAMETOOLONG;
	if (stat(l->found, &st) < 0)
		return -errno;
	if (!is_executable(s, &st))
		return -EACCES;
	read_interpreter(l->found, l->interpreter, sizeof(l->interpreter));
	if (*l->interpreter == '/' && access(l->interpreter, F_OK) < 0)
		return -errno;
	*l->interpreter = '\0';
	return 0;
}

int lookup_command(const struct config *c, const struct config_service *s,
		   struct config_list argv, struct lookup *l)
{
	const char *name = config_string(c, argv.at);
	const char *path = config_string(c, s->path), *end;
	int err = -ENOENT;

	*l->interpreter = '\0';
	if (strchr(name, '/') != NULL)
		return look_at(c, s, "", 0, name, l);
	for (;; path = end + 1) {
		int why;

		end = path + strcspn(path, ":");
		why = look_at(c, s, path, (size_t)(end - path), name, l);
		if (why == 0 || *l->interpreter != '\0')
			return why;
		if (why == -EACCES)
			err = why;
		else if (why != -ENOENT && why != -ENOTDIR &&
			 why != -ENAMETOOLONG)
			return why;
		if (*end == '\0')
			return err;
	}
}
