/* SPDX-License-Identifier: ISC */
/* Is a line a JSON object, and what does it say of itself already?
 *
 * A strict reader of RFC 8259 in one pass over untrusted bytes:
 * no recursion, no memory, no look behind the end. A text that it accepts
 * stays an object when members are put behind its brace. */
#ifndef INIT_RELAY_OBJECT_H
#define INIT_RELAY_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

enum { OBJECT_DEPTH = 64 }; /* objects and arrays in each other; deeper ones
			     * are taken for plain text */

struct object {
	size_t behind;    /* bytes up to its brace, with it */
	bool is_empty;    /* has no member */
	bool has_service, has_stream; /* these keys at top level, however they
				       * are escaped */
};

/* True when the whole text, blanks around it apart, is one object in valid
 * UTF-8; *found is valid then. */
bool object_scan(const char *text, size_t length, struct object *found);

/* Bytes of the valid UTF-8 character at `at`, of which `left` (at least 1)
 * may be read; 0 where there is none. */
size_t object_char(const char *at, size_t left);

#endif
