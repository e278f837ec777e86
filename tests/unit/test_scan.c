/* SPDX-License-Identifier: ISC */
/* init/lib/scan: numbers at their ends, and finding text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/lib/scan.h"

static void digits_are_read_and_what_follows_is_left(void **state)
{
	const char *at = "123 456";
	const char *hex = "ffAB";
	const char *none = "x1";

	(void)state;
	assert_int_equal(scan_unsigned(&at, 10), 123);
	assert_string_equal(at, " 456");
	assert_int_equal(scan_unsigned(&hex, 16), 255);
	assert_string_equal(hex, "AB");
	assert_int_equal(scan_unsigned(&none, 10), 0);
	assert_string_equal(none, "x1");
}

static void numbers_stop_at_their_ends(void **state)
{
	const char *most = "18446744073709551615";
	const char *more = "18446744073709551616";
	const char *low = "  -9223372036854775809";
	const char *high = "9223372036854775808";
	const char *minus = "-7 ";

	(void)state;
	assert_true(scan_unsigned(&most, 10) == UINT64_MAX);
	assert_true(scan_unsigned(&more, 10) == UINT64_MAX);
	assert_string_equal(more, "");
	assert_true(scan_signed(&low) == INT64_MIN);
	assert_true(scan_signed(&high) == INT64_MAX);
	assert_int_equal(scan_signed(&minus), -7);
}

static void text_is_found_where_it_first_begins(void **state)
{
	const char *text = "low 1\nmax 22\nmax 3";

	(void)state;
	assert_ptr_equal(scan_find(text, "max "), text + 6);
	assert_null(scan_find(text, "min"));
	assert_non_null(scan_find("aab", "ab"));
	assert_null(scan_find("ab", "abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_read_and_what_follows_is_left),
		cmocka_unit_test(numbers_stop_at_their_ends),
		cmocka_unit_test(text_is_found_where_it_first_begins),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
