/* SPDX-License-Identifier: ISC */
/* Reading numbers and finding text in what the kernel and files say.
 *
 * The library's strtoll(3) and strstr(3) bring more code along than all that
 * is read here. */
#ifndef INIT_LIB_SCAN_H
#define INIT_LIB_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* The digits at *at in base 10 or 16, and *at behind them (unmoved where there
 * is none: then 0). Stops at UINT64_MAX when they say more. */
uint64_t scan_unsigned(const char **at, unsigned base);

/* The same with leading spaces and a sign, base 10, stopping at the ends of
 * int64_t. */
int64_t scan_signed(const char **at);

/* The small letter of a large one; any other byte as it is. */
static inline unsigned char scan_folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static inline bool scan_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where `word` begins in text for the first time, or NULL. */
const char *scan_find(const char *text, const char *word);

#endif
