/* SPDX-License-Identifier: ISC */
/* The inspector: looks once at the executable of each service, so that what
 * the registry remembers binds only the same program. It is a process of its
 * own because stat(2) may never return; what it has not found by then is not
 * known. */
#include "init/helper/helper.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/lib/format.h"

/* True when path, seen from the directory, is something to execute. */
static bool is_executable(int directory, const char *path, struct stat *st)
{
	return fstatat(directory, path, st, 0) == 0 && S_ISREG(st->st_mode) &&
	       (st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

/* Look for word in each directory of PATH, as execvp(3) does. */
static bool find_in_path(int directory, const char *path, const char *word,
			 struct stat *st)
{
	char full[PATH_MAX];

	for (;;) {
		size_t n = strcspn(path, ":");
		int length = format(full, sizeof(full), "%.*s%s%s", (int)n,
				      path, n != 0 ? "/" : "", word);

		if (length > 0 && (size_t)length < sizeof(full) &&
		    is_executable(directory, full, st))
			return true;
		if (path[n] == '\0')
			return false;
		path += n + 1;
	}
}

/* Find the service's executable as its start would: relative to its
 * directory, by its own PATH. */
static bool find(const struct config *c, const struct config_service *s,
		 struct stat *st)
{
	const char *word = config_string(c, s->argv.at);
	int directory = AT_FDCWD;
	bool is_found;

	if (s->directory != 0)
		directory = open(config_string(c, s->directory),
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory == -1)
		return false;
	is_found = strchr(word, '/') != NULL ?
			   is_executable(directory, word, st) :
			   find_in_path(directory, config_string(c, s->path),
					word, st);
	if (directory >= 0)
		close(directory);
	return is_found;
}

_Noreturn void inspector_main(const struct helper_job *job)
{
	const struct config *c = job->config;
	struct board_exe *exe = job->boards.exe;

	for (uint32_t i = 0; i < c->services; i++) {
		struct stat st;

		/* One before a reload looked at may be another file now. */
		atomic_store(&exe->service[i].is_known, 0);
		if (config_service(c, i)->is_removed ||
		    !find(c, config_service(c, i), &st))
			continue;
		exe->service[i].size = (uint64_t)st.st_size;
		exe->service[i].mtime_ns = /* wraps for absurd times */
			(int64_t)((uint64_t)st.st_mtim.tv_sec * 1000000000 +
				  (uint64_t)st.st_mtim.tv_nsec);
		atomic_store_explicit(&exe->service[i].is_known, 1,
				      memory_order_release);
	}
	helper_tell(job);
	_exit(0);
}
