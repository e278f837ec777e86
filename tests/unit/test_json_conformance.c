/* SPDX-License-Identifier: ISC */
/* JSON texts (RFC 8259) that are accepted or refused, for init/text/json_reader
 * and for cJSON, whose parser only tests use; and what dashpot writes, read
 * back. A row says where a reader is more lenient or more strict on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cJSON.h"

#include "init/text/json_reader.h"
#include "init/text/json_writer.h"
#include "init/text/wording.h"

#define TEXT(s) s, sizeof(s) - 1

enum { NO, YES };

static const struct row {
	const char *text;
	size_t size;
	int reader, cjson; /* is accepted */
} rows[] = {
	/* Values of every kind, blanks of every kind. */
	{ TEXT("{}"), YES, YES },
	{ TEXT("[]"), YES, YES },
	{ TEXT("null"), YES, YES },
	{ TEXT("true"), YES, YES },
	{ TEXT("false"), YES, YES },
	{ TEXT("\"\""), YES, YES },
	{ TEXT(" \t\r\n[ 1 ,\t2 ]\r\n"), YES, YES },
	{ TEXT("{\"\":{\"a\":[{},[]]}}"), YES, YES },
	{ TEXT(""), NO, NO },
	{ TEXT(" "), NO, NO },
	/* Both of a key that stands twice are kept; the first is found. */
	{ TEXT("{\"a\":1,\"a\":2}"), YES, YES },
	/* Numbers. */
	{ TEXT("0"), YES, YES },
	{ TEXT("-0"), YES, YES },
	{ TEXT("-1"), YES, YES },
	{ TEXT("123456789012345678901234567890"), YES, YES },
	{ TEXT("0.5"), YES, YES },
	{ TEXT("1e5"), YES, YES },
	{ TEXT("1E+5"), YES, YES },
	{ TEXT("1.25e-5"), YES, YES },
	{ TEXT("-"), NO, NO },
	{ TEXT("+1"), NO, NO },
	{ TEXT(".5"), NO, NO },
	{ TEXT("0x10"), NO, NO },
	{ TEXT("1e"), NO, NO },
	{ TEXT("1e+"), NO, NO },
	{ TEXT("1.2.3"), NO, NO },
	{ TEXT("--1"), NO, NO },
	{ TEXT("NaN"), NO, NO },
	{ TEXT("Infinity"), NO, NO },
	{ TEXT("-Infinity"), NO, NO },
	/* cJSON reads what strtod() reads. */
	{ TEXT("01"), NO, YES },
	{ TEXT("-01"), NO, YES },
	{ TEXT("1."), NO, YES },
	{ TEXT("-.5"), NO, YES },
	/* Words. */
	{ TEXT("tru"), NO, NO },
	{ TEXT("True"), NO, NO },
	{ TEXT("truex"), NO, NO },
	{ TEXT("nul"), NO, NO },
	/* Escapes. */
	{ TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), YES, YES },
	{ TEXT("\"\\u0041\\u00e4\\u20AC\""), YES, YES },
	{ TEXT("\"\\x41\""), NO, NO },
	{ TEXT("\"\\'\""), NO, NO },
	{ TEXT("\"\\U0041\""), NO, NO },
	{ TEXT("\"\\u\""), NO, NO },
	{ TEXT("\"\\u00\""), NO, NO },
	{ TEXT("\"\\"), NO, NO },
	{ TEXT("\"\\\""), NO, NO },
	{ TEXT("\"a"), NO, NO },
	{ TEXT("'a'"), NO, NO },
	/* Pairs of surrogates; a half alone is "?" for the reader. */
	{ TEXT("\"\\ud83d\\ude00\""), YES, YES },
	{ TEXT("\"\\ud83d\""), YES, NO },
	{ TEXT("\"\\ud83dx\""), YES, NO },
	{ TEXT("\"\\ude00\""), YES, NO },
	{ TEXT("\"\\ud83d\\u0041\""), YES, NO },
	/* Control characters have to be escaped; cJSON does not look. */
	{ TEXT("\"a\nb\""), NO, YES },
	{ TEXT("\"a\tb\""), NO, YES },
	{ TEXT("\"a\x1f" "b\""), NO, YES },
	{ TEXT("\"\x7f\""), YES, YES },
	/* A NUL ends a text in memory: escaped, it is "?" for the reader. */
	{ TEXT("\"\\u0000\""), YES, YES },
	{ TEXT("\"a\0b\""), NO, YES },
	{ TEXT("[1,\0002]"), NO, YES },
	{ TEXT("1\0"), NO, NO },
	/* Invalid UTF-8 in a string is passed on by both as it is. */
	{ TEXT("\"\xc3\xa4\""), YES, YES },
	{ TEXT("\"\xff\""), YES, YES },
	{ TEXT("\"\xc3\""), YES, YES },
	{ TEXT("\"\xed\xa0\x80\""), YES, YES },
	{ TEXT("\xff"), NO, NO },
	/* A byte order mark; cJSON skips it. */
	{ TEXT("\xef\xbb\xbf{}"), NO, YES },
	{ TEXT("\xef\xbb\xbf"), NO, NO },
	/* Structure. */
	{ TEXT("["), NO, NO },
	{ TEXT("]"), NO, NO },
	{ TEXT("{"), NO, NO },
	{ TEXT("[1"), NO, NO },
	{ TEXT("[1,]"), NO, NO },
	{ TEXT("[,1]"), NO, NO },
	{ TEXT("[1 2]"), NO, NO },
	{ TEXT("[1}"), NO, NO },
	{ TEXT("{\"a\"}"), NO, NO },
	{ TEXT("{\"a\":}"), NO, NO },
	{ TEXT("{\"a\" 1}"), NO, NO },
	{ TEXT("{\"a\":1,}"), NO, NO },
	{ TEXT("{\"a\":1]"), NO, NO },
	{ TEXT("{a:1}"), NO, NO },
	{ TEXT("{1:1}"), NO, NO },
	{ TEXT("[1]//"), NO, NO },
	{ TEXT("/**/1"), NO, NO },
	/* Blanks that JSON does not know. */
	{ TEXT("[\f1]"), NO, YES },
	{ TEXT("[\v1]"), NO, YES },
	{ TEXT("[\xc2\xa0" "1]"), NO, NO },
	/* Something behind the value. */
	{ TEXT("{}{}"), NO, NO },
	{ TEXT("1 2"), NO, NO },
	{ TEXT("[] x"), NO, NO },
	{ TEXT("[]]"), NO, NO },
	{ TEXT("\"a\"\""), NO, NO },
};

/* The text in memory of just its size and a NUL, so that ASan sees any look
 * beyond. */
static char *copy_of(const char *text, size_t size)
{
	char *copy = malloc(size + 1);

	assert_non_null(copy);
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

static bool reader_accepts(const char *text, size_t size)
{
	char *copy = copy_of(text, size);
	bool is_accepted = json_document(copy, size, NULL).at != NULL;

	free(copy);
	return is_accepted;
}

static bool cjson_accepts(const char *text, size_t size)
{
	char *copy = copy_of(text, size);
	const char *end = NULL;
	cJSON *o = cJSON_ParseWithLengthOpts(copy, size + 1, &end, 0);
	bool is_accepted = o != NULL;

	for (; is_accepted && end < copy + size; end++)
		is_accepted = strchr(" \t\r\n", *end) != NULL && *end != '\0';
	cJSON_Delete(o);
	free(copy);
	return is_accepted;
}

static void each_reader_accepts_what_its_column_says(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (reader_accepts(r->text, r->size) != r->reader) {
			print_error("json_reader: %s\n", r->text);
			wrong++;
		}
		if (cjson_accepts(r->text, r->size) != r->cjson) {
			print_error("cJSON: %s\n", r->text);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void nesting_has_a_bound_in_each_reader(void **state)
{
	static const struct {
		size_t depth;
		int reader, cjson;
	} depths[] = {
		{ 1, YES, YES },
		{ JSON_DEPTH, YES, YES },
		{ JSON_DEPTH + 1, NO, YES },
		{ CJSON_NESTING_LIMIT, NO, YES },
		{ CJSON_NESTING_LIMIT + 1, NO, NO },
		{ 100000, NO, NO },
	};
	char *text = malloc(2 * 100000);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		size_t n = depths[i].depth;

		memset(text, '[', n);
		memset(text + n, ']', n);
		assert_int_equal(reader_accepts(text, 2 * n),
				 depths[i].reader);
		assert_int_equal(cjson_accepts(text, 2 * n), depths[i].cjson);
	}
	free(text);
}

static void the_first_of_two_members_with_a_key_is_found(void **state)
{
	static const char text[] = "{\"a\":1,\"a\":2}";
	cJSON *o = cJSON_Parse(text);

	(void)state;
	assert_int_equal(json_to_int(json_get(json_document(text, strlen(text),
							 NULL), "a"), 0), 1);
	assert_int_equal(cJSON_GetObjectItem(o, "a")->valueint, 1);
	cJSON_Delete(o);
}

/* --- What is written ------------------------------------------------------ */

/* Texts for both writers, and what a reader gets of them. */
static const struct {
	const char *text, *back;
} written[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "\"quoted\" \\ and /", "\"quoted\" \\ and /" },
	{ "\b\f\n\r\t", "\b\f\n\r\t" },
	{ "\x01\x1f\x7f", "\x01\x1f\x7f" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
	/* Characters that turn the direction of a line are only hidden. */
	{ "a\xe2\x80\xae" "b", "a\xe2\x80\xae" "b" },
	{ "\xc2\x85\xc2\x9b", "\xc2\x85\xc2\x9b" },
	/* No UTF-8: a lone byte, a cut character, a surrogate, too long. */
	{ "a\xff" "b", "a?b" },
	{ "\xe2\x82", "??" },
	{ "\xed\xa0\x80", "???" },
	{ "\xc0\xaf", "??" },
	{ "\xf4\x90\x80\x80", "????" },
};

/* Both readers read text, a document of size bytes, as the string back. */
static void assert_reads(const char *text, size_t size, const char *back)
{
	char decoded[128];
	cJSON *o = cJSON_ParseWithLength(text, size + 1);
	struct json_value p = json_document(text, size, NULL), item;

	assert_non_null(p.at);
	assert_true(cJSON_IsArray(o));
	assert_string_equal(cJSON_GetArrayItem(o, 0)->valuestring, back);
	assert_true(json_next(&p, NULL, &item));
	assert_string_equal(json_to_text(item, decoded, sizeof(decoded)), back);
	cJSON_Delete(o);
}

static void what_wording_writes_is_read_back(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		struct phrase w = PHRASE_IN(text);

		phrase_add(&w, "[");
		phrase_add_json(&w, written[i].text);
		phrase_add(&w, "]");
		assert_reads(text, w.used, written[i].back);
	}
}

struct sink {
	char text[256];
	size_t size;
};

static int sink_put(void *context, const char *text, size_t size)
{
	struct sink *s = context;

	assert_true(s->size + size < sizeof(s->text));
	memcpy(s->text + s->size, text, size);
	s->size += size;
	s->text[s->size] = '\0';
	return 0;
}

static void what_json_writer_writes_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		struct sink s = { .size = 0 };
		struct json j = { .put = sink_put, .context = &s };
		char decoded[128];
		struct json_value all;
		cJSON *o = json_object(&j);

		json_text(&j, o, "t", written[i].text);
		json_int(&j, o, "i", -1);
		json_open(&j, NULL);
		json_open(&j, "o");
		json_member(&j, "n", cJSON_CreateNull());
		json_close(&j);
		json_member(&j, "m", o);
		json_close(&j);
		assert_int_equal(j.err, 0);
		assert_true(cjson_accepts(s.text, s.size));
		all = json_document(s.text, s.size, NULL);
		assert_non_null(all.at);
		assert_string_equal(
			json_to_text(json_get(json_get(all, "m"), "t"), decoded,
				  sizeof(decoded)), written[i].back);
		assert_int_equal(json_to_int(json_get(json_get(all, "m"), "i"),
					  0), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reader_accepts_what_its_column_says),
		cmocka_unit_test(nesting_has_a_bound_in_each_reader),
		cmocka_unit_test(the_first_of_two_members_with_a_key_is_found),
		cmocka_unit_test(what_wording_writes_is_read_back),
		cmocka_unit_test(what_json_writer_writes_is_read_back),
	};

	return cmocka_run_group_tests_name("json_conformance", tests, NULL,
					   NULL);
}
