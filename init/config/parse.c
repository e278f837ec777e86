/* SPDX-License-Identifier: ISC */
/* From the text of a value to the field of its key. */
#include "init/config/parse.h"

#include <string.h>

#include "init/config/forms.h"
#include "init/config/signals.h"
#include "init/config/sources.h"
#include "init/config/words.h"

bool parse_yes(const struct key_use *use, const char *text, void *at)
{
	return value_yes(text, at, use->why);
}

/* Into an enum, which has the size of unsigned. */
bool parse_word(const struct key_use *use, const char *text, void *at)
{
	unsigned index;

	if (!value_word(text, use->key->words, &index, use->why))
		return false;
	memcpy(at, &index, sizeof(index));
	return true;
}

/* The second of two words is true. */
bool parse_flag(const struct key_use *use, const char *text, void *at)
{
	unsigned index;

	if (!value_word(text, use->key->words, &index, use->why))
		return false;
	*(bool *)at = index != 0;
	return true;
}

bool parse_number(const struct key_use *use, const char *text, void *at)
{
	return value_number(text, strlen(text), use->key->min, use->key->max,
			    at, use->why);
}

bool parse_count(const struct key_use *use, const char *text, void *at)
{
	int64_t number;

	if (!parse_number(use, text, &number))
		return false;
	*(uint32_t *)at = (uint32_t)number;
	return true;
}

bool parse_duration(const struct key_use *use, const char *text, void *at)
{
	return value_duration(text, strlen(text), use->key->min, use->key->max,
			      at, use->why);
}

/* Into two int64_t, one behind the other. */
bool parse_range(const struct key_use *use, const char *text, void *at)
{
	int64_t *ms = at;

	return value_range(text, use->key->max, &ms[0], &ms[1], use->why);
}

bool parse_size(const struct key_use *use, const char *text, void *at)
{
	return value_size(text, strlen(text), false, at, use->why);
}

bool parse_windows(const struct key_use *use, const char *text, void *at)
{
	return value_windows(text, at, use->why);
}

bool parse_rate(const struct key_use *use, const char *text, void *at)
{
	return value_rate(text, at, use->why);
}

bool parse_codes(const struct key_use *use, const char *text, void *at)
{
	return value_codes(text, at, use->why);
}

bool parse_octal(const struct key_use *use, const char *text, void *at)
{
	return value_octal(text, at, use->why);
}

bool parse_umask(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_umask = true;
	return value_octal(text, at, use->why);
}

bool parse_signal(const struct key_use *use, const char *text, void *at)
{
	return signals_request(text, at, use->why);
}

bool parse_stop_signals(const struct key_use *use, const char *text, void *at)
{
	return signals_stopping(text, at, use->why);
}

bool parse_path(const struct key_use *use, const char *text, void *at)
{
	if (!forms_path(text, use->why))
		return false;
	*(config_text *)at = text_string(&use->l->text, text);
	return true;
}

bool parse_diagnostics(const struct key_use *use, const char *text, void *at)
{
	use->l->head.is_diagnostics_written = true;
	return parse_path(use, text, at);
}

bool parse_names(const struct key_use *use, const char *text, void *at)
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

bool parse_command(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	use->draft->argv = command(use, text);
	return use->draft->argv != NULL;
}

bool parse_hook(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return command(use, text) != NULL;
}

bool parse_shell(const struct key_use *use, const char *text, void *at)
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
bool parse_check(const struct key_use *use, const char *text, void *at)
{
	if (strcmp(text, use->key->words) == 0)
		return true;
	*(bool *)at = true;
	return forms_check(&use->l->arena, text, use->why);
}

bool parse_listen(const struct key_use *use, const char *text, void *at)
{
	if (strcmp(text, use->key->words) == 0)
		return true;
	*(bool *)at = true;
	return forms_address(text, strlen(text), use->why);
}

bool parse_socket(const struct key_use *use, const char *text, void *at)
{
	*(uint64_t *)at = text_hash(TEXT_HASH, text, strlen(text));
	return forms_path(text, use->why);
}

bool parse_schedule(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return forms_schedule(text, use->why);
}

bool parse_timezone(const struct key_use *use, const char *text, void *at)
{
	return forms_timezone(text, at, use->why);
}

bool parse_orphans(const struct key_use *use, const char *text, void *at)
{
	return forms_orphans(text, at, use->why);
}

bool parse_capabilities(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return forms_capabilities(text, use->why);
}

bool parse_user(const struct key_use *use, const char *text, void *at)
{
	use->draft->has_person = true;
	use->draft->s.user = text_string(&use->l->text, text);
	return users_person(sources_users(use->l), &use->l->arena, text, at,
			    use->why);
}

bool parse_owner(const struct key_use *use, const char *text, void *at)
{
	struct person person;

	(void)at;
	return users_person(sources_users(use->l), &use->l->arena, text,
			    &person, use->why);
}

bool parse_group(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_group = true;
	return users_group(sources_users(use->l), &use->l->arena, text, at,
			   use->why);
}

bool parse_groups(const struct key_use *use, const char *text, void *at)
{
	use->draft->s.has_groups = true;
	return users_groups(sources_users(use->l), &use->l->arena, text, at,
			    &use->draft->s.groups_count, use->why);
}

bool parse_stream(const struct key_use *use, const char *text, void *at)
{
	struct config_stream *stream = at;
	const char *path;
	bool is_stderr = use->key->words != NULL;

	if (!forms_stream(text, is_stderr, &stream->output, &path, use->why))
		return false;
	stream->path = path ? text_string(&use->l->text, path) : 0;
	return true;
}

bool parse_limit(const struct key_use *use, const char *text, void *at)
{
	struct config_limit *limit = (struct config_limit *)at +
				     use->key->max;

	use->draft->limits_set |= 1U << use->key->max;
	limit->resource = (uint8_t)use->key->max;
	return value_limit(text, limit, use->why);
}

bool parse_cgroup(const struct key_use *use, const char *text, void *at)
{
	return value_limit(text, at, use->why);
}

bool parse_nice(const struct key_use *use, const char *text, void *at)
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

bool parse_oom(const struct key_use *use, const char *text, void *at)
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

bool parse_env(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return sources_variable(use, text);
}

bool parse_env_file(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return sources_file(use, text);
}

bool parse_env_from_file(const struct key_use *use, const char *text, void *at)
{
	(void)at;
	return sources_content(use, text);
}
