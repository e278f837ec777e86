/* SPDX-License-Identifier: ISC */
/* Events: what PID 1 tells its helpers in order, a ring of numbers without
 * text. init/text/event_table.h has a row for each kind: the name of each
 * number, its words and its JSON. */
#ifndef INIT_BOARD_EVENTS_H
#define INIT_BOARD_EVENTS_H

#include <stdatomic.h>
#include <stdint.h>

#include "init/config/config.h"

enum {
	BOARD_EVENTS = 4 * CONFIG_SERVICES, /* ring of events; a power of two:
			     * a start and a stop of all fit into it */
};

/* Why a reload changed nothing. */
enum board_reload {
	BOARD_RELOAD_MISTAKES, /* number of them; they are on stderr */
	BOARD_RELOAD_SILENT,   /* number ms without an answer */
	BOARD_RELOAD_DIED,     /* number: the loader's wait status */
	BOARD_RELOAD_DAMAGED,  /* its block does not pass: number says where */
	BOARD_RELOAD_NO_FORK,  /* errno */
	BOARD_RELOAD_FILES,    /* number of descriptors that it would need */
	BOARD_RELOAD_TASKS,    /* number of tasks that can never fit */
	BOARD_RELOADS,
};

/* Steps of a write on the volume that can fail. */
enum board_volume {
	BOARD_VOLUME_WELL,
	BOARD_VOLUME_OPEN,    /* opening or making the directory */
	BOARD_VOLUME_MOVED,   /* mounted over or replaced */
	BOARD_VOLUME_CREATE,
	BOARD_VOLUME_WRITE,
	BOARD_VOLUME_FSYNC,
	BOARD_VOLUME_RENAME,
	BOARD_VOLUME_RENDER,  /* out of memory while rendering */
	BOARD_VOLUME_SILENT,  /* PID 1's: the recorder does not come back */
	BOARD_VOLUME_STEPS,
};

/* What an event says. The comment names its arguments n[0], n[1]; `service`
 * is -1 where it speaks of dashpot as a whole. */
enum board_event_kind {
	BOARD_EV_NONE,
	BOARD_EV_BEGIN,        /* 1 if PID 1, services, shutdown_needs_ms, 1 if
				* a subreaper */
	BOARD_EV_STARTED,      /* pid, 1 if probe, number of the start */
	BOARD_EV_READY,        /* pid, ms since start */
	BOARD_EV_STABLE,       /* pid, 1 if the breaker closed */
	BOARD_EV_ENDED,        /* cause, code, step, err, runtime ms,
				* 1 if failure, pid, number of the end */
	BOARD_EV_BACKOFF,      /* delay ms, failures in window, max_failures,
				* window_ms (BREAKER_IN_A_ROW) */
	BOARD_EV_BLOCKED,      /* cooldown ms, trips, failures that did it,
				* window_ms (BREAKER_IN_A_ROW; 0: at once, or
				* its probe), 1 if an operator's start */
	BOARD_EV_LATCHED,      /* trips */
	BOARD_EV_DONE,         /* – ended for good, with success */
	BOARD_EV_FAILED,       /* – ended for good, without */
	BOARD_EV_WAITING,      /* enum board_wait, service or limit kind,
				* current, max, reserve, uid or level, errno */
	BOARD_EV_WAIT_OVER,    /* ms waited for headroom */
	BOARD_EV_STUCK,        /* step, pid, ms since clone */
	BOARD_EV_STOPPING,     /* signal (0: stop_command), pid, stop_timeout
				* ms left */
	BOARD_EV_KILLED,       /* processes, stop_timeout ms: had to be
				* killed at the time-out */
	BOARD_EV_STOPPED,      /* – */
	BOARD_EV_LEFTOVERS,    /* processes told to end, pid of one */
	BOARD_EV_LEFTOVERS_KILLED, /* processes killed after the grace */
	BOARD_EV_LEFTOVERS_STAY, /* processes that survive SIGKILL, one pid */
	BOARD_EV_REMEMBERED,   /* trips, wait ms, 1 if latched, 1 if outer
				* loop */
	BOARD_EV_FRESH,        /* – registry knew it, it has changed */
	BOARD_EV_OUTER_LOOP,   /* container starts in the last 10 minutes */
	BOARD_EV_RESTORE_LATE, /* ms waited for the registry, 1 if only for the
				* look at the executables */
	BOARD_EV_HEADROOM_CUT, /* reserve used, reserve wished, limit, tasks */
	BOARD_EV_HEADROOM_INEXACT, /* errno of the dry clone's test */
	BOARD_EV_NO_PROC,      /* streams that are inherited for that reason:
				* no /proc of this PID namespace */
	BOARD_EV_SHUTDOWN,     /* signal (0: own decision), timeout ms */
	BOARD_EV_SHUTDOWN_NOW, /* signal – second one: kill now */
	BOARD_EV_SHUTDOWN_REST, /* processes of no service told to end */
	BOARD_EV_ESSENTIAL,    /* cause, code, step, err, runtime ms – why all
				* is stopped */
	BOARD_EV_ALL_BLOCKED,  /* ms */
	BOARD_EV_CLOCK_JUMP,   /* ms that the clock jumped (paused?) */
	BOARD_EV_HELPER_DIED,  /* enum board_helper_kind, wait status, ms to
				* restart */
	BOARD_EV_HELPER_FAILED, /* enum board_helper_kind, errno: could not
				* fork it */
	BOARD_EV_VOLUME_TROUBLE, /* enum board_volume, step word index, errno */
	BOARD_EV_VOLUME_WELL,  /* ms of trouble */
	BOARD_EV_VOLUME_SECOND, /* 1 if another dashpot holds the directory; 0:
				 * not any more */
	BOARD_EV_REGISTRY_BAD, /* – did not parse; set aside */
	BOARD_EV_ORPHANS,      /* reaped since the last time, reaped in all */
	BOARD_EV_ZOMBIES,      /* zombies that a live process does not reap,
				* pid of one such process */
	BOARD_EV_OUTPUT_TORN,  /* 1 if stderr, bytes at most: lost or
				* repeated when its relay was killed, 1 if
				* lost when a reload changed its log file */
	BOARD_EV_OUTPUT_TROUBLE, /* 1 if stderr, errno, enum board_volume, 1 if
				* it grows on: its log file cannot be written,
				* lines are dropped, or it cannot be rotated */
	BOARD_EV_OUTPUT_WELL,  /* 1 if stderr, lines dropped, ms of trouble */
	BOARD_EV_COMMAND,      /* enum command_kind, signal, pid and uid of
				* who asks */
	BOARD_EV_CONTROL_TROUBLE, /* 1 if `listen`, errno, pid (0: not known)
				   * and uid of who has the place, 1 if
				   * control_owner cannot be given */
	BOARD_EV_RELOAD,       /* 1 if by SIGHUP */
	BOARD_EV_RELOADED,     /* services new, removed, restarted, changed
				* without a restart, board->reloads: events
				* behind it are of the new configuration */
	BOARD_EV_RELOAD_FAILED, /* enum board_reload, number, errno: what is
				 * in force stays */
	BOARD_EV_SNAPSHOT,     /* – SIGUSR1: written on demand */
	BOARD_EV_EXIT,         /* exit code; after HELD: limit kind, current,
				* max, reserve, uid or level, errno */
	BOARD_EV_GIVEN_UP,     /* cause, ms since its start: dashpot stops it */
	BOARD_EV_HOOK,         /* enum hook_kind, pid, time-out ms: runs */
	BOARD_EV_HOOK_ENDED,   /* cause, code, step, err, runtime ms, 1 if it
				* was killed at its time-out, enum hook_kind */
	BOARD_EV_HOOK_REFUSED, /* enum hook_kind, limit kind, current, max,
				* reserve, level, errno: it is not run */
	BOARD_EV_CELL,         /* errno: runs without a cgroup of its own; 0:
				* what an earlier run made below it is undone */
	BOARD_EV_HOOK_LEFT,    /* enum hook_kind, processes told to end, pid of
				* one */
	BOARD_EV_EARLY_PROBE,  /* service: ready again, it was down when this
				* one was blocked */
	BOARD_EV_CGROUPS,      /* services have cgroups of their own: 1 if
				* limit.tasks works there, 1 if limit.memory */
	BOARD_EV_ZOMBIE_LIMIT, /* zombies, pid of a process that does not reap
				* some, pid of its service, zombie_limit */
	BOARD_EV_DAEMONISES,   /* pid of what it left */
	BOARD_EV_DRAINING,     /* drain_delay ms left, pid: it stops then */
	BOARD_EV_ORPHAN_TOLD,  /* pid, ms since it was seen, signal: an orphan
				* is ended */
	BOARD_EV_NEXT_RUN,     /* ms to the next run, 0, ticks skipped since
				* the last one was due: its schedule waits */
	BOARD_EV_RUN_FAILED,   /* ms to the next run, runs in a row that
				* failed, ticks skipped likewise */
	BOARD_EV_TICK_SKIPPED, /* 1 if the last run has not begun yet, ticks
				* skipped so far; once a run */
	BOARD_EV_HELD,         /* ms waited for room, limit kind, current, max,
				* reserve, uid or level, errno: why all is
				* stopped */
	BOARD_EV_OOM_KILLS,    /* processes that the kernel killed for want of
				* memory: in its cgroup, or without a service
				* such that no end of a service explains */
	BOARD_EV_READY_CLOSED, /* descriptor: closed without a newline */
	BOARD_EV_CHECK_SKIPPED, /* errno, 1 if for health: could not be made */
	BOARD_EV_UNHEALTHY,    /* enum board_answer, code, failures in a row,
				* health_failures */
	BOARD_EV_HEALTHY,      /* failures before it passed again */
	BOARD_EV_PROBER_SILENT, /* ms without an answer */
	BOARD_EV_NOTICE_STRAY, /* pid, uid: not believed */
	BOARD_EV_LEAVING,      /* pid: it says that it stops */
	BOARD_EV_PARTED,       /* service: lost, this one requires it: stops */
	BOARD_EV_NO_SUBREAPER, /* errno: orphans go to another process */
	BOARD_EV_OOM_FIRST,    /* its oom_score_adj */
	BOARD_EV_UNSIGNALLED, /* signal, pid, errno: it has not got it */
	BOARD_EV_SHUTDOWN_AGAIN, /* signal – another one: changes nothing */
	BOARD_EV_NO_LIMITS,   /* errno: prlimit(2) is refused */
	BOARD_EV_INVARIANT,   /* file, line: what dashpot relies on did not
				* hold (init/lib/invariant.h) */
	BOARD_EVENT_KINDS,
};

struct board_event {
	atomic_ullong number; /* 1 is the first; 0 while it is written */
	int64_t mono_ms;
	int64_t wall_ms;      /* Unix time in ms */
	uint16_t kind;        /* enum board_event_kind */
	int16_t service;      /* index, or -1 */
	int64_t n[8];         /* meaning by kind */
};

#endif
