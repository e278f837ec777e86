/* SPDX-License-Identifier: ISC */
/* A machine with one state and a stack of bits: what encloses the place.
 * Bit 0 of the stack is the innermost. */
#include "init/relay/object.h"

#include <stdint.h>
#include <string.h>

#include "init/text/wording.h"

/* Where it is, and the key that is being read: how many of its characters
 * there were, and whether they were those of the words. */
struct scan {
	const char *at, *end;
	size_t key;
	bool is_service, is_stream;
};

enum expect {
	EXPECT_FIRST_KEY,  /* or the end of the object */
	EXPECT_KEY,
	EXPECT_FIRST_ITEM, /* or the end of the array */
	EXPECT_VALUE,
	EXPECT_NEXT,       /* a comma, or the end of what is open */
};

static const char service[] = "service", stream[] = "stream";

size_t object_char(const char *at, size_t left)
{
	char last[4] = { 0 };

	if (left >= sizeof(last))
		return phrase_utf8_length(at);
	memcpy(last, at, left);
	return phrase_utf8_length(last);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next byte that is not blank, or -1 at the end. */
static int look(struct scan *s)
{
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
	return s->at < s->end ? (unsigned char)*s->at : -1;
}

static void add_key(struct scan *s, unsigned c)
{
	s->is_service = s->is_service && s->key < sizeof(service) &&
			(unsigned char)service[s->key] == c;
	s->is_stream = s->is_stream && s->key < sizeof(stream) &&
		       (unsigned char)stream[s->key] == c;
	s->key++;
}

/* The digit at the place in base 16, or -1. */
static int hex_digit(const struct scan *s)
{
	int c = s->at < s->end ? *s->at : 0;

	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind a backslash. */
static bool skip_escape(struct scan *s)
{
	static const char plain[] = "\"\\/bfnrt";
	unsigned value = 0;

	if (s->at == s->end)
		return false;
	if (*s->at != 'u') {
		if (*s->at == '\0' || strchr(plain, *s->at) == NULL)
			return false;
		add_key(s, 0x100); /* no character of the words */
		s->at++;
		return true;
	}
	s->at++;
	for (int i = 0; i < 4; i++, s->at++) {
		int digit = hex_digit(s);

		if (digit < 0)
			return false;
		value = value * 16 + (unsigned)digit;
	}
	add_key(s, value == 0 ? 0x100 : value);
	return true;
}

/* A string with its quotes. */
static bool skip_string(struct scan *s)
{
	s->key = 0;
	s->is_service = s->is_stream = true;
	if (look(s) != '"')
		return false;
	s->at++;
	while (s->at < s->end && *s->at != '"') {
		size_t n = object_char(s->at, (size_t)(s->end - s->at));

		if (n == 0 || (unsigned char)*s->at < 0x20)
			return false;
		if (*s->at == '\\') {
			s->at++;
			if (!skip_escape(s))
				return false;
			continue;
		}
		add_key(s, (unsigned char)*s->at);
		s->at += n;
	}
	if (s->at == s->end)
		return false;
	add_key(s, '\0'); /* the words end here too */
	s->at++;
	return true;
}

/* Digits; false where there is none. */
static bool skip_digits(struct scan *s)
{
	const char *first = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > first;
}

/* One of two characters; false where there is neither. */
static bool skip_either(struct scan *s, char one, char other)
{
	if (s->at == s->end || (*s->at != one && *s->at != other))
		return false;
	s->at++;
	return true;
}

static bool skip_number(struct scan *s)
{
	skip_either(s, '-', '-');
	if (!skip_either(s, '0', '0') && !skip_digits(s))
		return false;
	if (skip_either(s, '.', '.') && !skip_digits(s))
		return false;
	if (!skip_either(s, 'e', 'E'))
		return true;
	skip_either(s, '+', '-');
	return skip_digits(s);
}

/* A value that has nothing in it. */
static bool skip_scalar(struct scan *s, int c)
{
	static const char *const words[] = { "true", "false", "null" };

	if (c == '"')
		return skip_string(s);
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if (c == words[i][0]) {
			if ((size_t)(s->end - s->at) < n ||
			    memcmp(s->at, words[i], n) != 0)
				return false;
			s->at += n;
			return true;
		}
	}
	return skip_number(s);
}

/* A key and its colon. */
static bool skip_key(struct scan *s, struct object *found, unsigned depth)
{
	if (!skip_string(s))
		return false;
	if (depth == 1) {
		found->has_service |= s->is_service;
		found->has_stream |= s->is_stream;
	}
	if (look(s) != ':')
		return false;
	s->at++;
	return true;
}

bool object_scan(const char *text, size_t length, struct object *found)
{
	struct scan s = { .at = text, .end = text + length };
	enum expect expect = EXPECT_VALUE;
	uint64_t objects = 0; /* a bit each of what is open: an object? */
	unsigned depth = 0;
	int c = look(&s);

	*found = (struct object){ .behind = (size_t)(s.at - text) + 1 };
	if (c != '{')
		return false;
	for (; c >= 0; c = look(&s)) {
		bool is_object = (objects & 1) != 0;

		if (depth > 0 && c == (is_object ? '}' : ']') &&
		    expect != EXPECT_KEY && expect != EXPECT_VALUE) {
			found->is_empty = depth == 1 &&
					  expect == EXPECT_FIRST_KEY;
			s.at++;
			objects >>= 1;
			if (--depth == 0)
				return look(&s) < 0;
			expect = EXPECT_NEXT;
		} else if (expect == EXPECT_NEXT) {
			if (c != ',')
				return false;
			s.at++;
			expect = is_object ? EXPECT_KEY : EXPECT_VALUE;
		} else if (expect <= EXPECT_KEY) {
			if (!skip_key(&s, found, depth))
				return false;
			expect = EXPECT_VALUE;
		} else if (c == '{' || c == '[') {
			if (depth++ == OBJECT_DEPTH)
				return false;
			objects = objects << 1 | (c == '{');
			expect = c == '{' ? EXPECT_FIRST_KEY
					  : EXPECT_FIRST_ITEM;
			s.at++;
		} else {
			if (!skip_scalar(&s, c))
				return false;
			expect = EXPECT_NEXT;
		}
	}
	return false;
}
