/* SPDX-License-Identifier: ISC */
/* Finds and signals processes that outlived whoever was responsible for them,
 * by one look through /proc.
 *
 * A process number is signalled only after its session and its start time were
 * read, and through a pidfd that was opened before that reading, so that a
 * number that was given away meanwhile is never hit. Zombies count as gone.
 * Nothing here blocks (proc(5) stat takes no lock that a hung file system
 * holds) or allocates. */
#ifndef INIT_PID1_GHOSTS_H
#define INIT_PID1_GHOSTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One set to look for. */
struct ghosts {
	pid_t id;           /* of the set: pid of its dead or living leader */
	int64_t born_ticks; /* members are not older (starttime, proc(5)) */
	int signal;         /* to send to each member; 0: only count */
	bool is_group;      /* a process group; else a session */
	bool is_leader_up;  /* the leader is unreaped: not counted, spared */
	uint32_t found;     /* out: living members */
	pid_t one;          /* out: one of them, 0 none */
};

/* Now, in the unit and clock of starttime, rounded down. */
int64_t ghosts_now_ticks(void);

/* Look for all n sets, and send each its signal if it has members. A set
 * whose number has been given to a new process is empty. 0, or -errno when
 * /proc cannot be read: then nothing was found. */
int ghosts_look(int proc_fd, struct ghosts *set, uint32_t n);

/* Send `signal` to every process but the caller and `spared` ones. Where the
 * caller is not PID 1, only to its descendants: those whose way up the parents
 * leads to it. Returns how many living ones there are, or -errno. */
int ghosts_signal_rest(int proc_fd, int signal, const pid_t *spared,
		       uint32_t n);

#endif
