/* SPDX-License-Identifier: ISC */
/* Plain loops: what is read is short. */
#include "init/lib/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return UINT32_MAX;
}

uint64_t scan_unsigned(const char **at, unsigned base)
{
	uint64_t n = 0;

	for (unsigned d; (d = digit_of(**at)) < base; (*at)++)
		n = n > (UINT64_MAX - d) / base ? UINT64_MAX : n * base + d;
	return n;
}

int64_t scan_signed(const char **at)
{
	bool is_negative;
	uint64_t n;

	while (**at == ' ')
		(*at)++;
	is_negative = **at == '-';
	*at += is_negative;
	n = scan_unsigned(at, 10);
	if (n > INT64_MAX)
		return is_negative ? INT64_MIN : INT64_MAX;
	return is_negative ? -(int64_t)n : (int64_t)n;
}

const char *scan_find(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (; *text; text++)
		if (strncmp(text, word, length) == 0)
			return text;
	return NULL;
}
