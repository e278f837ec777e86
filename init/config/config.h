/* SPDX-License-Identifier: ISC */
/* The compiled configuration: what PID 1 and its helpers work from.
 *
 * One flat block without pointers: this header, then the services, the
 * dependencies, the limits, and the text. Every reference is an offset or an
 * index into the same block, so that it can be copied, checked as hostile and
 * mapped at any address. loader_load() makes it, nothing ever changes it. */
#ifndef INIT_CONFIG_CONFIG_H
#define INIT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/backoff.h"
#include "policy/breaker.h"
#include "policy/restart_budget.h"
#include "policy/schedule.h"

enum {
	CONFIG_SERVICES = 1024,          /* most services */
	CONFIG_TEXT = 4 * 1024 * 1024,   /* most bytes of text */
	CONFIG_LIMITS = 16,              /* limit.* of one service: RLIMIT_* are
					  * 0 .. 15 */
	CONFIG_GROUPS = 32,              /* supplementary groups of one */
	CONFIG_NAME = 48,                /* longest service name */
	CONFIG_CAPABILITIES = 41,        /* of capabilities(7) */
	CONFIG_TAILS = 65536,            /* most tail_lines of all services */
};

/* Text in the block: an offset into its text part, 0 for none. */
typedef uint32_t config_text;

/* `count` NUL-terminated strings one behind the other in the text part. */
struct config_list {
	config_text at;
	uint32_t count;
};

enum config_type { CONFIG_DAEMON, CONFIG_ONESHOT };
enum config_restart { CONFIG_ALWAYS, CONFIG_ON_FAILURE, CONFIG_NEVER };
enum config_stop_mode { CONFIG_LEADER, CONFIG_GROUP };
enum config_output {
	CONFIG_RELAY,   /* whole lines, through the log relay */
	CONFIG_INHERIT, /* dashpot's own descriptor */
	CONFIG_NULL,    /* /dev/null */
	CONFIG_FILE,    /* appended to a file that the log relay rotates */
	CONFIG_STDOUT,  /* stderr only: where stdout goes */
};
enum config_stop_again {
	CONFIG_AGAIN_TERMINAL, /* a second INT or QUIT typed there kills all */
	CONFIG_AGAIN_KILL,     /* any second stop signal does */
	CONFIG_AGAIN_IGNORE,   /* none does */
};
enum config_prefix { CONFIG_AUTO, CONFIG_PREFIX, CONFIG_NO_PREFIX };
enum config_log_format { CONFIG_TEXT_LINES, CONFIG_JSON_LINES };
enum config_log_level {
	CONFIG_ERROR,
	CONFIG_WARNING,
	CONFIG_INFO,
	CONFIG_DEBUG,
};

/* One dependency of a service on another one. */
struct config_dep {
	uint16_t service;  /* index of the service depended on */
	bool is_required;  /* `requires`; else only `after` */
};

/* One limit.* of a service. */
struct config_limit {
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
	uint8_t resource;    /* RLIMIT_* of setrlimit(2) */
	bool is_try;         /* "-": failing to set it is no failed start */
};

/* How dashpot learns that a service is ready, or well. */
enum config_check_kind {
	CONFIG_CHECK_NONE,
	CONFIG_CHECK_NOTIFY, /* the service says so, sd_notify(3) */
	CONFIG_CHECK_FD,     /* it writes a newline to a descriptor */
	CONFIG_CHECK_TCP,    /* something accepts there */
	CONFIG_CHECK_HTTP,   /* ... and answers with success */
	CONFIG_CHECK_UNIX,
	CONFIG_CHECK_FILE,   /* the path exists */
	CONFIG_CHECK_EXEC,   /* the command exits with 0 */
};

struct config_check {
	enum config_check_kind kind;
	uint32_t number;         /* TCP, HTTP: port; FD: 3 .. 1023 */
	config_text host;        /* TCP, HTTP: numeric, without brackets, or
				  * localhost */
	config_text path;        /* HTTP: behind the port, from its slash on;
				  * UNIX, FILE: absolute path */
	struct config_list argv; /* EXEC */
};

/* Where stdout or stderr of a service goes. */
struct config_stream {
	enum config_output output;
	config_text path; /* CONFIG_FILE: absolute path */
	uint8_t fd;       /* CONFIG_RELAY: 1 or 2, dashpot's output */
};

/* One [service:NAME]. */
struct config_service {
	struct breaker_policy breaker;
	struct backoff_policy dampen;
	struct schedule schedule;  /* of a oneshot that is never restarted */
	int64_t stable_ms;         /* up and ready for this long: stable */
	int64_t min_runtime_ms;    /* a shorter clean run is a failure */
	int64_t stop_timeout_ms;
	int64_t leftover_grace_ms;
	int64_t ready_timeout_ms;  /* not ready by then: a failure; 0: never */
	int64_t health_interval_ms, health_timeout_ms;
	int64_t health_grace_ms;   /* no health check before that */
	int64_t drain_delay_ms;    /* told to stop, and not passed on yet */
	uint64_t tasks_max;        /* of its own cgroup; 0: no limit */
	uint64_t memory_max;       /* ... in bytes */
	uint64_t capabilities;     /* bit n: capability n is kept; valid with
				    * has_capabilities */
	uint64_t log_max_size;     /* bytes of a log file; 0: no rotation */
	uint64_t success_codes[4]; /* bit n: exit code n, 0 .. 255 */
	uint64_t fatal_codes[4];   /* likewise */
	uint64_t fingerprint;      /* hash of all effective settings but the
				    * values of variables */
	uint64_t run_fingerprint;  /* of those that only a new process has,
				    * with the values: for memory only */
	uint64_t health_fingerprint; /* of health and the keys beside it */
	config_text name;
	config_text file;          /* the file that declares it */
	uint32_t line;             /* ... and the line of its section */
	struct config_list argv;   /* at least one word */
	struct config_list env;    /* NAME=VALUE, over what it inherits */
	struct config_list stop_command, on_blocked; /* count 0: none */
	config_text path;          /* its PATH for the command's look-up */
	config_text directory;     /* 0: inherited */
	config_text schedule_text; /* as written; 0: none */
	config_text user;          /* as written, for reports; 0: inherited */
	struct config_stream out, err;
	struct config_check ready, health;
	uint32_t health_failures;  /* in a row, that make a failure */
	uint32_t zombie_limit;     /* more of them are a failure; 0: never */
	uint32_t log_keep;         /* rotated log files that are kept */
	uint32_t tail_lines;       /* last lines that stay readable */
	uint32_t tail_first;       /* its first one among all `tails` */
	uint32_t uid, gid;         /* valid with has_user, has_group */
	uint32_t log_uid, log_gid; /* of log files that are made; valid with
				    * has_log_owner; gid UINT32_MAX: any */
	uint32_t groups[CONFIG_GROUPS];
	uint32_t deps_first, deps; /* into the block's dependencies */
	uint32_t limits_first, limits; /* into the block's limits */
	uint16_t groups_count;
	uint16_t umask;            /* valid with has_umask */
	uint16_t log_mode;         /* 0: 0640 */
	int16_t oom_score_adj;     /* valid with has_oom_score_adj */
	int8_t nice;               /* valid with has_nice */
	uint8_t stop_signal;       /* 1 .. 64 */
	uint8_t reload_signal;     /* 1 .. 64 */
	enum config_type type;
	enum config_restart restart;
	enum config_stop_mode stop_mode;
	enum config_prefix log_prefix;
	enum config_log_format log_format;
	bool is_essential;
	bool is_autostart;
	bool is_health_ignored;    /* `health` asks for it only by its name */
	bool is_shell;             /* argv is /bin/sh -c LINE */
	bool is_main;              /* the command given on the command line */
	bool is_env_cleared;
	bool keeps_leftovers;      /* leftovers = keep */
	bool has_user, has_group, has_groups, has_umask;
	bool has_own_groups;       /* by `groups`, not by `user` */
	bool has_nice, has_oom_score_adj;
	bool has_log_owner;
	bool has_log_times;        /* a time before each line of a text file */
	bool is_nice_try, is_oom_score_adj_try; /* written with "-" */
	bool is_tasks_try, is_memory_try;       /* likewise */
	bool has_capabilities, is_capabilities_try;
	bool has_no_new_privileges;
	bool is_removed;           /* a reload took it out of the files: never
				    * started again, has no command, and nobody
				    * depends on it */
};

/* The block's head: [dashpot] and where the other parts are. */
struct config {
	uint32_t size;     /* of the whole block in bytes */
	uint32_t services; /* 1 .. CONFIG_SERVICES, removed ones included */
	uint32_t services_at, order_at, deps_at, limits_at, text_at; /* bytes */
	uint32_t deps, limits, text; /* entries, entries, bytes */
	int64_t headroom;  /* tasks; negative: not written */
	int64_t shutdown_timeout_ms;  /* effective: written or computed */
	int64_t shutdown_needs_ms;    /* longest path of stop_timeouts, with
				       * its first drain_delay, + 1.5s */
	int64_t exit_when_all_blocked_ms; /* 0: never */
	int64_t held_timeout_ms;          /* likewise */
	int64_t orphans_kill_ms;          /* likewise */
	struct budget_policy restart_rate;
	uint64_t stop_signals;        /* bit n - 1: signal n stops dashpot */
	uint64_t forward_signals;     /* likewise: is passed on to the command
				       * of the command line */
	enum config_stop_again stop_again;
	config_text diagnostics;      /* absolute directory */
	config_text control;          /* path of the socket; 0: usual places */
	config_text listen;           /* ADDRESS:PORT; 0: off */
	uint32_t control_uid, control_gid; /* valid with has_control_owner;
					    * gid UINT32_MAX: as it is */
	uint16_t control_mode;        /* 0: 0600 */
	bool has_control_owner;
	bool is_diagnostics_written;  /* in a file; else the default */
	enum config_log_format log_format;
	enum config_log_level log_level;
	uint32_t tails;               /* tail_lines of all services */
	bool has_metrics_file;
};

static inline const struct config_service *
config_service(const struct config *c, uint32_t i)
{
	const char *base = (const char *)c;

	return (const struct config_service *)(const void *)
		(base + c->services_at) + i;
}

static inline const struct config_dep *
config_dep(const struct config *c, uint32_t i)
{
	return (const struct config_dep *)(const void *)
		((const char *)c + c->deps_at) + i;
}

static inline const struct config_limit *
config_limit(const struct config *c, uint32_t i)
{
	return (const struct config_limit *)(const void *)
		((const char *)c + c->limits_at) + i;
}

/* Service indices in an order of start: each behind what it depends on. */
static inline const uint16_t *config_order(const struct config *c)
{
	return (const uint16_t *)(const void *)
		((const char *)c + c->order_at);
}

/* The string at t; "" for 0. */
static inline const char *config_string(const struct config *c, config_text t)
{
	return (const char *)c + c->text_at + t;
}

static inline const char *config_name(const struct config *c, uint32_t i)
{
	return config_string(c, config_service(c, i)->name);
}

/* True when service i is started by a schedule. */
static inline bool config_is_scheduled(const struct config *c, uint32_t i)
{
	return schedule_is_set(&config_service(c, i)->schedule);
}

/* True when a stream is a pipe whose reader is one of dashpot's helpers. */
static inline bool config_is_piped(const struct config_stream *stream)
{
	return stream->output == CONFIG_RELAY || stream->output == CONFIG_FILE;
}

/* True when a process of its own looks, each time. */
static inline bool config_is_hook(const struct config_check *check)
{
	return check->kind == CONFIG_CHECK_EXEC ||
	       check->kind == CONFIG_CHECK_FILE;
}

/* True when bit `code` is set in a set of exit codes. */
static inline bool config_has_code(const uint64_t set[4], int code)
{
	return (unsigned)code < 256 &&
	       (set[code / 64] >> (code % 64) & 1) != 0;
}

#endif
