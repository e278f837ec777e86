/* SPDX-License-Identifier: ISC */
/* The table, and how a setting finds its row and its field. */
#include "init/config/keys.h"

#include <string.h>
#include <sys/resource.h>

#include "init/config/expand.h"
#include "init/config/foreign.h"
#include "init/config/parse.h"
#include "init/lib/scan.h"

#define SERVICE (KEY_SERVICE | KEY_DEFAULTS)
#define S(field) .flags = SERVICE, .at = offsetof(struct draft, field)
#define S_RAW(field)                                                         \
	.flags = SERVICE | KEY_RAW, .at = offsetof(struct draft, field)
#define S_NEVER(field)                                                       \
	.flags = SERVICE | KEY_NEVER, .at = offsetof(struct draft, field)
#define D_NEVER(field)                                                       \
	.flags = KEY_DASHPOT | KEY_NEVER, .at = offsetof(struct config, field)
#define D(field) .flags = KEY_DASHPOT, .at = offsetof(struct config, field)
#define IS "\0" /* words follow */
#define MILLION .max = 0
#define LIMIT(word, number)                                                  \
	{ "limit." word, PARSE_LIMIT, S(limits), .max = RLIMIT_##number }

/* clang-format off */
static const struct config_key keys[] = {
	{ "command", PARSE_COMMAND, .flags = KEY_SERVICE | KEY_RAW },
	{ "shell", PARSE_SHELL, .flags = KEY_SERVICE | KEY_RAW },
	{ "type" IS "daemon oneshot", PARSE_WORD, S(s.type) },
	{ "restart" IS "always on-failure never", PARSE_WORD, S(s.restart) },
	{ "success_codes", PARSE_CODES, S(s.success_codes) },
	{ "fatal_codes", PARSE_CODES, S(s.fatal_codes) },
	{ "max_failures", PARSE_WINDOWS, S(s.breaker) },
	{ "restart_delay", PARSE_RANGE, S(s.dampen.min_ms) },
	{ "cooldown", PARSE_RANGE, S(s.breaker.cooldown_min_ms) },
	{ "max_trips", PARSE_COUNT, S_NEVER(s.breaker.max_trips), MILLION },
	{ "stable", PARSE_DURATION, S(s.stable_ms) },
	{ "min_runtime", PARSE_DURATION, S(s.min_runtime_ms) },
	{ "essential", PARSE_YES, S(s.is_essential) },
	{ "autostart", PARSE_YES, S(s.is_autostart) },
	{ "health_ignore", PARSE_YES, S(s.is_health_ignored) },
	{ "after", PARSE_NAMES, .flags = SERVICE },
	{ "requires", PARSE_NAMES, .flags = SERVICE },
	{ "ready" IS "none", PARSE_CHECK, S_RAW(s.ready) },
	{ "ready_timeout", PARSE_DURATION, S_NEVER(s.ready_timeout_ms) },
	{ "health" IS "off", PARSE_CHECK, S_RAW(s.health), .max = 1 },
	{ "health_interval",
	  PARSE_DURATION, S(s.health_interval_ms), .min = 100 },
	{ "health_timeout",
	  PARSE_DURATION, S(s.health_timeout_ms), .min = 1 },
	{ "health_failures",
	  PARSE_COUNT, S(s.health_failures), .min = 1, .max = 1000 },
	{ "health_grace", PARSE_DURATION, S(s.health_grace_ms) },
	{ "stop_signal", PARSE_SIGNAL, S(s.stop_signal) },
	{ "stop_timeout", PARSE_DURATION, S(s.stop_timeout_ms) },
	{ "stop_mode" IS "leader group", PARSE_WORD, S(s.stop_mode) },
	{ "stop_command", PARSE_HOOK, S_RAW(s.stop_command) },
	{ "drain_delay", PARSE_DURATION, S(s.drain_delay_ms) },
	{ "reload_signal", PARSE_SIGNAL, S(s.reload_signal) },
	{ "leftovers" IS "kill keep", PARSE_FLAG, S(s.keeps_leftovers) },
	{ "leftover_grace", PARSE_DURATION, S(s.leftover_grace_ms) },
	{ "zombie_limit",
	  PARSE_COUNT, S(s.zombie_limit), MILLION },
	{ "user", PARSE_USER, S(person) },
	{ "group", PARSE_GROUP, S(s.gid) },
	{ "groups", PARSE_GROUPS, S(s.groups) },
	{ "umask", PARSE_UMASK, S(s.umask) },
	{ "directory", PARSE_PATH, S(s.directory) },
	{ "env.", PARSE_ENV, .flags = SERVICE | KEY_EMPTY },
	{ "env_file", PARSE_ENV_FILE, .flags = SERVICE },
	{ "env_from_file.", PARSE_ENV_FROM_FILE, .flags = SERVICE },
	{ "clear_env", PARSE_YES, S(s.is_env_cleared) },
	{ "stdout", PARSE_STREAM, S(s.out) },
	{ "stderr", PARSE_STREAM, S(s.err), .max = 1 },
	{ "log_prefix" IS "auto yes no", PARSE_WORD, S(s.log_prefix) },
	{ "log_format" IS "text json", PARSE_WORD, S(s.log_format) },
	{ "log_max_size", PARSE_SIZE, S(s.log_max_size) },
	{ "log_keep", PARSE_COUNT, S(s.log_keep), .max = 1000 },
	{ "log_owner", PARSE_OWNER, .flags = SERVICE },
	{ "log_mode", PARSE_MODE, S(s.log_mode) },
	{ "log_times", PARSE_YES, S(s.has_log_times) },
	{ "tail_lines", PARSE_COUNT, S(s.tail_lines), .max = 1000 },
	LIMIT("as", AS), LIMIT("core", CORE), LIMIT("cpu", CPU),
	LIMIT("data", DATA), LIMIT("fsize", FSIZE), LIMIT("locks", LOCKS),
	LIMIT("memlock", MEMLOCK), LIMIT("msgqueue", MSGQUEUE),
	LIMIT("nice", NICE), LIMIT("nofile", NOFILE), LIMIT("nproc", NPROC),
	LIMIT("rss", RSS), LIMIT("rtprio", RTPRIO), LIMIT("rttime", RTTIME),
	LIMIT("sigpending", SIGPENDING), LIMIT("stack", STACK),
	{ "limit.tasks", PARSE_TASKS, S(s.tasks_max) },
	{ "limit.memory", PARSE_MEMORY, S(s.memory_max) },
	{ "nice", PARSE_NICE, S(s), .min = -20, .max = 19 },
	{ "oom_score_adj", PARSE_OOM, S(s), .min = -1000, .max = 1000 },
	{ "no_new_privileges", PARSE_YES, S(s.has_no_new_privileges) },
	{ "capabilities", PARSE_CAPABILITIES, S(s.capabilities) },
	{ "instances", PARSE_COUNT, S(instances), .min = 1,
	  .max = CONFIG_SERVICES },
	{ "schedule", PARSE_SCHEDULE, .flags = KEY_SERVICE,
	  .at = offsetof(struct draft, s.schedule) },
	{ "timezone", PARSE_TIMEZONE, S(s.schedule.east_min) },
	{ "on_blocked", PARSE_HOOK, S_RAW(s.on_blocked) },

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

static bool apply(const struct key_use *use)
{
	const struct config_key *key = use->key;
	const char *text = use->setting->value;
	char *base = use->draft ? (char *)use->draft : (char *)&use->l->head;

	if (!(key->flags & KEY_RAW) &&
	    !expand(&use->l->expansion, text, &text, use->why))
		return false;
	if (*text == '\0' && !(key->flags & KEY_EMPTY))
		return value_wrong(use->why, "has no value; write one or "
					     "remove the line");
	return parse(use, text, base + key->at);
}

/* True when a value seems to end with a comment. */
static bool has_comment(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value == ' ' && (value[1] == ';' || value[1] == '#'))
			return true;
	return false;
}

static bool is_quoted(const char *value)
{
	size_t len = strlen(value);

	return len > 1 && (*value == '"' || *value == '\'') &&
	       value[len - 1] == *value;
}

/* A name that is seldom anything but a variable: PORT. */
static bool is_upper(const char *s)
{
	return *s >= 'A' && *s <= 'Z' &&
	       ((s[1] >= 'A' && s[1] <= 'Z') || s[1] == '_');
}

/* Does a shell that the command line calls (sh -c, bash -ec) read it? */
static bool is_for_shell(const char *value)
{
	const char *at = scan_find(value, "sh -");

	return at != NULL && at[3 + strcspn(at + 3, " c")] == 'c';
}

/* What is right, and is taken for something else by many. */
static void doubt(struct loader *l, const struct setting *s)
{
	static const char plain_text[] =
		"warning: %.60s: %.*s stays as it is, as no shell reads it; "
		"write ${NAME}, or '...' for text";
	const bool is_raw = (s->key->flags & KEY_RAW) != 0;
	const char *plain = l->expansion.plain;
	const char *name = s->name;
	struct complaints *c = &l->doubts;

	if (plain != NULL && (is_raw ? !is_for_shell(s->value)
				     : is_upper(plain + 1)))
		complain(c, s->place, plain_text, name,
			 is_raw ? (int)strcspn(plain, " \t\"'}/:,.;)") : 1,
			 plain);
	if (is_raw || s->key->parse == PARSE_SHELL)
		return;
	if (has_comment(s->value) || is_quoted(s->value))
		complain(c, s->place, "warning: %.60s: the value keeps its %s",
			 name, is_quoted(s->value)
				       ? "quotes: leave them out"
				       : "comment: put that on a line of its "
					 "own");
}

void key_apply(struct loader *l, struct draft *draft,
	       const struct setting *setting)
{
	static const char hint[] = " (a comment needs a line of its own)";
	struct why why;
	struct key_use use = { l, draft, setting, setting->key, &why };

	l->expansion.plain = NULL;
	if (apply(&use)) {
		doubt(l, setting);
		return;
	}
	foreign_explain(setting->name, setting->value, &why);
	/* A variable can be a secret: its value is not shown. */
	if (setting->key->flags & KEY_EMPTY)
		complain(&l->complaints, setting->place, "%.60s: %s",
			 setting->name, why.text);
	else
		complain(&l->complaints, setting->place, "%.60s = %.100s: %s%s",
			 setting->name, setting->value, why.text,
			 has_comment(setting->value) &&
					 scan_find(why.text, "comment") == NULL
				 ? hint : "");
}
