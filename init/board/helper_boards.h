/* SPDX-License-Identifier: ISC */
/* The helpers' own boards: each has one helper (or the loader) as its only
 * writer; PID 1 checks what it reads there as hostile. */
#ifndef INIT_BOARD_HELPER_BOARDS_H
#define INIT_BOARD_HELPER_BOARDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/board/news.h"
#include "init/board/output_lines.h"
#include "init/config/config.h"

enum {
	BOARD_MISTAKES = 65536 - 16, /* bytes of a loader's complaints */
	BOARD_STATUS = 160, /* bytes of STATUS= that are shown, with NUL */
};

/* The helpers of PID 1. */
enum board_helper_kind {
	BOARD_RECORDER,  /* writes the diagnostics volume */
	BOARD_RELAY,     /* prints dashpot's messages, carries output */
	BOARD_FILES,     /* carries output to log files */
	BOARD_CONTROL,   /* answers the control socket */
	BOARD_INSPECTOR, /* looks at the executables once, then ends */
	BOARD_PROBER,    /* makes connections for checks, reads notices */
	BOARD_HELPERS,
};

/* The name in ps and messages: "recorder"; never NULL. */
const char *board_helper_word(unsigned kind);

/* What the registry remembers of one service. */
struct board_restored {
	bool is_known;        /* the registry has a row of this name */
	uint8_t breaker;      /* enum breaker_state */
	uint32_t trips, at_once, doublings, in_row;
	int64_t wait_ms;      /* remaining cooldown, by the right clock */
	uint64_t fingerprint; /* of its settings then */
	uint64_t exe_size;    /* of its executable then; with mtime 0, not
			       * known then */
	int64_t exe_mtime_ns;
};

/* The recorder's board. */
struct board_restore {
	atomic_uint is_done;     /* restored rows are valid; 1 also if none */
	bool is_bad;             /* a registry was there and did not parse */
	bool is_second;          /* another dashpot holds the directory ... */
	char holder[192];        /* ... and says that it is this one; "" */
	uint32_t container_starts; /* in the last 10 min, this one included */
	atomic_ullong written;   /* generation that is on the volume */
	atomic_uint trouble;     /* enum board_volume */
	atomic_int trouble_err;  /* its errno */
	atomic_ullong recorded;  /* events up to this one are in events.jsonl
				  * or lost */
	struct board_news news;
	struct board_restored service[CONFIG_SERVICES];
};

/* The inspector's board: the executables as they are at start. */
struct board_exe {
	struct {
		atomic_uint is_known; /* size and mtime are valid */
		uint64_t size;
		int64_t mtime_ns;
	} service[CONFIG_SERVICES];
};

/* The loader's board: mistakes that it found, for the client that asked. */
struct board_mistakes {
	atomic_ullong event; /* number of the BOARD_EV_RELOAD that it belongs
			      * to; 0 while it is written */
	uint32_t length;     /* bytes of text */
	char text[BOARD_MISTAKES]; /* "FILE:LINE: what is wrong" lines; those
			      * that find no room are on stderr neither */
};

/* The prober's board: what services tell of themselves. */
struct board_notices {
	struct board_notice {
		atomic_uint seq;     /* odd while it is being written */
		bool is_reloading;   /* RELOADING=1, and not READY=1 since */
		uint64_t run;        /* which told it ... */
		int32_t session;     /* ... by a process in this session: a
				      * stranger's text unless that is the
				      * service's pid; 0: not known */
		char text[BOARD_STATUS]; /* STATUS=; UTF-8, one line */
	} service[CONFIG_SERVICES];
};

/* The descriptors and mappings of all boards, as PID 1 has them. */
struct boards {
	struct board *board;           /* PID 1: writable; else read-only */
	struct board_restore *restore; /* recorder: writable; else read-only */
	struct board_exe *exe;         /* inspector: writable; else read-only */
	struct board_lines *relay;     /* relay: writable; else read-only */
	struct board_lines *files;     /* files: writable; else read-only */
	struct board_mistakes *mistakes; /* read-only; the loader has its
					  * own mapping */
	struct board_notices *notices; /* prober: writable; else read-only */
	struct board_news *control;    /* control: writable; else read-only */
	int board_fd, restore_fd, exe_fd, relay_fd, files_fd, mistakes_fd;
	int notices_fd, control_fd;
	size_t lines_size;             /* bytes of relay, and of files */
};

/* Make all boards and map them for PID 1: its own writable, the others
 * read-only in a way that no mprotect(2) undoes (without /proc: by protection
 * alone). board_fd allows no further writable mapping: F_SEAL_FUTURE_WRITE,
 * before Linux 5.1 a descriptor that was opened read-only. No page is touched.
 * All descriptors are close-on-exec. 0, or -errno and nothing is left. */
int boards_create(struct boards *b);

/* In a helper: map what it may read or write, each from a descriptor that
 * allows no more, unmap the rest (NULL then) and close all descriptors, so that
 * nothing that it inherited from PID 1 stays writable. The recorder and
 * control read all, and the recorder writes restore; the relay reads board and
 * files and writes relay; files reads board and writes files; the inspector
 * writes exe; the prober reads board and writes notices.
 * 0, or -errno: the helper must not go on. */
int boards_enter(struct boards *b, enum board_helper_kind kind);

#endif
