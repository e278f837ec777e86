/* SPDX-License-Identifier: ISC */
/* What cJSON stands on here. The Makefile includes this before cJSON.c and
 * nowhere else.
 *
 * All numbers in our documents are integers, so cJSON gets an integer reader
 * and printer: the library's floating point would be a tenth of the binary.
 * Memory comes from the helpers' heap. */
#ifndef INIT_TEXT_CJSON_PORT_H
#define INIT_TEXT_CJSON_PORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/lib/format.h"
#include "init/text/heap.h"

/* As strtod(3) for integers of up to 15 digits; *end behind them. Anything
 * else (fractions, exponents) ends the number, and so the document. */
double cjson_port_number(const char *text, char **end);

#define malloc heap_take
#define free heap_give
#define realloc heap_resize
#define strtod cjson_port_number
/* Its buffers hold 26 bytes for numbers and 6 for \uXXXX: neither is longer
 * than what its own formats can make of an int. */
#define sprintf(to, ...) format(to, 26, __VA_ARGS__)
/* Asked only after a %g, which our integers never take. */
#define sscanf(...) 0

#endif
