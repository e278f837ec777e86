/* SPDX-License-Identifier: ISC */
/* What a service's settings are, as a number. A reload compares two of them,
 * so that only fields count, never the bytes between them. */
#include <string.h>

#include "init/lib/hash.h"
#include "init/loader/load_state.h"

#define FIELD(field)                                                         \
	{ offsetof(struct config_service, field),                            \
	  sizeof(((struct config_service *)0)->field) }

struct field {
	uint16_t at, size;
};

/* Fields of no key that say where something lies, or that are hashed by what
 * they stand for. */
static const struct field places[] = {
	FIELD(fingerprint), FIELD(run_fingerprint), FIELD(health_fingerprint),
	FIELD(name), FIELD(file), FIELD(line), FIELD(argv), FIELD(env),
	FIELD(path), FIELD(user), FIELD(tail_first), FIELD(deps_first),
	FIELD(deps), FIELD(limits_first), FIELD(limits), FIELD(schedule_text),
};

/* Fields of no key that dashpot takes over while the process runs. */
static const struct field policies[] = {
	FIELD(is_shell), FIELD(log_uid), FIELD(log_gid), FIELD(has_log_owner),
};

static void clear(struct config_service *s, const struct field *fields,
		  size_t size)
{
	for (size_t i = 0; i < size / sizeof(*fields); i++)
		memset((char *)s + fields[i].at, 0, fields[i].size);
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
	const char *at = l->pool.base + list.at;

	return hash_bytes(hash_number(hash, list.count), at,
			  pool_size(at, list.count));
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

/* The field of a key: a text by its bytes, never by its place. */
static uint64_t hash_field(uint64_t hash, const struct loader *l,
			   const struct config_key *key, const void *at)
{
	switch (key->type) {
	case KEY_PATH:
		return hash_string(hash, l, *(const config_text *)at);
	case KEY_HOOK:
		return hash_list(hash, l, *(const struct config_list *)at);
	case KEY_CHECK:
		return hash_check(hash, l, at);
	case KEY_STREAM:
		return hash_stream(hash, l, at);
	default:
		return hash_bytes(hash, at, key_bytes(key));
	}
}

/* The fields of all keys that have a flag of `with` and none of `without`. */
static uint64_t hash_keys(const struct loader *l, const struct draft *d,
			  unsigned with, unsigned without)
{
	uint64_t hash = HASH_START;
	const struct config_key *key;

	for (size_t i = 0; (key = config_key(i)) != NULL; i++)
		if ((key->flags & with) && !(key->flags & without))
			hash = hash_field(hash, l, key,
					  (const char *)&d->s + key->at);
	return hash;
}

/* The fields of no key, byte for byte; the bytes between them are 0. */
static uint64_t hash_rest(uint64_t hash, const struct draft *d, bool is_run)
{
	struct config_service s;
	const struct config_key *key;

	memcpy(&s, &d->s, sizeof(s));
	clear(&s, places, sizeof(places));
	if (is_run)
		clear(&s, policies, sizeof(policies));
	for (size_t i = 0; (key = config_key(i)) != NULL; i++)
		if (key->flags & KEY_SERVICE)
			memset((char *)&s + key->at, 0, key_bytes(key));
	hash = hash_bytes(hash, &s, sizeof(s));
	hash = hash_number(hash, d->limits_set);
	return hash_bytes(hash, d->limits, sizeof(d->limits));
}

uint64_t fingerprint(const struct loader *l, const struct draft *d, bool is_run)
{
	uint64_t hash = hash_keys(l, d, KEY_SERVICE, is_run ? KEY_LIVE : 0);

	hash = hash_rest(hash, d, is_run);
	hash = hash_list(hash, l, d->s.argv);
	if (is_run)
		return hash_list(hash, l, d->s.env);
	hash = hash_names(hash, l, d->s.env);
	hash = hash_string(hash, l, d->s.name);
	return hash_string(hash, l, d->s.user);
}

uint64_t fingerprint_health(const struct loader *l, const struct draft *d)
{
	return hash_keys(l, d, KEY_HEALTH, 0);
}
