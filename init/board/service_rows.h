/* SPDX-License-Identifier: ISC */
/* A row of PID 1's board: all that is shown of one service, with its last ends,
 * and the words for why it ended, how far its start came and what it waits for.
 * Times are monotonic milliseconds unless a name says otherwise; -1 is
 * "none". */
#ifndef INIT_BOARD_SERVICE_ROWS_H
#define INIT_BOARD_SERVICE_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "init/config/config.h"
#include "policy/breaker.h"
#include "policy/life.h"

enum {
	BOARD_ENDS = 16,    /* ends remembered for each service */
	BOARD_LIMITS = 12,  /* limits on tasks that are shown */
};

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

/* Steps of a start, nearly in their order; the child reports each step that can
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
	BOARD_STEP_BOUNDING,     /* a capability cannot be dropped for good */
	BOARD_STEP_AMBIENT,      /* a capability would be lost at exec */
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

/* What a short command of a service is for (init/service/hooks.h). */
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

/* A removed service of which nothing is left is not shown. */
static inline bool board_is_hidden(const struct config_service *s,
				   const struct board_service *row)
{
	return s->is_removed && row->pid == 0 && row->leftovers == 0;
}

#endif
