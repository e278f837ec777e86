/* SPDX-License-Identifier: ISC */
/* A directory that may be missing, read-only, full, hung, replaced or shared,
 * and whole files in it.
 *
 * Every call may block for ever; only helpers come here. A file is either the
 * old one or the new one, whenever the writer dies. */
#ifndef INIT_RECORDER_VOLUME_H
#define INIT_RECORDER_VOLUME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "init/board/board.h"
#include "init/recorder/directory_lock.h"
#include "init/text/json_writer.h"

struct volume {
	const char *base;        /* as configured; absolute */
	const char *hostname;    /* for the directory of a second dashpot */
	char own[LOCK_HOLDER];   /* what the lock says of this dashpot */
	char path[PATH_MAX];     /* the directory in use */
	bool is_second;          /* another dashpot has the base ... */
	char holder[LOCK_HOLDER]; /* ... which says that it is this one */
	int fd;                  /* the directory in use; -1 none yet */
	int lock_fd;             /* its lock; -1: it could have none */
	enum board_volume step;  /* what failed first; WELL: nothing */
	int err;                 /* its errno */
};

enum { VOLUME_LOCK_MS = 300 }; /* PID 1 waits 500 ms for what is remembered */

/* The only buffer of a process for what goes into a file. */
struct volume_out {
	int fd;
	size_t used;
	char text[8192];
};

/* Set what failed, unless something did since volume_begin(); always -1. */
int volume_fail(struct volume *v, enum board_volume step, int err);

/* Likewise for the -errno of a struct json that was being put. */
int volume_fail_json(struct volume *v, int err);

/* The buffer, empty, for fd. */
struct volume_out *volume_out(int fd);

/* Put into the buffer, which is the context (for struct json), and write what
 * it holds. 0, or -errno: an unknown part was written. */
int volume_put(void *context, const char *text, size_t size);
int volume_flush(struct volume_out *out);

/* Begin a write: the directory in use, opened by its path, created where it
 * is missing, locked. A caller's descriptor, or -1 with step and err set.
 *
 * The first call waits VOLUME_LOCK_MS for a lock that another process holds: it
 * may be one that is just ending. When another directory stands there than the
 * last time, or another one is in use because the lock was lost, that one is
 * locked and the answer is -1 with BOARD_VOLUME_MOVED once. Where there can be
 * no lock it goes on without. */
int volume_begin(struct volume *v);

/* Replace the file `name` in the directory by what `write` puts into its
 * struct json: temporary file, fsync, rename. 0, or -1 with step and err set
 * and the old file as it was. */
int volume_replace(struct volume *v, int directory, const char *name,
		   void (*write)(struct json *j, void *context),
		   void *context);

/* End a write: sync the directory and close it. 0, or -1 with step and err. */
int volume_end(struct volume *v, int directory);

/* The text of a regular file of at most `most` bytes, and a NUL behind it;
 * heap_give() it. NULL when there is none (*err 0), or it cannot be read, is
 * too long, or belongs neither to root nor to dashpot's own user (*err
 * errno). */
char *volume_read(int directory, const char *name, size_t most, size_t *size,
		  int *err);

#endif
