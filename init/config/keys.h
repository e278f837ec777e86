/* SPDX-License-Identifier: ISC */
/* The table of all keys: it drives parsing, ranges, suggestions and, through
 * config_key(), the test that holds the manual page against it. */
#ifndef INIT_CONFIG_KEYS_H
#define INIT_CONFIG_KEYS_H

#include <string.h>

#include "init/config/load.h"
#include "init/config/value.h"

enum {
	KEY_DASHPOT = 1 << 0,  /* stands in [dashpot] */
	KEY_SERVICE = 1 << 1,  /* stands in [service:NAME] */
	KEY_DEFAULTS = 1 << 2, /* stands in [defaults] */
	KEY_RAW = 1 << 3,      /* ${VAR} is not expanded before it is parsed */
	KEY_EMPTY = 1 << 4,    /* may be empty */
	KEY_NEVER = 1 << 5,    /* 0 means never, which is a word for it */
};

struct config_key {
	/* "env." stands for env.ANYTHING. Where the parser needs words, they
	 * stand behind the NUL: key_words(). */
	const char *name;
	unsigned parse : 8; /* enum parser */
	unsigned flags : 8;
	uint16_t at;        /* offset of its field in struct draft or config */
	int16_t min, max;   /* of numbers (max 0: a million); min of durations
			     * in ms, which end at a week */
};

/* A setting on its way into its field. */
struct key_use {
	struct loader *l;
	struct draft *draft;     /* NULL in [dashpot] */
	const struct setting *setting;
	const struct config_key *key;
	struct why *why;
};

/* Key i of the table, in the order of the manual page; NULL behind the last. */
const struct config_key *config_key(size_t i);

/* The words that its value can be; of a check, that for none. */
static inline const char *key_words(const struct config_key *key)
{
	return key->name + strlen(key->name) + 1;
}

/* "[dashpot]" or "[service:NAME]". */
const char *config_key_section(const struct config_key *key);

/* The key of that name in a section of the kind `flags`, or NULL. */
const struct config_key *key_find(const char *name, unsigned flags);

/* The key of a resource of setrlimit(2), "limit.nofile"; NULL: it has none. */
const char *key_of_limit(unsigned resource);

/* The name of a key of that kind that is nearest to an unknown one, or NULL. */
const char *key_nearest(const char *name, unsigned flags);

/* Parse one setting into its field; a mistake is told. draft: NULL in
 * [dashpot], where it goes into l->head. */
void key_apply(struct loader *l, struct draft *draft,
	       const struct setting *setting);

#endif
