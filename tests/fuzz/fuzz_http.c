/* SPDX-License-Identifier: ISC */
/* libFuzzer on the head of an HTTP request. More bytes never make a whole head
 * incomplete, nor change what it says. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init/control/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *why)
{
	fprintf(stderr, "fuzz_http: %s\n", why);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http whole, part;
	char *text;

	if (size == 0 || size > HTTP_HEAD)
		return 0;
	text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	if (http_parse(&whole, text, size)) {
		if (whole.status == 200 && whole.page >= HTTP_PAGES)
			die("a page that does not exist");
		if (strcmp(http_reason(whole.status), "Unknown") == 0)
			die("a status without a reason");
		for (size_t n = 0; n < size; n++)
			if (http_parse(&part, text, n) &&
			    (part.status != whole.status ||
			     (part.status == 200 &&
			      part.page != whole.page)))
				die("what lies behind a head matters");
	}
	free(text);
	return 0;
}
