/* SPDX-License-Identifier: ISC */
/* Each rule once, from the sizes inwards: nothing is followed before it was
 * found inside the block. */
#include "init/config/verify.h"

#include <stdalign.h>
#include <string.h>

#include "init/config/keys.h"
#include "init/config/service_name.h"
#include "init/lib/sort.h"

enum {
	PIECE = 1024, /* bytes of text whose NULs are counted together */
	PATH = 4095,  /* longest path */
	HOST = 45,    /* longest address */
	DEPS = CONFIG_SERVICES * (CONFIG_SERVICES - 1) / 2, /* no circles */
	LIMITS = CONFIG_SERVICES * CONFIG_LIMITS,
};

/* A block, and what the services so far have of it. */
struct look {
	const struct config *c;
	uint32_t deps, limits, tails, mains, live;
	uint32_t *nuls; /* in the text from piece n on */
	void **names;
};

/* True when the byte of a boolean is one: 0 or 1. */
static bool is_bool(const bool *b)
{
	return *(const unsigned char *)b <= 1;
}

/* Is the field of each key what that allows? What belongs to no key, and what
 * fields have to do with each other, is looked at below. */
static bool are_keys(const void *base, unsigned section)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_key(i)) != NULL; i++)
		if ((key->flags & section) && !key_is_well(key, base))
			return false;
	return true;
}

static uint32_t part(uint32_t *size, uint32_t bytes)
{
	const uint32_t to = alignof(int64_t);
	uint32_t at = (*size + to - 1) / to * to;

	*size = at + bytes;
	return at;
}

void config_lay_out(struct config *c)
{
	c->size = sizeof(*c);
	c->services_at = part(&c->size, c->services *
				sizeof(struct config_service));
	c->deps_at = part(&c->size, c->deps * sizeof(struct config_dep));
	c->limits_at = part(&c->size, c->limits * sizeof(struct config_limit));
	c->order_at = part(&c->size, c->services * sizeof(uint16_t));
	c->text_at = part(&c->size, c->text);
}

size_t config_block_most(void)
{
	struct config c = {
		.services = CONFIG_SERVICES,
		.deps = DEPS,
		.limits = LIMITS,
		.text = CONFIG_TEXT,
	};

	config_lay_out(&c);
	return c.size;
}

static int check_layout(const struct config *c, size_t size)
{
	struct config right;

	if (size < sizeof(*c) || c->size > size)
		return -VERIFY_SIZE;
	if (c->services < 1 || c->services > CONFIG_SERVICES ||
	    c->deps > DEPS || c->limits > LIMITS || c->text < 1 ||
	    c->text > CONFIG_TEXT)
		return -VERIFY_SIZE;
	memcpy(&right, c, sizeof(right));
	config_lay_out(&right);
	return c->size == right.size && c->services_at == right.services_at &&
	       c->deps_at == right.deps_at &&
	       c->limits_at == right.limits_at &&
	       c->order_at == right.order_at && c->text_at == right.text_at
		       ? 0 : -VERIFY_LAYOUT;
}

/* The text begins and ends with a NUL, so that whatever begins inside it ends
 * there too. Counts the NULs of its pieces. */
static int check_text(struct look *look)
{
	const struct config *c = look->c;
	const char *text = config_string(c, 0);
	uint32_t nuls = 0;

	if (text[0] != '\0' || text[c->text - 1] != '\0')
		return -VERIFY_TEXT;
	look->nuls[(c->text - 1) / PIECE + 1] = 0;
	for (uint32_t i = c->text; i-- > 0;) {
		nuls += text[i] == '\0';
		if (i % PIECE == 0)
			look->nuls[i / PIECE] = nuls;
	}
	return 0;
}

/* As many strings begin and end behind list.at as the list has. A walk along
 * them could take very long: many services may share one long list. */
static bool has_strings(const struct look *look, struct config_list list)
{
	const char *text = config_string(look->c, 0);
	const uint32_t next = list.at / PIECE + 1;
	uint32_t end = next * PIECE, nuls;

	if (list.at >= look->c->text)
		return false;
	if (end > look->c->text)
		end = look->c->text;
	nuls = look->nuls[next];
	for (uint32_t i = list.at; i < end; i++)
		nuls += text[i] == '\0';
	return list.count <= nuls;
}

/* The length of a text, or -1 when it is longer than `most` or outside. */
static int length(const struct config *c, config_text t, uint32_t most)
{
	const char *s = config_string(c, t), *end;

	if (t >= c->text)
		return -1;
	if (most >= c->text - t)
		most = c->text - t - 1;
	end = memchr(s, '\0', most + 1);
	return end != NULL ? (int)(end - s) : -1;
}

static bool is_path(const struct config *c, config_text t)
{
	return length(c, t, PATH) > 0 && *config_string(c, t) == '/';
}

static int check_head(const struct config *c)
{
	if (!are_keys(c, KEY_DASHPOT) || c->shutdown_needs_ms < 1500 ||
	    c->shutdown_needs_ms > KEY_STOP_MS || c->tails > CONFIG_TAILS ||
	    !is_bool(&c->has_control_owner) ||
	    !is_bool(&c->is_diagnostics_written))
		return -VERIFY_HEAD;
	return is_path(c, c->diagnostics) && c->listen < c->text &&
	       (c->control == 0 || is_path(c, c->control)) ? 0 : -VERIFY_TEXT;
}

static bool is_stream(const struct config *c, const struct config_stream *s,
		      enum config_output last)
{
	uint32_t output;

	memcpy(&output, &s->output, sizeof(output));
	if (output > last || s->fd > 2 ||
	    (output == CONFIG_RELAY) != (s->fd != 0))
		return false;
	return output == CONFIG_FILE ? is_path(c, s->path) : s->path == 0;
}

static bool are_limits(const struct look *look, const struct config_service *s)
{
	for (uint32_t i = 0; i < s->limits; i++) {
		const struct config_limit *l =
			config_limit(look->c, s->limits_first + i);

		if (l->resource >= CONFIG_LIMITS || l->soft > l->hard ||
		    !is_bool(&l->is_try))
			return false;
	}
	return true;
}

static bool are_deps(const struct config *c, uint32_t i)
{
	const struct config_service *s = config_service(c, i);

	for (uint32_t d = 0; d < s->deps; d++) {
		const struct config_dep *dep = config_dep(c, s->deps_first + d);

		if (dep->service >= c->services || dep->service == i ||
		    !is_bool(&dep->is_required) ||
		    !is_bool(&config_service(c, dep->service)
					   ->is_removed) ||
		    config_service(c, dep->service)->is_removed ||
		    config_is_scheduled(c, dep->service))
			return false;
	}
	return true;
}

/* A command with a name, or none. */
static bool is_command(const struct look *look, struct config_list argv)
{
	if (argv.count == 0)
		return argv.at == 0;
	return has_strings(look, argv) &&
	       *config_string(look->c, argv.at) != '\0';
}

/* A check has what its kind needs, and nothing else. */
static bool is_check(const struct look *look, const struct config_check *check)
{
	const struct config *c = look->c;
	const bool is_net = check->kind == CONFIG_CHECK_TCP ||
			    check->kind == CONFIG_CHECK_HTTP;
	const bool is_file = check->kind == CONFIG_CHECK_UNIX ||
			     check->kind == CONFIG_CHECK_FILE;

	if ((is_net || check->kind == CONFIG_CHECK_FD) !=
		    (check->number != 0) ||
	    (is_net ? length(c, check->host, HOST) <= 0
		    : check->host != 0))
		return false;
	if (is_file || check->kind == CONFIG_CHECK_HTTP
		    ? !is_path(c, check->path)
		    : check->path != 0)
		return false;
	return (check->kind == CONFIG_CHECK_EXEC) == (check->argv.count > 0) &&
	       is_command(look, check->argv);
}

static int check_texts(const struct look *look, const struct config_service *s)
{
	const struct config *c = look->c;
	const char *name = config_string(c, s->name);
	const int size = length(c, s->name, CONFIG_NAME);

	if (size < 0 || !name_is_service(name, (size_t)size))
		return -VERIFY_NAME;
	if (s->file >= c->text || s->path >= c->text || s->user >= c->text ||
	    s->schedule_text >= c->text ||
	    (s->directory != 0 && !is_path(c, s->directory)))
		return -VERIFY_TEXT;
	if (!has_strings(look, s->env) || !is_command(look, s->argv) ||
	    (s->argv.count == 0 && !s->is_removed) ||
	    !is_command(look, s->stop_command) ||
	    !is_command(look, s->on_blocked))
		return -VERIFY_LIST;
	if (!is_check(look, &s->ready) || !is_check(look, &s->health))
		return -VERIFY_CHECK;
	return 0;
}

/* A removed service is only waited for. */
static bool is_out_of_use(const struct config_service *s)
{
	return s->argv.count == 0 && s->on_blocked.count == 0 && s->deps == 0 &&
	       s->ready.kind == CONFIG_CHECK_NONE &&
	       s->health.kind == CONFIG_CHECK_NONE && !s->is_main &&
	       !s->is_essential && !s->is_autostart;
}

/* What the service has of each part lies behind what those before it have. */
static int check_parts(struct look *look, uint32_t i)
{
	const struct config *c = look->c;
	const struct config_service *s = config_service(c, i);

	if (s->tail_first != look->tails)
		return -VERIFY_TAIL;
	if (s->limits_first != look->limits ||
	    s->limits > c->limits - look->limits || !are_limits(look, s))
		return -VERIFY_LIMIT;
	if (s->deps_first != look->deps || s->deps > c->deps - look->deps ||
	    !are_deps(c, i))
		return -VERIFY_DEPENDENCY;
	look->tails += s->tail_lines;
	look->limits += s->limits;
	look->deps += s->deps;
	return 0;
}

/* What the numbers of a service have to do with each other. */
static bool is_consistent(const struct config_service *s)
{
	const bool is_oneshot = s->type == CONFIG_ONESHOT;

	return s->deps < CONFIG_SERVICES && s->limits <= CONFIG_LIMITS &&
	       s->groups_count <= CONFIG_GROUPS &&
	       (!is_oneshot || s->restart != CONFIG_ALWAYS) &&
	       (!schedule_is_set(&s->schedule) ||
		(is_oneshot && s->restart == CONFIG_NEVER &&
		 !s->is_essential));
}

/* For setresuid(2) and its kin -1 is no id: "leave it as it is". */
static bool are_people(const struct config_service *s)
{
	bool is_well = (!s->has_user || s->uid != UINT32_MAX) &&
		       (!s->has_group || s->gid != UINT32_MAX);

	for (uint32_t i = 0; i < s->groups_count; i++)
		is_well = is_well && s->groups[i] != UINT32_MAX;
	return is_well;
}

static bool are_numbers(const struct config_service *s)
{
	/* All booleans lie side by side. */
	const size_t last = offsetof(struct config_service, is_removed);
	size_t at = offsetof(struct config_service, is_essential);

	for (; at <= last; at++)
		if (((const unsigned char *)s)[at] > 1)
			return false;
	return are_keys(s, KEY_SERVICE) && is_consistent(s) && are_people(s);
}

static int check_service(struct look *look, uint32_t i)
{
	const struct config *c = look->c;
	const struct config_service *s = config_service(c, i);
	int err;

	if (!are_numbers(s) || (s->is_removed && !is_out_of_use(s)))
		return -VERIFY_SERVICE;
	if (!is_stream(c, &s->out, CONFIG_FILE) ||
	    !is_stream(c, &s->err, CONFIG_STDOUT))
		return -VERIFY_STREAM;
	err = check_texts(look, s);
	if (err == 0)
		err = check_parts(look, i);
	look->mains += s->is_main;
	look->live += !s->is_removed;
	look->names[i] = (void *)(uintptr_t)config_name(c, i);
	return err;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What only all services together can tell. */
static int check_all(const struct look *look)
{
	const struct config *c = look->c;

	if (look->tails != c->tails)
		return -VERIFY_TAIL;
	if (look->limits != c->limits)
		return -VERIFY_LIMIT;
	if (look->deps != c->deps)
		return -VERIFY_DEPENDENCY;
	if (look->mains > 1 || look->live == 0)
		return -VERIFY_SERVICE;
	sort_pointers(look->names, c->services, compare_names);
	for (uint32_t i = 1; i < c->services; i++)
		if (strcmp(look->names[i - 1], look->names[i]) == 0)
			return -VERIFY_NAME;
	return 0;
}

static int check_order(const struct config *c)
{
	bool is_seen[CONFIG_SERVICES] = { false };

	for (uint32_t i = 0; i < c->services; i++) {
		const uint16_t n = config_order(c)[i];
		const struct config_service *s;

		if (n >= c->services || is_seen[n])
			return -VERIFY_ORDER;
		s = config_service(c, n);
		for (uint32_t d = 0; d < s->deps; d++)
			if (!is_seen[config_dep(c, s->deps_first + d)->service])
				return -VERIFY_ORDER;
		is_seen[n] = true;
	}
	return 0;
}

int config_verify(const struct config *c, size_t size)
{
	/* Touched only as far as the block needs, and only by a reload. */
	static uint32_t nuls[CONFIG_TEXT / PIECE + 1];
	static void *names[CONFIG_SERVICES];
	struct look look = { .c = c, .nuls = nuls, .names = names };
	int err = check_layout(c, size);

	if (err == 0)
		err = check_text(&look);
	if (err == 0)
		err = check_head(c);
	for (uint32_t i = 0; err == 0 && i < c->services; i++)
		err = check_service(&look, i);
	if (err == 0)
		err = check_all(&look);
	return err != 0 ? err : check_order(c);
}
