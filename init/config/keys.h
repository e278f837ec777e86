/* SPDX-License-Identifier: ISC */
/* The table of all keys: it drives parsing, ranges, suggestions and, through
 * config_key(), the test that holds the manual page against it. */
#ifndef INIT_CONFIG_KEYS_H
#define INIT_CONFIG_KEYS_H

#include <string.h>

#include "init/config/config.h"

enum {
	KEY_DASHPOT = 1 << 0,  /* stands in [dashpot] */
	KEY_SERVICE = 1 << 1,  /* stands in [service:NAME] */
	KEY_DEFAULTS = 1 << 2, /* stands in [defaults] */
	KEY_RAW = 1 << 3,      /* ${VAR} is not expanded before it is parsed */
	KEY_EMPTY = 1 << 4,    /* may be empty */
	KEY_NEVER = 1 << 5,    /* 0 means never, which is a word for it */
};

/* Behind each stands what `at` points to. */
enum parser {
	PARSE_YES,            /* bool */
	PARSE_WORD,           /* an enum, one of the key's words */
	PARSE_FLAG,           /* bool: the second of two words */
	PARSE_NUMBER,         /* int64_t */
	PARSE_COUNT,          /* uint32_t */
	PARSE_DURATION,       /* int64_t */
	PARSE_RANGE,          /* int64_t[2] */
	PARSE_SIZE,           /* uint64_t */
	PARSE_WINDOWS,        /* struct breaker_policy */
	PARSE_RATE,           /* struct budget_policy */
	PARSE_CODES,          /* uint64_t[4] */
	PARSE_MODE,           /* uint16_t */
	PARSE_UMASK,          /* uint16_t */
	PARSE_SIGNAL,         /* uint8_t */
	PARSE_STOP_SIGNALS,   /* uint64_t */
	PARSE_FORWARD_SIGNALS, /* uint64_t */
	PARSE_PATH,           /* config_text */
	PARSE_DIAGNOSTICS,    /* config_text */
	PARSE_NAMES,          /* nothing: compile() reads it again */
	PARSE_COMMAND,        /* nothing: the draft's argv */
	PARSE_SHELL,          /* nothing: the draft's argv */
	PARSE_HOOK,           /* struct config_list */
	PARSE_CHECK,          /* struct config_check; max: health is one */
	PARSE_LISTEN,         /* config_text */
	PARSE_SOCKET,         /* config_text */
	PARSE_SCHEDULE,       /* struct schedule */
	PARSE_CAPABILITIES,   /* uint64_t */
	PARSE_OWNER,          /* nothing: control_uid, _gid; log_uid, _gid */
	PARSE_TIMEZONE,       /* int32_t */
	PARSE_ORPHANS,        /* int64_t */
	PARSE_USER,           /* nothing: the person of the draft */
	PARSE_GROUP,          /* uint32_t */
	PARSE_GROUPS,         /* uint32_t[] */
	PARSE_STREAM,         /* struct config_stream; max: stdout is one */
	PARSE_LIMIT,          /* nothing: limit `max` of the draft */
	PARSE_TASKS,          /* uint64_t */
	PARSE_MEMORY,         /* uint64_t */
	PARSE_NICE,           /* nothing: nice, has_nice, is_nice_try */
	PARSE_OOM,            /* nothing: likewise oom_score_adj */
	PARSE_INSTANCES,      /* nothing: instances.c reads it */
	PARSE_ENV,            /* nothing: the variables */
	PARSE_ENV_FILE,       /* nothing: the variables */
	PARSE_ENV_FROM_FILE,  /* nothing: the variables */
	PARSERS,
};

struct config_key {
	/* "env." stands for env.ANYTHING. Where the parser needs words, they
	 * stand behind the NUL: key_words(). */
	const char *name;
	unsigned parse : 8; /* enum parser */
	unsigned flags : 8;
	uint16_t at;        /* offset of its field in struct config_service or
			     * config */
	int16_t min, max;   /* of numbers (max 0: a million); min of durations
			     * in ms, which end at a week */
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

/* The name of a key of that kind that is nearest to an unknown one, or NULL. */
const char *key_nearest(const char *name, unsigned flags);

/* The key of a resource of setrlimit(2), "limit.nofile"; NULL: it has none. */
const char *key_of_limit(unsigned resource);

#endif
