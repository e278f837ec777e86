/* SPDX-License-Identifier: ISC */
/* The table, and how a name finds its row. */
#include "init/config/keys.h"

#include <string.h>
#include <sys/resource.h>

#include "init/lib/nearest.h"

#define SERVICE (KEY_SERVICE | KEY_DEFAULTS)
#define S(field) .flags = SERVICE, .at = offsetof(struct config_service, field)
#define S_RAW(field)                                                         \
	.flags = SERVICE | KEY_RAW, .at = offsetof(struct config_service, field)
#define S_NEVER(field)                                                       \
	.flags = SERVICE | KEY_NEVER,                                        \
	.at = offsetof(struct config_service, field)
#define D_NEVER(field)                                                       \
	.flags = KEY_DASHPOT | KEY_NEVER, .at = offsetof(struct config, field)
#define D(field) .flags = KEY_DASHPOT, .at = offsetof(struct config, field)
#define IS "\0" /* words follow */
#define MILLION .max = 0
#define LIMIT(word, number)                                                  \
	{ "limit." word, PARSE_LIMIT, .flags = SERVICE, .max = RLIMIT_##number }

/* clang-format off */
static const struct config_key keys[] = {
	{ "command", PARSE_COMMAND, .flags = KEY_SERVICE | KEY_RAW },
	{ "shell", PARSE_SHELL, .flags = KEY_SERVICE | KEY_RAW },
	{ "type" IS "daemon oneshot", PARSE_WORD, S(type) },
	{ "restart" IS "always on-failure never", PARSE_WORD, S(restart) },
	{ "success_codes", PARSE_CODES, S(success_codes) },
	{ "fatal_codes", PARSE_CODES, S(fatal_codes) },
	{ "max_failures", PARSE_WINDOWS, S(breaker) },
	{ "restart_delay", PARSE_RANGE, S(dampen.min_ms) },
	{ "cooldown", PARSE_RANGE, S(breaker.cooldown_min_ms) },
	{ "max_trips", PARSE_COUNT, S_NEVER(breaker.max_trips), MILLION },
	{ "stable", PARSE_DURATION, S(stable_ms) },
	{ "min_runtime", PARSE_DURATION, S(min_runtime_ms) },
	{ "essential", PARSE_YES, S(is_essential) },
	{ "autostart", PARSE_YES, S(is_autostart) },
	{ "health_ignore", PARSE_YES, S(is_health_ignored) },
	{ "after", PARSE_NAMES, .flags = SERVICE },
	{ "requires", PARSE_NAMES, .flags = SERVICE },
	{ "ready" IS "none", PARSE_CHECK, S_RAW(ready) },
	{ "ready_timeout", PARSE_DURATION, S_NEVER(ready_timeout_ms) },
	{ "health" IS "off", PARSE_CHECK, S_RAW(health), .max = 1 },
	{ "health_interval",
	  PARSE_DURATION, S(health_interval_ms), .min = 100 },
	{ "health_timeout",
	  PARSE_DURATION, S(health_timeout_ms), .min = 1 },
	{ "health_failures",
	  PARSE_COUNT, S(health_failures), .min = 1, .max = 1000 },
	{ "health_grace", PARSE_DURATION, S(health_grace_ms) },
	{ "stop_signal", PARSE_SIGNAL, S(stop_signal) },
	{ "stop_timeout", PARSE_DURATION, S(stop_timeout_ms) },
	{ "stop_mode" IS "leader group", PARSE_WORD, S(stop_mode) },
	{ "stop_command", PARSE_HOOK, S_RAW(stop_command) },
	{ "drain_delay", PARSE_DURATION, S(drain_delay_ms) },
	{ "reload_signal", PARSE_SIGNAL, S(reload_signal) },
	{ "leftovers" IS "kill keep", PARSE_FLAG, S(keeps_leftovers) },
	{ "leftover_grace", PARSE_DURATION, S(leftover_grace_ms) },
	{ "zombie_limit",
	  PARSE_COUNT, S(zombie_limit), MILLION },
	{ "user", PARSE_USER, .flags = SERVICE },
	{ "group", PARSE_GROUP, S(gid) },
	{ "groups", PARSE_GROUPS, S(groups) },
	{ "umask", PARSE_UMASK, S(umask) },
	{ "directory", PARSE_PATH, S(directory) },
	{ "env.", PARSE_ENV, .flags = SERVICE | KEY_EMPTY },
	{ "env_file", PARSE_ENV_FILE, .flags = SERVICE },
	{ "env_from_file.", PARSE_ENV_FROM_FILE, .flags = SERVICE },
	{ "clear_env", PARSE_YES, S(is_env_cleared) },
	{ "stdout", PARSE_STREAM, S(out) },
	{ "stderr", PARSE_STREAM, S(err), .max = 1 },
	{ "log_prefix" IS "auto yes no", PARSE_WORD, S(log_prefix) },
	{ "log_format" IS "text json", PARSE_WORD, S(log_format) },
	{ "log_max_size", PARSE_SIZE, S(log_max_size) },
	{ "log_keep", PARSE_COUNT, S(log_keep), .max = 1000 },
	{ "log_owner", PARSE_OWNER, .flags = SERVICE },
	{ "log_mode", PARSE_MODE, S(log_mode) },
	{ "log_times", PARSE_YES, S(has_log_times) },
	{ "tail_lines", PARSE_COUNT, S(tail_lines), .max = 1000 },
	LIMIT("as", AS), LIMIT("core", CORE), LIMIT("cpu", CPU),
	LIMIT("data", DATA), LIMIT("fsize", FSIZE), LIMIT("locks", LOCKS),
	LIMIT("memlock", MEMLOCK), LIMIT("msgqueue", MSGQUEUE),
	LIMIT("nice", NICE), LIMIT("nofile", NOFILE), LIMIT("nproc", NPROC),
	LIMIT("rss", RSS), LIMIT("rtprio", RTPRIO), LIMIT("rttime", RTTIME),
	LIMIT("sigpending", SIGPENDING), LIMIT("stack", STACK),
	{ "limit.tasks", PARSE_TASKS, S(tasks_max) },
	{ "limit.memory", PARSE_MEMORY, S(memory_max) },
	{ "nice", PARSE_NICE, .flags = SERVICE, .min = -20, .max = 19 },
	{ "oom_score_adj", PARSE_OOM, .flags = SERVICE,
	  .min = -1000, .max = 1000 },
	{ "no_new_privileges", PARSE_YES, S(has_no_new_privileges) },
	{ "capabilities", PARSE_CAPABILITIES, S(capabilities) },
	{ "instances", PARSE_INSTANCES, .flags = SERVICE, .min = 1,
	  .max = CONFIG_SERVICES },
	{ "schedule", PARSE_SCHEDULE, .flags = KEY_SERVICE,
	  .at = offsetof(struct config_service, schedule) },
	{ "timezone", PARSE_TIMEZONE, S(schedule.east_min) },
	{ "on_blocked", PARSE_HOOK, S_RAW(on_blocked) },

	{ "diagnostics", PARSE_DIAGNOSTICS, D(diagnostics) },
	{ "control", PARSE_SOCKET, D(control) },
	{ "control_mode", PARSE_MODE, D(control_mode) },
	{ "control_owner", PARSE_OWNER, .flags = KEY_DASHPOT },
	{ "listen", PARSE_LISTEN, D(listen) },
	{ "headroom", PARSE_NUMBER, D(headroom), MILLION },
	{ "restart_rate", PARSE_RATE, D(restart_rate) },
	{ "shutdown_timeout",
	  PARSE_DURATION, D(shutdown_timeout_ms), .min = 1 },
	{ "stop_signals", PARSE_STOP_SIGNALS, D(stop_signals) },
	{ "stop_again" IS "terminal kill ignore", PARSE_WORD, D(stop_again) },
	{ "forward_signals", PARSE_FORWARD_SIGNALS, D(forward_signals) },
	{ "exit_when_all_blocked",
	  PARSE_DURATION, D_NEVER(exit_when_all_blocked_ms) },
	{ "held_timeout", PARSE_DURATION, D_NEVER(held_timeout_ms) },
	{ "orphans", PARSE_ORPHANS, D(orphans_kill_ms) },
	{ "log_format" IS "text json", PARSE_WORD, D(log_format) },
	{ "log_level" IS "error warning info debug", PARSE_WORD, D(log_level) },
	{ "metrics_file", PARSE_YES, D(has_metrics_file) },
};
/* clang-format on */

enum { KEYS = sizeof(keys) / sizeof(keys[0]), KINDS = SERVICE | KEY_DASHPOT };

const struct config_key *config_key(size_t i)
{
	return i < KEYS ? &keys[i] : NULL;
}

const char *config_key_section(const struct config_key *key)
{
	return key->flags & KEY_DASHPOT ? "[dashpot]" : "[service:NAME]";
}

/* True when `name` is that key, or begins with it where it ends with a dot. */
static bool is_key(const struct config_key *key, const char *name)
{
	size_t len = strlen(key->name);

	return key->name[len - 1] == '.' ? strncmp(name, key->name, len) == 0
					 : strcmp(name, key->name) == 0;
}

const struct config_key *key_find(const char *name, unsigned flags)
{
	for (size_t i = 0; i < KEYS; i++)
		if ((keys[i].flags & flags) && is_key(&keys[i], name))
			return &keys[i];
	return NULL;
}

const char *key_of_limit(unsigned resource)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].parse == PARSE_LIMIT &&
		    keys[i].max == (int)resource)
			return keys[i].name;
	return NULL;
}

const char *key_nearest(const char *name, unsigned flags)
{
	struct nearest near = { .word = name };

	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].flags & flags)
			nearest_offer(&near, keys[i].name);
	return near.best;
}
