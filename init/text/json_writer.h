/* SPDX-License-Identifier: ISC */
/* Building and streaming JSON so that no field can be lost silently.
 *
 * cJSON drops what it cannot allocate; here every addition is checked, and
 * the first that fails makes the whole document fail. A document is streamed
 * member by member, so that memory is needed for one member at a time. */
#ifndef INIT_TEXT_JSON_WRITER_H
#define INIT_TEXT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cJSON.h"

/* Where a document goes. */
struct json {
	/* Take size bytes; 0, or -errno. */
	int (*put)(void *context, const char *text, size_t size);
	void *context;
	int err;         /* first failure so far: -errno, else 0 */
	bool is_started; /* the open object has a member already */
	unsigned depth;  /* of the open object */
};

/* Build: add a member to object. key must live as long as the object; text is
 * made valid UTF-8, and NULL is JSON's null; a time is RFC 3339 UTC, and null
 * when negative. When an addition fails or object is NULL, j->err is set. */
void json_text(struct json *j, cJSON *object, const char *key,
	       const char *text);
void json_int(struct json *j, cJSON *object, const char *key, int64_t value);
void json_int_or_null(struct json *j, cJSON *object, const char *key,
		      bool is_there, int64_t value);
void json_bool(struct json *j, cJSON *object, const char *key, bool value);
void json_time(struct json *j, cJSON *object, const char *key,
	       int64_t wall_ms);

/* A new object or array, for json_member() or json_add(). */
cJSON *json_object(struct json *j);
cJSON *json_array(struct json *j);

/* Add item (owned by object from now on, or freed) under key. */
void json_add(struct json *j, cJSON *object, const char *key, cJSON *item);

/* Add item (owned by array from now on, or freed) at the end. */
void json_add_item(struct json *j, cJSON *array, cJSON *item);

/* Add item to an array as one line of text of its own. Frees item. */
void json_add_line(struct json *j, cJSON *array, cJSON *item);

/* Put text of JSON, whole characters. Those that phrase_hidden() names can only
 * be in strings there, and are escaped. */
void json_put(struct json *j, const char *text, size_t size);

/* Stream: "{", members `"key": item` (item is freed), and "}". Between
 * json_open() with a key and json_close() the members belong to an object
 * that is the value of key; one such level is possible. Nothing more is put
 * once j->err is set. */
void json_open(struct json *j, const char *key);
void json_member(struct json *j, const char *key, cJSON *item);
void json_close(struct json *j);

#endif
