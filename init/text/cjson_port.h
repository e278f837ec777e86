/* SPDX-License-Identifier: ISC */
/* What cJSON stands on here. The Makefile includes this before cJSON.c and
 * nowhere else.
 *
 * cJSON builds and prints; init/text/json_reader reads. All numbers in our
 * documents are integers: the library's printing of others would be a tenth of
 * the binary. Memory comes from the helpers' heap. */
#ifndef INIT_TEXT_CJSON_PORT_H
#define INIT_TEXT_CJSON_PORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/lib/format.h"
#include "init/text/heap.h"

#define malloc heap_take
#define free heap_give
#define realloc heap_resize
/* Its buffers hold 26 bytes for numbers and 6 for \uXXXX: neither is longer
 * than what its own formats can make of an int. */
#define sprintf(to, ...) format(to, 26, __VA_ARGS__)
/* Asked only after a %g, which our integers never take. */
#define sscanf(...) 0

#endif
