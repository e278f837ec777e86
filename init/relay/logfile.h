/* SPDX-License-Identifier: ISC */
/* A log file: appended to, rotated by size, opened again when somebody else
 * has moved it. Every call may block as long as its disk does. */
#ifndef INIT_RELAY_LOGFILE_H
#define INIT_RELAY_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/board/board.h"

struct logfile {
	const char *path;    /* NULL: there is none */
	uint64_t max_size;   /* bytes; 0: it is never rotated */
	uint32_t keep;       /* rotated files: PATH.1 is the youngest */
	uint32_t uid, gid;   /* of a file that is made; with has_owner */
	uint16_t mode;       /* likewise; 0: 0640 */
	bool has_owner;
	int fd;              /* -1: not open */
	uint64_t size;       /* bytes in it, as far as this process knows */
	dev_t dev;
	ino_t ino;
	bool is_regular;     /* nothing else is ever rotated */
	int rotate_err;      /* errno of a rotation that failed; 0 */
	int64_t looked_ms;   /* at what the path leads to */
};

/* Make it ready to take `bytes` more: opened (created where it is missing, with
 * the owner and mode that are written), by its path again when that leads
 * elsewhere (looked at once a second at most), and rotated if that would make
 * it too big and may_rotate. Its path is that of init/lib/safe_path.h; -EMLINK
 * where the
 * file has other names and lies in a directory that others may write. A
 * rotation that fails is kept in rotate_err and tried again when it has grown
 * as much again; it grows on. 0, or -errno; *step is what failed. */
int logfile_ready(struct logfile *f, uint64_t bytes, bool may_rotate,
		  int64_t now_ms, enum board_volume *step);

/* Close it after an error; the next logfile_ready() opens it. */
void logfile_close(struct logfile *f);

#endif
