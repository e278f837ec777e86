/* SPDX-License-Identifier: ISC */
/* The names that [service:NAME] and NAME:N can have. */
#include "init/config/service_name.h"

#include <stdint.h>
#include <string.h>

#include "init/config/config.h"

bool name_is_section(const char *name, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	return len > 0 && len <= NAME_SECTION && strchr("_.-", *name) == NULL &&
	       strspn(name, letters) >= len;
}

bool name_is_service(const char *name, size_t len)
{
	const char *colon = memchr(name, ':', len), *digit;
	uint32_t number = 0;

	if (colon == NULL)
		return name_is_section(name, len);
	digit = colon + 1;
	if (digit == name + len || (*digit == '0' && digit + 1 < name + len))
		return false;
	for (; digit < name + len; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		number = number * 10 + (uint32_t)(*digit - '0');
		if (number >= CONFIG_SERVICES)
			return false;
	}
	return name_is_section(name, (size_t)(colon - name));
}
