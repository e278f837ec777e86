/* SPDX-License-Identifier: ISC */
/* The table of all keys: it drives parsing, defaults, the check of compiled
 * fields, fingerprints, suggestions and, through config_key(), the test that
 * holds the manual page against it. */
#ifndef INIT_CONFIG_KEYS_H
#define INIT_CONFIG_KEYS_H

#include <string.h>

#include "init/config/config.h"
#include "init/config/scalar_value.h"

enum {
	KEY_DASHPOT = 1 << 0,  /* stands in [dashpot] */
	KEY_SERVICE = 1 << 1,  /* stands in [service:NAME] */
	KEY_DEFAULTS = 1 << 2, /* stands in [defaults] */
	KEY_RAW = 1 << 3,      /* ${VAR} is not expanded before it is parsed */
	KEY_EMPTY = 1 << 4,    /* may be empty */
	KEY_NEVER = 1 << 5,    /* 0 means never, which is a word for it */
	KEY_LIVE = 1 << 6,     /* dashpot goes by it, and takes it over while
				* the process runs; else that takes a new one */
	KEY_FIXED = 1 << 7,    /* not for the command of the command line */
	KEY_USUAL = 1 << 8,    /* has a default: key_usual() */
	KEY_HEALTH = 1 << 9,   /* says when health is checked, and what an
				* answer counts for */
};

/* What the value of a key is. Behind each stands what its field is. */
enum key_type {
	KEY_YES,            /* bool */
	KEY_WORD,           /* an enum, one of the key's words */
	KEY_FLAG,           /* bool: the second of two words */
	KEY_NUMBER,         /* int64_t */
	KEY_COUNT,          /* uint32_t */
	KEY_DURATION,       /* int64_t */
	KEY_STOP_TIME,      /* int64_t; what is computed can be longer */
	KEY_RANGE,          /* int64_t[2] */
	KEY_SIZE,           /* uint64_t */
	KEY_WINDOWS,        /* struct breaker_policy */
	KEY_RATE,           /* struct budget_policy */
	KEY_CODES,          /* uint64_t[4] */
	KEY_MODE,           /* uint16_t */
	KEY_UMASK,          /* uint16_t */
	KEY_SIGNAL,         /* uint8_t */
	KEY_STOP_SIGNALS,   /* uint64_t */
	KEY_FORWARD_SIGNALS, /* uint64_t */
	KEY_PATH,           /* config_text */
	KEY_NAMES,          /* nothing: compile() reads it again */
	KEY_COMMAND,        /* nothing: the draft's argv */
	KEY_SHELL,          /* nothing: the draft's argv */
	KEY_HOOK,           /* struct config_list */
	KEY_CHECK,          /* struct config_check; max: health is one */
	KEY_LISTEN,         /* config_text */
	KEY_SOCKET,         /* config_text */
	KEY_SCHEDULE,       /* struct schedule */
	KEY_CAPABILITIES,   /* uint64_t */
	KEY_OWNER,          /* nothing: control_uid, _gid; log_uid, _gid */
	KEY_TIMEZONE,       /* int32_t */
	KEY_ORPHANS,        /* int64_t */
	KEY_USER,           /* nothing: the person of the draft */
	KEY_GROUP,          /* uint32_t */
	KEY_GROUPS,         /* uint32_t[] */
	KEY_STREAM,         /* struct config_stream; max: stdout is one */
	KEY_LIMIT,          /* nothing: limit `max` of the draft */
	KEY_CGROUP,         /* uint64_t */
	KEY_NICE,           /* int8_t */
	KEY_OOM,            /* int16_t */
	KEY_INSTANCES,      /* nothing: instances.c reads it */
	KEY_ENV,            /* nothing: the variables */
	KEY_ENV_FILE,       /* nothing: the variables */
	KEY_ENV_FROM_FILE,  /* nothing: the variables */
	KEY_TYPES,
};

/* The longest shutdown_timeout that can be computed. */
#define KEY_STOP_MS                                                          \
	(((int64_t)CONFIG_SERVICES + 1) * VALUE_WEEK_MS + 1500)

struct config_key {
	/* "env." stands for env.ANYTHING. Behind the NUL are its words, where
	 * it has some, and behind theirs its default. */
	const char *name;
	unsigned type : 6; /* enum key_type */
	unsigned flags : 10;
	uint16_t at;       /* offset of its field in struct config_service or
			    * config */
	int16_t min, max;  /* of numbers (max 0: that of the type); min of
			    * durations in ms */
};

/* Key i of the table, in the order of the manual page; NULL behind the last. */
const struct config_key *config_key(size_t i);

/* The words that its value can be; of a check, that for none. */
static inline const char *key_words(const struct config_key *key)
{
	return key->name + strlen(key->name) + 1;
}

/* What it is where nothing is written, as text; of a key with KEY_USUAL. */
static inline const char *key_usual(const struct config_key *key)
{
	return key_words(key) + strlen(key_words(key)) + 1;
}

/* Bytes of its field; 0: it has none of its own. */
size_t key_bytes(const struct config_key *key);

/* The largest number that it can be; 0: the table says none. */
int64_t key_most(const struct config_key *key);

/* True when its field in a struct config_service or config can be what the key
 * says; texts and streams are looked at by config_verify(). */
bool key_is_well(const struct config_key *key, const void *base);

/* "[dashpot]" or "[service:NAME]". */
const char *config_key_section(const struct config_key *key);

/* The key of that name in a section of the kind `flags`, or NULL. */
const struct config_key *key_find(const char *name, unsigned flags);

/* The name of a key of that kind that is nearest to an unknown one, or NULL. */
const char *key_nearest(const char *name, unsigned flags);

/* The key of a resource of setrlimit(2), "limit.nofile"; NULL: it has none. */
const char *key_of_limit(unsigned resource);

#endif
