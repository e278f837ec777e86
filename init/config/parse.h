/* SPDX-License-Identifier: ISC */
/* The parsers that the table of keys names: each takes the text of a value
 * into the field at `at`. */
#ifndef INIT_CONFIG_PARSE_H
#define INIT_CONFIG_PARSE_H

#include "init/config/keys.h"

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
	PARSE_USER,           /* struct person */
	PARSE_GROUP,          /* uint32_t */
	PARSE_GROUPS,         /* uint32_t[] */
	PARSE_STREAM,         /* struct config_stream; max: stdout is one */
	PARSE_LIMIT,          /* struct config_limit[]; max: which */
	PARSE_TASKS,          /* uint64_t */
	PARSE_MEMORY,         /* uint64_t */
	PARSE_NICE,           /* struct config_service */
	PARSE_OOM,            /* struct config_service */
	PARSE_ENV,            /* nothing: the variables */
	PARSE_ENV_FILE,       /* nothing: the variables */
	PARSE_ENV_FROM_FILE,  /* nothing: the variables */
	PARSERS,
};

/* Parse text for use->key into `at`; false with use->why filled. */
bool parse(const struct key_use *use, const char *text, void *at);

#endif
