/* SPDX-License-Identifier: ISC */
/* The FNV-1a hash: for tables and for "did it change", against no enemy. */
#ifndef INIT_LIB_HASH_H
#define INIT_LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325) /* where a hash begins */

/* The hash of `size` bytes, going on from `hash`. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);

#endif
