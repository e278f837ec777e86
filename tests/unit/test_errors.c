/* SPDX-License-Identifier: ISC */
/* init/lib/errors: each name has the text that belongs to it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/lib/errors.h"

static void names_and_texts_stay_together(void **state)
{
	static const struct {
		int err;
		const char *name, *text;
	} want[] = {
		{ 0, "none", "no error" },
		{ ENOENT, "ENOENT", "no such file or directory" },
		{ EADDRINUSE, "EADDRINUSE", "already in use" },
		{ EAGAIN, "EAGAIN", "resource temporarily unavailable" },
		{ EACCES, "EACCES", "permission denied" },
		{ ETXTBSY, "ETXTBSY", "the file is being written" },
		{ ENAMETOOLONG, "ENAMETOOLONG", "name too long" },
		{ EBADMSG, "EBADMSG", "not a valid document" },
		{ EDQUOT, "EDQUOT", "quota exceeded" },
		{ EKEYREJECTED, "EKEYREJECTED", "key rejected" },
	};
	char buf[ERRORS_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_string_equal(errors_name(want[i].err, buf),
				    want[i].name);
		assert_string_equal(errors_text(want[i].err), want[i].text);
	}
}

static void unknown_numbers_are_said_as_numbers(void **state)
{
	char buf[ERRORS_NAME];

	(void)state;
	assert_string_equal(errors_name(4095, buf), "errno 4095");
	assert_string_equal(errors_text(4095), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_texts_stay_together),
		cmocka_unit_test(unknown_numbers_are_said_as_numbers),
	};

	return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
