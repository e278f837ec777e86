/* SPDX-License-Identifier: ISC */
/* What a service's settings are, as a number. A reload compares two of them,
 * so that only fields count, never the bytes between them. */
#include <string.h>

#include "init/lib/hash.h"
#include "init/loader/draft.h"

#define FIELD(field)                                                         \
	{ offsetof(struct config_service, field),                            \
	  sizeof(((struct config_service *)0)->field) }

struct field {
	uint16_t at, size;
};

/* Of no key of its own: what says where something lies, or is hashed by what
 * it stands for. */
static const struct field places[] = {
	FIELD(fingerprint), FIELD(run_fingerprint), FIELD(health_fingerprint),
	FIELD(name), FIELD(file), FIELD(line), FIELD(argv), FIELD(env),
	FIELD(path), FIELD(user), FIELD(tail_first), FIELD(deps_first),
	FIELD(deps), FIELD(limits_first), FIELD(limits), FIELD(schedule_text),
};

/* Of no key of its own: what is taken over while the process runs. */
static const struct field policies[] = {
	FIELD(is_shell), FIELD(log_uid), FIELD(log_gid), FIELD(has_log_owner),
};

/* True for a key whose field is hashed by what it stands for. */
static bool is_place(const struct config_key *key)
{
	const uint64_t places_of = UINT64_C(1) << KEY_WINDOWS |
				   UINT64_C(1) << KEY_PATH |
				   UINT64_C(1) << KEY_CHECK |
				   UINT64_C(1) << KEY_HOOK |
				   UINT64_C(1) << KEY_STREAM;

	return (places_of >> key->type & 1) != 0;
}

static void clear(struct config_service *s, const struct field *fields,
		  size_t size)
{
	for (size_t i = 0; i < size / sizeof(*fields); i++)
		memset((char *)s + fields[i].at, 0, fields[i].size);
}

/* Leave of a service what makes one byte for byte; a field of no key is part of
 * that. */
static void strip(struct config_service *s, bool is_run)
{
	const struct config_key *key;

	clear(s, places, sizeof(places));
	if (is_run)
		clear(s, policies, sizeof(policies));
	for (size_t i = 0; (key = config_key(i)) != NULL; i++)
		if ((key->flags & KEY_SERVICE) &&
		    (is_place(key) || (is_run && key->flags & KEY_LIVE)))
			memset((char *)s + key->at, 0, key_bytes(key));
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
	return hash_bytes(hash, &number, sizeof(number));
}

static uint64_t hash_string(uint64_t hash, const struct loader *l,
			    config_text t)
{
	const char *s = l->pool.base + t;

	return hash_bytes(hash, s, strlen(s) + 1);
}

static uint64_t hash_list(uint64_t hash, const struct loader *l,
			  struct config_list list)
{
	const char *at = l->pool.base + list.at, *end = at;

	for (uint32_t i = 0; i < list.count; i++)
		end += strlen(end) + 1;
	return hash_bytes(hash_number(hash, list.count), at,
			  (size_t)(end - at));
}

/* The names alone: values can be secrets, and what is written to a volume must
 * not let them be guessed. */
static uint64_t hash_names(uint64_t hash, const struct loader *l,
			   struct config_list list)
{
	const char *at = l->pool.base + list.at;

	hash = hash_number(hash, list.count);
	for (uint32_t i = 0; i < list.count; i++, at += strlen(at) + 1)
		hash = hash_bytes(hash, at, strcspn(at, "=") + 1);
	return hash;
}

static uint64_t hash_stream(uint64_t hash, const struct loader *l,
			    const struct config_stream *stream)
{
	hash = hash_number(hash, stream->output);
	hash = hash_number(hash, stream->fd);
	return hash_string(hash, l, stream->path);
}

static uint64_t hash_check(uint64_t hash, const struct loader *l,
			   const struct config_check *check)
{
	hash = hash_number(hash, check->kind);
	hash = hash_number(hash, check->number);
	hash = hash_string(hash, l, check->host);
	hash = hash_string(hash, l, check->path);
	return hash_list(hash, l, check->argv);
}

static uint64_t hash_breaker(uint64_t hash, const struct breaker_policy *p)
{
	hash = hash_number(hash, (uint64_t)p->cooldown_min_ms);
	hash = hash_number(hash, (uint64_t)p->cooldown_max_ms);
	hash = hash_number(hash, p->max_trips);
	hash = hash_number(hash, p->max_in_row);
	for (uint32_t i = 0; i < p->windows; i++) {
		hash = hash_number(hash, (uint64_t)p->window[i].window_ms);
		hash = hash_number(hash, p->window[i].max_failures);
	}
	return hash;
}

static uint64_t hash_limits(uint64_t hash, const struct draft *d)
{
	hash = hash_number(hash, d->limits_set);
	for (unsigned n = 0; n < CONFIG_LIMITS; n++) {
		if (!(d->limits_set & 1U << n))
			continue;
		hash = hash_number(hash, d->limits[n].soft);
		hash = hash_number(hash, d->limits[n].hard);
		hash = hash_number(hash, d->limits[n].is_try);
	}
	return hash;
}

uint64_t fingerprint(const struct loader *l, const struct draft *d, bool is_run)
{
	struct config_service s;
	uint64_t hash;

	memcpy(&s, &d->s, sizeof(s));
	strip(&s, is_run);
	hash = hash_bytes(HASH_START, &s, sizeof(s));
	hash = hash_limits(hash, d);
	hash = hash_list(hash, l, d->s.argv);
	hash = is_run ? hash_list(hash, l, d->s.env) :
			hash_names(hash, l, d->s.env);
	hash = hash_string(hash, l, d->s.directory);
	hash = hash_stream(hash, l, &d->s.out);
	hash = hash_stream(hash, l, &d->s.err);
	hash = hash_check(hash, l, &d->s.ready);
	if (is_run)
		return hash;
	hash = hash_string(hash, l, d->s.name);
	hash = hash_string(hash, l, d->s.user);
	hash = hash_check(hash, l, &d->s.health);
	hash = hash_list(hash, l, d->s.stop_command);
	hash = hash_list(hash, l, d->s.on_blocked);
	return hash_breaker(hash, &d->s.breaker);
}

uint64_t fingerprint_health(const struct loader *l, const struct draft *d)
{
	uint64_t hash = hash_check(HASH_START, l, &d->s.health);

	hash = hash_number(hash, (uint64_t)d->s.health_interval_ms);
	hash = hash_number(hash, (uint64_t)d->s.health_timeout_ms);
	hash = hash_number(hash, (uint64_t)d->s.health_grace_ms);
	return hash_number(hash, d->s.health_failures);
}
