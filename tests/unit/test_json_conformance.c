/* SPDX-License-Identifier: ISC */
/* Texts that are JSON (RFC 8259) and texts that are none, against every reader
 * and writer of JSON in the program: init/text/json_reader, init/relay/object,
 * init/text/json_writer, phrase_add_json() and init/relay/line_format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "init/lib/format.h"
#include "init/relay/line_format.h"
#include "init/relay/object.h"
#include "init/text/heap.h"
#include "init/text/json_reader.h"
#include "init/text/json_writer.h"
#include "init/text/wording.h"

/* Who takes a text for JSON. */
struct text {
	bool is_read;   /* json_reader takes it */
	bool is_object; /* object_scan() takes it as the value of a member */
	const char *text;
	size_t size;
};

#define NONE(text) { false, false, text, sizeof(text) - 1 }
#define BOTH(text) { true, true, text, sizeof(text) - 1 }
/* json_reader is more lenient on purpose: it does not look at UTF-8. It reads
 * what dashpot wrote, and one wrong byte must not hide the rest. */
#define READER(text) { true, false, text, sizeof(text) - 1 }

static const struct text texts[] = {
	/* Numbers. */
	BOTH("0"), BOTH("-0"), BOTH("10"), BOTH("-1"),
	BOTH("0.0"), BOTH("1.25"), BOTH("1e5"), BOTH("1E+5"),
	BOTH("1e-5"), BOTH("0e0"), BOTH("-0.5E-07"),
	BOTH("1e999999"), BOTH("123456789012345678901234567890"),
	NONE("00"), NONE("01"), NONE("-01"), NONE("-"),
	NONE("+1"), NONE("--1"), NONE(".5"), NONE("1."),
	NONE("1.e1"), NONE("1e"), NONE("1e+"), NONE("1e1.5"),
	NONE("0x10"), NONE("1_000"), NONE("1 000"),
	NONE("NaN"), NONE("Infinity"), NONE("-Infinity"),
	NONE("1f"), NONE("- 1"), NONE("\xef\xbc\x91"),

	/* Words. */
	BOTH("true"), BOTH("false"), BOTH("null"),
	NONE("True"), NONE("nul"), NONE("nulll"),
	NONE("truefalse"), NONE("undefined"), NONE("a"),

	/* Strings and escapes. */
	BOTH("\"\""), BOTH("\" \""), BOTH("\"/\""),
	BOTH("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), BOTH("\"\\u0041\""),
	BOTH("\"\\uABCD\\uabcd\""), BOTH("\"\\u0000\""),
	BOTH("\"\x7f\""), BOTH("\"\\u00e4\xc3\xa4\""),
	BOTH("\"\xe2\x80\xa8\""), BOTH("\"\xf0\x9f\x98\x80\""),
	NONE("\""), NONE("\"\\\""), NONE("\"a"), NONE("a\""),
	NONE("'a'"), NONE("\"\\a\""), NONE("\"\\'\""),
	NONE("\"\\x41\""), NONE("\"\\U0041\""), NONE("\"\\0\""),
	NONE("\"\\u\""), NONE("\"\\u004\""), NONE("\"\\u004g\""),
	NONE("\"\\u 041\""), NONE("\"\n\""), NONE("\"\t\""),
	NONE("\"\x01\""), NONE("\"\x1f\""), NONE("\"\\\n\""),

	/* Surrogates: RFC 8259 section 8.2 lets the grammar take any. */
	BOTH("\"\\ud83d\\ude00\""), BOTH("\"\\uD83D\\uDE00\""),
	BOTH("\"\\ud83d\""), BOTH("\"\\ude00\\ud83d\""),
	BOTH("\"\\ud83d\\u0041\""), NONE("\"\\ud83d\\u\""),
	NONE("\"\\ud83d\\ude0\""),

	/* Bytes that are no UTF-8 (RFC 3629). */
	READER("\"\x80\""), READER("\"\xff\""),
	READER("\"\xc3\""), READER("\"\xc0\xaf\""),
	READER("\"\xe0\x80\xaf\""), READER("\"\xed\xa0\x80\""),
	READER("\"\xf4\x90\x80\x80\""), READER("\"\xe2\x82\""),
	READER("{\"\xff\":1}"),
	NONE("\xc3\xa4"), NONE("[\xff]"),

	/* Arrays and objects. */
	BOTH("[]"), BOTH("[ ]"), BOTH("[1]"), BOTH("[1,2]"),
	BOTH("[[],{},\"\",0,null]"), BOTH("{}"),
	BOTH("{\"a\":1}"), BOTH("{\"\":1}"),
	BOTH("{\"a\":{\"a\":[{\"a\":1}]}}"),
	NONE("["), NONE("[1"), NONE("[1,"), NONE("[1,]"),
	NONE("[,1]"), NONE("[,]"), NONE("[1,,2]"),
	NONE("[1 2]"), NONE("[1:2]"), NONE("[1}"),
	NONE("{"), NONE("{\"a\""), NONE("{\"a\"}"),
	NONE("{\"a\":}"), NONE("{\"a\":1,}"), NONE("{,\"a\":1}"),
	NONE("{\"a\":1 \"b\":2}"), NONE("{\"a\":1,,\"b\":2}"),
	NONE("{\"a\"::1}"), NONE("{\"a\",1}"), NONE("{a:1}"),
	NONE("{'a':1}"), NONE("{1:1}"), NONE("{null:1}"),
	NONE("{\"a\":1]"), NONE("{\"a\":1;}"),

	/* Keys that come twice are JSON; the first counts (see below). */
	BOTH("{\"a\":1,\"a\":2}"), BOTH("{\"a\":1,\"\\u0061\":2}"),

	/* Blanks, and what is none. */
	BOTH(" \t\r\n1 \t\r\n"), BOTH("{ \"a\"\n:\t1\r}"),
	NONE("\f1"), NONE("\v1"), NONE("\xc2\xa0""1"),
	NONE("1/**/"), NONE("1//"), NONE("#"),

	/* Something behind, before or instead of a value. */
	NONE("1 1"), NONE("[] []"), NONE("{} x"), NONE("1;"),
	NONE("]"), NONE("{}]"), NONE("\"a\"\"b\""),
	NONE(""), NONE(" "), NONE("\n"),

	/* A byte order mark, and other encodings. */
	NONE("\xef\xbb\xbf{}"), NONE("\xef\xbb\xbf"),
	NONE("\xff\xfe{\0}\0"), NONE("\0{\0}"),

	/* NUL. */
	NONE("\0"), NONE("1\0"),
	NONE("\"\0\""), NONE("[1,\0 2]"),
	NONE("\"\\\0\""), NONE("{\"a\0\":1}"),
};

/* The text in memory of just its size, so that ASan sees any look beyond:
 * json_reader may look at the NUL behind. */
static bool reader_takes(const char *text, size_t size)
{
	char *copy = malloc(size + 1);
	bool is_taken;

	memcpy(copy, text, size);
	copy[size] = '\0';
	is_taken = json_document(copy, size, NULL).at != NULL;
	free(copy);
	return is_taken;
}

static bool object_takes(const char *text, size_t size)
{
	char *copy = malloc(size);
	struct object object;
	bool is_taken;

	memcpy(copy, text, size);
	is_taken = object_scan(copy, size, &object);
	free(copy);
	return is_taken;
}

/* {"v":TEXT}: object_scan() takes only objects. The caller frees it. */
static char *wrap(const char *text, size_t size, size_t *whole)
{
	static const char head[] = "{\"v\":";
	char *to = malloc(sizeof(head) + size + 1);

	memcpy(to, head, sizeof(head) - 1);
	memcpy(to + sizeof(head) - 1, text, size);
	to[sizeof(head) - 1 + size] = '}';
	*whole = sizeof(head) + size;
	return to;
}

static void readers_take_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct text *t = &texts[i];
		size_t whole;
		char *object = wrap(t->text, t->size, &whole);

		if (reader_takes(t->text, t->size) != t->is_read)
			fail_msg("json_reader, row %zu: %s", i, t->text);
		if (reader_takes(object, whole) != t->is_read)
			fail_msg("json_reader, row %zu in an object: %s", i,
				 t->text);
		if (object_takes(object, whole) != t->is_object)
			fail_msg("object, row %zu: %s", i, t->text);
		free(object);
	}
}

/* n times `open`, then n times `end`. */
static void nest(char *to, char open, char end, size_t n)
{
	memset(to, open, n);
	memset(to + n, end, n);
	to[2 * n] = '\0';
}

static void depth_is_bounded(void **state)
{
	static char deep[200000];
	size_t whole;
	char *object;

	(void)state;
	nest(deep, '[', ']', JSON_DEPTH);
	assert_true(reader_takes(deep, strlen(deep)));
	nest(deep, '[', ']', JSON_DEPTH + 1);
	assert_false(reader_takes(deep, strlen(deep)));
	nest(deep, '[', ']', 50000);
	assert_false(reader_takes(deep, strlen(deep)));
	object = wrap(deep, strlen(deep), &whole);
	assert_false(object_takes(object, whole));
	free(object);
}

static void length_is_not_bounded(void **state)
{
	enum { LONG = 1 << 20 };
	char *text = malloc(LONG + 1), *object;
	size_t whole;

	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(text, "9a "[i], LONG);
		text[LONG] = '\0';
		if (i == 1)
			text[0] = text[LONG - 1] = '"';
		if (i == 2)
			text[LONG / 2] = '1';
		object = wrap(text, LONG, &whole);
		assert_true(reader_takes(text, LONG));
		assert_true(object_takes(object, whole));
		assert_false(reader_takes(object, whole - 1));
		assert_false(object_takes(object, whole - 1));
		free(object);
	}
	free(text);
}

static void first_of_two_keys_counts(void **state)
{
	static const char text[] = "{\"a\":1,\"a\":2}";
	struct json_value all = json_document(text, strlen(text), NULL);

	(void)state;
	assert_int_equal(json_to_int(json_get(all, "a"), 0), 1);
}

static char written[1 << 16];

static int put(void *context, const char *text, size_t size)
{
	size_t *used = context;

	assert_true(*used + size < sizeof(written));
	memcpy(written + *used, text, size);
	*used += size;
	written[*used] = '\0';
	return 0;
}

/* The document {"m":{"t":text,"n":number}} as json_writer streams it. */
static struct json_value write_member(const char *text, int64_t number)
{
	size_t used = 0;
	struct json j = { .put = put, .context = &used };
	cJSON *o;

	json_open(&j, NULL);
	o = json_object(&j);
	json_text(&j, o, "t", text);
	json_int(&j, o, "n", number);
	json_member(&j, "m", o);
	json_close(&j);
	assert_int_equal(j.err, 0);
	assert_int_equal(heap_in_use(), 0);
	assert_true(object_takes(written, used));
	return json_get(json_document(written, used, NULL), "m");
}

/* What comes back of a text that two writers have written. */
static void check_text(const char *text, const char *expected)
{
	static char quoted[4096], back[4096];
	struct phrase w = PHRASE_IN(quoted);

	json_to_text(json_get(write_member(text, 0), "t"), back, sizeof(back));
	assert_string_equal(back, expected);
	phrase_add_json(&w, text);
	assert_true(reader_takes(quoted, w.used));
	json_to_text(json_document(quoted, w.used, NULL), back, sizeof(back));
	assert_string_equal(back, expected);
}

static void what_is_written_is_read_back(void **state)
{
	static const char *const same[] = {
		"", "a", "\"", "\\", "/", "\\u0041", "\b\f\n\r\t", "\x01\x1f",
		"\x7f", "ä€😀", "\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xae",
		"\xc2\x85", "\xef\xbb\xbf", "</script>", "null", "{\"a\":1}",
	};
	static const char *const changed[][2] = {
		{ "\xff", "?" }, { "a\x80z", "a?z" }, { "\xc3", "?" },
		{ "\xc0\xaf", "??" }, { "\xed\xa0\x80", "???" },
		{ "\xf4\x90\x80\x80", "????" }, { "\xe2\x82", "??" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		check_text(same[i], same[i]);
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		check_text(changed[i][0], changed[i][1]);
}

static void every_number_is_read_back(void **state)
{
	static const int64_t numbers[] = {
		0, 1, -1, 999999999, 1000000000, 1000000001, -1000000001,
		INT64_C(1) << 53, (INT64_C(1) << 53) + 1, INT64_MAX, INT64_MIN,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(json_to_int(json_get(write_member("", numbers[i]),
					      "n"), 7) == numbers[i]);
}

/* Whatever a service prints is an object in JSON, of one line. */
static void lines_of_services_become_objects(void **state)
{
	const struct line_style style = { .name = "web", .stream = "stdout",
					  .is_json = true };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct line line = {
			.text = texts[i].text,
			.length = texts[i].size,
		};
		char to[1024];
		size_t taken,
			n = line_format(to, sizeof(to), &style, &line, &taken);

		assert_true(n > 0 && to[n - 1] == '\n');
		assert_int_equal(taken, line.length);
		if (!object_takes(to, n - 1) || !reader_takes(to, n - 1))
			fail_msg("row %zu: %.*s", i, (int)n, to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_take_what_the_table_says),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(length_is_not_bounded),
		cmocka_unit_test(first_of_two_keys_counts),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(every_number_is_read_back),
		cmocka_unit_test(lines_of_services_become_objects),
	};

	return cmocka_run_group_tests_name("json_conformance", tests, NULL,
					   NULL);
}
