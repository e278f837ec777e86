/* SPDX-License-Identifier: ISC */
/* Finds and signals processes that outlived whoever was responsible for them,
 * by one look through /proc.
 *
 * Whoever left its session is known by its mark (init/kernel/lineage_mark.h). A
 * process that
 * dashpot does not know to be its own is not believed where that can be
 * checked: a dashpot that is not PID 1 asks for its descent too.
 *
 * A process number is signalled only after its session and its start time were
 * read, and through a pidfd that was opened before that reading, so that a
 * number that was given away meanwhile is never hit. Zombies count as gone.
 * Nothing here blocks (proc(5) stat takes no lock that a hung file system
 * holds) or allocates. */
#ifndef INIT_KERNEL_PROCESSES_H
#define INIT_KERNEL_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/kernel/lineage_mark.h"
#include "init/kernel/signal_courier.h"

/* One set to look for. */
struct processes {
	pid_t id;           /* of the set: pid of its reaped leader */
	int64_t born_ticks; /* members are not older (starttime, proc(5)) */
	struct mark mark;   /* of those who left it; {0, 0}: there is none */
	int signal;         /* to send to each member; 0: only count */
	int64_t told_ticks; /* who is in the group of that number and older
			     * knows of the signal, SIGKILL excepted; 0: nobody
			     * does */
	bool is_group;      /* a process group; else a session */
	int32_t service;    /* whose it is, for the event unsignalled */
	int err;            /* out: -errno: some could not be signalled */
	uint32_t unsent;    /* out: members that PID 1 may not signal */
	uint32_t found;     /* out: living members ... */
	uint32_t left;      /* ... those of them who left the session */
	uint32_t ended;     /* out: members that ended a moment ago, children of
			     * ours that are not reaped yet: what they forked
			     * may have been missed */
	pid_t one;          /* out: one of all these, 0 none */
	bool has_group;     /* out: some of them are in the group of that
			     * number ... */
	bool is_group_told; /* ... which got the signal as a whole */
};

/* Whether its members have got the signal, as courier_send() says it. */
static inline int processes_sent(const struct processes *g)
{
	return g->err == 0 && g->unsent > 0 ? COURIER_ON_ITS_WAY : g->err;
}

/* Now, in the unit and clock of starttime, rounded down. */
int64_t processes_now_ticks(void);

/* Those whom a look need not ask for their mark: sessions and groups of
 * leaders that live (0: none). */
struct processes_living {
	const pid_t *leader;
	uint32_t n;
};

/* Look for all n sets, and send each its signal if it has members: to the group
 * as a whole first, which no member can escape by forking. A session
 * whose number has been given to a new process is empty. Returns how many
 * processes were looked at, or -errno (-ENOENT: proc_fd is -1; ENFILE, EMFILE,
 * ENOMEM for a time): then what was found and signalled is not all. */
int processes_look(int proc_fd, struct processes *set, uint32_t n,
		struct processes_living living);

/* Send one process the signal of the set, unless its start time is not from
 * set->born_ticks .. to_ticks, as that of one that has got its number since, or
 * it has been told. 0, 1 where it takes a courier, which is noted, or -errno:
 * ENFILE, EMFILE, ENOMEM. */
int processes_tell(int proc_fd, pid_t pid, int64_t to_ticks,
		const struct processes *set);

/* A living child. */
struct processes_child {
	pid_t pid, group, session;
	int64_t start_ticks;
};

/* Show every living child of `parent`. 0, or -errno as processes_look(): not
 * all were seen. */
typedef void processes_visit(void *with, const struct processes_child *c);
int processes_children(int proc_fd, pid_t parent, processes_visit *show,
		       void *with);

/* Its mark; {0, 0} where it cannot be read. */
struct mark processes_mark(int proc_fd, pid_t pid);

/* Is it in a cgroup that has `part` in its path? */
bool processes_is_in(int proc_fd, pid_t pid, const char *part);

/* Send `signal` to every process but the caller and `spared` ones. Where the
 * caller is not PID 1, only to its descendants: those whose way up the parents
 * leads to it. Returns how many living ones there are, or -errno. *ret_unsent
 * says how many of them could not be signalled, such as which, and why. */
int processes_signal_rest(int proc_fd, int signal, const pid_t *spared,
		       uint32_t n, struct processes *ret_unsent);

#endif
