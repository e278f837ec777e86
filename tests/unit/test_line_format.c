/* SPDX-License-Identifier: ISC */
/* init/relay/object and line: bytes that nobody vouches for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cJSON.h"
#include "init/relay/line_format.h"
#include "init/relay/object.h"

/* Scan an exact copy, so that ASan sees a look behind its end. */
static bool scan(const char *text, size_t length, struct object *found)
{
	char *copy = malloc(length > 0 ? length : 1);
	bool is_object;

	assert_non_null(copy);
	memcpy(copy, text, length);
	is_object = object_scan(copy, length, found);
	free(copy);
	return is_object;
}

static void objects_are_known(void **state)
{
	static const char *const texts[] = {
		"{}", " {\t} \r", "{\"\":\"\"}", "{\"a\":1}",
		"{\"a\":-0.5e+10,\"b\":[],\"c\":{},\"d\":[{}]}",
		"{\"a\":0}", "{\"a\":10e2}", "{\"a\":0E-0}",
		"{\"a\" : [ 1 , 2 , [ null ] ] , \"b\" : true }",
		"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}",
		"{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"}",
		"{\"a\":\"\\ud83d\\ude00\"}", "{\"a\":\"}\"}",
		"{\"a\":false,\"a\":1}",
	};
	struct object found;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!scan(texts[i], strlen(texts[i]), &found))
			fail_msg("refused: %s", texts[i]);
}

static void everything_else_is_no_object(void **state)
{
	static const char *const texts[] = {
		"", " ", "{", "}", "[]", "[{}]", "\"{}\"", "1", "null",
		"{}{}", "{} x", "{}]", "{]", "x{}", "{,}", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}",
		"{'a':1}", "{1:1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}",
		"{\"a\":+1}", "{\"a\":-}", "{\"a\":1e}", "{\"a\":1e+}",
		"{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":Infinity}",
		"{\"a\":tru}", "{\"a\":truex}", "{\"a\":nul}", "{\"a\":[1,]}",
		"{\"a\":[,1]}", "{\"a\":[1}", "{\"a\":{]}", "{\"a\":\"\t\"}",
		"{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u12",
		"{\"a\":\"\\", "{\"a\":\"", "{\"a", "{\"a\":1",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xc3\"}", "{\"a\":\"\xc0\x80\"}",
		"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xf4\x90\x80\x80\"}",
		"{\"\xc3", "{\"a\":\xef\xbb\xbf\x31}", "\xef\xbb\xbf{}",
		"{\"a\"::1}", "{:1}", "{\"a\":1}}", "{\"a\":1 2}", "{/**/}",
	};
	struct object found;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (scan(texts[i], strlen(texts[i]), &found))
			fail_msg("taken: %s", texts[i]);
	assert_false(scan("{\"a\0\":1}", 8, &found));
	assert_false(scan("{}\0", 3, &found));
	assert_false(scan("{\"a\":\"\\\0\"}", 10, &found));
}

static void depth_is_bounded(void **state)
{
	char text[4 * OBJECT_DEPTH];
	struct object found;

	for (size_t depth = OBJECT_DEPTH; depth <= OBJECT_DEPTH + 1; depth++) {
		size_t used = 0;

		used += (size_t)sprintf(text, "{\"a\":");
		for (size_t i = 1; i < depth; i++)
			text[used++] = '[';
		for (size_t i = 1; i < depth; i++)
			text[used++] = ']';
		text[used++] = '}';
		assert_int_equal(scan(text, used, &found),
				 depth == OBJECT_DEPTH);
	}
}

static void keys_are_known_however_they_are_escaped(void **state)
{
	static const struct {
		const char *text;
		bool has_service, has_stream;
	} cases[] = {
		{ "{\"service\":1}", true, false },
		{ "{\"a\":1,\"stream\":{}}", false, true },
		{ "{\"s\\u0065rvic\\u0065\":1}", true, false },
		{ "{\"\\u0073tream\":1,\"service\":2}", true, true },
		{ "{\"a\":{\"service\":1}}", false, false },
		{ "{\"a\":[{\"stream\":1}]}", false, false },
		{ "{\"a\":\"service\"}", false, false },
		{ "{\"servic\":1,\"services\":1,\"Service\":1}", false, false },
		{ "{\"service\\u0000\":1}", false, false },
		{ "{\"service\\n\":1,\"stre\xc3\xa9m\":1}", false, false },
		{ "{\"\\u0173tream\":1}", false, false },
		{ "{\"a\":{},\"service\":1}", true, false },
	};
	struct object found;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(scan(cases[i].text, strlen(cases[i].text), &found));
		assert_int_equal(found.has_service, cases[i].has_service);
		assert_int_equal(found.has_stream, cases[i].has_stream);
	}
}

static const struct line_style json = { .name = "web", .stream = "stderr",
					.prefix = CONFIG_NO_PREFIX,
					.is_json = true };

/* The line that is made, with a NUL. */
static const char *made(const struct line_style *style, const char *text,
			size_t length)
{
	static char out[65536];
	struct line line = { .text = text, .length = length,
			     .wall_ms = 1763812984567 };
	size_t taken;
	size_t n = line_format(out, sizeof(out) - 1, style, &line, &taken);

	assert_int_equal(taken, length);
	out[n] = '\0';
	return out;
}

static void objects_get_what_they_do_not_say(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "{\"service\":\"web\",\"stream\":\"stderr\"}\n" },
		{ " { }\r",
		  " {\"service\":\"web\",\"stream\":\"stderr\" }\r\n" },
		{ "{\"a\":1}",
		  "{\"service\":\"web\",\"stream\":\"stderr\",\"a\":1}\n" },
		{ "{\"service\":\"x\"}",
		  "{\"stream\":\"stderr\",\"service\":\"x\"}\n" },
		{ "{\"stream\":\"x\"}",
		  "{\"service\":\"web\",\"stream\":\"x\"}\n" },
		{ "{\"stream\":0,\"service\":1}",
		  "{\"stream\":0,\"service\":1}\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(made(&json, cases[i][0],
					 strlen(cases[i][0])), cases[i][1]);
}

static void other_lines_are_wrapped(void **state)
{
	static const char text[] = "a\"b\\c\x01\0\t\xff\xc3\xa9 \xc3";
	const char *line = made(&json, text, sizeof(text) - 1);
	cJSON *o = cJSON_Parse(line);

	assert_string_equal(line, "{\"time\":\"2025-11-22T12:03:04.567Z\","
				  "\"service\":\"web\",\"stream\":\"stderr\","
				  "\"message\":\"a\\\"b\\\\c\\u0001\\u0000"
				  "\\u0009?\xc3\xa9 ?\"}\n");
	assert_non_null(o);
	cJSON_Delete(o);
	assert_non_null(strstr(made(&json, "", 0), "\"message\":\"\"}\n"));
	assert_non_null(strstr(made(&json, "{\"a\":1}x", 8),
			       "\"message\":\"{\\\"a\\\":1}x\"}\n"));
}

static void text_is_left_as_it_is(void **state)
{
	static const char text[] = "\xff\0{}\r";
	struct line_style style = { "web", "stdout", CONFIG_NO_PREFIX, false,
				     false };

	assert_memory_equal(made(&style, text, sizeof(text) - 1),
			    "\xff\0{}\r\n", 6);
	style.prefix = CONFIG_AUTO;
	assert_memory_equal(made(&style, text, sizeof(text) - 1),
			    "web | \xff\0{}\r\n", 12);
	assert_string_equal(made(&style, "{\"a\":1}", 7), "{\"a\":1}\n");
	style.prefix = CONFIG_PREFIX;
	assert_string_equal(made(&style, "{\"a\":1}", 7), "web | {\"a\":1}\n");
}

static void line_without_room_is_not_made(void **state)
{
	struct line_style style = { "web", "stdout", CONFIG_PREFIX, false,
				     false };
	struct line line = { .text = "hello", .length = 5 };
	char *out = malloc(200);
	size_t taken;

	for (size_t room = 0; room < 12; room++) {
		char *exact = malloc(room + 1);

		assert_int_equal(0, line_format(exact, room, &style, &line,
						&taken));
		free(exact);
	}
	assert_int_equal(line_format(out, 12, &style, &line, &taken), 12);
	assert_memory_equal(out, "web | hello\n", 12);
	style.is_json = true;
	for (size_t room = 0; room < 90; room++) {
		char *exact = malloc(room + 1);
		size_t n = line_format(exact, room, &style, &line, &taken);

		assert_true(n <= room);
		free(exact);
	}
	free(out);
}

static void long_message_is_cut_between_characters(void **state)
{
	static char text[3000];
	struct line line = { .text = text, .length = sizeof(text) };
	char out[1000], all[3 * sizeof(text)];
	size_t taken, used = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "\xe2\x82\xac"[i % 3];
	while (line.length > 0) {
		size_t n = line_format(out, sizeof(out) - 1, &json, &line,
				     &taken);
		cJSON *o, *message;

		assert_true(n > 0 && taken > 0);
		out[n] = '\0';
		o = cJSON_Parse(out);
		message = cJSON_GetObjectItem(o, "message");
		assert_non_null(message);
		used += (size_t)sprintf(all + used, "%s",
					message->valuestring);
		cJSON_Delete(o);
		line.text += taken;
		line.length -= taken;
		line.is_mid = true;
	}
	assert_int_equal(used, sizeof(text));
	assert_memory_equal(all, text, used);
}

static void open_piece_leaves_half_a_character(void **state)
{
	struct line line = { .text = "ab\xe2\x82", .length = 4,
			     .is_open = true };
	char out[300];
	size_t taken;

	line_format(out, sizeof(out), &json, &line, &taken);
	assert_int_equal(taken, 2);
	line.is_open = false;
	line_format(out, sizeof(out), &json, &line, &taken);
	assert_int_equal(taken, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_known),
		cmocka_unit_test(everything_else_is_no_object),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(keys_are_known_however_they_are_escaped),
		cmocka_unit_test(objects_get_what_they_do_not_say),
		cmocka_unit_test(other_lines_are_wrapped),
		cmocka_unit_test(text_is_left_as_it_is),
		cmocka_unit_test(line_without_room_is_not_made),
		cmocka_unit_test(long_message_is_cut_between_characters),
		cmocka_unit_test(open_piece_leaves_half_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
