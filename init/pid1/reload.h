/* SPDX-License-Identifier: ISC */
/* A reload: the files are read by a child, because reading can block and
 * parsing allocates; PID 1 takes what it made, or keeps what is in force.
 *
 * The child (the loader) writes the compiled block to a memfd, its mistakes
 * onto the board `reload` and to stderr, and exits. PID 1 reads the block into
 * memory that nobody else can write, checks the copy, and hands it to
 * reload_apply(). There is one reload at a time. */
#ifndef INIT_PID1_RELOAD_H
#define INIT_PID1_RELOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/loader/loader.h"
#include "init/service/supervisor.h"

/* Reserve the memory, before the loop; `source` stays the caller's. 0, or
 * -errno. */
int reload_begin(struct sup *sup, const struct loader_source *source);

/* True when SIGHUP means a reload: files have declared services. With a command
 * alone the signal is the command's. */
bool reload_is_meant(const struct sup *sup);

/* A SIGHUP: reload now, or once the present reload is over. Signals that come
 * one after the other are one reload a second. */
void reload_by_signal(struct sup *sup);

/* A command: 0 when it has begun (how it ends is an event), or COMMAND_BUSY or
 * COMMAND_NO_FORK with *err. */
uint32_t reload_by_command(struct sup *sup, int32_t *err);

/* pid was reaped: true when it was the loader, and what it says is done. */
bool reload_reaped(struct sup *sup, pid_t pid, int status);

/* Say that it failed, and how: the numbers of BOARD_EV_RELOAD_FAILED. */
void reload_failed(struct sup *sup, enum board_reload why, int64_t number,
		   int err);

/* Begin what was put off, end a loader that is silent. And when next. */
void reload_run(struct sup *sup);
int64_t reload_next_ms(const struct sup *sup);

#endif
