/* SPDX-License-Identifier: ISC */
/* A log file: appended to, rotated by size, opened again when somebody else
 * has moved it. Every call may block as long as its disk does. */
#ifndef INIT_HELPERS_LOGFILE_H
#define INIT_HELPERS_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/board/board.h"

struct logfile {
	const char *path;    /* NULL: there is none */
	uint64_t max_size;   /* bytes; 0: it is never rotated */
	uint32_t keep;       /* rotated files: PATH.1 is the youngest */
	int fd;              /* -1: not open */
	uint64_t size;       /* bytes in it, as far as this process knows */
	dev_t dev;
	ino_t ino;
	bool is_regular;     /* nothing else is ever rotated */
	int rotate_err;      /* errno of a rotation that failed; 0 */
	int64_t looked_ms;   /* at what the path leads to */
};

/* Make it ready to take `bytes` more: opened (created with mode 0640 less the
 * umask; -EACCES where it is a symlink that neither root nor dashpot's own user
 * made), by its path again when that leads elsewhere (looked at once a second
 * at most), and rotated if that would make it too big and may_rotate. A
 * rotation that fails is kept in rotate_err and tried again when it has grown
 * as much again; it grows on. 0, or -errno; *step is what failed. */
int logfile_ready(struct logfile *f, uint64_t bytes, bool may_rotate,
		  int64_t now_ms, enum board_volume *step);

/* Close it after an error; the next logfile_ready() opens it. */
void logfile_close(struct logfile *f);

#endif
