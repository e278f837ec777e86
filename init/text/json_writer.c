/* SPDX-License-Identifier: ISC */
/* Building and streaming JSON; the only place that allocates for it. */
#include "init/text/json_writer.h"

#include <errno.h>
#include <string.h>

#include "init/lib/format.h"
#include "init/text/wording.h"

enum {
	EXACT = 1000000000, /* beyond, cJSON prints by %g or loses digits */
	FIRST_PRINT = 1024, /* first size of a printed member */
};

static void fail(struct json *j, int err)
{
	if (j->err == 0)
		j->err = err;
}

void json_add(struct json *j, cJSON *object, const char *key, cJSON *item)
{
	if (item != NULL && object != NULL &&
	    cJSON_AddItemToObjectCS(object, key, item))
		return;
	cJSON_Delete(item);
	fail(j, -ENOMEM);
}

cJSON *json_object(struct json *j)
{
	cJSON *object = cJSON_CreateObject();

	if (object == NULL)
		fail(j, -ENOMEM);
	return object;
}

cJSON *json_array(struct json *j)
{
	cJSON *array = cJSON_CreateArray();

	if (array == NULL)
		fail(j, -ENOMEM);
	return array;
}

void json_add_item(struct json *j, cJSON *array, cJSON *item)
{
	if (item != NULL && array != NULL && cJSON_AddItemToArray(array, item))
		return;
	cJSON_Delete(item);
	fail(j, -ENOMEM);
}

void json_text(struct json *j, cJSON *object, const char *key,
	       const char *text)
{
	cJSON *item = text != NULL ? cJSON_CreateString(text) :
				     cJSON_CreateNull();

	if (item != NULL && text != NULL)
		phrase_make_utf8(item->valuestring);
	json_add(j, object, key, item);
}

void json_int(struct json *j, cJSON *object, const char *key, int64_t value)
{
	char digits[24];

	if (value >= -EXACT && value <= EXACT) {
		json_add(j, object, key, cJSON_CreateNumber((double)value));
		return;
	}
	format(digits, sizeof(digits), "%lld", (long long)value);
	json_add(j, object, key, cJSON_CreateRaw(digits));
}

void json_int_or_null(struct json *j, cJSON *object, const char *key,
		      bool is_there, int64_t value)
{
	if (is_there)
		json_int(j, object, key, value);
	else
		json_text(j, object, key, NULL);
}

void json_bool(struct json *j, cJSON *object, const char *key, bool value)
{
	json_add(j, object, key, cJSON_CreateBool(value));
}

void json_time(struct json *j, cJSON *object, const char *key,
	       int64_t wall_ms)
{
	char time[PHRASE_TIME];

	phrase_time(time, wall_ms);
	json_text(j, object, key, wall_ms < 0 ? NULL : time);
}

void json_add_line(struct json *j, cJSON *array, cJSON *item)
{
	static const char start[] = "\n\t\t";
	char *text = item != NULL ? cJSON_PrintUnformatted(item) : NULL;
	size_t size = text != NULL ? strlen(text) + 1 : 0;
	char *line = text != NULL ? cJSON_malloc(sizeof(start) + size) : NULL;
	cJSON *raw = NULL;

	if (line != NULL) {
		memcpy(line, start, sizeof(start) - 1);
		memcpy(line + sizeof(start) - 1, text, size);
		raw = cJSON_CreateRaw(line);
	}
	json_add_item(j, array, raw);
	cJSON_free(line);
	cJSON_free(text);
	cJSON_Delete(item);
}

static void put(struct json *j, const char *text, size_t size)
{
	int err = j->err == 0 ? j->put(j->context, text, size) : 0;

	if (err < 0)
		fail(j, err);
}

void json_put(struct json *j, const char *text, size_t size)
{
	const char *end = text + size, *from = text;
	char form[8];

	while (text < end) {
		unsigned c = phrase_hidden(text);

		if (c == 0) {
			text++;
			continue;
		}
		put(j, from, (size_t)(text - from));
		put(j, form, (size_t)format(form, sizeof(form), "\\u%04x", c));
		text += phrase_utf8_length(text);
		from = text;
	}
	put(j, from, (size_t)(text - from));
}

static void put_newline(struct json *j)
{
	put(j, "\n", 1);
	for (unsigned i = 0; i < j->depth; i++)
		put(j, "\t", 1);
}

/* Text of cJSON, in which every newline is one of formatting. */
static void put_indented(struct json *j, const char *text)
{
	for (;;) {
		size_t line = strcspn(text, "\n");

		json_put(j, text, line);
		if (text[line] == '\0')
			return;
		put_newline(j);
		text += line + 1;
	}
}

/* What stands before a member: the comma, the line, the key. */
static void put_key(struct json *j, const char *key)
{
	char quoted[6 * CONFIG_NAME + 8];
	struct phrase w = PHRASE_IN(quoted);

	if (j->is_started)
		put(j, ",", 1);
	j->is_started = true;
	put_newline(j);
	phrase_add_json(&w, key);
	phrase_add(&w, ": ");
	put(j, quoted, w.used);
}

void json_open(struct json *j, const char *key)
{
	if (key != NULL)
		put_key(j, key);
	put(j, "{", 1);
	j->is_started = false;
	j->depth++;
}

void json_close(struct json *j)
{
	j->depth--;
	if (j->is_started)
		put_newline(j);
	put(j, "}", 1);
	j->is_started = true;
	if (j->depth == 0)
		put(j, "\n", 1);
}

void json_member(struct json *j, const char *key, cJSON *item)
{
	char *text = NULL;

	if (item != NULL && j->err == 0)
		text = cJSON_PrintBuffered(item, FIRST_PRINT, 1);
	if (text == NULL)
		fail(j, -ENOMEM);
	put_key(j, key);
	if (text != NULL)
		put_indented(j, text);
	cJSON_free(text);
	cJSON_Delete(item);
}
