/* SPDX-License-Identifier: ISC */
/* What is UTF-8: RFC 3629. */
#ifndef INIT_LIB_UTF8_H
#define INIT_LIB_UTF8_H

#include <stddef.h>

/* Length of the UTF-8 sequence at text (len bytes left, 1 or more); 0 when it
 * is none. */
size_t utf8_length(const char *text, size_t len);

#endif
