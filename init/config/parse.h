/* SPDX-License-Identifier: ISC */
/* The parsers that the table of keys names: each takes the text of a value
 * into the field at `at`, or fills use->why and returns false. */
#ifndef INIT_CONFIG_PARSE_H
#define INIT_CONFIG_PARSE_H

#include "init/config/keys.h"

/* Above each stands what `at` points to. */

/* bool */
bool parse_yes(const struct key_use *use, const char *text, void *at);

/* an enum */
bool parse_word(const struct key_use *use, const char *text, void *at);

/* bool: the second of two words */
bool parse_flag(const struct key_use *use, const char *text, void *at);

/* int64_t */
bool parse_number(const struct key_use *use, const char *text, void *at);

/* uint32_t */
bool parse_count(const struct key_use *use, const char *text, void *at);

/* int64_t */
bool parse_duration(const struct key_use *use, const char *text, void *at);

/* int64_t[2] */
bool parse_range(const struct key_use *use, const char *text, void *at);

/* uint64_t */
bool parse_size(const struct key_use *use, const char *text, void *at);

/* struct breaker_policy */
bool parse_windows(const struct key_use *use, const char *text, void *at);

/* struct budget_policy */
bool parse_rate(const struct key_use *use, const char *text, void *at);

/* uint64_t[4] */
bool parse_codes(const struct key_use *use, const char *text, void *at);

/* uint16_t */
bool parse_octal(const struct key_use *use, const char *text, void *at);
bool parse_umask(const struct key_use *use, const char *text, void *at);

/* uint8_t */
bool parse_signal(const struct key_use *use, const char *text, void *at);

/* uint64_t */
bool parse_stop_signals(const struct key_use *use, const char *text, void *at);

/* config_text */
bool parse_path(const struct key_use *use, const char *text, void *at);
bool parse_diagnostics(const struct key_use *use, const char *text, void *at);

/* nothing: compile() reads it again */
bool parse_names(const struct key_use *use, const char *text, void *at);

/* nothing: the draft's argv */
bool parse_command(const struct key_use *use, const char *text, void *at);

/* nothing yet */
bool parse_hook(const struct key_use *use, const char *text, void *at);

/* nothing: the draft's argv */
bool parse_shell(const struct key_use *use, const char *text, void *at);

/* bool: not its default */
bool parse_check(const struct key_use *use, const char *text, void *at);
bool parse_listen(const struct key_use *use, const char *text, void *at);

/* uint64_t: hash */
bool parse_socket(const struct key_use *use, const char *text, void *at);

/* nothing yet */
bool parse_schedule(const struct key_use *use, const char *text, void *at);

/* int64_t */
bool parse_timezone(const struct key_use *use, const char *text, void *at);
bool parse_orphans(const struct key_use *use, const char *text, void *at);

/* nothing yet */
bool parse_capabilities(const struct key_use *use, const char *text, void *at);

/* struct person */
bool parse_user(const struct key_use *use, const char *text, void *at);

/* nothing yet */
bool parse_owner(const struct key_use *use, const char *text, void *at);

/* uint32_t */
bool parse_group(const struct key_use *use, const char *text, void *at);

/* uint32_t[] */
bool parse_groups(const struct key_use *use, const char *text, void *at);

/* struct config_stream */
bool parse_stream(const struct key_use *use, const char *text, void *at);

/* struct config_limit[] */
bool parse_limit(const struct key_use *use, const char *text, void *at);

/* struct config_limit */
bool parse_cgroup(const struct key_use *use, const char *text, void *at);

/* struct config_service */
bool parse_nice(const struct key_use *use, const char *text, void *at);
bool parse_oom(const struct key_use *use, const char *text, void *at);

/* nothing: the variables */
bool parse_env(const struct key_use *use, const char *text, void *at);
bool parse_env_file(const struct key_use *use, const char *text, void *at);
bool parse_env_from_file(const struct key_use *use, const char *text, void *at);

#endif
