/* SPDX-License-Identifier: ISC */
/* The table, how a name finds its row, and what a field may be. Enums and
 * booleans are read as numbers, because what is no such value must not be used
 * as one. */
#include "init/config/keys.h"

#include <string.h>
#include <sys/resource.h>

#include "init/config/named_signals.h"
#include "init/config/scalar_value.h"
#include "init/lib/nearest.h"

enum {
	MILLION = 1000000,
	DAY_MS = 86400000,
	BOTH = KEY_SERVICE | KEY_DEFAULTS,
	RAW = KEY_RAW,
	EMPTY = KEY_EMPTY,
	NEVER = KEY_NEVER,
	LIVE = KEY_LIVE,
	FIXED = KEY_FIXED,
	USUAL = KEY_USUAL,
	HEALTH = KEY_HEALTH,
};

#define FIELD(type, field, set)                                              \
	.flags = (set), .at = offsetof(struct type, field)
#define S(field, set) FIELD(config_service, field, BOTH | (set))
#define O(field, set) FIELD(config_service, field, KEY_SERVICE | (set))
#define D(field, set) FIELD(config, field, KEY_DASHPOT | (set))
#define IS "\0"         /* words follow */
#define DEFAULT "\0\0"  /* no words; its usual value follows */
#define LIMIT(word, number)                                                  \
	{ "limit." word, KEY_LIMIT, .flags = BOTH, .max = RLIMIT_##number }

/* clang-format off */
static const struct config_key keys[] = {
	{ "command", KEY_COMMAND, .flags = KEY_SERVICE | RAW | FIXED },
	{ "shell", KEY_SHELL, .flags = KEY_SERVICE | RAW | FIXED },
	{ "type" IS "daemon oneshot", KEY_WORD, S(type, FIXED) },
	{ "restart" IS "always on-failure never",
	  KEY_WORD, S(restart, LIVE | FIXED) },
	{ "success_codes" DEFAULT "0",
	  KEY_CODES, S(success_codes, LIVE | USUAL) },
	{ "fatal_codes" DEFAULT "126 127",
	  KEY_CODES, S(fatal_codes, LIVE | USUAL) },
	{ "max_failures" DEFAULT "3 in 15s, 10 in 10m, 10 in a row",
	  KEY_WINDOWS, S(breaker, LIVE | USUAL) },
	{ "restart_delay" DEFAULT "250ms..30s",
	  KEY_RANGE, S(dampen.min_ms, LIVE | USUAL) },
	{ "cooldown" DEFAULT "10s..5m",
	  KEY_RANGE, S(breaker.cooldown_min_ms, LIVE | USUAL) },
	{ "max_trips", KEY_COUNT, S(breaker.max_trips, NEVER | LIVE) },
	{ "stable" DEFAULT "60s", KEY_DURATION, S(stable_ms, LIVE | USUAL) },
	{ "min_runtime" DEFAULT "5s",
	  KEY_DURATION, S(min_runtime_ms, LIVE | USUAL) },
	{ "essential", KEY_YES, S(is_essential, LIVE | FIXED) },
	{ "autostart" DEFAULT "yes",
	  KEY_YES, S(is_autostart, LIVE | FIXED | USUAL) },
	{ "health_ignore", KEY_YES, S(is_health_ignored, LIVE) },
	{ "after", KEY_NAMES, .flags = BOTH },
	{ "requires", KEY_NAMES, .flags = BOTH },
	{ "ready" IS "none", KEY_CHECK, S(ready, RAW) },
	{ "ready_timeout", KEY_DURATION, S(ready_timeout_ms, NEVER | LIVE) },
	{ "health" IS "off",
	  KEY_CHECK, S(health, RAW | LIVE | HEALTH), .max = 1 },
	{ "health_interval" DEFAULT "30s",
	  KEY_DURATION, S(health_interval_ms, HEALTH | LIVE | USUAL),
	  .min = 100 },
	{ "health_timeout" DEFAULT "5s",
	  KEY_DURATION, S(health_timeout_ms, HEALTH | LIVE | USUAL),
	  .min = 1 },
	{ "health_failures" DEFAULT "3",
	  KEY_COUNT, S(health_failures, HEALTH | LIVE | USUAL),
	  .min = 1, .max = 1000 },
	{ "health_grace", KEY_DURATION, S(health_grace_ms, HEALTH | LIVE) },
	{ "stop_signal" DEFAULT "TERM",
	  KEY_SIGNAL, S(stop_signal, LIVE | USUAL) },
	{ "stop_timeout" DEFAULT "8s",
	  KEY_DURATION, S(stop_timeout_ms, LIVE | USUAL) },
	{ "stop_mode" IS "leader group", KEY_WORD, S(stop_mode, LIVE) },
	{ "stop_command", KEY_HOOK, S(stop_command, RAW | LIVE) },
	{ "drain_delay", KEY_DURATION, S(drain_delay_ms, LIVE) },
	{ "reload_signal" DEFAULT "HUP",
	  KEY_SIGNAL, S(reload_signal, LIVE | USUAL) },
	{ "leftovers" IS "kill keep", KEY_FLAG, S(keeps_leftovers, LIVE) },
	{ "leftover_grace" DEFAULT "500ms",
	  KEY_DURATION, S(leftover_grace_ms, LIVE | USUAL) },
	{ "zombie_limit", KEY_COUNT, S(zombie_limit, LIVE) },
	{ "user", KEY_USER, .flags = BOTH },
	{ "group", KEY_GROUP, S(gid, 0) },
	{ "groups", KEY_GROUPS, S(groups, 0) },
	{ "umask", KEY_UMASK, S(umask, 0) },
	{ "directory", KEY_PATH, S(directory, 0) },
	{ "env.", KEY_ENV, .flags = BOTH | EMPTY },
	{ "env_file", KEY_ENV_FILE, .flags = BOTH },
	{ "env_from_file.", KEY_ENV_FROM_FILE, .flags = BOTH },
	{ "clear_env", KEY_YES, S(is_env_cleared, 0) },
	{ "stdout" DEFAULT "relay", KEY_STREAM, S(out, FIXED | USUAL) },
	{ "stderr" DEFAULT "relay",
	  KEY_STREAM, S(err, FIXED | USUAL), .max = 1 },
	{ "log_prefix" IS "auto yes no", KEY_WORD, S(log_prefix, LIVE) },
	{ "log_format" IS "text json", KEY_WORD, S(log_format, LIVE) },
	{ "log_max_size" DEFAULT "10M",
	  KEY_SIZE, S(log_max_size, LIVE | USUAL) },
	{ "log_keep" DEFAULT "3",
	  KEY_COUNT, S(log_keep, LIVE | USUAL), .max = 1000 },
	{ "log_owner", KEY_OWNER, .flags = BOTH },
	{ "log_mode", KEY_MODE, S(log_mode, LIVE) },
	{ "log_times", KEY_YES, S(has_log_times, LIVE) },
	{ "tail_lines" DEFAULT "20",
	  KEY_COUNT, S(tail_lines, LIVE | USUAL), .max = 1000 },
	LIMIT("as", AS), LIMIT("core", CORE), LIMIT("cpu", CPU),
	LIMIT("data", DATA), LIMIT("fsize", FSIZE), LIMIT("locks", LOCKS),
	LIMIT("memlock", MEMLOCK), LIMIT("msgqueue", MSGQUEUE),
	LIMIT("nice", NICE), LIMIT("nofile", NOFILE), LIMIT("nproc", NPROC),
	LIMIT("rss", RSS), LIMIT("rtprio", RTPRIO), LIMIT("rttime", RTTIME),
	LIMIT("sigpending", SIGPENDING), LIMIT("stack", STACK),
	{ "limit.tasks", KEY_CGROUP, S(tasks_max, 0) },
	{ "limit.memory", KEY_CGROUP, S(memory_max, 0) },
	{ "nice", KEY_NICE, S(nice, 0), .min = -20, .max = 19 },
	{ "oom_score_adj",
	  KEY_OOM, S(oom_score_adj, 0), .min = -1000, .max = 1000 },
	{ "no_new_privileges", KEY_YES, S(has_no_new_privileges, 0) },
	{ "capabilities", KEY_CAPABILITIES, S(capabilities, 0) },
	{ "instances",
	  KEY_INSTANCES, .flags = BOTH | FIXED,
	  .min = 1, .max = CONFIG_SERVICES },
	{ "schedule", KEY_SCHEDULE, O(schedule, LIVE | FIXED) },
	{ "timezone", KEY_TIMEZONE, S(schedule.east_min, LIVE) },
	{ "on_blocked", KEY_HOOK, S(on_blocked, RAW | LIVE) },

	{ "diagnostics" DEFAULT "/var/lib/dashpot",
	  KEY_PATH, D(diagnostics, USUAL) },
	{ "control", KEY_SOCKET, D(control, 0) },
	{ "control_mode", KEY_MODE, D(control_mode, 0) },
	{ "control_owner", KEY_OWNER, .flags = KEY_DASHPOT },
	{ "listen", KEY_LISTEN, D(listen, 0) },
	{ "headroom", KEY_NUMBER, D(headroom, 0) },
	{ "restart_rate" DEFAULT "5/s burst 20",
	  KEY_RATE, D(restart_rate, USUAL) },
	{ "shutdown_timeout",
	  KEY_STOP_TIME, D(shutdown_timeout_ms, 0), .min = 1 },
	{ "stop_signals" DEFAULT "TERM INT QUIT PWR RTMIN+3",
	  KEY_STOP_SIGNALS, D(stop_signals, USUAL) },
	{ "stop_again" IS "terminal kill ignore", KEY_WORD, D(stop_again, 0) },
	{ "forward_signals", KEY_FORWARD_SIGNALS, D(forward_signals, 0) },
	{ "exit_when_all_blocked" DEFAULT "5m",
	  KEY_DURATION, D(exit_when_all_blocked_ms, NEVER | USUAL) },
	{ "held_timeout", KEY_DURATION, D(held_timeout_ms, NEVER) },
	{ "orphans", KEY_ORPHANS, D(orphans_kill_ms, 0) },
	{ "log_format" IS "text json", KEY_WORD, D(log_format, 0) },
	{ "log_level" IS "error warning info debug" "\0" "info",
	  KEY_WORD, D(log_level, USUAL) },
	{ "metrics_file", KEY_YES, D(has_metrics_file, 0) },
};

/* What the field of a key is: its bytes, negative where the number has a sign,
 * and what that may be; a max of 0 leaves it open here. */
static const struct kind {
	int16_t bytes, min;
	int64_t max;
} kinds[KEY_TYPES] = {
	[KEY_YES] = { 1, 0, 1 },
	[KEY_FLAG] = { 1, 0, 1 },
	[KEY_WORD] = { sizeof(unsigned), 0, 0 },
	[KEY_NUMBER] = { -8, -1, MILLION },
	[KEY_COUNT] = { 4, 0, MILLION },
	[KEY_DURATION] = { -8, 0, VALUE_WEEK_MS },
	[KEY_ORPHANS] = { -8, 0, VALUE_WEEK_MS },
	[KEY_STOP_TIME] = { -8, 0, KEY_STOP_MS },
	[KEY_RANGE] = { 2 * 8, 0, 0 },
	[KEY_SIZE] = { -8, 0, INT64_MAX },
	[KEY_CGROUP] = { -8, 0, INT64_MAX },
	[KEY_CODES] = { 4 * 8, 0, 0 },
	[KEY_MODE] = { 2, 0, 0777 },
	[KEY_UMASK] = { 2, 0, 0777 },
	[KEY_SIGNAL] = { 1, 1, SIGNALS },
	[KEY_CAPABILITIES] = { -8, 0, (1LL << CONFIG_CAPABILITIES) - 1 },
	[KEY_NICE] = { -1, 0, 0 },
	[KEY_OOM] = { -2, 0, 0 },
	[KEY_SCHEDULE] = { sizeof(struct schedule), 0, 0 },
	[KEY_WINDOWS] = { sizeof(struct breaker_policy), 0, 0 },
	[KEY_PATH] = { sizeof(config_text), 0, 0 },
	[KEY_HOOK] = { sizeof(struct config_list), 0, 0 },
	[KEY_CHECK] = { sizeof(struct config_check), 0, 0 },
	[KEY_STREAM] = { sizeof(struct config_stream), 0, 0 },
};
/* clang-format on */

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

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
		if (keys[i].type == KEY_LIMIT &&
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

size_t key_bytes(const struct config_key *key)
{
	const int bytes = kinds[key->type].bytes;

	return (size_t)(bytes < 0 ? -bytes : bytes);
}

int64_t key_most(const struct config_key *key)
{
	return key->max != 0 ? key->max : kinds[key->type].max;
}

static int64_t number(const void *at, int bytes)
{
	switch (bytes) {
	case 1:
		return *(const uint8_t *)at;
	case -1:
		return *(const int8_t *)at;
	case 2:
		return *(const uint16_t *)at;
	case -2:
		return *(const int16_t *)at;
	case 4:
		return *(const uint32_t *)at;
	default:
		/* An unsigned number that is too large is negative here. */
		return *(const int64_t *)at;
	}
}

static bool is_within(int64_t n, int64_t min, int64_t max)
{
	return n >= min && n <= max;
}

static bool are_windows(const struct breaker_policy *p)
{
	bool is_well = p->windows <= BREAKER_WINDOWS &&
		       p->max_in_row <= BREAKER_ROW;

	for (uint32_t i = 0; is_well && i < p->windows; i++)
		is_well = is_within(p->window[i].max_failures, 1,
				    BREAKER_SLOTS) &&
			  is_within(p->window[i].window_ms, 1, VALUE_WEEK_MS);
	return is_well;
}

static bool is_rate(const struct budget_policy *p)
{
	return is_within(p->period_ms, 1, DAY_MS) &&
	       is_within(p->rate, 1, VALUE_RATE) &&
	       is_within(p->burst, 1, VALUE_RATE);
}

static bool is_check(const struct config_check *check)
{
	return number(&check->kind, 4) <= CONFIG_CHECK_EXEC &&
	       check->number <= UINT16_MAX;
}

static bool is_schedule(const struct schedule *s)
{
	return number(&s->is_either_day, 1) <= 1 && schedule_is_well(s);
}

/* The words of a key are one more than the blanks between them. */
static int64_t last_word(const struct config_key *key)
{
	int64_t n = 0;

	for (const char *s = key_words(key); *s != '\0'; s++)
		n += *s == ' ';
	return n;
}

bool key_is_well(const struct config_key *key, const void *base)
{
	const struct kind *kind = &kinds[key->type];
	const void *at = (const char *)base + key->at;
	const int64_t *ms = at;
	int64_t max = key_most(key);

	switch (key->type) {
	case KEY_WINDOWS:
		return are_windows(at);
	case KEY_RATE:
		return is_rate(at);
	case KEY_CHECK:
		return is_check(at);
	case KEY_SCHEDULE:
		return is_schedule(at);
	case KEY_STOP_SIGNALS:
		return signals_are_stopping(*(const uint64_t *)at);
	case KEY_FORWARD_SIGNALS:
		return signals_are_forwarded(*(const uint64_t *)at);
	case KEY_RANGE:
		return ms[0] >= 0 && is_within(ms[1], ms[0], VALUE_WEEK_MS);
	case KEY_WORD:
		max = last_word(key);
		break;
	default:
		break;
	}
	return max == 0 || kind->bytes == 0 || kind->bytes > 8 ||
	       is_within(number(at, kind->bytes),
			 key->min != 0 ? key->min : kind->min, max);
}
