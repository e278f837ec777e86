/* SPDX-License-Identifier: ISC */
/* init/lib/format against the library's own printf(3). */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "init/lib/format.h"

#include "init/kernel/print.h"

/* Both with the same arguments, into memory that is too short as well. */
#define SAME(...) \
	do { \
		for (size_t size = 0; size < 64; size += 9) { \
			char ours[64] = "?", theirs[64] = "?"; \
			int mine = format(ours, size, __VA_ARGS__); \
			int its = snprintf(theirs, size, __VA_ARGS__); \
			assert_int_equal(mine, its); \
			assert_string_equal(ours, theirs); \
		} \
	} while (0)

static void numbers_print_as_the_library_prints_them(void **state)
{
	(void)state;
	SAME("%d %d %d", 0, INT_MAX, INT_MIN);
	SAME("%lld|%ld", LLONG_MIN, LONG_MAX);
	SAME("%u %llu %zu", UINT_MAX, ULLONG_MAX, SIZE_MAX);
	SAME("%x %04x %016llx", 255U, 10U, 0x123456789abcULL);
	SAME("%5d|%05d|%05d|%2d", 42, 42, -42, 12345);
	SAME("%3u|%03u", 7U, 7U);
}

static void text_is_cut_at_its_precision(void **state)
{
	(void)state;
	SAME("%s and %s", "a", "");
	SAME("%.3s|%.10s|%.0s|", "abcdef", "abc", "abc");
	SAME("%.*s|%.*s", 2, "abc", -1, "abc");
	SAME("%8s|%c%%", "right", 'x');
}

static void descriptor_gets_everything_in_order(void **state)
{
	char big[2000], back[4100];
	int fd = memfd_create("out", 0);

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(print_fd(fd, "%s-%s\n", big, big), 4000);
	assert_int_equal(pread(fd, back, sizeof(back), 0), 4000);
	assert_int_equal(back[1999], '-');
	assert_int_equal(back[3999], '\n');
	close(fd);
	assert_true(print_fd(fd, "%d", 1) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_as_the_library_prints_them),
		cmocka_unit_test(text_is_cut_at_its_precision),
		cmocka_unit_test(descriptor_gets_everything_in_order),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
