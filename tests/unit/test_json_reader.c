/* SPDX-License-Identifier: ISC */
/* init/text/json_reader: JSON that is right or not, and the values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "init/text/json_reader.h"

/* A document in memory of just its size, so that ASan sees any look beyond. */
static struct json_value parse(const char *text, size_t *where)
{
	static char *copy;
	size_t size = strlen(text);

	free(copy);
	copy = malloc(size + 1);
	memcpy(copy, text, size + 1);
	return json_document(copy, size, where);
}

static bool is_json(const char *text)
{
	return parse(text, NULL).at != NULL;
}

static void every_kind_of_value_is_a_document(void **state)
{
	static const char *const good[] = {
		"{}", "[]", "0", "-0", "-12.5e+3", "1E9", "\"\"", "true",
		"false", "null", " [ 1 , {\"a\" : [ ] } ]\n",
		"\"\\u00e4\\n\\\\\\\"\"", "[[[]],[]]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(is_json(good[i]));
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const bad[] = {
		"", " ", "{", "[", "]", "[1,]", "[1 2]", "{,}", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "-", "1.", "1e",
		".5", "+1", "tru", "nul", "\"", "\"\\\"", "\"\\x\"",
		"\"\\u12g4\"", "\"\\u12", "\"\n\"", "[] []", "{} x", "'a'",
		"[1}", "{\"a\":1]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(is_json(bad[i]));
}

static void every_cut_of_a_document_is_refused(void **state)
{
	static const char whole[] = "{\"a\":[1,{\"b\":\"c\\u0041\"}],\"d\":-1}";
	char cut[sizeof(whole)];

	(void)state;
	assert_true(is_json(whole));
	for (size_t i = 0; i < sizeof(whole) - 1; i++) {
		memcpy(cut, whole, i);
		cut[i] = '\0';
		assert_false(is_json(cut));
	}
}

static void nesting_is_bounded(void **state)
{
	char deep[200] = "";

	(void)state;
	memset(deep, '[', JSON_DEPTH);
	memset(deep + JSON_DEPTH, ']', JSON_DEPTH);
	assert_true(is_json(deep));
	memset(deep, '[', JSON_DEPTH + 1);
	memset(deep + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
	assert_false(is_json(deep));
}

static void where_it_is_wrong_is_told(void **state)
{
	size_t where = 0;

	(void)state;
	assert_null(parse("{\"a\": 1, \"b\" 2}", &where).at);
	assert_int_equal(where, 13);
	assert_null(parse("{\"a\": 1} x", &where).at);
	assert_int_equal(where, 9);
}

static void a_nul_inside_is_refused(void **state)
{
	(void)state;
	assert_null(json_document("[1]\0", 4, NULL).at);
	assert_null(json_document("[\"\0\"]", 5, NULL).at);
}

static void members_are_found_by_their_key(void **state)
{
	struct json_value all =
		parse("{ \"aa\" : {\"a\":1} , \"a\" : 2, \"b\":[3] }", NULL);

	(void)state;
	assert_int_equal(json_to_int(json_get(all, "a"), -1), 2);
	assert_int_equal(json_to_int(json_get(json_get(all, "aa"), "a"), -1),
			 1);
	assert_null(json_get(all, "c").at);
	assert_null(json_get(json_get(all, "b"), "a").at);
	assert_null(json_get(json_get(all, "c"), "a").at);
}

static void a_walk_gives_every_value_once(void **state)
{
	struct json_value walk = parse("[ 1, [2], {\"x\":3} ]", NULL), key,
			  value;
	char seen[32] = "";

	(void)state;
	while (json_next(&walk, &key, &value)) {
		assert_null(key.at);
		strncat(seen, value.at, (size_t)(value.end - value.at));
	}
	assert_string_equal(seen, "1[2]{\"x\":3}");
	walk = parse("{\"a\":\"{\",\"b\":{}}", NULL);
	assert_true(json_next(&walk, &key, &value));
	assert_true(json_is(key, "a") && json_is(value, "{"));
	assert_true(json_next(&walk, &key, &value));
	assert_true(json_is(key, "b"));
	assert_false(json_next(&walk, &key, &value));
}

static void what_holds_nothing_is_not_walked(void **state)
{
	static const char *const none[] = { "{}", "[ ]", "1", "\"[\"", "null" };
	struct json_value walk = { NULL, NULL }, value;

	(void)state;
	assert_false(json_next(&walk, NULL, &value));
	for (size_t i = 0; i < 5; i++) {
		walk = parse(none[i], NULL);
		assert_false(json_next(&walk, NULL, &value));
	}
}

static void numbers_are_whole_or_something_else(void **state)
{
	(void)state;
	assert_int_equal(json_to_int(parse("-7", NULL), 1), -7);
	assert_int_equal(json_to_int(parse("1795348800000123", NULL), 1),
			 INT64_C(1795348800000123));
	assert_int_equal(json_to_int(parse("99999999999999999999", NULL), 1),
			 INT64_MAX);
	assert_int_equal(json_to_int(parse("1.5", NULL), 1), 1);
	assert_int_equal(json_to_int(parse("\"7\"", NULL), 1), 1);
	assert_int_equal(json_to_int(parse("null", NULL), 1), 1);
}

static void texts_are_decoded(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(
		json_to_text(parse("\"a\\t\\u00e4\\u20ac\\ud83d\\ude00"
				   "\\/\\\"\"",
				   NULL),
			     text, sizeof(text)),
		"a\tä€😀/\"");
	assert_string_equal(
		json_to_text(parse("\"\\ud800x\\udc00\\u0000\"", NULL), text,
			     sizeof(text)),
		"?x??");
	assert_string_equal(json_to_text(parse("[\"a\"]", NULL), text,
				      sizeof(text)), "");
}

static void a_text_is_cut_between_characters(void **state)
{
	char text[4];

	(void)state;
	assert_string_equal(json_to_text(parse("\"abä\"", NULL), text, 4),
			    "ab");
	assert_string_equal(json_to_text(parse("\"ab\\u00e4\"", NULL), text, 4),
			    "ab");
	assert_string_equal(json_to_text(parse("\"abc\"", NULL), text, 4),
			    "abc");
	assert_string_equal(json_to_text(parse("\"abc\"", NULL), text, 1), "");
}

static void times_are_read(void **state)
{
	(void)state;
	assert_int_equal(json_to_time(parse("\"2026-11-22T12:00:00.123Z\"",
					 NULL)),
			 INT64_C(1795348800123));
	assert_int_equal(json_to_time(parse("\"1970-01-01T00:00:01Z\"", NULL)),
			 1000);
	assert_int_equal(json_to_time(parse("\"2026-11-22 12:00:00Z\"", NULL)),
			 -1);
	assert_int_equal(json_to_time(parse("\"2026-13-22T12:00:00Z\"", NULL)),
			 -1);
	assert_int_equal(json_to_time(parse("\"2026-11-22T12:00:00\"", NULL)),
			 -1);
	assert_int_equal(json_to_time(parse("\"\"", NULL)), -1);
	assert_int_equal(json_to_time(parse("null", NULL)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_value_is_a_document),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(every_cut_of_a_document_is_refused),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(where_it_is_wrong_is_told),
		cmocka_unit_test(a_nul_inside_is_refused),
		cmocka_unit_test(members_are_found_by_their_key),
		cmocka_unit_test(a_walk_gives_every_value_once),
		cmocka_unit_test(what_holds_nothing_is_not_walked),
		cmocka_unit_test(numbers_are_whole_or_something_else),
		cmocka_unit_test(texts_are_decoded),
		cmocka_unit_test(a_text_is_cut_between_characters),
		cmocka_unit_test(times_are_read),
	};

	return cmocka_run_group_tests_name("json_reader", tests, NULL, NULL);
}
