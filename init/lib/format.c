/* SPDX-License-Identifier: ISC */
/* One pass over the format into a sink: memory that cuts off, or a buffer that
 * is handed on when it is full. */
#include "init/lib/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { DIGITS = 24 }; /* of the longest number */

struct sink {
	char *to;
	size_t size;  /* bytes that fit */
	size_t at;    /* bytes in `to` */
	size_t total; /* bytes asked for so far */
	format_piece *piece; /* takes what is in `to`; NULL: the rest is lost */
	void *with;
};

/* One conversion, taken apart. */
struct form {
	size_t width;
	size_t precision; /* SIZE_MAX: none */
	bool is_zero_padded;
	int longs;        /* 0 int, 1 long, 2 long long, 3 size_t */
};

static void flush(struct sink *s)
{
	s->piece(s->with, s->to, s->at);
	s->at = 0;
}

static void put(struct sink *s, char c)
{
	if (s->piece && s->at == s->size)
		flush(s);
	if (s->at < s->size)
		s->to[s->at++] = c;
	s->total++;
}

static void put_text(struct sink *s, const struct form *f, const char *text)
{
	size_t length = strnlen(text ? text : "(null)", f->precision);

	for (size_t i = length; i < f->width; i++)
		put(s, ' ');
	for (size_t i = 0; i < length; i++)
		put(s, (text ? text : "(null)")[i]);
}

static void put_number(struct sink *s, const struct form *f,
		       unsigned long long n, bool is_negative, unsigned base)
{
	char digit[DIGITS];
	size_t length = 0, sign = is_negative;

	do {
		digit[length++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n > 0);
	if (is_negative && f->is_zero_padded)
		put(s, '-');
	for (size_t i = length + sign; i < f->width; i++)
		put(s, f->is_zero_padded ? '0' : ' ');
	if (is_negative && !f->is_zero_padded)
		put(s, '-');
	while (length > 0)
		put(s, digit[--length]);
}

/* What stands between % and the letter. Returns where the letter is. */
static const char *take_apart(const char *at, struct form *f, va_list *args)
{
	int most;

	*f = (struct form){ .precision = SIZE_MAX };
	if (*at == '0')
		f->is_zero_padded = true;
	for (; *at >= '0' && *at <= '9'; at++)
		f->width = f->width * 10 + (size_t)(*at - '0');
	if (*at == '.' && at[1] == '*') {
		most = va_arg(*args, int);
		f->precision = most < 0 ? SIZE_MAX : (size_t)most;
		at += 2;
	} else if (*at == '.') {
		f->precision = 0;
		for (at++; *at >= '0' && *at <= '9'; at++)
			f->precision =
				f->precision * 10 + (size_t)(*at - '0');
	}
	if (*at == 'z') {
		f->longs = 3;
		at++;
	}
	for (; *at == 'l'; at++)
		f->longs++;
	return at;
}

static long long signed_argument(int longs, va_list *args)
{
	if (longs == 0)
		return va_arg(*args, int);
	if (longs == 1)
		return va_arg(*args, long);
	return va_arg(*args, long long);
}

static unsigned long long unsigned_argument(int longs, va_list *args)
{
	if (longs == 0)
		return va_arg(*args, unsigned);
	if (longs == 1)
		return va_arg(*args, unsigned long);
	if (longs == 2)
		return va_arg(*args, unsigned long long);
	return va_arg(*args, size_t);
}

/* One conversion; returns where the text goes on. */
static const char *convert(struct sink *s, const char *at, va_list *args)
{
	struct form f;
	const char *letter = take_apart(at, &f, args);
	long long n;

	switch (*letter) {
	case 's':
		put_text(s, &f, va_arg(*args, const char *));
		break;
	case 'c':
		put(s, (char)va_arg(*args, int));
		break;
	case 'd':
		n = signed_argument(f.longs, args);
		put_number(s, &f,
			   n < 0 ? 0 - (unsigned long long)n
				 : (unsigned long long)n,
			   n < 0, 10);
		break;
	case 'u':
		put_number(s, &f, unsigned_argument(f.longs, args), false, 10);
		break;
	case 'x':
		put_number(s, &f, unsigned_argument(f.longs, args), false, 16);
		break;
	case '\0':
		put(s, '%');
		return letter;
	default:
		put(s, *letter);
		break;
	}
	return letter + 1;
}

static void run(struct sink *s, const char *form, va_list args)
{
	va_list rest;

	va_copy(rest, args);
	while (*form) {
		if (*form == '%')
			form = convert(s, form + 1, &rest);
		else
			put(s, *form++);
	}
	va_end(rest);
}

int format_list(char *to, size_t size, const char *form, va_list args)
{
	struct sink s = { .to = to, .size = size ? size - 1 : 0 };

	run(&s, form, args);
	if (size > 0)
		to[s.at] = '\0';
	return (int)s.total;
}

int format(char *to, size_t size, const char *form, ...)
{
	va_list args;
	int length;

	va_start(args, form);
	length = format_list(to, size, form, args);
	va_end(args);
	return length;
}

int format_pieces(char *buffer, size_t size, format_piece *piece, void *with,
		  const char *form, va_list args)
{
	struct sink s = {
		.to = buffer, .size = size, .piece = piece, .with = with
	};

	run(&s, form, args);
	flush(&s);
	return (int)s.total;
}
