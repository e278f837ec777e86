/* SPDX-License-Identifier: ISC */
/* The traps of INI files (FACTS G): what inih would cut, misfile or skip is
 * refused with its line. */
#include "tests/unit/config_world.h"

#include <stdlib.h>

#include "init/config/service_name.h"

/* Load bytes that may hold NULs. */
static void load_bytes(const char *text, size_t len)
{
	static const char *const name[] = { "t.ini" };

	fake_files[0] = (struct fake_file){ "t.ini", text, len, 0 };
	load_files(name, 1);
}

#define LOAD_BYTES(text) load_bytes(text, sizeof(text) - 1)
#define HEAD "[service:s]\ncommand = x\n"

/* A line of `len` bytes that begins with `start`, between two others. */
static void load_with_line(const char *start, size_t len)
{
	char *text = calloc(1, len + 200);

	strcpy(text, HEAD);
	strcat(text, start);
	memset(text + strlen(text), 'x', len - strlen(start));
	strcat(text, "\nstop_timeout = 3s\n");
	load_bytes(text, strlen(text));
	free(text);
}

static void line_of_64_kib_is_read_whole(void **state)
{
	load_with_line("env.A = ", 65536);
	assert_int_equal(strlen(variable(service("s"), "A")), 65528);
	assert_int_equal(service("s")->stop_timeout_ms, 3000);
}

static void longer_line_is_refused_with_its_length(void **state)
{
	load_with_line("env.A = ", 65537);
	assert_said("t.ini:3: a line of 65537 bytes; at most 65536 are read");
	assert_int_equal(loaded.mistakes, 1);
	forget(state);
	load_with_line("env.A = ", 150000);
	assert_said("t.ini:3: a line of 150000 bytes");
	forget(state);
	load_with_line("; ", 65537);
	assert_said("t.ini:3: a line of 65537 bytes");
}

/* A class path, as one word and as many. */
static void command_of_64_kib_becomes_its_words(void **state)
{
	static const char head[] = "[service:s]\ncommand = java -cp ";
	enum { PATHS = 2500 };
	char *text = calloc(1, sizeof(head) + PATHS * 26), *at;

	for (int is_split = 0; is_split < 2; is_split++) {
		at = stpcpy(text, head);
		for (int i = 0; i < PATHS; i++)
			at += sprintf(at, "/app/lib/module-%04d.jar%c", i,
				      is_split ? ' ' : ':');
		load_bytes(text, strlen(text));
		assert_int_equal(service("s")->argv.count,
				 is_split ? PATHS + 2 : 3);
		assert_int_equal(strlen(word(service("s")->argv, 2)),
				 is_split ? 24 : PATHS * 25);
		forget(state);
	}
	free(text);
}

static void overlong_command_is_one_mistake(void **state)
{
	char *text = calloc(1, 70000);

	strcpy(text, "[service:s]\ncommand = ");
	memset(text + strlen(text), 'x', 65600);
	load_bytes(text, strlen(text));
	assert_string_equal(loaded.said,
			    "t.ini:2: a line of 65610 bytes; at most 65536 are "
			    "read: shorten it, or split it over env.NAME or an "
			    "env_file\n");
	free(text);
}

static void what_stands_in_a_broken_line_is_not_missed(void **state)
{
	LOAD_BYTES("[service:s]\ncommand: x\n[service:t]\ncommand = \xff\n"
		   "[service:u]\nstop_timeout = 3s\n");
	assert_said("t.ini:2: `:` behind the key");
	assert_said("t.ini:4: byte 0xff");
	assert_said("t.ini:5: [service:u] has no command");
	assert_int_equal(loaded.mistakes, 3);
}

static void nul_is_refused_also_where_inih_would_stop(void **state)
{
	LOAD_BYTES(HEAD "env.A = a\0b\nnonsense\n");
	assert_said("t.ini:3: control character 0x00 in column 10");
	assert_said("t.ini:4: neither [SECTION] nor KEY = VALUE");
	forget(state);
	LOAD_BYTES(HEAD "; a comment with \0\n");
	assert_said("t.ini:3: control character 0x00");
	forget(state);
	LOAD_BYTES("\0\0\0\0");
	assert_said("t.ini:1: control character 0x00 in column 1");
}

static void control_characters_are_refused(void **state)
{
	LOAD_BYTES(HEAD "env.A = \033[1m\n");
	assert_said("t.ini:3: control character 0x1b in column 9");
	forget(state);
	LOAD_BYTES(HEAD "env.A = a\rb\n");
	assert_said("control character 0x0d");
	forget(state);
	LOAD_BYTES(HEAD "env.A = \177\n");
	assert_said("control character 0x7f");
}

static void invalid_utf8_is_refused_with_its_column(void **state)
{
	static const char *const wrong[] = {
		"\xff",	 "\x80", "\xc3",	 "\xc0\xaf", "\xc1\xbf",
		"\xe2\x82",	 "\xe0\x9f\xbf",     "\xed\xa0\x80",
		"\xf0\x8f\xbf\xbf",  "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xe2\x28\xa1",
	};
	char text[100];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), HEAD "env.A = %s\n", wrong[i]);
		load_bytes(text, strlen(text));
		assert_said("t.ini:3: byte 0x");
		assert_said("in column 9 is no UTF-8");
		assert_int_equal(loaded.mistakes, 1);
		forget(state);
	}
}

static void valid_utf8_is_kept(void **state)
{
	LOAD_BYTES(HEAD "env.A = \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
			"\xed\x9f\xbf\xf4\x8f\xbf\xbf\n");
	assert_string_equal(variable(service("s"), "A"),
			    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
			    "\xed\x9f\xbf\xf4\x8f\xbf\xbf");
}

static void byte_order_mark_and_crlf_are_no_mistakes(void **state)
{
	LOAD_BYTES("\xef\xbb\xbf[service:s]\r\ncommand = x\r\n\r\n"
		   "env.A = b\r\n");
	assert_string_equal(variable(service("s"), "A"), "b");
}

static void byte_order_mark_elsewhere_is_named(void **state)
{
	/* Two files, joined. */
	LOAD_BYTES("\xef\xbb\xbf[service:s]\ncommand = x\n"
		   "\xef\xbb\xbf[service:t]\ncommand = y\nafter = s\n");
	assert_said("t.ini:3: byte order mark (U+FEFF) in column 1; remove it");
	assert_int_equal(loaded.mistakes, 1);
	forget(state);
	LOAD_BYTES(HEAD "\xef\xbb\xbfstop_timeout = 3s\n"
			"\xef\xbb\xbf; comment\n\xef\xbb\xbf\n"
			"env.A = a\xef\xbb\xbf\n\xef\xbb\xbf\xef\xbb\xbf");
	assert_said("t.ini:3: byte order mark");
	assert_said("t.ini:4: byte order mark");
	assert_said("t.ini:5: byte order mark");
	assert_said("t.ini:6: byte order mark (U+FEFF) in column 10");
	assert_said("t.ini:7: byte order mark");
	assert_int_equal(loaded.mistakes, 5);
}

static void last_line_needs_no_newline(void **state)
{
	LOAD_BYTES(HEAD "env.A = b");
	assert_string_equal(variable(service("s"), "A"), "b");
}

static void keys_behind_an_unclosed_bracket_belong_to_nobody(void **state)
{
	LOAD_BYTES(HEAD "[service:t\ncommand = y\nstop_timeout = 99d\n");
	assert_said("t.ini:3: [ without ]; write [service:NAME]");
	assert_int_equal(loaded.mistakes, 1);
}

static void header_with_invalid_bytes_takes_its_keys_along(void **state)
{
	LOAD_BYTES(HEAD "[service:\xff]\ncommand = y\nnonsense = 1\n");
	assert_said("t.ini:3: byte 0xff in column 10");
	assert_int_equal(loaded.mistakes, 1);
}

static void text_behind_a_bracket_is_refused_and_its_keys_are_read(void **state)
{
	LOAD_BYTES(HEAD "[service:t] ; comment\ncommand = y\nnonsense = 1\n");
	assert_said("t.ini:3: text behind ]; put it, also a comment, on a "
		    "line of its own");
	assert_said("t.ini:5: nonsense is no key");
	assert_int_equal(loaded.mistakes, 2);
	forget(state);
	LOAD_BYTES("[service:s] \t\ncommand = x\n");
	service("s");
}

static void section_name_of_49_bytes_is_read_whole(void **state)
{
	const char name[] = "a23456789b123456789c123456789d123456789e1";
	char text[200];

	assert_int_equal(strlen(name), NAME_SECTION);
	snprintf(text, sizeof(text), "[service:%s]\ncommand = x\n", name);
	load_bytes(text, strlen(text));
	assert_non_null(service(name));
	forget(state);
	snprintf(text, sizeof(text), "[service:%sx]\ncommand = x\n", name);
	load_bytes(text, strlen(text));
	assert_said("t.ini:1: section name of 50 bytes; at most 49");
}

static void comments_stand_at_the_beginning_of_a_line(void **state)
{
	LOAD_BYTES("; one\n# two\n  ; three\n" HEAD "env.A = b ; c # d\n");
	assert_string_equal(variable(service("s"), "A"), "b ; c # d");
}

static void value_that_does_not_parse_and_holds_a_comment_is_hinted(
	void **state)
{
	assert_refused("stop_timeout = 5s ; five",
		       "(a comment needs a line of its own)");
	assert_refused("stop_timeout = 5s #five",
		       "(a comment needs a line of its own)");
	assert_refused("stop_timeout = 5x", "stop_timeout = 5x: is no");
	assert_null(strstr(loaded.said, "comment"));
}

static void what_is_neither_section_nor_setting_is_refused(void **state)
{
	assert_refused("nonsense", "neither [SECTION] nor KEY = VALUE");
	assert_refused("stop_timeout: 5s", "`:` behind the key");
	assert_refused("= 5s", "no key before =");
	assert_refused("  ] x", "neither [SECTION]");
}

static void indented_line_is_no_continuation(void **state)
{
	LOAD_BYTES(HEAD "env.A = a\n  env.B = b\n\tenv.C = c\n");
	assert_string_equal(variable(service("s"), "A"), "a");
	assert_string_equal(variable(service("s"), "B"), "b");
	assert_string_equal(variable(service("s"), "C"), "c");
}

static void value_keeps_what_inih_could_take_for_something_else(void **state)
{
	LOAD_BYTES(HEAD "env.A = a=b:c\nenv.B = [x]\nenv.C==\nenv.D=\n"
			"env.E.f-g = \"q\"\n");
	assert_string_equal(variable(service("s"), "A"), "a=b:c");
	assert_string_equal(variable(service("s"), "B"), "[x]");
	assert_string_equal(variable(service("s"), "C"), "=");
	assert_string_equal(variable(service("s"), "D"), "");
	assert_string_equal(variable(service("s"), "E.f-g"), "\"q\"");
}

static void settings_before_any_section_are_refused(void **state)
{
	LOAD_BYTES("log_level = info\n" HEAD);
	assert_said("t.ini:1: log_level stands before any section");
}

static void messages_hold_only_printable_ascii(void **state)
{
	LOAD_BYTES("[service:s]\ncommand = x\nsch\xc3\xb6n = 1\n");
	assert_said("t.ini:3: sch\\xc3\\xb6n is no key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(line_of_64_kib_is_read_whole),
		TEST(command_of_64_kib_becomes_its_words),
		TEST(overlong_command_is_one_mistake),
		TEST(what_stands_in_a_broken_line_is_not_missed),
		TEST(byte_order_mark_elsewhere_is_named),
		TEST(longer_line_is_refused_with_its_length),
		TEST(nul_is_refused_also_where_inih_would_stop),
		TEST(control_characters_are_refused),
		TEST(invalid_utf8_is_refused_with_its_column),
		TEST(valid_utf8_is_kept),
		TEST(byte_order_mark_and_crlf_are_no_mistakes),
		TEST(last_line_needs_no_newline),
		TEST(keys_behind_an_unclosed_bracket_belong_to_nobody),
		TEST(header_with_invalid_bytes_takes_its_keys_along),
		TEST(text_behind_a_bracket_is_refused_and_its_keys_are_read),
		TEST(section_name_of_49_bytes_is_read_whole),
		TEST(comments_stand_at_the_beginning_of_a_line),
		TEST(value_that_does_not_parse_and_holds_a_comment_is_hinted),
		TEST(what_is_neither_section_nor_setting_is_refused),
		TEST(indented_line_is_no_continuation),
		TEST(value_keeps_what_inih_could_take_for_something_else),
		TEST(settings_before_any_section_are_refused),
		TEST(messages_hold_only_printable_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
