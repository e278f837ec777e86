/* SPDX-License-Identifier: ISC */
/* From the text of a value to the field of its key. */
#include "init/loader/parse_setting.h"

#include <string.h>
#include <sys/un.h>

#include "init/config/named_capabilities.h"
#include "init/config/named_signals.h"
#include "init/config/service_name.h"
#include "init/lib/scan.h"
#include "init/loader/cron.h"
#include "init/loader/endpoint.h"
#include "init/loader/environment.h"
#include "init/loader/expand.h"
#include "init/loader/foreign_terms.h"

/* Into an enum, which has the size of unsigned, or a flag: the second of two
 * words is true. */
static bool parse_word(const struct key_use *use, const char *text, void *at)
{
	unsigned index;

	if (!value_word(text, key_words(use->key), &index, use->why))
		return false;
	if (use->key->type == KEY_FLAG)
		*(bool *)at = index != 0;
	else
		memcpy(at, &index, sizeof(index));
	return true;
}

static bool parse_number(const struct key_use *use, const char *text, void *at)
{
	return value_number(text, strlen(text), use->key->min,
			    key_most(use->key), at, use->why);
}

/* A word for 0 where that means that it never comes. */
static bool is_never(const struct key_use *use, const char *text)
{
	return (use->key->flags & KEY_NEVER) && strcmp(text, "never") == 0;
}

static bool parse_count(const struct key_use *use, const char *text, void *at)
{
	int64_t number;

	*(uint32_t *)at = 0;
	if (is_never(use, text))
		return true;
	if (!parse_number(use, text, &number))
		return false;
	*(uint32_t *)at = (uint32_t)number;
	return true;
}

static bool parse_duration(const struct key_use *use, const char *text,
			   void *at)
{
	*(int64_t *)at = 0;
	if (is_never(use, text))
		return true;
	if (strcmp(text, "never") == 0 || strcmp(text, "infinity") == 0)
		return value_wrong(use->why, "is no duration, and %s; write "
					     "the longest that it may be, up "
					     "to 7d",
				   (use->key->flags & KEY_NEVER)
					   ? "the word here is never"
					   : "there is no never here");
	return value_duration(text, strlen(text), use->key->min, at, use->why);
}

/* In the block 0 stands for a mode that no file has. */
static bool parse_mode(const struct key_use *use, const char *text, void *at)
{
	uint16_t *mode = at;

	return value_octal(text, mode, use->why) &&
	       (*mode != 0 || value_wrong(use->why, "is for nobody; write "
						    "0600"));
}

static bool parse_umask(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_umask = true;
	return value_octal(text, at, use->why);
}

static bool parse_path(const struct key_use *use, const char *text, void *at)
{
	if (!endpoint_path(text, use->why))
		return false;
	*(config_text *)at = pool_string(&use->l->pool, text);
	return true;
}

static bool parse_names(const struct key_use *use, const char *text, void *at)
{
	size_t len;

	(void)at; /* compile() reads the setting when all names are known */
	for (const char *s = text; (len = value_item(&s)) > 0; s += len)
		if (!name_is_service(s, len))
			return value_wrong(use->why, "`%.*s` is no service "
						     "name; write names like "
						     "web, db-1 or worker:0",
					   (int)(len < 50 ? len : 50), s);
	return true;
}

static bool parse_command(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	use->draft->argv = expand_command(&use->l->expansion, text,
					  use->why);
	return use->draft->argv != NULL;
}

static bool parse_hook(const struct key_use *use, const char *text, void *at)
{
	const char *const *argv = expand_command(&use->l->expansion, text,
						 use->why);

	if (argv == NULL)
		return false;
	*(struct config_list *)at = pool_strings(&use->l->pool,
						 &use->l->arena, argv);
	return true;
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

/* The form of a check into the block. */
static bool parse_check(const struct key_use *use, const char *text, void *at)
{
	struct config_check *check = at;
	struct string_pool *texts = &use->l->pool;
	struct endpoint form;

	*check = (struct config_check){ .kind = CONFIG_CHECK_NONE };
	if (strcmp(text, key_words(use->key)) == 0)
		return true;
	if (strncmp(text, "exec:", 5) == 0) {
		check->kind = CONFIG_CHECK_EXEC;
		return parse_hook(use, text + 5, &check->argv);
	}
	if (!expand(&use->l->expansion, text, &text, use->why) ||
	    !endpoint_check(&use->l->arena, text, &form, use->why))
		return false;
	if (use->key->max != 0 && (form.kind == CONFIG_CHECK_NOTIFY ||
				   form.kind == CONFIG_CHECK_FD))
		return value_wrong(use->why, "tells once that a service is "
					     "ready, never that it is still "
					     "well; write tcp:, http:, unix:, "
					     "file: or exec:");
	check->kind = form.kind;
	check->number = form.number;
	check->host = form.host ? pool_string(texts, form.host) : 0;
	check->path = form.path ? pool_string(texts, form.path) : 0;
	return true;
}

static bool parse_listen(const struct key_use *use, const char *text, void *at)
{
	if (strcmp(text, "off") == 0)
		return true;
	if (!endpoint_address(text, strlen(text), use->why))
		return false;
	*(config_text *)at = pool_string(&use->l->pool, text);
	return true;
}

/* A path that an address of unix(7) has room for. */
static bool parse_socket(const struct key_use *use, const char *text, void *at)
{
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);

	if (strlen(text) >= room)
		return value_wrong(use->why, "is too long for the path of a "
					     "socket; write at most %d bytes",
				   (int)room - 1);
	return parse_path(use, text, at);
}

static bool parse_schedule(const struct key_use *use, const char *text,
			   void *at)
{
	use->draft->s.schedule_text = pool_string(&use->l->pool, text);
	return cron_schedule(text, at, use->why);
}

static bool parse_capabilities(const struct key_use *use, const char *text,
			       void *at)
{
	struct config_service *s = &use->draft->s;

	s->has_capabilities = true;
	return capabilities_parse(text, at, &s->is_capabilities_try, use->why);
}

static bool parse_user(const struct key_use *use, const char *text, void *at)
{
	use->draft->has_person = true;
	use->draft->s.user = pool_string(&use->l->pool, text);
	(void)at;
	return users_person(environment_users(use->l), &use->l->arena, text,
			    &use->draft->person, use->why);
}

static bool parse_owner(const struct key_use *use, const char *text, void *at)
{
	const struct users *all = environment_users(use->l);
	/* Supplementary groups, and how many there are, are of no matter. */
	const struct users people = { all->passwd, "" };
	const size_t len = strcspn(text, ":");
	struct config *head = &use->l->head;
	const bool is_control = use->key->flags == KEY_DASHPOT;
	struct config_service *s = is_control ? NULL : &use->draft->s;
	uint32_t *uid = is_control ? &head->control_uid : &s->log_uid;
	uint32_t *gid = is_control ? &head->control_gid : &s->log_gid;
	struct person person;

	(void)at;
	if (!users_person(&people, &use->l->arena,
			  arena_copy(&use->l->arena, text, len), &person,
			  use->why))
		return false;
	*(is_control ? &head->has_control_owner : &s->has_log_owner) = true;
	*uid = person.uid;
	*gid = person.has_gid ? person.gid : UINT32_MAX;
	return text[len] == '\0' ||
	       users_group(all, &use->l->arena, text + len + 1, gid, use->why);
}

static bool parse_group(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_group = true;
	return users_group(environment_users(use->l), &use->l->arena, text, at,
			   use->why);
}

static bool parse_groups(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_groups = true;
	use->draft->s.has_own_groups = true;
	return users_groups(environment_users(use->l), &use->l->arena, text, at,
			    &use->draft->s.groups_count, use->why);
}

static bool parse_stream(const struct key_use *use, const char *text, void *at)
{
	struct config_stream *stream = at;
	const char *path;
	bool is_stderr = use->key->max != 0;

	if (!endpoint_stream(text, is_stderr, stream, &path, use->why))
		return false;
	stream->path = path ? pool_string(&use->l->pool, path) : 0;
	return true;
}

static bool parse_limit(const struct key_use *use, const char *text, void *at)
{
	struct config_limit *limit = &use->draft->limits[use->key->max];

	(void)at;
	use->draft->limits_set |= 1U << use->key->max;
	limit->resource = (uint8_t)use->key->max;
	return value_limit(text, limit, use->why);
}

/* A limit of a cgroup is one number, with a leading "-" to try; "unlimited" is
 * none. */
static bool parse_cgroup(const struct key_use *use, const char *text, void *at)
{
	struct config_service *s = &use->draft->s;
	bool *is_try = at == &s->tasks_max ? &s->is_tasks_try
					   : &s->is_memory_try;
	uint64_t *most = at;

	*is_try = *text == '-';
	text += *is_try;
	if (!value_size(text, strlen(text), true, most, use->why))
		return false;
	if (*most == 0)
		return value_wrong(use->why, "leaves no room for anything; "
					     "write 1 or more, or unlimited");
	if (*most == UINT64_MAX)
		*most = 0;
	return true;
}

/* nice or oom_score_adj. */
static bool parse_adjust(const struct key_use *use, const char *text, void *at)
{
	struct config_service *s = &use->draft->s;
	const bool is_nice = use->key->type == KEY_NICE;
	int64_t number;

	if (!value_adjust(text, use->key->min, use->key->max, &number,
			  is_nice ? &s->is_nice_try : &s->is_oom_score_adj_try,
			  use->why))
		return false;
	if (is_nice)
		*(int8_t *)at = (int8_t)number;
	else
		*(int16_t *)at = (int16_t)number;
	*(is_nice ? &s->has_nice : &s->has_oom_score_adj) = true;
	return true;
}

static bool parse_instances(const struct key_use *use, const char *text,
			    void *at)
{
	int64_t number;

	(void)at;
	return parse_number(use, text, &number);
}

/* clang-format off */
static bool (*const parsers[KEY_TYPES])(const struct key_use *use,
				      const char *text, void *at) = {
	[KEY_WORD] = parse_word,
	[KEY_FLAG] = parse_word,
	[KEY_NUMBER] = parse_number,
	[KEY_COUNT] = parse_count,
	[KEY_DURATION] = parse_duration,
	[KEY_STOP_TIME] = parse_duration,
	[KEY_MODE] = parse_mode,
	[KEY_UMASK] = parse_umask,
	[KEY_PATH] = parse_path,
	[KEY_NAMES] = parse_names,
	[KEY_COMMAND] = parse_command,
	[KEY_SHELL] = parse_shell,
	[KEY_HOOK] = parse_hook,
	[KEY_CHECK] = parse_check,
	[KEY_LISTEN] = parse_listen,
	[KEY_SOCKET] = parse_socket,
	[KEY_SCHEDULE] = parse_schedule,
	[KEY_CAPABILITIES] = parse_capabilities,
	[KEY_OWNER] = parse_owner,
	[KEY_USER] = parse_user,
	[KEY_GROUP] = parse_group,
	[KEY_GROUPS] = parse_groups,
	[KEY_STREAM] = parse_stream,
	[KEY_LIMIT] = parse_limit,
	[KEY_CGROUP] = parse_cgroup,
	[KEY_NICE] = parse_adjust,
	[KEY_OOM] = parse_adjust,
	[KEY_INSTANCES] = parse_instances,
};
/* clang-format on */

/* Parse text into the field of its key; false with use->why filled. */
static bool parse(const struct key_use *use, const char *text)
{
	struct why *why = use->why;
	void *at = use->draft ? (char *)&use->draft->s : (char *)&use->l->head;

	at = (char *)at + use->key->at;
	switch (use->key->type) {
	case KEY_YES:
		return value_yes(text, at, why);
	case KEY_RANGE:
		return value_range(text, at, (int64_t *)at + 1, why);
	case KEY_SIZE:
		return value_size(text, strlen(text), false, at, why);
	case KEY_WINDOWS:
		return value_windows(text, at, why);
	case KEY_RATE:
		return value_rate(text, at, why);
	case KEY_CODES:
		return value_codes(text, at, why);
	case KEY_SIGNAL:
		return signals_request(text, at, why);
	case KEY_STOP_SIGNALS:
		return signals_stopping(text, at, why);
	case KEY_FORWARD_SIGNALS:
		return signals_forwarded(text, at, why);
	case KEY_TIMEZONE:
		return cron_timezone(text, at, why);
	case KEY_ORPHANS:
		return endpoint_orphans(text, at, why);
	case KEY_ENV:
		return environment_variable(use, text);
	case KEY_ENV_FILE:
		return environment_file(use, text);
	case KEY_ENV_FROM_FILE:
		return environment_content(use, text);
	default:
		return parsers[use->key->type](use, text, at);
	}
}

void parse_usual(struct loader *l, struct draft *draft)
{
	const unsigned section = draft ? KEY_DEFAULTS : KEY_DASHPOT;
	struct why why;
	struct key_use use = { l, draft, NULL, NULL, &why };

	for (size_t i = 0; (use.key = config_key(i)) != NULL; i++)
		if ((use.key->flags & section) && (use.key->flags & KEY_USUAL))
			parse(&use, key_usual(use.key));
}

static bool apply(const struct key_use *use)
{
	const struct config_key *key = use->key;
	const char *text = use->setting->value;

	if (!(key->flags & KEY_RAW) &&
	    !expand(&use->l->expansion, text, &text, use->why))
		return false;
	if (*text == '\0' && !(key->flags & KEY_EMPTY))
		return value_wrong(use->why, "has no value; write one or "
					     "remove the line");
	return parse(use, text);
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
	struct mistakes *c = &l->doubts;

	if (plain != NULL && (is_raw ? !is_for_shell(s->value)
				     : is_upper(plain + 1)))
		mistake(c, s->place, plain_text, name,
			is_raw ? (int)strcspn(plain, " \t\"'}/:,.;)") : 1,
			plain);
	if (is_raw || s->key->type == KEY_SHELL)
		return;
	if (has_comment(s->value) || is_quoted(s->value))
		mistake(c, s->place, "warning: %.60s: the value keeps its %s",
			name, is_quoted(s->value)
				      ? "quotes: leave them out"
				      : "comment: put that on a line of its "
					"own");
}

static void parse_setting(struct loader *l, struct draft *draft,
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
	foreign_terms_explain(setting->name, setting->value, &why);
	/* A variable can be a secret: its value is not shown. */
	if (setting->key->flags & KEY_EMPTY)
		mistake(&l->mistakes, setting->place, "%.60s: %s",
			setting->name, why.text);
	else
		mistake(&l->mistakes, setting->place, "%.60s = %.100s: %s%s",
			setting->name, setting->value, why.text,
			has_comment(setting->value) &&
					scan_find(why.text, "comment") == NULL
				? hint : "");
}

void parse_section(struct loader *l, struct draft *draft,
		   const struct section *section)
{
	for (const struct setting *s = section->first; s != NULL; s = s->next)
		parse_setting(l, draft, s);
}
