/* SPDX-License-Identifier: ISC */
/* Which board each helper writes and reads. Nothing here allocates, formats or
 * blocks. */
#include "init/board/board.h"

#include <string.h>

#include "init/kernel/descriptors.h"
#include "init/kernel/shared_memory.h"

const char *board_helper_word(unsigned kind)
{
	static const char *const words[BOARD_HELPERS] = {
		[BOARD_RECORDER] = "recorder",
		[BOARD_RELAY] = "relay",
		[BOARD_FILES] = "files",
		[BOARD_CONTROL] = "control",
		[BOARD_INSPECTOR] = "inspector",
		[BOARD_PROBER] = "prober",
	};

	return kind < BOARD_HELPERS ? words[kind] : "unknown";
}

/* The boards that PID 1 does not write, with the mapping of each. */
struct theirs {
	void **at;
	int *fd;
	size_t size;
	enum board_helper_kind writer; /* BOARD_HELPERS: the loader */
};

enum { THEIRS = 7 };

/* A mapping as the generic pointer of shared_memory.h. */
#define AT(member) ((void **)(void *)&(member))

static void list_theirs(struct boards *b, struct theirs list[THEIRS])
{
	const struct theirs all[THEIRS] = {
		{ AT(b->restore), &b->restore_fd, sizeof(*b->restore),
		  BOARD_RECORDER },
		{ AT(b->exe), &b->exe_fd, sizeof(*b->exe), BOARD_INSPECTOR },
		{ AT(b->relay), &b->relay_fd, b->lines_size, BOARD_RELAY },
		{ AT(b->files), &b->files_fd, b->lines_size, BOARD_FILES },
		{ AT(b->mistakes), &b->mistakes_fd, sizeof(*b->mistakes),
		  BOARD_HELPERS },
		{ AT(b->notices), &b->notices_fd, sizeof(*b->notices),
		  BOARD_PROBER },
		{ AT(b->control), &b->control_fd, sizeof(*b->control),
		  BOARD_CONTROL },
	};

	memcpy(list, all, sizeof(all));
}

int boards_create(struct boards *b)
{
	struct theirs theirs[THEIRS];
	int err;

	*b = (struct boards){ .board_fd = -1, .restore_fd = -1,
			      .exe_fd = -1, .relay_fd = -1, .files_fd = -1,
			      .mistakes_fd = -1, .notices_fd = -1,
			      .control_fd = -1,
			      .lines_size = lines_size() };
	list_theirs(b, theirs);
	err = shared_memory_make_own(AT(b->board), &b->board_fd,
				     sizeof(*b->board));
	for (int k = 0; k < THEIRS && err >= 0; k++)
		err = shared_memory_make_foreign(
			theirs[k].at, theirs[k].fd,
			theirs[k].writer == BOARD_HELPERS
				? "mistakes"
				: board_helper_word(theirs[k].writer),
			theirs[k].size);
	if (err >= 0)
		return 0;
	shared_memory_leave(AT(b->board), sizeof(*b->board));
	descriptors_drop(&b->board_fd);
	for (int k = 0; k < THEIRS; k++) {
		shared_memory_leave(theirs[k].at, theirs[k].size);
		descriptors_drop(theirs[k].fd);
	}
	return err;
}

/* True when that helper reads the board of `writer`. */
static bool is_reader(enum board_helper_kind kind,
		      enum board_helper_kind writer)
{
	return kind == BOARD_RECORDER || kind == BOARD_CONTROL ||
	       (kind == BOARD_RELAY && writer == BOARD_FILES);
}

int boards_enter(struct boards *b, enum board_helper_kind kind)
{
	struct theirs theirs[THEIRS];
	int err = 0;

	list_theirs(b, theirs);
	if (kind == BOARD_INSPECTOR)
		shared_memory_leave(AT(b->board), sizeof(*b->board));
	else
		err = shared_memory_enter(AT(b->board), b->board_fd,
					  sizeof(*b->board), false);
	descriptors_drop(&b->board_fd);
	for (int k = 0; k < THEIRS && err >= 0; k++) {
		if (theirs[k].writer == kind)
			err = shared_memory_enter(theirs[k].at, *theirs[k].fd,
						  theirs[k].size, true);
		else if (!is_reader(kind, theirs[k].writer))
			shared_memory_leave(theirs[k].at, theirs[k].size);
		descriptors_drop(theirs[k].fd);
	}
	return err;
}
