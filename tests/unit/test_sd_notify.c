/* SPDX-License-Identifier: ISC */
/* init/prober/sd_notify: what a datagram says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "init/prober/prober.h"

static struct notice n;

/* Bytes after a NUL count too. */
#define PARSE(text) notices_parse(text, sizeof(text) - 1, &n)

static void known_lines_are_read_in_any_order(void **state)
{
	PARSE("MAINPID=7\nSTATUS=up\nREADY=1\nWATCHDOG=1\n");
	assert_true(n.is_ready && n.has_status);
	assert_false(n.is_stopping || n.is_reloading);
	assert_string_equal(n.status, "up");
	PARSE("RELOADING=1\nSTOPPING=1");
	assert_true(n.is_reloading && n.is_stopping && !n.is_ready);
}

static void values_but_1_mean_nothing(void **state)
{
	PARSE("READY=0\nREADY=11\nREADY=\nREADY\nXREADY=1\n READY=1\nREADY=1 "
	      "\nready=1\nSTOPPING=2\nRELOADING=");
	assert_false(n.is_ready || n.is_stopping || n.is_reloading);
	PARSE("");
	assert_false(n.is_ready);
}

static void status_is_one_bounded_line_of_utf8(void **state)
{
	static char text[4096] = "STATUS=";

	PARSE("STATUS=a\x1b[31mb\x7f\tc\xff");
	assert_string_equal(n.status, "a [31mb  c?");
	PARSE("STATUS=first\nSTATUS=second");
	assert_string_equal(n.status, "second");
	PARSE("STATUS=");
	assert_true(n.has_status);
	assert_string_equal(n.status, "");
	/* No half of a character at the cut. */
	for (size_t k = 7; k + 1 < sizeof(text); k += 2)
		memcpy(text + k, "\xc3\xa9", 2);
	notices_parse(text, sizeof(text) - 1, &n);
	assert_int_equal(strlen(n.status), BOARD_STATUS - 2);
	assert_memory_equal(n.status + BOARD_STATUS - 4, "\xc3\xa9", 2);
}

static void nul_in_it_is_no_end(void **state)
{
	PARSE("STATUS=a\0b\nREADY=1");
	assert_string_equal(n.status, "a b");
	assert_true(n.is_ready);
}

static void more_time_is_told_in_microseconds(void **state)
{
	PARSE("EXTEND_TIMEOUT_USEC=2500000");
	assert_int_equal(n.extend_ms, 2500);
	PARSE("EXTEND_TIMEOUT_USEC=99999999999999999999999");
	assert_int_equal(n.extend_ms, INT32_MAX);
	PARSE("EXTEND_TIMEOUT_USEC=-5");
	assert_int_equal(n.extend_ms, 0);
	PARSE("EXTEND_TIMEOUT_USEC=5s");
	assert_int_equal(n.extend_ms, 0);
	PARSE("EXTEND_TIMEOUT_USEC=");
	assert_int_equal(n.extend_ms, 0);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(known_lines_are_read_in_any_order),
		TEST(values_but_1_mean_nothing),
		TEST(status_is_one_bounded_line_of_utf8),
		TEST(nul_in_it_is_no_end),
		TEST(more_time_is_told_in_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
