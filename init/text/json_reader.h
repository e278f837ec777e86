/* SPDX-License-Identifier: ISC */
/* Reading JSON where it lies: nothing is copied and nothing is allocated.
 *
 * A text is checked once by json_document(); the values in it are then pairs
 * of pointers into it. A value that is not there (`at` is NULL) may be given
 * to every function, so that a path is one expression. */
#ifndef INIT_TEXT_JSON_READER_H
#define INIT_TEXT_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH = 32 }; /* objects in objects; deeper is refused */

/* One value: the bytes [at, end) of the text, without blanks around it. */
struct json_value {
	const char *at, *end; /* at == NULL: not there */
};

/* The document in size bytes of text, or a value that is not there: it is no
 * JSON (RFC 8259), or has more than blanks behind its value. *where, if not
 * NULL, is then the byte at which it is wrong. The text must be followed by a
 * NUL. */
struct json_value json_document(const char *text, size_t size, size_t *where);

/* The value of a member; not there in anything but an object. */
struct json_value json_get(struct json_value object, const char *key);

/* The next value of an array, or member of an object, in `walk`, which begins
 * as that array or object. False at the end, and at once for anything else.
 * key (if not NULL) is the key of a member, not there in an array. */
bool json_next(struct json_value *walk, struct json_value *key,
	       struct json_value *value);

/* A whole number; `otherwise` for anything else, and beyond int64_t its
 * nearest end. */
int64_t json_to_int(struct json_value value, int64_t otherwise);

bool json_is_true(struct json_value value);

/* True when it is the text `text`, which needs no escape in JSON. */
bool json_is(struct json_value value, const char *text);

/* The text, decoded into size bytes with its NUL: "" for anything but a text.
 * What does not fit is cut between two characters, a NUL in it becomes '?'.
 * Returns `to`. */
char *json_to_text(struct json_value value, char *to, size_t size);

/* A time in RFC 3339 UTC ("2026-11-22T12:03:04.567Z") as Unix ms; -1 for
 * anything else. */
int64_t json_to_time(struct json_value value);

#endif
