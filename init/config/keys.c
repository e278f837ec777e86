/* SPDX-License-Identifier: ISC */
/* The parsers of the keys, and the table. */
#include "init/config/keys.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "init/config/expand.h"
#include "init/config/forms.h"
#include "init/config/sources.h"
#include "init/config/words.h"

static bool parse_yes(const struct key_use *use, const char *text, void *at)
{
	return value_yes(text, at, use->why);
}

/* Into an enum, which has the size of unsigned. */
static bool parse_word(const struct key_use *use, const char *text, void *at)
{
	unsigned index;

	if (!value_word(text, use->key->words, &index, use->why))
		return false;
	memcpy(at, &index, sizeof(index));
	return true;
}

/* The second of two words is true. */
static bool parse_flag(const struct key_use *use, const char *text, void *at)
{
	unsigned index;

	if (!value_word(text, use->key->words, &index, use->why))
		return false;
	*(bool *)at = index != 0;
	return true;
}

static bool parse_number(const struct key_use *use, const char *text, void *at)
{
	return value_number(text, strlen(text), use->key->min, use->key->max,
			    at, use->why);
}

static bool parse_count(const struct key_use *use, const char *text, void *at)
{
	int64_t number;

	if (!parse_number(use, text, &number))
		return false;
	*(uint32_t *)at = (uint32_t)number;
	return true;
}

static bool parse_duration(const struct key_use *use, const char *text,
			   void *at)
{
	return value_duration(text, strlen(text), use->key->min, use->key->max,
			      at, use->why);
}

/* Into two int64_t, one behind the other. */
static bool parse_range(const struct key_use *use, const char *text, void *at)
{
	int64_t *ms = at;

	return value_range(text, use->key->max, &ms[0], &ms[1], use->why);
}

static bool parse_size(const struct key_use *use, const char *text, void *at)
{
	return value_size(text, strlen(text), false, at, use->why);
}

static bool parse_windows(const struct key_use *use, const char *text,
			  void *at)
{
	return value_windows(text, at, use->why);
}

static bool parse_rate(const struct key_use *use, const char *text, void *at)
{
	return value_rate(text, at, use->why);
}

static bool parse_codes(const struct key_use *use, const char *text, void *at)
{
	return value_codes(text, at, use->why);
}

static bool parse_octal(const struct key_use *use, const char *text, void *at)
{
	return value_octal(text, at, use->why);
}

static bool parse_umask(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_umask = true;
	return value_octal(text, at, use->why);
}

/* A signal that asks a process to do something: not those that stop it for a
 * while or tell about others. */
static bool parse_signal(const struct key_use *use, const char *text, void *at)
{
	static const char stopping[] = "CHLD CONT STOP TSTP TTIN TTOU";
	uint8_t number, other;
	size_t len;

	if (!value_signal(text, strlen(text), &number, use->why))
		return false;
	for (const char *s = stopping; (len = value_item(&s)) > 0; s += len)
		if (value_signal(s, len, &other, use->why) && number == other)
			return value_wrong(use->why, "is no request that a "
						     "service can follow; "
						     "write TERM, INT, QUIT "
						     "or the like");
	memcpy(at, &number, sizeof(number));
	return true;
}

/* The signals that stop dashpot itself. */
static bool parse_stop_signals(const struct key_use *use, const char *text,
			       void *at)
{
	static const char used[] =
		"KILL STOP CONT CHLD ILL TRAP ABRT BUS FPE SEGV SYS 32 33 34 "
		"HUP USR1";
	uint64_t set = 0;
	size_t len, length;

	for (const char *s = text; (len = value_item(&s)) > 0; s += len) {
		uint8_t number, other;

		if (!value_signal(s, len, &number, use->why))
			return false;
		for (const char *u = used; (length = value_item(&u)) > 0;
		     u += length)
			if (value_signal(u, length, &other, use->why) &&
			    number == other)
				return value_wrong(use->why,
						   "has %.*s, which has "
						   "another meaning for "
						   "dashpot; leave it out",
						   (int)(len < 12 ? len : 12),
						   s);
		set |= (uint64_t)1 << (number - 1);
	}
	if (set == 0)
		return value_wrong(use->why, "lists nothing; write TERM or the "
					     "like");
	memcpy(at, &set, sizeof(set));
	return true;
}

static bool parse_path(const struct key_use *use, const char *text, void *at)
{
	if (!forms_path(text, use->why))
		return false;
	*(config_text *)at = text_string(&use->l->text, text);
	return true;
}

static bool parse_diagnostics(const struct key_use *use, const char *text,
			      void *at)
{
	use->l->head.is_diagnostics_written = true;
	return parse_path(use, text, at);
}

static bool parse_names(const struct key_use *use, const char *text, void *at)
{
	size_t len;

	(void)at; /* compile() reads the setting when all names are known */
	for (const char *s = text; (len = value_item(&s)) > 0; s += len)
		if (!load_is_name(s, len))
			return value_wrong(use->why, "`%.*s` is no service "
						     "name; write names like "
						     "web or db-1",
					   (int)(len < 50 ? len : 50), s);
	return true;
}

/* Split a command and expand each word; the list ends with NULL. */
static const char *const *command(const struct key_use *use, const char *text)
{
	struct words words;

	if (!words_split(&use->l->arena, text, &words, use->why))
		return NULL;
	for (size_t i = 0; i < words.count; i++)
		if (!key_expand(use->l, words.word[i], &words.word[i],
				use->why))
			return NULL;
	if (*words.word[0] == '\0') {
		value_wrong(use->why, "names no program: its first word is "
				      "empty");
		return NULL;
	}
	return words.word;
}

static bool parse_command(const struct key_use *use, const char *text,
			  void *at)
{
	(void)at;
	use->draft->argv = command(use, text);
	return use->draft->argv != NULL;
}

static bool parse_hook(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return command(use, text) != NULL;
}

static bool parse_shell(const struct key_use *use, const char *text, void *at)
{
	const char **argv = arena_get(&use->l->arena, 4 * sizeof(*argv));

	(void)at;
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = text;
	use->draft->argv = argv;
	use->draft->s.is_shell = true;
	return true;
}

/* Keys that are not kept yet say only whether they have their default: the
 * first of their words, or else 0. */
static bool parse_check(const struct key_use *use, const char *text, void *at)
{
	if (strcmp(text, use->key->words) == 0)
		return true;
	*(bool *)at = true;
	return forms_check(&use->l->arena, text, use->why);
}

static bool parse_listen(const struct key_use *use, const char *text, void *at)
{
	if (strcmp(text, use->key->words) == 0)
		return true;
	*(bool *)at = true;
	return forms_address(text, strlen(text), use->why);
}

static bool parse_socket(const struct key_use *use, const char *text, void *at)
{
	*(uint64_t *)at = text_hash(TEXT_HASH, text, strlen(text));
	return forms_path(text, use->why);
}

static bool parse_schedule(const struct key_use *use, const char *text,
			   void *at)
{
	(void)at;
	return forms_schedule(text, use->why);
}

static bool parse_timezone(const struct key_use *use, const char *text,
			   void *at)
{
	return forms_timezone(text, at, use->why);
}

static bool parse_orphans(const struct key_use *use, const char *text,
			  void *at)
{
	return forms_orphans(text, at, use->why);
}

static bool parse_capabilities(const struct key_use *use, const char *text,
			       void *at)
{
	(void)at;
	return forms_capabilities(text, use->why);
}

static bool parse_user(const struct key_use *use, const char *text, void *at)
{
	use->draft->has_person = true;
	return users_person(sources_users(use->l), &use->l->arena, text, at,
			    use->why);
}

static bool parse_owner(const struct key_use *use, const char *text, void *at)
{
	struct person person;

	(void)at;
	return users_person(sources_users(use->l), &use->l->arena, text,
			    &person, use->why);
}

static bool parse_group(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_group = true;
	return users_group(sources_users(use->l), &use->l->arena, text, at,
			   use->why);
}

static bool parse_groups(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_groups = true;
	return users_groups(sources_users(use->l), &use->l->arena, text, at,
			    &use->draft->s.groups_count, use->why);
}

static bool parse_stream(const struct key_use *use, const char *text, void *at)
{
	struct config_stream *stream = at;
	const char *path;
	bool is_stderr = use->key->words != NULL;

	if (!forms_stream(text, is_stderr, &stream->output, &path, use->why))
		return false;
	stream->path = path ? text_string(&use->l->text, path) : 0;
	return true;
}

static bool parse_limit(const struct key_use *use, const char *text, void *at)
{
	struct config_limit *limit = (struct config_limit *)at +
				     use->key->max;

	use->draft->limits_set |= 1U << use->key->max;
	limit->resource = (uint8_t)use->key->max;
	return value_limit(text, limit, use->why);
}

static bool parse_cgroup(const struct key_use *use, const char *text, void *at)
{
	return value_limit(text, at, use->why);
}

static bool parse_nice(const struct key_use *use, const char *text, void *at)
{
	struct config_service *s = at;
	int64_t number;

	if (!value_adjust(text, use->key->min, use->key->max, &number,
			  &s->is_nice_try, use->why))
		return false;
	s->nice = (int8_t)number;
	s->has_nice = true;
	return true;
}

static bool parse_oom(const struct key_use *use, const char *text, void *at)
{
	struct config_service *s = at;
	int64_t number;

	if (!value_adjust(text, use->key->min, use->key->max, &number,
			  &s->is_oom_score_adj_try, use->why))
		return false;
	s->oom_score_adj = (int16_t)number;
	s->has_oom_score_adj = true;
	return true;
}

static bool parse_env(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return sources_variable(use, text);
}

static bool parse_env_file(const struct key_use *use, const char *text,
			   void *at)
{
	(void)at;
	return sources_file(use, text);
}

static bool parse_env_from_file(const struct key_use *use, const char *text,
				void *at)
{
	(void)at;
	return sources_content(use, text);
}

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
	{ "health_ignore", parse_yes, S(s.is_health_ignored) },
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

void key_apply(struct loader *l, struct draft *draft,
	       const struct setting *setting)
{
	struct why why;
	struct key_use use = { l, draft, setting, setting->key, &why };
	bool has_comment = strstr(setting->value, " ;") != NULL ||
			   strstr(setting->value, " #") != NULL;

	if (!apply(&use))
		complain(&l->complaints, setting->place, "%.60s = %.100s: %s%s",
			 setting->name, setting->value, why.text,
			 has_comment ? " (a comment needs a line of its own)"
				     : "");
}
