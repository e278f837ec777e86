/* SPDX-License-Identifier: ISC */
/* Scanners for numbers, times, sizes, signals and what is made of them. */
#include "init/config/scalar_value.h"

#include <stdarg.h>
#include <string.h>

#include "init/lib/format.h"
#include "init/lib/scan.h"

bool value_wrong(struct why *why, const char *form, ...)
{
	va_list args;

	va_start(args, form);
	format_list(why->text, sizeof(why->text), form, args);
	va_end(args);
	return false;
}

size_t value_item(const char **at)
{
	const char *s = *at;
	size_t len = 0;

	while (scan_is_blank(*s) || *s == ',')
		s++;
	*at = s;
	while (s[len] != '\0' && !scan_is_blank(s[len]) && s[len] != ',')
		len++;
	return len;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncmp(text, word, len) == 0;
}

size_t value_digits(const char *s, size_t len, int64_t *number)
{
	size_t n = 0;

	*number = 0;
	for (; n < len && s[n] >= '0' && s[n] <= '9'; n++)
		if (*number < 1000000000)
			*number = *number * 10 + (s[n] - '0');
	return n;
}

bool value_scan(const char **at, int64_t min, int64_t max, int64_t *number)
{
	size_t n = value_digits(*at, SIZE_MAX, number);

	*at += n;
	return n > 0 && *number >= min && *number <= max;
}

bool value_number(const char *text, size_t len, int64_t min, int64_t max,
		  int64_t *number, struct why *why)
{
	bool is_negative = min < 0 && len > 1 && *text == '-';
	size_t sign = is_negative || (min < 0 && len > 1 && *text == '+');
	size_t n = value_digits(text + sign, len - sign, number);
	bool is_number = n > 0 && n + sign == len;

	if (is_negative)
		*number = -*number;
	if (is_number && *number >= min && *number <= max)
		return true;
	return value_wrong(why, "is %s; write %lld .. %lld",
			   is_number ? "out of range" : "no number",
			   (long long)min, (long long)max);
}

/* Units of time from the largest one. */
static const struct {
	char name[4];
	int ms;
} units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 },     { "ms", 1 },
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

bool value_duration(const char *text, size_t len, int min_ms, int64_t *ms,
		    struct why *why)
{
	const char *at = text, *const end = text + len;
	unsigned u = 0;

	*ms = 0;
	while (at < end) {
		int64_t number;
		size_t n = value_digits(at, (size_t)(end - at), &number);
		size_t letters;

		at += n;
		if (n == len && number == 0)
			break;
		if (n == len)
			return value_wrong(why, "has no unit; write %.*ss (or "
						"ms, m, h, d)",
					   (int)(n < 10 ? n : 10), text);
		letters = at + 1 < end && at[1] == 's' ? 2 : 1;
		while (u < UNITS && !is_word(at, letters, units[u].name))
			u++;
		if (n == 0 || at == end || u == UNITS) {
			len = 0;
			break;
		}
		*ms += number * units[u++].ms;
		at += letters;
	}
	if (len == 0)
		return value_wrong(why, "is no duration; write it like 250ms, "
					"15s, 10m, 1h or 1m30s");
	if (*ms >= min_ms && *ms <= VALUE_WEEK_MS)
		return true;
	u = min_ms % 1000 == 0 ? 1000 : 1;
	return value_wrong(why, "is out of range; write %d%s .. 7d",
			   min_ms / (int)u, u == 1 ? "ms" : "s");
}

/* A duration from `at` to `end`, with blanks around it or not. */
static bool duration_between(const char *at, const char *end, int min_ms,
			     int64_t *ms, struct why *why)
{
	while (at < end && scan_is_blank(*at))
		at++;
	while (at < end && scan_is_blank(end[-1]))
		end--;
	return value_duration(at, (size_t)(end - at), min_ms, ms, why);
}

bool value_range(const char *text, int64_t *low_ms, int64_t *high_ms,
		 struct why *why)
{
	const char *end = text + strlen(text), *dots = strchr(text, '.');
	const char *high = text;

	if (dots != NULL && dots[1] == '.')
		high = dots + 2;
	else
		dots = end;
	if (!duration_between(text, dots, 0, low_ms, why) ||
	    !duration_between(high, end, 0, high_ms, why))
		return false;
	return *low_ms <= *high_ms ||
	       value_wrong(why, "starts above its end; write the shorter one "
				"first");
}

/* Length of the unit at s, with B or iB behind it or not: docker, supervisord
 * and systemd all mean 1,024. 0: none stands there. */
static size_t unit_length(const char *s, const char *end, unsigned *shift)
{
	static const char letters[] = "kmgtKMGT";
	const char *letter = s < end ? strchr(letters, *s) : NULL;
	size_t len = 1;

	if (letter == NULL)
		return 0;
	*shift = 10 * (unsigned)((letter - letters) % 4 + 1);
	if (s + len < end && s[len] == 'i')
		len++;
	if (s + len < end && (s[len] == 'B' || s[len] == 'b'))
		len++;
	return len;
}

bool value_size(const char *text, size_t len, bool may_be_unlimited,
		uint64_t *bytes, struct why *why)
{
	const char *at = text, *const end = text + len;
	unsigned shift = 0;

	if (may_be_unlimited && is_word(text, len, "unlimited")) {
		*bytes = UINT64_MAX;
		return true;
	}
	*bytes = scan_unsigned(&at, 10);
	if (at > text)
		at += unit_length(at, end, &shift);
	if (len == 0 || at != end)
		return value_wrong(why, "is no %s; write it like 4096, 64k or "
					"10M%s",
				   may_be_unlimited ? "number" : "size",
				   may_be_unlimited ? ", or unlimited" : "");
	if (*bytes > (uint64_t)INT64_MAX >> shift)
		return value_wrong(why, "is out of range; write less than "
					"8388608T");
	*bytes <<= shift;
	return true;
}

bool value_word(const char *text, const char *words, unsigned *index,
		struct why *why)
{
	const char *at = words;
	size_t len;

	for (*index = 0; (len = value_item(&at)) > 0; ++*index, at += len)
		if (is_word(at, len, text))
			return true;
	return value_wrong(why, "is none of its words; write one of: %s",
			   words);
}

bool value_yes(const char *text, bool *yes, struct why *why)
{
	unsigned i;

	if (!value_word(text, "yes no true false on off", &i, why))
		return value_wrong(why, "is neither yes nor no; write one of "
					"them");
	*yes = i % 2 == 0;
	return true;
}

/* Is the rest of "10 in a row" all that is between text and end? */
static bool is_row(const char *text, const char *end)
{
	static const char *const words[] = { "a", "row" };

	for (int i = 0; i < 2; i++) {
		size_t n = strlen(words[i]);

		text += strspn(text, " \t");
		if (strncmp(text, words[i], n) != 0)
			return false;
		text += n;
		if (text < end && !scan_is_blank(*text))
			return false;
	}
	return text + strspn(text, " \t") == end;
}

static bool row(int64_t number, struct breaker_policy *breaker,
		struct why *why)
{
	if (breaker->max_in_row > 0)
		return value_wrong(why, "counts in a row twice; leave one of "
					"them out");
	if (number < 1 || number > BREAKER_ROW)
		return value_wrong(why, "counts %lld failures in a row; write "
					"1 .. %d",
				   (long long)number, BREAKER_ROW);
	breaker->max_in_row = (uint32_t)number;
	return true;
}

/* One "3 in 15s" or "10 in a row" in the len bytes at text. */
static bool window(const char *text, size_t len,
		   struct breaker_policy *breaker, struct why *why)
{
	struct breaker_window *w = &breaker->window[breaker->windows];
	const char *end = text + len;
	int64_t number;
	size_t n;

	text += strspn(text, " \t");
	n = value_digits(text, (size_t)(end - text), &number);
	text += n;
	text += strspn(text, " \t");
	if (n == 0 || strncmp(text, "in", 2) != 0 || !scan_is_blank(text[2]))
		return value_wrong(why, "is no window; write it like 3 in "
					"15s, 10 in 10m, 10 in a row, or none");
	if (is_row(text + 2, end))
		return row(number, breaker, why);
	if (breaker->windows == BREAKER_WINDOWS)
		return value_wrong(why, "has more than %d windows; leave the "
					"others out",
				   BREAKER_WINDOWS);
	if (number < 1 || number > BREAKER_SLOTS)
		return value_wrong(why, "counts %lld failures; write 1 .. %d",
				   (long long)number, BREAKER_SLOTS);
	w->max_failures = (uint32_t)number;
	breaker->windows++;
	return duration_between(text + 2, end, 1, &w->window_ms, why);
}

bool value_windows(const char *text, struct breaker_policy *breaker,
		   struct why *why)
{
	memset(breaker->window, 0, sizeof(breaker->window));
	breaker->windows = 0;
	breaker->max_in_row = 0;
	if (strcmp(text, "none") == 0)
		return true;
	for (;;) {
		size_t size = strcspn(text, ",");

		if (!window(text, size, breaker, why))
			return false;
		if (text[size] == '\0')
			return true;
		text += size + 1;
	}
}

bool value_rate(const char *text, struct budget_policy *rate,
		struct why *why)
{
	enum { BURST = 20 };
	const char *slash = strchr(text, '/'), *burst;
	int64_t number;
	size_t u;

	if (slash == NULL)
		goto no_rate;
	if (!value_number(text, (size_t)(slash - text), 1, VALUE_RATE, &number,
			  why))
		return false;
	rate->rate = (uint32_t)number;
	rate->burst = BURST;
	for (u = 1; slash[1] != *units[u].name; u++)
		if (u == UNITS - 2)
			goto no_rate;
	rate->period_ms = units[u].ms;
	if (slash[2] == '\0')
		return true;
	burst = slash + 2 + strspn(slash + 2, " \t");
	if (burst == slash + 2 || strncmp(burst, "burst", 5) != 0 ||
	    !scan_is_blank(burst[5]))
		goto no_rate;
	burst += 5 + strspn(burst + 5, " \t");
	if (!value_number(burst, strlen(burst), 1, VALUE_RATE, &number, why))
		return false;
	rate->burst = (uint32_t)number;
	return true;
no_rate:
	return value_wrong(why, "is no rate; write it like 5/s burst 20 (or "
				"/m, /h)");
}

bool value_codes(const char *text, uint64_t codes[4], struct why *why)
{
	size_t len, count = 0;

	memset(codes, 0, 4 * sizeof(*codes));
	if (strcmp(text, "none") == 0)
		return true;
	for (const char *at = text; (len = value_item(&at)) > 0; at += len) {
		int64_t code;

		if (!value_number(at, len, 0, 255, &code, why))
			return false;
		codes[code / 64] |= (uint64_t)1 << code % 64;
		count++;
	}
	if (count == 0)
		return value_wrong(why, "lists nothing; write codes 0 .. 255 "
					"or none");
	return true;
}

bool value_octal(const char *text, uint16_t *bits, struct why *why)
{
	unsigned number = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '7' && number <= 0777; n++)
		number = number * 8 + (unsigned)(text[n] - '0');
	*bits = (uint16_t)number;
	return (n > 0 && text[n] == '\0' && number <= 0777) ||
	       value_wrong(why, "is no octal number up to 0777; write it like "
				"027");
}

bool value_limit(const char *text, struct config_limit *limit,
		 struct why *why)
{
	const char *colon;
	size_t len;

	limit->is_try = *text == '-';
	if (limit->is_try)
		text++;
	colon = strchr(text, ':');
	len = colon != NULL ? (size_t)(colon - text) : strlen(text);
	if (!value_size(text, len, true, &limit->soft, why))
		return false;
	limit->hard = limit->soft;
	if (colon != NULL && !value_size(colon + 1, strlen(colon + 1), true,
					 &limit->hard, why))
		return false;
	if (limit->soft > limit->hard)
		return value_wrong(why, "has a soft limit above its hard one; "
					"write SOFT:HARD");
	return true;
}

bool value_adjust(const char *text, int64_t min, int64_t max, int64_t *number,
		  bool *is_try, struct why *why)
{
	*is_try = text[0] == '-' && (text[1] == '-' || text[1] == '+');
	if (*is_try)
		text++;
	return value_number(text, strlen(text), min, max, number, why);
}
