/* SPDX-License-Identifier: ISC */
/* Files of variables: what compose, docker and shells agree on, and what they
 * do not. */
#include "tests/unit/config_world.h"

#include <stdlib.h>

#include "init/loader/envfile.h"

/* "NAME<VALUE>" of each, "NAME" of a name alone; or "LINE: what is wrong". The
 * text has no NUL behind it that is not its own. */
static const char *read_bytes(const char *bytes, size_t len)
{
	static char said[1024];
	char *text = malloc(len + 1), *name, *value;
	struct envfile f;
	struct why why;
	size_t at = 0;
	bool ok;

	memcpy(text, bytes, len);
	text[len] = '\0';
	said[0] = '\0';
	ok = envfile_begin(&f, text, len, &why);
	while (ok && (ok = envfile_next(&f, &name, &value, &why)) && name)
		at += (size_t)snprintf(said + at, sizeof(said) - at,
				       value ? "%s<%s>" : "%s", name, value);
	if (!ok)
		snprintf(said, sizeof(said), "%u: %s", f.line, why.text);
	free(text);
	return said;
}

static const char *variables(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void files_of_compose_and_docker_are_read(void **state)
{
	static const struct {
		const char *text, *variables;
	} cases[] = {
		{ "", "" },
		{ "\n \n\t\r\n# c\n  # c", "" },
		{ "A=1\nB=2", "A<1>B<2>" },
		{ "A=1\r\nB=2\r\n\r\n", "A<1>B<2>" },
		{ "A=b c\nB=d=e\nC=\nD=", "A<b c>B<d=e>C<>D<>" },
		{ " A = b \t\n\tB\t=\tc", "A<b>B<c>" },
		{ "export A=1\nexport\tB=2\nexport=3\nexport C",
		  "A<1>B<2>export<3>C" },
		{ "A\nB \r\nC=1", "ABC<1>" },
		{ "my.app-1=x\n_=y", "my.app-1<x>_<y>" },
		/* Quotes around a whole value. */
		{ "A=\"value\" # c", "A<value>" },
		{ "A='value' # c\nB='x' #c\nC=\"y\"\t# c",
		  "A<value>B<x>C<y>" },
		{ "A=\"\"\nB=''\r\n", "A<>B<>" },
		{ "A=' b # c '\nB=\" b # c \"", "A< b # c >B< b # c >" },
		{ "A='${B} $C $$ \\n \"'", "A<${B} $C $$ \\n \">" },
		{ "A=\"a\\nb\\t\\\"c\\\" \\\\ \\$D \\${E} \\`\"",
		  "A<a\nb\t\"c\" \\ $D ${E} `>" },
		{ "A=\"it's\"\nB='say \"x\"'", "A<it's>B<say \"x\">" },
		{ "A=\"one\ntwo\r\nthree\"\nB='\n'\nC=1",
		  "A<one\ntwo\nthree>B<\n>C<1>" },
		{ "A=\"costs 5$\"\nB=\"$1\"", "A<costs 5$>B<$1>" },
		/* Quotes within one, and what is no comment. */
		{ "A=it's\nB=-Dx=\"a b\" -Dy", "A<it's>B<-Dx=\"a b\" -Dy>" },
		{ "A={\"a\": [1, 2]}", "A<{\"a\": [1, 2]}>" },
		{ "A=http://x/#top\nB=#fff\nC=a#b", "A<http://x/#top>"
						    "B<#fff>C<a#b>" },
		{ "A=C:\\dir\\new\nB=5$\nC=$1 $", "A<C:\\dir\\new>B<5$>"
						  "C<$1 $>" },
		/* A comment behind a value. */
		{ "A=8080 # the port\nB=a b  # c # d\nC=x #\nD=y # \r\n",
		  "A<8080>B<a b>C<x>D<y>" },
		{ "\xef\xbb\xbf" "A=1\r\n", "A<1>" },
		{ "\xef\xbb\xbf# c\nA=\xc3\xa4\xe2\x82\xac", "A<\xc3\xa4"
							 "\xe2\x82\xac>" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(variables(cases[i].text),
				    cases[i].variables);
}

static void what_programs_read_differently_is_a_mistake(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "A=1\nB=abc #def", "2: has a # behind a blank" },
		{ "A= # c", "1: has a # behind a blank" },
		{ "A= #c", "1: has a # behind a blank" },
		{ "A=1\t# c", "1: has a # behind a blank" },
		{ "A=a$b", "1: has $ before a name, { or $" },
		{ "\nA=${B}", "2: has $ before a name, { or $" },
		{ "A=a$$b", "1: has $ before a name, { or $" },
		{ "A=\"a $b\"", "1: has $ before a name, { or $" },
		{ "A=\"${B:-c}\"", "1: has $ before a name, { or $" },
		{ "A='it\\'s'", "1: has \\' between single quotes" },
		{ "A=\"C:\\dir\"", "1: has a backslash between double quotes" },
		{ "A=\"a\\\nb\"", "1: has a backslash between double quotes" },
		{ "A=\"b\" c", "1: goes on behind its closing quote" },
		{ "A=\"b\"# c", "1: goes on behind its closing quote" },
		{ "A='it''s'", "1: goes on behind its closing quote" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strstr(variables(cases[i].text), cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].text,
				 variables(cases[i].text));
	assert_string_equal(variables("A=a$b"),
			    "1: has $ before a name, { or $, which docker and "
			    "compose read differently; write NAME='VALUE' for "
			    "the text as it stands, or env.NAME = VALUE for a "
			    "variable");
}

static void what_is_no_variable_is_a_mistake_with_its_line(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "A=1\n\nno sense\n", "3: is neither NAME=VALUE nor NAME" },
		{ "A: 1", "1: has `:` behind its name; write NAME=VALUE" },
		{ "A:1", "1: has `:`" },
		{ "=1", "1: is neither" },
		{ "1A=1", "1: is neither" },
		{ "A B=1", "1: is neither" },
		{ "A # c", "1: is neither" },
		{ "\"A\"=1", "1: is neither" },
		{ "[A]\n", "1: is neither" },
		{ "A=1\nB='x\ny\n", "2: has ' without its end" },
		{ "A='x\ny'\nB=\"x", "3: has \" without its end" },
		{ "A=\"x\\", "1: has a backslash" },
		{ "A=\"", "1: has \" without its end" },
		{ "A=1\rB=2\r", "1: has a carriage return" },
		{ "A=1\nB=\xff\n", "2: has the byte 0xff" },
		{ "# \xc3\n", "1: has the byte 0xc3" },
		{ "A=1\n\xef\xbb\xbf" "B=2\n", "2: has a byte order mark" },
		{ "A=1\n\nB=2\xef\xbb\xbf", "3: has a byte order mark" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strncmp(variables(cases[i].text), cases[i].said,
			    strlen(cases[i].said)) != 0)
			fail_msg("%s: %s", cases[i].text,
				 variables(cases[i].text));
	assert_string_equal(read_bytes("A=1\nB=\0b", 8),
			    "2: holds a NUL byte; an environment cannot");
	assert_string_equal(read_bytes("A=1\0", 4),
			    "1: holds a NUL byte; an environment cannot");
}

static void name_alone_is_inherited(void **state)
{
	const struct config_service *s;

	add_file("t.ini", "");
	add_file("/vars", "NAME\nEMPTY\nNOPE\nA=1\n");
	load_text("[service:s]\ncommand = x\nclear_env = yes\n"
		  "env_file = /vars\n");
	s = service("s");
	assert_string_equal(variable(s, "NAME"), "value");
	assert_string_equal(variable(s, "EMPTY"), "");
	assert_string_equal(variable(s, "A"), "1");
	assert_int_equal(s->env.count, 3);
}

static void content_loses_mark_and_one_newline(void **state)
{
	static const struct {
		const char *text, *content;
	} cases[] = {
		{ "secret\n\n", "secret\n" }, { "secret", "secret" },
		{ "\n", "" }, { "", "" }, { "secret\r\n", "secret" },
		{ "a\r\nb\r\n\r\n", "a\r\nb\r\n" }, { "secret\r", "secret" },
		{ "\xef\xbb\xbfsecret\r\n", "secret" }, { "\xef\xbb\xbf", "" },
		{ "'x' # $y\xff", "'x' # $y\xff" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		forget(state);
		add_file("t.ini", "");
		add_file("/a", cases[i].text);
		load_text("[service:s]\ncommand = x\n"
			  "env_from_file.A = /a\n");
		assert_string_equal(variable(service("s"), "A"),
				    cases[i].content);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_compose_and_docker_are_read),
		cmocka_unit_test(what_programs_read_differently_is_a_mistake),
		cmocka_unit_test(
			what_is_no_variable_is_a_mistake_with_its_line),
		TEST(name_alone_is_inherited),
		TEST(content_loses_mark_and_one_newline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
