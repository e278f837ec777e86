/* SPDX-License-Identifier: ISC */
/* init/prober/sd_notify: any bytes of a datagram leave one bounded line of
 * valid UTF-8 without control characters, and a time that is not negative. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "init/prober/prober.h"
#include "init/text/wording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notice n;
	/* Its own block, so that a step behind its end is seen. */
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	notices_parse(text, size, &n);
	free(text);
	if (memchr(n.status, '\0', sizeof(n.status)) == NULL ||
	    n.extend_ms < 0)
		abort();
	for (const char *at = n.status; *at != '\0';) {
		size_t length = phrase_utf8_length(at);

		if (length == 0 || (unsigned char)*at < ' ' || *at == 0x7f)
			abort();
		at += length;
	}
	return 0;
}
