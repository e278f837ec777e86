/* SPDX-License-Identifier: ISC */
/* The part of printf(3) that dashpot uses: %s %c %d %u %x %%, with `0`, a
 * width, a precision (digits or `*`) and the lengths l, ll and z.
 *
 * The library's own brings floating point, positions and wide characters
 * along, a fifth of the whole binary. Compilers check the arguments here as
 * they do there; anything else in a format is printed as it stands. */
#ifndef INIT_LIB_FORMAT_H
#define INIT_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As snprintf(3): at most size bytes with the NUL (none for size 0); returns
 * the length that everything would have had. */
int format(char *to, size_t size, const char *form, ...)
	__attribute__((format(printf, 3, 4)));
int format_list(char *to, size_t size, const char *form, va_list args)
	__attribute__((format(printf, 3, 0)));

/* Likewise, of any length: each time that the buffer is full, and at the end,
 * `piece` gets what is in it. */
typedef void format_piece(void *with, const char *text, size_t size);
int format_pieces(char *buffer, size_t size, format_piece *piece, void *with,
		  const char *form, va_list args)
	__attribute__((format(printf, 5, 0)));

#endif
