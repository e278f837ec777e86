/* SPDX-License-Identifier: ISC */
/* PID 1's own state: what only it reads and writes.
 *
 * Everything is sized before the loop and never allocated after it. Memory of
 * services that do not exist, and breakers of services that never failed, are
 * never touched, so they cost nothing. Times are monotonic milliseconds;
 * NEVER stands for a deadline that is not set. */
#ifndef INIT_SERVICE_SUPERVISOR_H
#define INIT_SERVICE_SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "init/board/board.h"
#include "init/board/command_protocol.h"
#include "init/config/config.h"
#include "init/kernel/reap.h"
#include "init/kernel/service_cgroup.h"
#include "init/kernel/spawn_report.h"
#include "init/kernel/task_limits.h"
#include "init/kernel/terminal.h"
#include "init/lib/earlier.h"
#include "policy/breaker.h"
#include "policy/life.h"
#include "policy/restart_budget.h"

#define NEVER INT64_MAX

enum {
	SUP_GATES = 8,          /* one for all, the others for one uid each */
	SUP_RETRY_MS = 250,     /* shared retry clock of a closed gate */
	SUP_RETRY_SOON_MS = 20, /* ... at most so often after a reap */
	SUP_STUCK_MS = 5000,    /* a start without verdict is called stuck */
	SUP_RESTORE_MS = 500,   /* first starts wait so long for the registry */
	SUP_VOLUME_MS = 2000,   /* a volume that takes longer is said to hang */
	SUP_ANSWERS = 256,      /* commands whose answers are remembered */
	SUP_VANISH_MS = 5000,   /* who ends sooner and leaves something behind
				 * daemonises */
	SUP_ORPHANS = 64,       /* live ones that are watched at a time */
	SUP_ORPHANS_MS = 10000, /* between two events about orphans */
};

/* The numbers by which sup->epoll_fd tells what woke PID 1. Those from 0 on are
 * services, whose verdict is there. */
enum {
	SUP_FROM_SIGNALS = -1,
	SUP_FROM_HELPERS = -2,
	SUP_FROM_CONTROL = -3,
	SUP_FROM_CLOCK = -4,
	SUP_FROM_PROBER = -5,
	SUP_FROM_KERNEL = -6, /* a rise of its counter, see oom.h */
	SUP_FROM_READY = CONFIG_SERVICES, /* the readiness pipe of service 0;
					   * the others follow */
};

/* One service, beside its breaker (struct sup) and its settings. */
struct service {
	struct board_limit limit; /* what its start was refused by */
	int64_t since_ms;   /* in this state since */
	int64_t queued_ms;  /* waiting for a start since */
	int64_t short_ms;   /* of that, short of room since; NEVER: not */
	int64_t held_ms;    /* of that, for want of room alone, as held_timeout
			     * counts; NEVER: not */
	int64_t refused_ms; /* its starts are refused after clone since ... */
	int64_t started_ms; /* its present or last process; -1 never */
	int64_t tried_ms;   /* its last attempt to start, also without one */
	int64_t ready_ms;   /* ready since; NEVER: not ready */
	int64_t down_ms;    /* was ready, and is not since; 0 never was */
	int64_t due_ms;     /* delay, cooldown or `stable` is over */
	int64_t stuck_ms;   /* no verdict by then: stuck */
	int64_t drain_ms;   /* told to stop: that is passed on then; NEVER */
	int64_t kill_ms;    /* its set is killed then */
	int64_t sweep_ms;   /* look again for what is left of its set */
	int64_t tick_ms;    /* the next tick of its schedule; NEVER */
	int64_t tick_wall_ms; /* ... Unix ms, if by the calendar; else -1 */
	int64_t ticked_wall_ms; /* the last one that came; -1 none */
	uint64_t skipped;   /* ticks that started nothing */
	uint64_t skipped_now; /* of those, since the last run was due */
	uint64_t starts;    /* processes started */
	int64_t told_ticks; /* its group was told to stop then (starttime,
			     * proc(5)); 0: it was not */
	int64_t born_ticks; /* its session is not older (proc(5) starttime) */
	uint64_t mark;      /* number of its processes' mark (lineage_mark.h);
			     * the HOOKS numbers behind it are its hooks' */
	int64_t kills;      /* for want of memory in its cgroup; -1 unknown */
	int64_t kills_ms;   /* the last of them seen then; -1 none */
	int64_t sent_ms;    /* a person sent a signal to its leader then ... */
	int32_t sent;       /* ... this one; 0 none */
	int unsent;         /* errno: a process of it could not be signalled,
			     * which is said; 0 */
	pid_t pid;          /* unreaped leader; 0 none */
	pid_t session;      /* of the last leader; 0 none */
	int32_t on;         /* the dependency it waits for; -1 */
	int verdict_fd;     /* read end, EOF at exec; -1 none */
	int ready_fd;       /* fd:N, read end until it is ready; -1 none */
	int ready_peer_fd;  /* ... write end, while it is cloned; -1 none */
	uint32_t refusals;  /* starts that were refused after their clone, in
			     * a row; its own headroom apart */
	uint32_t ready_noise; /* bytes that were read from it */
	uint64_t check_left_run; /* ... in which a check left something */
	uint64_t stray_run; /* run, + 1, in which a stray notice was said */
	uint32_t failures;  /* since the last stable run */
	uint32_t left;      /* processes of its set without leader */
	struct breaker_tally opened; /* what opened its breaker; window_ms 0:
			     * one failure, at once or as its probe */
	int32_t exit_code;  /* what dashpot exits with on its behalf */
	enum life_state state;
	enum life_event gone; /* what it takes once it has stopped: GONE, or
			       * GONE_* where dashpot gave up on it */
	enum life_event verdict; /* ... what was judged then ... */
	enum board_cause given_up; /* ... and why; NEVER_ENDED: it did not */
	enum board_wait wait;
	enum board_limit_kind refused_by; /* ... by this; NONE: they are not */
	bool is_changed;    /* its row on the board is out of date */
	bool is_forced;     /* its start is due now: probe before cooldown */
	bool is_asked;      /* ... by an operator */
	bool was_asked;     /* an operator's probe has failed */
	bool was_given_up_probe; /* it was the probe that dashpot gave up */
	bool is_forgiven;   /* what the registry remembers does not count */
	bool is_checked;    /* struct check is in use */
	bool awaits_ready;  /* has a process that was not ready yet */
	bool is_wanted;     /* is to run, once it is stopped: again */
	bool has_token;     /* took one that no process has used yet */
	bool was_stable;    /* the last run was */
	bool has_passed;    /* a health check of the last run did */
	bool is_stuck;
	bool has_vanished;  /* the last run ended at once, with code 0 */
	bool has_cell;      /* its processes are in a cgroup of its own */
	bool is_swept;      /* left-behind processes are being ended ... */
	bool is_sweep_asked; /* ... because somebody asks for it */
	bool is_killed;     /* SIGKILL was sent to its set */
	bool has_failed;    /* the last courier to its leader did */
	bool is_stay_said;  /* that some survive SIGKILL */
	bool is_parted;     /* from a lost requirement: is to stop while it
			     * is up, then wants that settled */
	bool is_stop_asked; /* by an operator: nothing else starts it */
	bool is_late;       /* its last start was not ready in time */
	bool was_ready;     /* when tree_follow() looked last */
	bool is_remembered; /* its breaker came from the registry */
};

/* How a service is asked whether it is ready or well, see checks.h. */
struct check {
	int64_t next_ms;   /* asked then; NEVER */
	int64_t late_ms;   /* the prober is silent by then; NEVER: not asked */
	int64_t poll_ms;   /* between the next two looks for readiness, or
			    * for the first health check that passes */
	int64_t counts_ms; /* what fails from then on counts */
	uint32_t number;   /* of the last question */
	uint32_t failures; /* of its health, in a row */
	enum board_answer answer; /* the last one ... */
	int32_t code;      /* ... and its number */
	bool is_health;    /* asked for its health, not for readiness */
	bool is_asked;     /* under way */
	bool is_passed;    /* the last one for health did */
	bool is_skipped;   /* the last one could not be made: said */
};

/* A limit that has refused a start: who waits for it tries by one clock. */
struct gate {
	struct board_limit limit; /* what refused, and the numbers */
	int64_t tried_ms;         /* last attempt */
	int64_t next_ms;          /* next attempt */
	uint64_t nproc;           /* which RLIMIT_NPROC ... */
	uint32_t uid;             /* ... of whom; gate 0: everybody */
	bool is_closed;
	bool is_after_clone;      /* refused in the child: only its exec shows
				   * that it is open again */
};

/* A helper as PID 1 keeps it. */
struct kept {
	pid_t pid;          /* 0: not running */
	int wake_fd;        /* eventfd of its own */
	int64_t began_ms;
	int64_t again_ms;   /* restart it then; NEVER */
	int64_t delay_ms;   /* of the last restart */
	uint32_t restarts;
	bool is_renewed;    /* told to end, for its successor */
};

/* A short command that runs, or of which something is left. */
struct hook {
	int64_t began_ms;   /* once reaped: since then */
	int64_t next_ms;    /* its time-out; once reaped: look again; NEVER */
	int64_t born_ticks; /* its session is not older (starttime, proc(5)) */
	pid_t pid;          /* of its leader, and so of its session */
	uint16_t service;
	uint8_t kind;       /* enum hook_kind */
	bool is_over;       /* its result is known, or nobody wants it */
	bool is_reaped;     /* its leader was */
	bool is_killed;     /* SIGKILL was sent to it */
	bool is_told;       /* what it left was, to end */
	bool is_stay_said;  /* ... that some of that survives SIGKILL */
	uint32_t left;      /* living ones of that, at the last look */
	int unsent;         /* errno, as that of struct service */
};

/* A reload of the configuration, see reload.h. */
struct reload {
	const struct loader_source *source; /* what the command line names */
	int fd;             /* memfd: what the loader leaves, never mapped */
	struct config *own[2];    /* one of them may be in force */
	pid_t pid;          /* of the loader; 0 none */
	int64_t began_ms;   /* the last reload */
	int64_t kill_ms;    /* its loader is killed then; NEVER */
	int64_t again_ms;   /* a SIGHUP asks for another one; NEVER */
	bool is_given_up;   /* killed, and said so */
};

/* What is stopping everything, and how far it is. */
enum stop_phase {
	STOP_NOT,      /* running */
	STOP_SERVICES, /* services are told in order */
	STOP_REST,     /* everybody else is told, then killed */
	STOP_HELPERS,  /* last messages and files */
	STOP_OVER,     /* exit */
};

struct shutdown {
	enum stop_phase phase;
	int64_t began_ms;
	int64_t half_ms;   /* who is not told by then is told then */
	int64_t next_ms;   /* end of the present phase */
	int64_t spare_ms;  /* part of the timeout for what follows services */
	int64_t look_ms;   /* REST: look again who is left */
	bool is_now;       /* a second signal: nobody gets any time */
	bool is_again_said; /* ... or that another one changes nothing */
	bool is_killed;    /* SIGKILL was sent to the services that remained */
	bool is_rest_told; /* SIGTERM was sent to everybody else */
	bool is_rest_killed; /* ... and SIGKILL */
	bool is_main_code; /* exit with the code of the given command */
	int exit_code;
	int exit_service;  /* that decided it; -1 */
	struct board_limit held; /* what kept that from starting; NONE: it is
				  * not that */
};

/* Kills for want of memory in dashpot's own cgroup, see memory.h. */
struct memory {
	int kills_fd;     /* has the counter; -1: there is none */
	int64_t seen;     /* of the counter; -1: there is none */
	int64_t fresh;    /* of those, explained by no end yet ... */
	int64_t fresh_ms; /* ... the first of them seen then */
	int64_t later;    /* likewise, seen after that */
	int64_t others;   /* explained by the end of an orphan or helper */
	int64_t untold;   /* no end of a service has explained these in time */
};

/* A live process of nobody, see orphans.h. */
struct orphan {
	int64_t start_ticks; /* its start time: with pid, it and no other */
	int64_t seen_ms;     /* as an orphan since */
	int64_t told_ms;     /* to end; NEVER: not */
	pid_t pid;
	bool is_seen;        /* by the present look */
	bool is_killed;
	int unsent;          /* errno: it could not be signalled, which is
			      * said; 0 */
};

struct orphans {
	struct orphan list[SUP_ORPHANS];
	uint32_t n;
	int64_t look_ms;   /* the next look, if there is any */
	int64_t all_ms;    /* until then all are told to end */
};

struct sup {
	const struct config *config;
	struct boards boards;
	char **argv;             /* of the program, for the helpers' names */
	char notify_path[108];   /* NOTIFY_SOCKET as it was found; "" none */
	int64_t now_ms, now_wall_ms; /* of this turn */
	int64_t began_ms, began_wall_ms;
	int64_t restore_ms;      /* wait for the registry until; NEVER: over */
	int64_t blocked_since_ms; /* every daemon is blocked since; NEVER */
	int64_t volume_since_ms; /* the volume is in trouble since; NEVER */
	int64_t volume_due_ms;   /* something is written by then; NEVER */
	uint64_t volume_written; /* generation that was written last */
	int64_t late_max_ms;
	int64_t queue_ms;        /* look at the queue then; NEVER */
	int64_t aside_ms;        /* no attempt of a service with refusals before
				  * that */
	int64_t look_ms;         /* no look for leftovers before that */
	uint64_t reaped, orphans, restarts;
	uint64_t mark_base; /* of all marks, see init/kernel/lineage_mark.h */
	uint64_t marks;          /* numbers given so far: none is given twice,
				  * because its holders may live for long */
	uint64_t orphans_said;   /* orphans that events have told */
	int64_t orphans_ms;      /* the last of these events */
	uint64_t snapshot;       /* number of the last snapshot's event; 0 */
	uint64_t heard[BOARD_HELPERS]; /* news that were looked at */
	uint64_t events_seen;    /* events that helpers were woken for */
	pid_t pid;               /* own; 1 when init */
	int epoll_fd, signal_fd, notify_fd;
	uint64_t signals;        /* collected: bit n - 1 for signal n */
	int clock_fd;            /* wait_clock_open(); -1 none */
	int proc_fd;             /* proc_open() */
	enum terminal terminal;  /* that the given command runs on */
	uint32_t main_service;   /* index of the given command; UINT32_MAX */
	uint32_t random;         /* state of the jitter's generator */
	uint32_t volume_step;    /* enum board_volume last said */
	bool is_head_changed;
	bool is_outer_loop;
	bool is_registry_bad_said, is_second_said;
	bool is_reaping;         /* the last batch was full: look again */
	bool is_queue_due;       /* something about the queue changed */
	bool is_tree_changed;    /* some service's state changed */
	bool is_probe_up;        /* some probe has a process */
	bool has_files;          /* the files helper has streams */
	uint32_t waiting;        /* services that are LIFE_WAITING */
	uint32_t swept;          /* services whose leftovers are being ended */
	uint32_t killed;         /* no services, reaped after SIGKILL by this
				  * batch */
	struct reaper reaper;
	int command_fd;          /* PID 1's end of the control helper's pair;
				  * -1: there is no such helper */
	int command_peer_fd;     /* the helper's end */
	int probe_fd;            /* PID 1's end of the prober's pair; -1: there
				  * is none */
	int probe_peer_fd;       /* the prober's end */
	uint32_t asked;          /* questions so far: the number of the last */
	bool is_prober_silent;   /* it did not answer: said */
	int listen_fd;           /* its socket, kept for its successors */
	int near_fd;             /* likewise, of the abstract name */
	uint64_t reloads;        /* put in force so far */
	uint64_t answers;        /* given so far; the next one's slot */
	struct budget budget;
	struct limits limits;
	struct memory memory;
	struct cells cells;
	struct shutdown stop;
	struct reload reload;
	struct gate gate[SUP_GATES];
	struct kept kept[BOARD_HELPERS];
	int *pipe;               /* read ends, see pipes.h: 2 a service
				  * (stdout, stderr); -1 none */
	int *socket;             /* for notices, one a service; -1 none */
	struct check *check;     /* one a service; see is_checked */
	struct spawn_report *report; /* one a service, then one for each of its
				      * HOOKS; shared with children */
	/* One a service each, in one piece of memory. The first two lie side
	 * by side, because every turn and every reaped process looks through
	 * them: earliest deadline, and unreaped leader (0 none). */
	int64_t *next_ms;
	pid_t *leader;
	struct service *service;
	uint32_t hooks;          /* of the next, in use */
	/* All above is used in every turn and lies in less than a page; what
	 * follows is touched as it is used. */
	struct orphans adrift;
	struct hook hook[HOOKS * CONFIG_SERVICES];
	struct breaker breaker[CONFIG_SERVICES];
	struct command_answer answer[SUP_ANSWERS]; /* of the last commands */
};

/* Read the clocks, once a turn. */
void sup_read_clocks(struct sup *sup);

/* Append an event of service i (-1: none) with one to eight numbers, whose
 * meanings enum board_event_kind gives. The numbers are arguments, filled up
 * with zeros: an array in each caller, and the stack guard that comes with it,
 * made the program larger. */
#define SUP_SAY(sup, kind, i, ...) \
	SUP_SAY_BY(__VA_ARGS__, SUP_SAY_8, SUP_SAY_8, SUP_SAY_8, SUP_SAY_8, \
		   SUP_SAY_8, SUP_SAY_3, SUP_SAY_3, SUP_SAY_3, 0) \
	(sup, kind, i, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0)
#define SUP_SAY_BY(a, b, c, d, e, f, g, h, by, ...) by
#define SUP_SAY_3(sup, kind, i, a, b, c, ...) sup_say(sup, kind, i, a, b, c)
#define SUP_SAY_8(sup, kind, i, a, b, c, d, e, f, g, h, ...) \
	sup_say_long(sup, kind, i, a, b, c, d, e, f, g, h)

void sup_say(struct sup *sup, enum board_event_kind kind, int i, int64_t a,
	     int64_t b, int64_t c);
void sup_say_long(struct sup *sup, enum board_event_kind kind, int i,
		  int64_t a, int64_t b, int64_t c, int64_t d, int64_t e,
		  int64_t f, int64_t g, int64_t h);

/* Say how many orphans were reaped, when there were any and nothing was said
 * for SUP_ORPHANS_MS, or if is_last. */
void sup_say_orphans(struct sup *sup, bool is_last);

/* What the configuration says of service i. */
static inline const struct config_service *settings(const struct sup *sup,
						    uint32_t i)
{
	return config_service(sup->config, i);
}

/* How near the breaker of service i is to opening. */
static inline struct breaker_tally service_tally(const struct sup *sup,
						 uint32_t i)
{
	return breaker_fullest(&sup->breaker[i], &settings(sup, i)->breaker,
			       sup->now_ms);
}

#endif
