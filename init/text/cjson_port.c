/* SPDX-License-Identifier: ISC */
/* The one function of the port that is more than another name. */
#include "init/text/cjson_port.h"

#include <stdint.h>

enum { EXACT_DIGITS = 15 }; /* more do not fit a double */

double cjson_port_number(const char *text, char **end)
{
	const char *at = text + (*text == '-');
	int64_t n = 0;
	int digits = 0;

	for (; *at >= '0' && *at <= '9' && digits < EXACT_DIGITS; at++) {
		n = n * 10 + (*at - '0');
		digits++;
	}
	/* Nothing read: cJSON takes "the end is the beginning" as an error. */
	*end = (char *)(uintptr_t)(digits > 0 ? at : text);
	return (double)(*text == '-' ? -n : n);
}
