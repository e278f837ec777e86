/* SPDX-License-Identifier: ISC */
/* Scanners for numbers, times, sizes, signals and what is made of them. */
#include "init/config/value.h"

#include <stdarg.h>
#include <string.h>

#include "init/format.h"

bool value_wrong(struct why *why, const char *form, ...)
{
	va_list args;

	va_start(args, form);
	format_list(why->text, sizeof(why->text), form, args);
	va_end(args);
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

size_t value_item(const char **at)
{
	const char *s = *at;
	size_t len = 0;

	while (is_blank(*s) || *s == ',')
		s++;
	*at = s;
	while (s[len] != '\0' && !is_blank(s[len]) && s[len] != ',')
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

bool value_number(const char *text, size_t len, int64_t min, int64_t max,
		  int64_t *number, struct why *why)
{
	bool is_negative = min < 0 && len > 1 && *text == '-';
	size_t sign = is_negative || (min < 0 && len > 1 && *text == '+');
	size_t n = value_digits(text + sign, len - sign, number);

	if (is_negative)
		*number = -*number;
	if (n == 0 || n + sign != len)
		return value_wrong(why, "is no number; write %lld .. %lld",
				   (long long)min, (long long)max);
	if (*number < min || *number > max)
		return value_wrong(why, "is out of range; write %lld .. %lld",
				   (long long)min, (long long)max);
	return true;
}

static const struct {
	char name[4];
	int64_t ms;
} units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 },     { "ms", 1 },
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

/* The largest unit that divides ms: for messages. */
static unsigned unit_of(int64_t ms)
{
	unsigned u = 0;

	while (u < UNITS - 1 && ms % units[u].ms != 0)
		u++;
	return u;
}

static bool out_of_bounds(struct why *why, int64_t min_ms, int64_t max_ms)
{
	unsigned low = min_ms == 0 ? 3 : unit_of(min_ms);
	unsigned high = unit_of(max_ms);

	return value_wrong(why, "is out of range; write %lld%s .. %lld%s",
			   (long long)(min_ms / units[low].ms),
			   units[low].name,
			   (long long)(max_ms / units[high].ms),
			   units[high].name);
}

bool value_duration(const char *text, size_t len, int64_t min_ms,
		    int64_t max_ms, int64_t *ms, struct why *why)
{
	size_t at = 0;
	unsigned u = 0;

	*ms = 0;
	while (at < len) {
		int64_t number;
		size_t letters = 0;
		size_t n = value_digits(text + at, len - at, &number);

		if (n == 0)
			break;
		at += n;
		while (at + letters < len && text[at + letters] >= 'a' &&
		       text[at + letters] <= 'z')
			letters++;
		if (letters == 0 && at == len && at == n && number != 0)
			return value_wrong(why, "has no unit; write %.*ss (or "
						"ms, m, h, d)",
					   (int)(n < 10 ? n : 10), text);
		if (letters == 0 && at == len && at == n)
			break;
		while (u < UNITS && !is_word(text + at, letters, units[u].name))
			u++;
		if (u == UNITS) {
			at = 0;
			break;
		}
		*ms += number * units[u++].ms;
		at += letters;
	}
	if (len == 0 || at != len)
		return value_wrong(why, "is no duration; write it like 250ms, "
					"15s, 10m, 1h or 1m30s");
	if (*ms < min_ms || *ms > max_ms)
		return out_of_bounds(why, min_ms, max_ms);
	return true;
}

static size_t without_blanks(const char **at, size_t len)
{
	while (len > 0 && is_blank(**at)) {
		(*at)++;
		len--;
	}
	while (len > 0 && is_blank((*at)[len - 1]))
		len--;
	return len;
}

bool value_range(const char *text, int64_t max_ms, int64_t *low_ms,
		 int64_t *high_ms, struct why *why)
{
	const char *dots = strchr(text, '.'), *high;
	size_t len;

	if (dots == NULL || dots[1] != '.') {
		if (!value_duration(text, strlen(text), 0, max_ms, low_ms,
				    why))
			return false;
		*high_ms = *low_ms;
		return true;
	}
	len = without_blanks(&text, (size_t)(dots - text));
	if (!value_duration(text, len, 0, max_ms, low_ms, why))
		return false;
	high = dots + 2;
	len = without_blanks(&high, strlen(high));
	if (!value_duration(high, len, 0, max_ms, high_ms, why))
		return false;
	if (*low_ms > *high_ms)
		return value_wrong(why, "starts above its end; write the "
					"shorter one first");
	return true;
}

bool value_size(const char *text, size_t len, bool may_be_unlimited,
		uint64_t *bytes, struct why *why)
{
	static const char suffixes[] = "kMGT";
	const char *suffix;
	unsigned shift = 0;
	bool is_huge = false;
	size_t n = 0;

	if (may_be_unlimited && is_word(text, len, "unlimited")) {
		*bytes = UINT64_MAX;
		return true;
	}
	*bytes = 0;
	for (; n < len && text[n] >= '0' && text[n] <= '9'; n++) {
		*bytes = *bytes * 10 + (uint64_t)(text[n] - '0');
		is_huge = is_huge || *bytes > (uint64_t)INT64_MAX / 10;
	}
	if (n + 1 == len) {
		suffix = strchr(suffixes, text[n] == 'K' ? 'k' : text[n]);
		if (suffix != NULL && *suffix != '\0') {
			shift = 10 * (unsigned)(suffix - suffixes + 1);
			len--;
		}
	}
	if (n == 0 || n != len)
		return value_wrong(why, "is no %s; write it like 4096, 64k or "
					"10M%s",
				   may_be_unlimited ? "number" : "size",
				   may_be_unlimited ? ", or unlimited" : "");
	if (is_huge || *bytes > (uint64_t)INT64_MAX >> shift)
		return value_wrong(why, "is out of range; write less than "
					"819200T");
	*bytes <<= shift;
	return true;
}

bool value_word(const char *text, const char *words, unsigned *index,
		struct why *why)
{
	const char *at = words;
	size_t len;

	for (*index = 0; (len = value_item(&at)) > 0; ++*index, at += len)
		if (strlen(text) == len && strncmp(text, at, len) == 0)
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

/* One "3 in 15s" in the len bytes at text. */
static bool window(const char *text, size_t len, struct breaker_window *w,
		   struct why *why)
{
	int64_t number;
	size_t n = value_digits(text, len, &number);

	if (n == 0 || n == len)
		goto no_window;
	if (number < 1 || number > BREAKER_SLOTS)
		return value_wrong(why, "counts %lld failures; write 1 .. %d",
				   (long long)number, BREAKER_SLOTS);
	text += n;
	len = without_blanks(&text, len - n);
	if (len < 3 || strncmp(text, "in", 2) != 0 || !is_blank(text[2]))
		goto no_window;
	text += 2;
	len = without_blanks(&text, len - 2);
	w->max_failures = (uint32_t)number;
	return value_duration(text, len, 1, VALUE_WEEK_MS, &w->window_ms, why);
no_window:
	return value_wrong(why, "is no window; write it like 3 in 15s, 10 in "
				"10m, or none");
}

bool value_windows(const char *text, struct breaker_policy *breaker,
		   struct why *why)
{
	memset(breaker->window, 0, sizeof(breaker->window));
	breaker->windows = 0;
	if (strcmp(text, "none") == 0)
		return true;
	for (;;) {
		size_t size = strcspn(text, ","), len;
		const char *one = text;

		if (breaker->windows == BREAKER_WINDOWS)
			return value_wrong(why, "has more than %d windows; "
						"leave the others out",
					   BREAKER_WINDOWS);
		len = without_blanks(&one, size);
		if (!window(one, len, &breaker->window[breaker->windows], why))
			return false;
		breaker->windows++;
		if (text[size] == '\0')
			return true;
		text += size + 1;
	}
}

bool value_rate(const char *text, struct budget_policy *rate,
		struct why *why)
{
	enum { MOST = 100000, BURST = 20 };
	const char *slash = strchr(text, '/'), *rest;
	int64_t number;

	if (slash == NULL)
		goto no_rate;
	if (!value_number(text, (size_t)(slash - text), 1, MOST, &number, why))
		return false;
	rate->rate = (uint32_t)number;
	switch (slash[1]) {
	case 's':
		rate->period_ms = 1000;
		break;
	case 'm':
		rate->period_ms = 60000;
		break;
	case 'h':
		rate->period_ms = 3600000;
		break;
	default:
		goto no_rate;
	}
	rest = slash + 2;
	rate->burst = BURST;
	if (*rest == '\0')
		return true;
	if (value_item(&rest) != 5 || rest == slash + 2 ||
	    strncmp(rest, "burst", 5) != 0 || !is_blank(rest[5]))
		goto no_rate;
	rest += 6;
	rest += strspn(rest, " \t");
	if (!value_number(rest, strlen(rest), 1, MOST, &number, why))
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
	size_t n = strspn(text, "01234567");

	for (size_t i = 0; i < n && number <= 0777; i++)
		number = number * 8 + (unsigned)(text[i] - '0');
	if (n == 0 || text[n] != '\0' || number > 0777)
		return value_wrong(why, "is no octal number up to 0777; write "
					"it like 027");
	*bits = (uint16_t)number;
	return true;
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
