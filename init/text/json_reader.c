/* SPDX-License-Identifier: ISC */
/* A recursive descent that only finds where values end. What it has accepted
 * once may be walked without a look at the end of the text. */
#include "init/text/json_reader.h"

#include <string.h>

#include "init/lib/scan.h"
#include "policy/date.h"

static const struct json_value nothing;

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

static const char *skip_digits(const char *at)
{
	return at + strspn(at, "0123456789");
}

/* All skip functions below: behind the value at `at`, or NULL where it is none;
 * then *bad is where. In a document that was accepted they find an end. */
static const char *skip_value(const char *at, unsigned depth,
			      const char **bad);

static const char *skip_text(const char *at, const char **bad)
{
	for (at++; *at != '"'; at++) {
		size_t hex;

		*bad = at;
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		hex = *at == 'u' ? strspn(at + 1, "0123456789abcdefABCDEF") : 0;
		if (*at == '\0' || strchr("\"\\/bfnrtu", *at) == NULL ||
		    (*at == 'u' && hex < 4))
			return NULL;
	}
	return at + 1;
}

static const char *skip_number(const char *at, const char **bad)
{
	const char *digits = at + (*at == '-');

	*bad = at;
	at = skip_digits(digits);
	if (at == digits || (*digits == '0' && at > digits + 1))
		return NULL;
	if (*at == '.') {
		digits = at + 1;
		at = skip_digits(digits);
		if (at == digits)
			return NULL;
	}
	if (*at == 'e' || *at == 'E') {
		digits = at + 1 + (at[1] == '-' || at[1] == '+');
		at = skip_digits(digits);
		if (at == digits)
			return NULL;
	}
	return at;
}

/* An object or an array; depth is that of its members. */
static const char *skip_members(const char *at, unsigned depth,
				const char **bad)
{
	bool is_object = *at == '{';
	char end = is_object ? '}' : ']';

	*bad = at;
	if (depth > JSON_DEPTH)
		return NULL;
	at = skip_blanks(at + 1);
	if (*at == end)
		return at + 1;
	for (;;) {
		*bad = at;
		if (is_object) {
			at = *at == '"' ? skip_text(at, bad) : NULL;
			if (at == NULL)
				return NULL;
			at = skip_blanks(at);
			*bad = at;
			if (*at++ != ':')
				return NULL;
			at = skip_blanks(at);
		}
		at = skip_value(at, depth, bad);
		if (at == NULL)
			return NULL;
		at = skip_blanks(at);
		if (*at == end)
			return at + 1;
		*bad = at;
		if (*at != ',')
			return NULL;
		at = skip_blanks(at + 1);
	}
}

static const char *skip_value(const char *at, unsigned depth, const char **bad)
{
	static const char *const words[] = { "true", "false", "null" };

	*bad = at;
	if (*at == '{' || *at == '[')
		return skip_members(at, depth + 1, bad);
	if (*at == '"')
		return skip_text(at, bad);
	for (size_t i = 0; i < 3; i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	return skip_number(at, bad);
}

struct json_value json_document(const char *text, size_t size, size_t *where)
{
	struct json_value all = { .at = skip_blanks(text) };
	const char *bad = text;

	all.end = skip_value(all.at, 0, &bad);
	if (all.end != NULL) {
		bad = skip_blanks(all.end);
		if (bad == text + size)
			return all;
	}
	if (where != NULL)
		*where = (size_t)(bad - text);
	return nothing;
}

bool json_next(struct json_value *walk, struct json_value *key,
	       struct json_value *value)
{
	const char *at = walk->at, *bad;

	if (at == NULL || (*at != '{' && *at != '[' && *at != ','))
		return false;
	at = skip_blanks(at + 1);
	if (*at == '}' || *at == ']') /* it is empty */
		return false;
	if (key != NULL)
		*key = nothing;
	if (walk->end[-1] == '}') {
		const char *end = skip_text(at, &bad);

		if (end == NULL)
			return false;
		if (key != NULL)
			*key = (struct json_value){ at, end };
		at = skip_blanks(skip_blanks(end) + 1);
	}
	value->at = at;
	value->end = skip_value(at, 0, &bad);
	if (value->end == NULL)
		return false;
	walk->at = skip_blanks(value->end);
	return true;
}

struct json_value json_get(struct json_value object, const char *key)
{
	struct json_value name, value;

	if (object.at == NULL || *object.at != '{')
		return nothing;
	while (json_next(&object, &name, &value))
		if (json_is(name, key))
			return value;
	return nothing;
}

int64_t json_to_int(struct json_value value, int64_t otherwise)
{
	const char *at = value.at;
	int64_t n;

	if (at == NULL || (*at != '-' && (*at < '0' || *at > '9')))
		return otherwise;
	n = scan_signed(&at);
	return at == value.end ? n : otherwise;
}

bool json_is_true(struct json_value value)
{
	return value.at != NULL && *value.at == 't';
}

bool json_is(struct json_value value, const char *text)
{
	size_t length = strlen(text);

	return value.at != NULL && *value.at == '"' &&
	       (size_t)(value.end - value.at) == length + 2 &&
	       memcmp(value.at + 1, text, length) == 0;
}

/* Four hex digits. */
static uint32_t hex4(const char *at)
{
	uint32_t n = 0;

	for (size_t i = 0; i < 4; i++) {
		char c = at[i];

		n = n * 16 + (uint32_t)(c <= '9' ? c - '0' :
						   (c | 32) - 'a' + 10);
	}
	return n;
}

/* The character of the escape behind the backslash at *at, which moves to its
 * last byte. Halves of a pair that stand alone are '?'. */
static uint32_t take_escape(const char **at)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *known = strchr(from, *++*at);
	uint32_t c, low;

	if (**at != 'u')
		return (uint32_t)(unsigned char)(known != NULL ?
							 to[known - from] :
							 **at);
	c = hex4(*at + 1);
	*at += 4;
	if (c < 0xd800 || c > 0xdfff)
		return c == 0 ? '?' : c;
	if (c > 0xdbff || (*at)[1] != '\\' || (*at)[2] != 'u')
		return '?';
	low = hex4(*at + 3);
	if (low < 0xdc00 || low > 0xdfff)
		return '?';
	*at += 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* UTF-8 of c; returns its length. */
static size_t put_utf8(char to[4], uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xf0) | c);
	return n;
}

char *json_to_text(struct json_value value, char *to, size_t size)
{
	const char *at = value.at;
	size_t used = 0;

	to[0] = '\0';
	if (at == NULL || *at != '"')
		return to;
	for (at++; at < value.end - 1; at++) {
		char bytes[4] = { *at };
		size_t n = 1;

		if (*at == '\\')
			n = put_utf8(bytes, take_escape(&at));
		else
			while (n < 4 && (at[1] & 0xc0) == 0x80)
				bytes[n++] = *++at;
		if (used + n >= size)
			break;
		memcpy(to + used, bytes, n);
		used += n;
	}
	to[used] = '\0';
	return to;
}

int64_t json_to_time(struct json_value value)
{
	static const char form[] = "\"dddd-dd-ddTdd:dd:dd";
	const char *at = value.at;
	struct date d;
	int64_t n[6] = { 0 }, ms = 0;

	if (at == NULL)
		return -1;
	for (size_t i = 0, number = 0; form[i] != '\0'; i++, at++) {
		if (form[i] == 'd' && *at >= '0' && *at <= '9')
			n[number] = n[number] * 10 + (*at - '0');
		else if (form[i] == *at && form[i] != 'd')
			number += i > 0;
		else
			return -1;
	}
	if (*at == '.')
		for (int64_t unit = 100; *++at >= '0' && *at <= '9'; unit /= 10)
			ms += (*at - '0') * unit;
	if (*at != 'Z' || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 ||
	    n[3] > 23 || n[4] > 59 || n[5] > 60)
		return -1;
	d = (struct date){ (int)n[0], (int)n[1], (int)n[2] };
	return ((date_to_day(&d) * 24 + n[3]) * 60 + n[4]) * 60000 +
	       n[5] * 1000 + ms;
}
