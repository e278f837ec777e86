/* SPDX-License-Identifier: ISC */
#ifndef INIT_TEXT_SOURCE_NAME_H
#define INIT_TEXT_SOURCE_NAME_H

#include <stdint.h>

/* The name of the source file with that number (init/lib/invariant.h); "another
 * file" where none has it. */
const char *source_name(uint32_t number);

#endif
