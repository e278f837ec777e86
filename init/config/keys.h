/* SPDX-License-Identifier: ISC */
/* The table of all keys: it drives parsing, ranges, suggestions and, through
 * config_key(), the test that holds the manual page against it. */
#ifndef INIT_CONFIG_KEYS_H
#define INIT_CONFIG_KEYS_H

#include "init/config/load.h"
#include "init/config/value.h"

enum {
	KEY_DASHPOT = 1 << 0,  /* stands in [dashpot] */
	KEY_SERVICE = 1 << 1,  /* stands in [service:NAME] */
	KEY_DEFAULTS = 1 << 2, /* stands in [defaults] */
	KEY_RAW = 1 << 3,      /* ${VAR} is not expanded before it is parsed */
	KEY_EMPTY = 1 << 4,    /* may be empty */
};

struct key_use;

struct config_key {
	const char *name; /* "env." stands for env.ANYTHING */
	/* Parse text into the field at `at`; false with use->why filled. */
	bool (*parse)(const struct key_use *use, const char *text, void *at);
	uint16_t flags;
	uint16_t at;       /* offset of its field in struct draft or config */
	int32_t min, max;  /* of numbers, and of durations in ms */
	const char *words; /* that its value can be */
	/* Not supported yet, but for this value ("": for none). NULL:
	 * supported. It is deleted from the row as the key arrives. */
	const char *later;
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

/* "[dashpot]" or "[service:NAME]". */
const char *config_key_section(const struct config_key *key);

/* The key of that name in a section of the kind `flags`, or NULL. */
const struct config_key *key_find(const char *name, unsigned flags);

/* The name of a key of that kind that is nearest to an unknown one, or NULL. */
const char *key_nearest(const char *name, unsigned flags);

/* expand() with the variables of the load, and a bound on what all values
 * together become. */
bool key_expand(struct loader *l, const char *text, const char **result,
		struct why *why);

/* Parse one setting into its field; a mistake is told. draft: NULL in
 * [dashpot], where it goes into l->head. */
void key_apply(struct loader *l, struct draft *draft,
	       const struct setting *setting);

#endif
