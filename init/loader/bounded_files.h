/* SPDX-License-Identifier: ISC */
/* Bounded reading of files that need not be what they seem. */
#ifndef INIT_LOADER_BOUNDED_FILES_H
#define INIT_LOADER_BOUNDED_FILES_H

#include <stddef.h>

#include "init/loader/arena.h"

enum { FILES_LISTED = 4096 }; /* most names of a directory */

/* Read a regular file of at most `most` bytes into the arena, with a NUL
 * behind it. Opening never waits (a FIFO, a device: -ENODEV). Returns 0 or
 * -errno: -EFBIG when it is larger. */
int files_read(struct arena *a, const char *path, size_t most, char **text,
	       size_t *len);

/* Likewise for a file in a directory that a service may write: -EACCES where a
 * symlink leads there that neither root nor the own user made
 * (init/lib/safe_path.h). */
int files_read_walked(struct arena *a, const char *path, size_t most,
		      char **text, size_t *len);

/* The names in a directory that end in ".ini" and do not begin with a dot,
 * sorted by their bytes, as strings in the arena. Returns their number or
 * -errno: -E2BIG when they are more than FILES_LISTED. */
int files_list(struct arena *a, const char *directory, void ***names);

#endif
