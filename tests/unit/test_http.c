/* SPDX-License-Identifier: ISC */
/* Heads of HTTP requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "init/control/http.h"

static struct http http;

static int status_of(const char *head)
{
	assert_true(http_parse(&http, head, strlen(head)));
	return http.status;
}

static void three_pages_exist(void **state)
{
	assert_int_equal(status_of("GET /livez HTTP/1.1\r\n\r\n"), 200);
	assert_int_equal(http.page, HTTP_LIVEZ);
	assert_int_equal(status_of("GET /readyz HTTP/1.1\r\n\r\n"), 200);
	assert_int_equal(http.page, HTTP_READYZ);
	assert_int_equal(status_of("GET /metrics HTTP/1.0\r\n\r\n"), 200);
	assert_int_equal(http.page, HTTP_METRICS);
	assert_false(http.is_head);
	assert_int_equal(status_of("HEAD /metrics HTTP/1.1\r\n\r\n"), 200);
	assert_true(http.is_head);
}

static void any_other_path_is_not_found(void **state)
{
	assert_int_equal(status_of("GET / HTTP/1.1\r\n\r\n"), 404);
	assert_int_equal(status_of("GET /livez/ HTTP/1.1\r\n\r\n"), 404);
	assert_int_equal(status_of("GET livez HTTP/1.1\r\n\r\n"), 404);
	assert_int_equal(status_of("GET /live HTTP/1.1\r\n\r\n"), 404);
	assert_int_equal(status_of("GET http:// HTTP/1.1\r\n\r\n"), 404);
	assert_int_equal(status_of("DELETE /x HTTP/1.1\r\n\r\n"), 404);
}

static void nothing_but_get_and_head_is_allowed(void **state)
{
	assert_int_equal(status_of("POST /livez HTTP/1.1\r\n\r\n"), 405);
	assert_int_equal(status_of("GETX /readyz HTTP/1.1\r\n\r\n"), 405);
	assert_false(http.is_head);
}

static void query_and_host_do_not_matter(void **state)
{
	assert_int_equal(status_of("GET /metrics?a=b HTTP/1.1\r\n\r\n"), 200);
	assert_int_equal(status_of("GET http://a:1/readyz HTTP/1.1\r\n\r\n"),
			 200);
	assert_int_equal(http.page, HTTP_READYZ);
}

static void head_ends_at_its_first_empty_line(void **state)
{
	static const char head[] = "GET /livez HTTP/1.1\r\nHost: x\r\n"
				   "A: b\r\n\r\nbody";

	for (size_t n = 0; n < strlen(head) - 4; n++)
		assert_false(http_parse(&http, head, n));
	for (size_t n = strlen(head) - 4; n <= strlen(head); n++) {
		assert_true(http_parse(&http, head, n));
		assert_int_equal(http.status, 200);
	}
	assert_int_equal(status_of("GET /livez HTTP/1.1\n\n"), 200);
}

static void nonsense_is_a_bad_request(void **state)
{
	static const char *const all[] = {
		"\r\n",
		"GET\r\n\r\n",
		"GET /livez\r\n\r\n",
		"GET  /livez HTTP/1.1\r\n\r\n",
		"get /livez HTTP/1.1\r\n\r\n",
		"GET /livez FTP/1.1\r\n\r\n",
		"GET /livez HTTP/1.1 x\r\n\r\n",
		"GET /li\tvez HTTP/1.1\r\n\r\n",
		"GET /\xff HTTP/1.1\r\n\r\n",
		" GET /livez HTTP/1.1\r\n\r\n",
		"\x16\x03\x01\x02\n\n",
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		assert_int_equal(status_of(all[i]), 400);
	assert_int_equal(status_of("GET /livez HTTP/2.0\r\n\r\n"), 505);
}

static void every_status_has_a_reason(void **state)
{
	assert_string_equal(http_reason(200), "OK");
	assert_string_equal(http_reason(503), "Service Unavailable");
	assert_string_equal(http_reason(999), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_pages_exist),
		cmocka_unit_test(any_other_path_is_not_found),
		cmocka_unit_test(nothing_but_get_and_head_is_allowed),
		cmocka_unit_test(query_and_host_do_not_matter),
		cmocka_unit_test(head_ends_at_its_first_empty_line),
		cmocka_unit_test(nonsense_is_a_bad_request),
		cmocka_unit_test(every_status_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
