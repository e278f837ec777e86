/* SPDX-License-Identifier: ISC */
/* The load of a configuration, from files to the compiled block. */
#ifndef INIT_LOADER_LOADER_H
#define INIT_LOADER_LOADER_H

#include "init/config/config.h"
#include "init/loader/arena.h"

/* What is loaded: what the command line adds to the files, and at a reload
 * what they replace. */
struct loader_source {
	const char *const *files; /* -c FILE …; none: the default places */
	size_t files_count;
	char *const *command;     /* words behind `--`, NULL-ended, or NULL */
	const struct config *old; /* reload: what is in force; else NULL */
	const bool *held;         /* reload: one a service of old; true: is
				   * not gone yet, so that its index is no one
				   * else's. NULL: all removed ones are gone */
	unsigned *doubts; /* of what loads: warnings about single settings are
			   * printed like mistakes, and counted here. NULL:
			   * there are none */
};

/* Load every file, report every mistake of all of them to `fd` (one line
 * each: "FILE:LINE: what is wrong; what to do"), and
 * return the compiled block in its own mmap, or NULL with *mistakes > 0.
 *
 * Without -c FILE the default places are /etc/dashpot.ini and
 * /etc/dashpot.d/ *.ini (in the order of their names); they may be missing
 * when a command is given. No service at all is a mistake. The caller owns
 * the block (munmap of c->size rounded up to a page, or never). May block on
 * the files it reads; allocates; for use before the loop, or in a child.
 *
 * A reload keeps indices: a service of `old` that is declared has the one that
 * it had (also one that was removed and comes back); one that is not declared
 * any more stays there as a removed one, with its name, its streams and all
 * that says how it is stopped; new ones take the places of those that were
 * removed in `old` already and are gone, in their order, and go to the end
 * when there is none. So a name has one index at most, and no index has two
 * names while a process of the first is left. Removed ones count as services:
 * more than CONFIG_SERVICES are a mistake that says so. */
const struct config *loader_load(const struct loader_source *from, int fd,
				 unsigned *mistakes);

/* What a load sees of the machine; tests replace it. */
struct loader_world {
	/* As files_read(). */
	int (*read)(struct arena *a, const char *path, size_t most,
		    char **text, size_t *len);
	/* As files_read_walked(), for the variables of services. */
	int (*read_variables)(struct arena *a, const char *path, size_t most,
			      char **text, size_t *len);
	char *const *environment; /* dashpot's own */
	const char *passwd, *group;
	const char *file, *directory; /* the default places */
};

/* loader_load() in a given world. */
const struct config *loader_load_in(const struct loader_world *world,
				    const struct loader_source *from, int fd,
				    unsigned *mistakes);

#endif
