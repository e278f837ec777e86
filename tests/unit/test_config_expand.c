/* SPDX-License-Identifier: ISC */
/* Variables and quotes, compared with what the shell of this machine makes of
 * the same text. */
#include "tests/unit/config_world.h"

#include <stdlib.h>

#include "init/loader/expand.h"

enum { ROOM = 8192 };

static struct why why;
static char *const no_name[] = { NULL };

/* An expansion in this arena. */
static struct expansion expansion_in(struct arena *a)
{
	return (struct expansion){ .arena = a,
				   .environment = fake_environment };
}

/* Each word of a line and "|"; the reason when it is refused. */
static const char *split(const char *line)
{
	static char joined[ROOM];
	struct arena a = { NULL };
	struct expansion e = expansion_in(&a);
	const char *const *words = expand_command(&e, line, &why);
	const bool is_right = words != NULL;

	joined[0] = '\0';
	for (; is_right && *words != NULL; words++) {
		strcat(joined, *words);
		strcat(joined, "|");
	}
	arena_drop(&a);
	return is_right ? joined : why.text;
}

/* A whole value; the reason when it is refused. */
static const char *expanded(const char *text)
{
	static char copy[ROOM];
	struct arena a = { NULL };
	struct expansion e = expansion_in(&a);
	const char *result;
	bool ok = expand(&e, text, &result, &why);

	snprintf(copy, sizeof(copy), "%s", ok ? result : why.text);
	arena_drop(&a);
	return copy;
}

/* Lines that a shell, told to split no variables, makes the same words of. */
static const char *const as_a_shell[] = {
	"a  b\tc ", "'a b' \"c d\"", "a'b'\"c\"d", "a '' \"\"",
	"a\\ b \\\\ \\'", "x \"a\\\"b\\\\c\\d\"", "x 'a\\b' a\\nb",
	"x '|' \"&&\" \\; a#b", "x '${NAME}' \\${NAME} \"\\${NAME}\"",
	"a${NAME}b${NAME}", "x ${NAME}${LIST} \"${LIST}\" a' '${LIST}",
	/* The six forms: set, empty, unset. */
	"x ${NAME-d} ${NAME:-d} ${EMPTY:-d} ${NOPE-d} ${NOPE:-d}",
	"x a${EMPTY-d} a${NOPE-} a${NOPE:-} a${EMPTY:-}",
	"x ${NAME+d} ${NAME:+d} ${EMPTY+d} a${EMPTY:+d} a${NOPE+d} a${NOPE:+d}",
	"x ${NAME?m} ${NAME:?m} a${EMPTY?m} ${NAME?}",
	/* One in the other. */
	"tag=${NOPE:-${NAME:-latest}}", "tag=${NAME:-${NOPE:-latest}}",
	"tag=${NOPE:-${NOPE:-latest}}", "tag=${NAME:-${NOPE}}",
	"x ${NOPE:-${EMPTY:-${NOPE-${EMPTY:-${NAME:+deep}}}}}!",
	"x ${NOPE:-a${NAME}b${NOPE:-c}d}e", "x ${NAME:+${LIST}}",
	"x ${NAME:+${NOPE-${EMPTY:+no}}}y", "x ${NAME:-${NOPE:?never}}",
	"x ${NOPE:+${NOPE:?never}}y", "x ${NOPE-${EMPTY-n}}y",
	/* Braces outside, and behind. */
	"x ${NOPE:-a}b}", "x ${NAME:-a}b}", "{} }{ a{b}c", "x ${NAME}}",
	"awk '{print $1}' {${NAME}}", "x ${NOPE:-a\\}b} ${NAME:-a\\}b}",
	/* Quotes inside. */
	"x ${NOPE:-'a}b'}", "x ${NOPE:-\"a}b\"}", "x ${NAME:-'a}b'}",
	"x ${NOPE:-'a b'c\"d e\"}", "x ${NOPE:-''}y", "x ${NOPE:-\"\"}y",
	"x ${NOPE:-\"it's\"} ${NOPE:-it\\'s}", "x ${NOPE:-'say \"x\"'}",
	"x ${NOPE:-\\${NAME\\}}", "x ${NOPE:-'${NAME}'}",
	"x ${NOPE:-'{\"a\":1}'}", "x ${NOPE:-\"{}\"}",
	"x ${NOPE:-a|b;c&d>e<f}", "x ${NOPE:-a\\\\b\\nc}",
	"x ${NOPE:-'}'}${NOPE:-\"}\"}", "x ${NOPE:-\"${NAME:-'}'}\"}",
	/* Quotes around. */
	"x \"${NAME} ${LIST}\"", "x \"${NOPE:-it's}\"", "x \"${NOPE:-a b}\"",
	"x \"${NOPE:-'a'}\"", "x \"${NOPE:-'a}b'}\"", "x \"${NOPE:-\"a b\"}\"",
	"x \"${NOPE:-a\"b c\"d}\"", "x \"${NOPE:-a\\\"b}\"",
	"x \"${NOPE:-a\\}b}\"", "x \"${NOPE:-\\'\\n\\\\}\"",
	"x \"${NOPE:-\\${NAME}}\"", "x \"a${NOPE:-|&;<>}b\"",
	"x \"${NOPE:-${NAME:+\"${LIST}\"}}\"",
	"x \"${NOPE:-\"it's ${NAME}\"}\"",
	"x \"${NOPE:-${EMPTY:-'a'}}\"", "x \"${NOPE:-\"a}b\"}\"",
	"x \"a${NOPE:-}\"\"${EMPTY}\"", "x \"${NAME}\"'${NAME}'${NAME}",
};

enum { AS_A_SHELL = sizeof(as_a_shell) / sizeof(as_a_shell[0]) };

/* What /bin/sh prints for all of them, a line each. */
static FILE *shell_open(char *script)
{
	FILE *f = fopen(script, "w"), *out;
	char command[ROOM];

	fprintf(f, "set -f; IFS=; unset NOPE; EMPTY= NAME=value\n"
		   "LIST='web db'\n");
	for (int i = 0; i < AS_A_SHELL; i++)
		fprintf(f, "printf '%%s|' %s; echo\n", as_a_shell[i]);
	fclose(f);
	snprintf(command, sizeof(command), "/bin/sh %s", script);
	out = popen(command, "r"); /* NOLINT(cert-env33-c) */
	assert_non_null(out);
	return out;
}

static void lines_are_read_as_a_shell_reads_them(void **state)
{
	char script[] = "/tmp/dashpot-expand-XXXXXX", line[ROOM];
	int fd = mkstemp(script);
	FILE *out;

	close(fd);
	out = shell_open(script);
	for (int i = 0; i < AS_A_SHELL; i++) {
		assert_non_null(fgets(line, sizeof(line), out));
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(split(as_a_shell[i]), line) != 0)
			fail_msg("%s: here %s, a shell %s", as_a_shell[i],
				 split(as_a_shell[i]), line);
	}
	assert_int_equal(pclose(out), 0);
	unlink(script);
}

static void a_replaced_variable_is_one_word(void **state)
{
	assert_string_equal(split("x ${LIST}"), "x|web db|");
	assert_string_equal(split("x ${EMPTY}"), "x||");
	assert_string_equal(split("x ${NOPE:-b c} d"), "x|b c|d|");
}

static void other_dollars_stand_for_themselves_and_are_remembered(void **state)
{
	static const struct {
		const char *line, *words, *plain;
	} cases[] = {
		{ "x $PORT", "x|$PORT|", "$PORT" },
		{ "x a=$port_1/b", "x|a=$port_1/b|", "$port_1/b" },
		{ "x \"$PORT\"", "x|$PORT|", "$PORT\"" },
		{ "x \"$(id)\"", "x|$(id)|", "$(id)\"" },
		{ "x ${NOPE:-$PORT}", "x|$PORT|", "$PORT}" },
		{ "x '$PORT' \\$PORT \"\\$PORT\"", "x|$PORT|$PORT|$PORT|",
		  NULL },
		{ "x $ $$ $1 5$ $? a$$b", "x|$|$$|$1|5$|$?|a$$b|", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a = { NULL };
		struct expansion e = expansion_in(&a);

		assert_string_equal(split(cases[i].line), cases[i].words);
		assert_non_null(expand_command(&e, cases[i].line, &why));
		if (cases[i].plain == NULL)
			assert_null(e.plain);
		else
			assert_string_equal(e.plain, cases[i].plain);
		arena_drop(&a);
	}
}

static void two_dollars_before_a_brace_are_one(void **state)
{
	assert_string_equal(split("x $${NAME}"), "x|${NAME}|");
	assert_string_equal(split("x $$${NAME} $$$${NAME}"),
			    "x|$value|$${NAME}|");
	assert_string_equal(split("x \"$${NAME}\" '$${NAME}'"),
			    "x|${NAME}|$${NAME}|");
	assert_string_equal(split("x ${NOPE:-$${NAME\\}}"), "x|${NAME}|");
	assert_string_equal(split("x $${"), "x|${|");
	assert_string_equal(expanded("$${NAME} $$ ${NAME}"),
			    "${NAME} $$ value");
}

static void whole_values_have_quotes_in_braces_alone(void **state)
{
	assert_string_equal(expanded("plain"), "plain");
	assert_string_equal(expanded("\"${NAME}\" 'a' \\n | ;"),
			    "\"value\" 'a' \\n | ;");
	assert_string_equal(expanded("${NOPE:-'a b'} ${NOPE:-\"c}d\"}"),
			    "a b c}d");
	assert_string_equal(expanded("${NOPE:-x y}"), "x y");
	assert_string_equal(expanded("${NOPE:-a}b}"), "ab}");
	assert_string_equal(expanded("${NOPE:-a|b > $(x)}"), "a|b > $(x)");
	assert_string_equal(expanded("$NAME $$ $ $(x) 5$"),
			    "$NAME $$ $ $(x) 5$");
	/* What a variable holds is read by nobody. */
	assert_string_equal(expanded("${ODD}"), "x\001y");
}

static void what_only_a_shell_understands_names_shell(void **state)
{
	static const char *const lines[] = {
		"a | b", "a && b", "a || b", "a ; b", "a; b", "a > b",
		"a 2>b",  "a < b",  "a &",    "a $(b)", "a `b`", "a >>b",
		"a b|c", "a ${NOPE:-$(b)}", "a ${NOPE:-`b`}", "a ${NAME}|b",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_non_null(strstr(split(lines[i]), "write `shell ="));
	assert_non_null(strstr(split("a && b"), "unquoted && that"));
	assert_non_null(strstr(split("a $(b)"), "unquoted $( that"));
	assert_non_null(strstr(split("a # b"), "starts with #"));
	assert_non_null(strstr(split("FOO=bar a"), "env.FOO"));
}

static void unfinished_words_are_refused(void **state)
{
	static const char *const quotes[] = {
		"a 'b", "a \"b", "a \"b\\\"", "a ${NOPE:-'b}", "a ${NOPE:-\"b}",
		"a ${NAME:-it's}",
	};

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		assert_non_null(strstr(split(quotes[i]), "without its end"));
	assert_non_null(strstr(split("a b\\"), "ends with a backslash"));
	assert_non_null(strstr(split(""), "names no program"));
	assert_non_null(strstr(split("  "), "names no program"));
	assert_non_null(strstr(split("'' a"), "names no program"));
	assert_non_null(strstr(split("${EMPTY} a"), "names no program"));
	/* =x is no variable, a path with = neither. */
	assert_string_equal(split("=x"), "=x|");
	assert_string_equal(split("/a=b"), "/a=b|");
}

static void wrong_variables_are_refused(void **state)
{
	static const char *const forms[] = {
		"${}", "${1A}", "${NAM E}", "${NAME:}", "${NAME:=x}",
		"${NAME=x}", "${#NAME}", "${NAME%.*}", "${NAME#a}",
		"${NAME/a/b}", "${NAME:0:1}", "${!NAME}", "${NAME^^}", "${1}",
		"${@}", "${NAME[0]}", "${${NAME}}", "${NOPE:-${NAME%%x}}",
	};
	static const char *const open[] = {
		"${NAME", "${", "${NOPE:-x", "a ${NOPE:-${NAME}", "${NAME:",
		"${NOPE:-${NOPE:-${NAME}}",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		assert_non_null(strstr(expanded(forms[i]), "none of ${NAME}"));
		assert_non_null(strstr(split(forms[i]), "has `${"));
	}
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		assert_non_null(strstr(expanded(open[i]), "${ without }"));
	assert_non_null(strstr(expanded("${NAME:=x}"), "has `${NAME:=x}`"));
	assert_non_null(strstr(expanded("${NOPE:-{\"a\":1}}"), "has a {"));
	assert_non_null(strstr(split("x \"${NAME:-{}}\""), "has a {"));
	/* A variable is not the beginning of another one. */
	assert_non_null(strstr(expanded("${NAM}"), "$NAM,"));
}

static void what_is_needed_says_why(void **state)
{
	static const char not_set[] = "needs $NOPE, which is not set; set it "
				      "or write ${NOPE:-default}";

	assert_string_equal(expanded("${NOPE}"), not_set);
	assert_string_equal(expanded("${NOPE?}"), not_set);
	assert_string_equal(expanded("${NOPE:?}"), not_set);
	assert_string_equal(expanded("${EMPTY:?}"),
			    "needs $EMPTY, which is empty; set it or write "
			    "${EMPTY:-default}");
	assert_string_equal(expanded("a ${NOPE:?the port of the web}"),
			    "needs $NOPE: the port of the web");
	assert_string_equal(split("x \"${EMPTY:?a '${NAME}'}\""),
			    "needs $EMPTY: a 'value'");
	assert_string_equal(expanded("${NAME:-${NOPE}} ${EMPTY?x}"), "value ");
	assert_string_equal(expanded("${NOPE:-${NOPE?inner}}"),
			    "needs $NOPE: inner");
	assert_string_equal(expanded("${EMPTY?x}${NAME:?${NOPE}}"), "value");
}

/* ${NOPE:-${NOPE:-...x...}} */
static void any_depth_is_read(void **state)
{
	enum { DEEP = 9000 };
	char *text = malloc(DEEP * 9 + 16), *at = text;
	struct arena a = { NULL };
	struct expansion e = expansion_in(&a);
	const char *result;

	for (int i = 0; i < DEEP; i++)
		at += sprintf(at, "${NOPE:-");
	at += sprintf(at, "x");
	memset(at, '}', DEEP);
	at[DEEP] = '\0';
	assert_true(expand(&e, text, &result, &why));
	assert_string_equal(result, "x");
	at[DEEP - 1] = '\0';
	assert_false(expand(&e, text, &result, &why));
	arena_drop(&a);
	free(text);
}

static void expansion_has_a_limit(void **state)
{
	static char huge[EXPAND_MOST + 5] = "BIG=";
	char *environment[] = { huge, NULL };
	struct arena a = { NULL };
	struct expansion e = { .arena = &a, .environment = environment };
	const char *result;

	memset(huge + 4, 'x', sizeof(huge) - 5);
	assert_true(expand(&e, "${BIG}", &result, &why));
	assert_int_equal(strlen(result), EXPAND_MOST);
	assert_false(expand(&e, "${BIG}x", &result, &why));
	assert_non_null(strstr(why.text, "more than the 131071 bytes"));
	assert_true(expand(&e, "${BIG:+x}${NOPE-${BIG}}", &result, &why) ==
		    false);
	/* All together 4 MiB: 31 of them. */
	for (int i = 1; i < 32; i++)
		assert_true(expand(&e, "${BIG}", &result, &why));
	assert_true(expand(&e, "${BIG:+x}", &result, &why));
	assert_false(expand(&e, "${BIG}", &result, &why));
	assert_non_null(strstr(why.text, "all values together"));
	arena_drop(&a);
	e = (struct expansion){ .arena = &a, .environment = no_name };
	assert_true(expand(&e, "${BIG:-y}", &result, &why));
	assert_string_equal(result, "y");
	arena_drop(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_read_as_a_shell_reads_them),
		TEST(a_replaced_variable_is_one_word),
		TEST(other_dollars_stand_for_themselves_and_are_remembered),
		TEST(two_dollars_before_a_brace_are_one),
		TEST(whole_values_have_quotes_in_braces_alone),
		TEST(what_only_a_shell_understands_names_shell),
		TEST(unfinished_words_are_refused),
		TEST(wrong_variables_are_refused),
		TEST(what_is_needed_says_why),
		TEST(any_depth_is_read),
		TEST(expansion_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
