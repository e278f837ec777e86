/* SPDX-License-Identifier: ISC */
/* The board: what PID 1 shows to its helpers, in shared memory.
 *
 * PID 1 is the only writer of struct board; the helpers map it from a
 * descriptor that no longer allows writable mappings. It carries numbers and
 * times, never text; names come from the compiled configuration that every
 * helper inherits. The recorder is the only writer of struct board_restore,
 * the relay of struct board_relay, the inspector of struct board_exe; PID 1
 * checks what it reads there as hostile. All times are monotonic milliseconds
 * unless a name says otherwise; -1 is "none". */
#ifndef INIT_BOARD_BOARD_H
#define INIT_BOARD_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "init/board/lines.h"
#include "init/board/news.h"
#include "init/config/config.h"
#include "policy/life.h"

enum {
	BOARD_ENDS = 16,    /* ends remembered for each service */
	BOARD_EVENTS = 4 * CONFIG_SERVICES, /* ring of events; a power of two:
			     * a start and a stop of all fit into it */
	BOARD_LIMITS = 12,  /* limits on tasks that are shown */
	BOARD_MISTAKES = 65536 - 16, /* bytes of a loader's complaints */
	BOARD_TRIES = 16,   /* reads of a row before it is called torn */
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

/* Why a service ended. */
enum board_cause {
	BOARD_NEVER_ENDED,
	BOARD_EXITED,        /* `code` is the exit code */
	BOARD_SIGNALLED,     /* `code` is the signal, not sent by dashpot */
	BOARD_START_FAILED,  /* `step` and `err` say where and why */
	BOARD_START_TIMEOUT, /* not ready within ready_timeout; `code` is how
			      * it ended then */
	BOARD_UNHEALTHY,     /* its health check gave up; likewise */
	BOARD_ASKED,         /* operator, shutdown or dependency asked for it */
	BOARD_OUT_OF_MEMORY, /* SIGKILL (`code`) by the kernel; `oom` */
	BOARD_ZOMBIES,       /* more of them than its zombie_limit */
	BOARD_KILLED,        /* as ASKED, but by the SIGKILL that dashpot sent
			      * when its time was over */
	BOARD_SENT,          /* `code` is a signal that a person sent to it by
			      * dashpot moments before */
	BOARD_CAUSES,
};

/* How sure it is that the kernel's OOM killer ended it. */
enum board_oom {
	BOARD_OOM_NO,
	BOARD_OOM_LIKELY,  /* the counter of a cgroup that it shares rose */
	BOARD_OOM_CERTAIN, /* the counter of a cgroup of its own rose */
};

/* Steps of a start, nearly in their order; the child reports each one that can
 * block before it takes it. */
enum board_step {
	BOARD_STEP_NONE,
	BOARD_STEP_CLONE,     /* PID 1's clone(2) itself */
	BOARD_STEP_SETSID,
	BOARD_STEP_STDIN,
	BOARD_STEP_STDOUT,
	BOARD_STEP_STDERR,
	BOARD_STEP_LIMIT,
	BOARD_STEP_NICE,
	BOARD_STEP_OOM_SCORE,
	BOARD_STEP_GROUPS,
	BOARD_STEP_GID,
	BOARD_STEP_UID,
	BOARD_STEP_DIRECTORY,
	BOARD_STEP_NO_NEW_PRIVS, /* comes before DIRECTORY */
	BOARD_STEP_HEADROOM,  /* the dry clone against RLIMIT_NPROC */
	BOARD_STEP_EXEC,
	BOARD_STEP_INTERPRETER, /* the file is there, its interpreter is not */
	/* Between NO_NEW_PRIVS and DIRECTORY: */
	BOARD_STEP_CAPABILITIES, /* one to keep that it does not have */
	BOARD_STEP_BOUNDING,     /* one that cannot be given up for good */
	BOARD_STEP_AMBIENT,      /* one that a user's exec would lose */
	BOARD_STEP_CGROUP,       /* making and joining its cgroup, early */
	BOARD_STEP_LIMIT_TASKS,  /* ... with the two limits */
	BOARD_STEP_LIMIT_MEMORY,
	BOARD_STEP_READY,     /* the readiness descriptor; before EXEC */
	BOARD_STEPS,
};

/* What was wrong with the file at EXEC or INTERPRETER, as `code` of board_end;
 * -1: nothing that is known. */
enum board_flaw {
	BOARD_FLAW_RETURN,  /* its first line ends with a carriage return */
	BOARD_FLAW_EMPTY,   /* it has no bytes */
	BOARD_FLAW_MACHINE, /* an ELF file that the kernel does not know */
	BOARD_FLAWS,
};

/* The word for a step ("directory", "exec"); never NULL. */
const char *board_step_word(unsigned step);

/* What a waiting service waits for. */
enum board_wait {
	BOARD_WAIT_NOTHING,
	BOARD_WAIT_RESTORE,    /* the registry is being read, at most 500 ms */
	BOARD_WAIT_DEPENDENCY, /* `on` is the service */
	BOARD_WAIT_BUDGET,     /* a token of restart_rate */
	BOARD_WAIT_HEADROOM,   /* `limit` says which and the numbers */
	BOARD_WAIT_LEFTOVERS,  /* what its last run left is not gone yet */
	BOARD_WAIT_SCHEDULE,   /* the next tick of its schedule */
};

/* What a check was answered. */
enum board_answer {
	BOARD_ANSWER_NONE,     /* not yet */
	BOARD_ANSWER_YES,
	BOARD_ANSWER_ERROR,    /* errno */
	BOARD_ANSWER_HTTP,     /* a status that is no success */
	BOARD_ANSWER_TIMEOUT,  /* nothing came in time */
	BOARD_ANSWER_CLOSED,   /* closed before it answered */
	BOARD_ANSWER_NONSENSE, /* what came is no HTTP */
	BOARD_ANSWER_EXIT,     /* exit code of its command */
	BOARD_ANSWER_SIGNAL,   /* signal that ended its command */
	BOARD_ANSWER_OLD,      /* ready: a file that was there before its
				* start, unchanged */
	BOARD_ANSWER_SKIPPED,  /* errno: it could not be made, and says nothing
				* about the service */
	BOARD_ANSWERS,
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

/* What a short command of a service is for (pid1/hooks.h). */
enum hook_kind {
	HOOK_CHECK,   /* does it work? */
	HOOK_STOP,    /* stop_command */
	HOOK_BLOCKED, /* on_blocked */
	HOOKS,
};

/* Kinds of limits on the number of tasks. */
enum board_limit_kind {
	BOARD_LIMIT_NONE,
	BOARD_LIMIT_PIDS_CGROUP,   /* a visible pids cgroup; `level` */
	BOARD_LIMIT_HIDDEN_CGROUP, /* clone said EAGAIN, pids.events rose */
	BOARD_LIMIT_NPROC,         /* RLIMIT_NPROC of `uid` */
	BOARD_LIMIT_KERNEL,        /* clone said EAGAIN: pid_max, threads-max
				    * or RLIMIT_NPROC of dashpot itself */
	BOARD_LIMIT_MEMORY,        /* clone said ENOMEM */
	BOARD_LIMIT_FILES,         /* EMFILE or ENFILE */
	BOARD_LIMIT_STEP,          /* step `level` of the start said `err` */
	BOARD_LIMIT_KINDS,
};

struct board_limit {
	enum board_limit_kind kind;
	int32_t level;   /* PIDS_CGROUP: 0 is the container's own, 1 above it;
			  * STEP: enum board_step */
	uint32_t uid;    /* NPROC: whose */
	int32_t err;     /* errno that showed it; 0 when it was only read */
	int64_t current; /* tasks; -1 unknown */
	int64_t max;     /* tasks; -1 none or unknown */
	int64_t reserve; /* tasks kept free; -1 not applied */
};

/* Whose it is, for an event: the uid, or the level. */
static inline int64_t board_limit_of(const struct board_limit *l)
{
	return l->kind == BOARD_LIMIT_NPROC ? (int64_t)l->uid : l->level;
}

/* One end of one service. */
struct board_end {
	uint64_t number;     /* 1 is the service's first end */
	uint64_t run;        /* which start this ended: `starts` then */
	int64_t started_ms, ended_ms;
	int64_t ended_wall_ms;    /* Unix time in ms */
	int64_t cpu_us;           /* user + system, with waited-for children */
	int64_t peak_kib;         /* peak resident memory */
	int64_t tasks_current, tasks_max; /* tightest pids limit then; -1 */
	enum board_cause cause;
	enum board_step step;     /* START_FAILED */
	int32_t err;              /* START_FAILED: errno */
	int32_t code;             /* exit code or signal number; START_FAILED:
				   * what `step` was about, RLIMIT_* or the
				   * number of a capability; -1 */
	int32_t leftovers;        /* processes that it left behind */
	enum board_oom oom;       /* OUT_OF_MEMORY */
	bool was_signalled;       /* `code` is a signal's number */
	bool was_core_dumped;
	bool was_failure;         /* counted by the breaker */
	bool was_probe;
};

/* One service. PID 1 writes between two increments of `seq`. All-zero memory is
 * a service that was never touched: in times, 0 is read as "none" too. */
struct board_service {
	atomic_uint seq;          /* odd while it is being written */
	uint8_t state;            /* enum life_state */
	uint8_t breaker;          /* enum breaker_state */
	uint8_t wait;             /* enum board_wait */
	uint8_t step;             /* enum board_step while starting */
	bool is_stuck;            /* starting for over 5 s at `step` */
	bool is_remembered;       /* breaker state came from the registry */
	bool is_stop_asked;       /* by an operator */
	bool is_draining;         /* stopping, and not told so yet */
	bool was_asked;           /* blocked: an operator's start has failed */
	uint8_t hooks;            /* bit n: enum hook_kind n runs, no checks */
	bool is_unready;          /* has a process that is not ready (yet, or
				   * any more) */
	bool is_passing;          /* its last health check passed */
	bool has_passed;          /* one of its present run did */
	bool is_parted;           /* up: is to stop with what it requires */
	uint8_t answer;           /* enum board_answer of its last check, for
				   * health where it is ready ... */
	int32_t answer_code;      /* ... and its number */
	uint32_t unhealthy;       /* health checks failed in a row */
	int32_t pid;              /* 0: none */
	int32_t hook_pid[HOOKS];  /* unreaped leader of each; 0: none */
	int32_t on;               /* WAIT_DEPENDENCY: that service; else -1 */
	int32_t unsent;           /* errno: a process of it, or left by it,
				   * could not be signalled; 0 */
	uint32_t failures;        /* since the last stable run */
	struct breaker_tally tally; /* blocked: what opened it, if that was a
				   * number of failures; else how near it is */
	uint32_t in_row;          /* failures since the last stable run */
	uint32_t trips;           /* of the breaker, in a row */
	uint32_t at_once;         /* of those, at-once trips in a row */
	uint32_t doublings;       /* of the cooldown */
	uint32_t leftovers;       /* being ended right now */
	uint64_t starts;          /* processes started in this container */
	uint64_t failed;          /* failures in this container */
	uint64_t mark;            /* number of its processes' mark
				   * (init/kernel/lineage_mark.h); the HOOKS
				   * numbers behind it are its hooks' */
	uint64_t leftovers_ended; /* left-behind processes ended so far */
	int64_t since_ms;         /* in this state since */
	int64_t started_ms;       /* of the present or last process; -1 */
	int64_t next_ms;          /* next start, probe or kill; -1 none */
	int64_t until_ms;         /* end of its cooldown while its breaker is
				   * open, also when it is stopped; -1 none */
	int64_t tick_ms;          /* next tick of its schedule, also while it
				   * runs; -1 none */
	int64_t tick_wall_ms;     /* Unix ms of that tick, if it is one of the
				   * calendar; else -1 */
	uint64_t skipped;         /* ticks that started nothing */
	struct board_limit limit; /* WAIT_HEADROOM */
	uint64_t ends_count;      /* ends so far */
	struct board_end ends[BOARD_ENDS]; /* end n in slot (n-1) % ENDS */
};

/* True for a row that waits for the next tick of its schedule. */
static inline bool board_is_idle(const struct board_service *row)
{
	return row->state == LIFE_WAITING && row->wait == BOARD_WAIT_SCHEDULE;
}

/* A removed service of which nothing is left is shown to nobody. */
static inline bool board_is_hidden(const struct config_service *s,
				   const struct board_service *row)
{
	return s->is_removed && row->pid == 0 && row->leftovers == 0;
}

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

/* What dashpot as a whole does. */
enum board_phase {
	BOARD_STARTING, /* waits for the registry */
	BOARD_UP,
	BOARD_STOPPING_ALL,
	BOARD_EXITING,  /* all services are gone; last write. The last event
			 * is on the board before this is */
};

/* One helper, as PID 1 sees it. */
struct board_helper {
	int32_t pid;       /* 0: not running */
	uint32_t restarts;
};

/* PID 1's board. */
struct board {
	atomic_uint seq;          /* odd while the head is being written */
	uint32_t services;        /* rows in use */
	uint8_t phase;            /* enum board_phase */
	bool is_pid1;             /* else a subreaper */
	bool is_outer_loop;
	bool is_dry_clone_exact;  /* RLIMIT_NPROC is judged by dry clone */
	int32_t pid;              /* dashpot's own; set before any fork */
	int32_t exit_code;        /* once EXITING; -1 before */
	int32_t exit_service;     /* the one that decided it, or -1 */
	int64_t began_ms, began_wall_ms; /* set before any fork: they name
					  * this start of the container */
	int64_t now_ms, now_wall_ms; /* of the last publish */
	uint64_t reloads;         /* that were put in force; the services of
				   * struct command are numbered by it */
	uint64_t mark_base;       /* of all marks (lineage_mark.h); set before
				   * any fork */
	uint64_t reaped;          /* processes waited for */
	uint64_t orphans;         /* of those, not services or helpers */
	uint64_t restarts;        /* starts that took a token */
	uint32_t tokens;          /* of restart_rate, whole */
	uint32_t waiting;         /* services waiting for headroom or budget */
	int64_t late_max_ms;      /* worst lateness of a deadline so far */
	struct board_helper helper[BOARD_HELPERS];
	struct board_limit limit[BOARD_LIMITS]; /* visible ones, tightest not
						 * sorted; kind NONE ends */
	atomic_ullong generation; /* raised by every publish that changed
				   * anything; what the recorder writes */
	atomic_ullong events;     /* events so far; event n is in slot
				   * (n - 1) % BOARD_EVENTS */
	struct board_event event[BOARD_EVENTS];
	struct board_service service[CONFIG_SERVICES];
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

/* The loader's board: what it says of mistakes, for whoever asked. */
struct board_mistakes {
	atomic_ullong event; /* number of the BOARD_EV_RELOAD that it belongs
			      * to; 0 while it is written */
	uint32_t length;     /* bytes of text */
	char text[BOARD_MISTAKES]; /* "FILE:LINE: what is wrong" lines; those
			      * that find no room are on stderr neither */
};

enum { BOARD_STATUS = 160 }; /* bytes of STATUS= that are shown, with NUL */

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

/* PID 1: open a row (or the head) for writing and close it again. */
void board_row_begin(struct board_service *row);
void board_row_end(struct board_service *row);
void board_head_begin(struct board *b);
void board_head_end(struct board *b);

/* PID 1: append an event; n may be NULL for none. Never fails; the oldest
 * event is overwritten. */
void board_event(struct board *b, enum board_event_kind kind, int service,
		 int64_t mono_ms, int64_t wall_ms, const int64_t n[8]);

/* Helpers: copy a row, the head (everything before `generation`) or event
 * number n. False when it was torn BOARD_TRIES times, or overwritten. Of a
 * row's `ends` only those that exist are copied, and of *copy's head only what
 * comes before `generation` is written: pages that nobody used stay unused. */
bool board_row_read(const struct board_service *row,
		    struct board_service *copy);
bool board_head_read(const struct board *b, struct board *copy);
bool board_event_read(const struct board *b, uint64_t n,
		      struct board_event *copy);

/* The prober: a new notice of a service. Others: copy one; false when it was
 * torn BOARD_TRIES times. */
void board_notice_write(struct board_notice *to, const struct board_notice *n);
bool board_notice_read(const struct board_notice *n, struct board_notice *copy);

#endif
