/* SPDX-License-Identifier: ISC */
/* Values with units: from text to numbers, with their ranges.
 *
 * Pure: each function reads the text, writes its result and returns true, or
 * says in `why` what is wrong and what to do, and returns false. */
#ifndef INIT_CONFIG_SCALAR_VALUE_H
#define INIT_CONFIG_SCALAR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/config/config.h"

enum {
	VALUE_WEEK_MS = 7 * 24 * 3600 * 1000, /* longest duration */
	VALUE_RATE = 100000, /* most starts of a restart_rate and its burst */
};

/* What is wrong with a value: "is no number; write 1 .. 64". */
struct why {
	char text[256];
};

/* Fill `why`; returns false, so that it can be returned. */
bool value_wrong(struct why *why, const char *form, ...)
	__attribute__((format(printf, 2, 3)));

/* The next item of a list separated by commas and blanks: its length, 0 at
 * the end. *at moves to its first byte; the caller adds the length. */
size_t value_item(const char **at);

/* Count the digits at s; their number stops growing at 10^9 .. 10^10. */
size_t value_digits(const char *s, size_t len, int64_t *number);

/* True when a number from `min` to `max` stands at *at, which moves behind the
 * digits. */
bool value_scan(const char **at, int64_t min, int64_t max, int64_t *number);

/* A decimal number, `min` .. `max`; a sign is allowed where min is negative. */
bool value_number(const char *text, size_t len, int64_t min, int64_t max,
		  int64_t *number, struct why *why);

/* "250ms", "15s", "1m30s"; each unit once, the largest first. A bare number
 * other than 0 is wrong. min_ms .. VALUE_WEEK_MS. */
bool value_duration(const char *text, size_t len, int min_ms, int64_t *ms,
		    struct why *why);

/* "250ms..30s", or one duration for both. */
bool value_range(const char *text, int64_t *low_ms, int64_t *high_ms,
		 struct why *why);

/* "4096", "64k", "10M", "1GiB" (powers of 1,024), and "unlimited" as
 * UINT64_MAX where that is allowed. */
bool value_size(const char *text, size_t len, bool may_be_unlimited,
		uint64_t *bytes, struct why *why);

/* yes, no, true, false, on, off. */
bool value_yes(const char *text, bool *yes, struct why *why);

/* One of `words` (separated by blanks): its index. */
bool value_word(const char *text, const char *words, unsigned *index,
		struct why *why);

/* "3 in 15s, 10 in 10m, 10 in a row" or "none": what opens a breaker. */
bool value_windows(const char *text, struct breaker_policy *breaker,
		   struct why *why);

/* "5/s burst 20"; without a burst it is 20. */
bool value_rate(const char *text, struct budget_policy *rate,
		struct why *why);

/* A list of exit codes, or "none". */
bool value_codes(const char *text, uint64_t codes[4], struct why *why);

/* An octal number, 0 .. 0777. */
bool value_octal(const char *text, uint16_t *bits, struct why *why);

/* SOFT or SOFT:HARD, each a size or "unlimited", with a leading "-" to try;
 * without HARD both are SOFT. The resource is not touched. */
bool value_limit(const char *text, struct config_limit *limit,
		 struct why *why);

/* A number `min` .. `max` that may be negative, for nice and oom_score_adj.
 * "-5" is minus five. Only a "-" in front of a sign means "try" ("--5" tries
 * minus five, "-+5" five): a "-" in front of a digit is always its sign. */
bool value_adjust(const char *text, int64_t min, int64_t max, int64_t *number,
		  bool *is_try, struct why *why);

#endif
