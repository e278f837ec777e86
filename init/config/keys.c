/* SPDX-License-Identifier: ISC */
/* The table, and how a setting finds its row and its field. */
#include "init/config/keys.h"

#include <string.h>
#include <sys/resource.h>

#include "init/config/expand.h"
#include "init/config/parse.h"

#define SERVICE (KEY_SERVICE | KEY_DEFAULTS)
#define S(field) .flags = SERVICE, .at = offsetof(struct draft, field)
#define D(field) .flags = KEY_DASHPOT, .at = offsetof(struct config, field)
#define WEEK .max = VALUE_WEEK_MS
#define NONE "" /* not supported yet, whatever the value */
#define LIMIT(word, number)                                                  \
	{ "limit." word, parse_limit, S(limits), .max = RLIMIT_##number }

/* clang-format off */
static const struct config_key keys[] = {
	{ "command", parse_command, .flags = KEY_SERVICE | KEY_RAW },
	{ "shell", parse_shell, .flags = KEY_SERVICE | KEY_RAW },
	{ "type", parse_word, S(s.type), .words = "daemon oneshot" },
	{ "restart", parse_word, S(s.restart),
	  .words = "always on-failure never" },
	{ "success_codes", parse_codes, S(s.success_codes) },
	{ "fatal_codes", parse_codes, S(s.fatal_codes) },
	{ "max_failures", parse_windows, S(s.breaker) },
	{ "restart_delay", parse_range, S(s.dampen.min_ms), WEEK },
	{ "cooldown", parse_range, S(s.breaker.cooldown_min_ms), WEEK },
	{ "max_trips", parse_count, S(s.breaker.max_trips), .max = 1000000 },
	{ "stable", parse_duration, S(s.stable_ms), WEEK },
	{ "min_runtime", parse_duration, S(s.min_runtime_ms), WEEK },
	{ "essential", parse_yes, S(s.is_essential) },
	{ "autostart", parse_yes, S(s.is_autostart) },
	{ "health_ignore", parse_yes, .flags = SERVICE, .later = "no" },
	{ "after", parse_names, .flags = SERVICE },
	{ "requires", parse_names, .flags = SERVICE },
	{ "ready", parse_check, .flags = SERVICE, .words = "none",
	  .later = "none" },
	{ "ready_timeout", parse_duration, .flags = SERVICE, WEEK,
	  .later = "0" },
	{ "health", parse_check, .flags = SERVICE, .words = "off",
	  .later = "off" },
	{ "health_interval", parse_duration, .flags = SERVICE, .min = 100, WEEK,
	  .later = "30s" },
	{ "health_timeout", parse_duration, .flags = SERVICE, .min = 1, WEEK,
	  .later = "5s" },
	{ "health_failures", parse_count, .flags = SERVICE, .min = 1,
	  .max = 1000, .later = "3" },
	{ "health_grace", parse_duration, .flags = SERVICE, WEEK,
	  .later = "0" },
	{ "stop_signal", parse_signal, S(s.stop_signal) },
	{ "stop_timeout", parse_duration, S(s.stop_timeout_ms), WEEK },
	{ "stop_mode", parse_word, S(s.stop_mode), .words = "leader group" },
	{ "stop_command", parse_hook, .flags = SERVICE | KEY_RAW,
	  .later = NONE },
	{ "drain_delay", parse_duration, .flags = SERVICE, WEEK,
	  .later = "0" },
	{ "reload_signal", parse_signal, .flags = SERVICE, .later = "HUP" },
	{ "leftovers", parse_flag, S(s.keeps_leftovers),
	  .words = "kill keep" },
	{ "leftover_grace", parse_duration, S(s.leftover_grace_ms), WEEK },
	{ "zombie_limit", parse_count, .flags = SERVICE, .max = 1000000,
	  .later = "0" },
	{ "user", parse_user, S(person) },
	{ "group", parse_group, S(s.gid) },
	{ "groups", parse_groups, S(s.groups) },
	{ "umask", parse_umask, S(s.umask) },
	{ "directory", parse_path, S(s.directory) },
	{ "env.", parse_env, .flags = SERVICE | KEY_EMPTY },
	{ "env_file", parse_env_file, .flags = SERVICE },
	{ "env_from_file.", parse_env_from_file, .flags = SERVICE },
	{ "clear_env", parse_yes, S(s.is_env_cleared) },
	{ "stdout", parse_stream, S(s.out) },
	{ "stderr", parse_stream, S(s.err), .words = "stdout" },
	{ "log_prefix", parse_word, .flags = SERVICE, .words = "auto yes no",
	  .later = "auto" },
	{ "log_format", parse_word, .flags = SERVICE, .words = "text json",
	  .later = "text" },
	{ "log_max_size", parse_size, .flags = SERVICE, .later = "10M" },
	{ "log_keep", parse_count, .flags = SERVICE, .max = 1000,
	  .later = "3" },
	{ "tail_lines", parse_count, .flags = SERVICE, .max = 1000,
	  .later = "20" },
	LIMIT("as", AS), LIMIT("core", CORE), LIMIT("cpu", CPU),
	LIMIT("data", DATA), LIMIT("fsize", FSIZE), LIMIT("locks", LOCKS),
	LIMIT("memlock", MEMLOCK), LIMIT("msgqueue", MSGQUEUE),
	LIMIT("nice", NICE), LIMIT("nofile", NOFILE), LIMIT("nproc", NPROC),
	LIMIT("rss", RSS), LIMIT("rtprio", RTPRIO), LIMIT("rttime", RTTIME),
	LIMIT("sigpending", SIGPENDING), LIMIT("stack", STACK),
	{ "limit.tasks", parse_cgroup, .flags = SERVICE, .later = NONE },
	{ "limit.memory", parse_cgroup, .flags = SERVICE, .later = NONE },
	{ "nice", parse_nice, S(s), .min = -20, .max = 19 },
	{ "oom_score_adj", parse_oom, S(s), .min = -1000, .max = 1000 },
	{ "no_new_privileges", parse_yes, S(s.has_no_new_privileges) },
	{ "capabilities", parse_capabilities, .flags = SERVICE,
	  .later = NONE },
	{ "instances", parse_count, .flags = SERVICE, .min = 1,
	  .max = CONFIG_SERVICES, .later = "1" },
	{ "schedule", parse_schedule, .flags = SERVICE, .later = NONE },
	{ "timezone", parse_timezone, .flags = SERVICE, .later = "+00:00" },
	{ "on_blocked", parse_hook, .flags = SERVICE | KEY_RAW,
	  .later = NONE },

	{ "diagnostics", parse_diagnostics, D(diagnostics) },
	{ "control", parse_socket, .flags = KEY_DASHPOT,
	  .later = "/run/dashpot.sock" },
	{ "control_mode", parse_octal, .flags = KEY_DASHPOT,
	  .later = "0600" },
	{ "control_owner", parse_owner, .flags = KEY_DASHPOT, .later = NONE },
	{ "listen", parse_listen, .flags = KEY_DASHPOT, .words = "off",
	  .later = "off" },
	{ "headroom", parse_number, D(headroom), .max = 1000000 },
	{ "restart_rate", parse_rate, D(restart_rate) },
	{ "shutdown_timeout", parse_duration, D(shutdown_timeout_ms),
	  .min = 1, WEEK },
	{ "stop_signals", parse_stop_signals, D(stop_signals) },
	{ "exit_when_all_blocked", parse_duration,
	  D(exit_when_all_blocked_ms), WEEK },
	{ "held_timeout", parse_duration, .flags = KEY_DASHPOT, WEEK,
	  .later = "0" },
	{ "orphans", parse_orphans, .flags = KEY_DASHPOT, .later = "keep" },
	{ "log_format", parse_word, D(log_format), .words = "text json" },
	{ "log_level", parse_word, D(log_level),
	  .words = "error warning info debug" },
	{ "metrics_file", parse_yes, .flags = KEY_DASHPOT, .later = "no" },
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

const char *key_nearest(const char *name, unsigned flags)
{
	struct nearest near = { .word = name };

	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].flags & flags)
			nearest_offer(&near, keys[i].name);
	return near.best;
}

bool key_expand(struct loader *l, const char *text, const char **result,
		struct why *why)
{
	if (!expand(&l->arena, l->world->environment, text, result, why))
		return false;
	if (*result != text)
		l->expanded += strlen(*result);
	if (l->expanded > CONFIG_TEXT)
		return value_wrong(why, "makes all values together more than "
					"%d bytes; use fewer variables",
				   CONFIG_TEXT);
	return true;
}

/* Parse a key that is not supported yet, and accept only its default. */
static bool apply_later(const struct key_use *use, const char *text)
{
	uint64_t written[8] = { 0 }, usual[8] = { 0 };

	if (!use->key->parse(use, text, written))
		return false;
	if (*use->key->later != '\0' &&
	    use->key->parse(use, use->key->later, usual) &&
	    memcmp(written, usual, sizeof(usual)) == 0)
		return true;
	complain(&use->l->complaints, use->setting->place,
		 "%s: not supported yet; remove the line", use->setting->name);
	return true;
}

static bool apply(const struct key_use *use)
{
	const struct config_key *key = use->key;
	const char *text = use->setting->value;
	char *base = use->draft ? (char *)use->draft : (char *)&use->l->head;

	if (!(key->flags & KEY_RAW) &&
	    !key_expand(use->l, text, &text, use->why))
		return false;
	if (*text == '\0' && !(key->flags & KEY_EMPTY))
		return value_wrong(use->why, "has no value; write one or "
					     "remove the line");
	if (key->later != NULL)
		return apply_later(use, text);
	return key->parse(use, text, base + key->at);
}

/* True when a value seems to end with a comment. */
static bool has_comment(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value == ' ' && (value[1] == ';' || value[1] == '#'))
			return true;
	return false;
}

void key_apply(struct loader *l, struct draft *draft,
	       const struct setting *setting)
{
	static const char hint[] = " (a comment needs a line of its own)";
	struct why why;
	struct key_use use = { l, draft, setting, setting->key, &why };

	if (apply(&use))
		return;
	/* A variable can be a secret: its value is not shown. */
	if (setting->key->flags & KEY_EMPTY)
		complain(&l->complaints, setting->place, "%.60s: %s",
			 setting->name, why.text);
	else
		complain(&l->complaints, setting->place, "%.60s = %.100s: %s%s",
			 setting->name, setting->value, why.text,
			 has_comment(setting->value) ? hint : "");
}
