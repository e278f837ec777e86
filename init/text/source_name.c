/* SPDX-License-Identifier: ISC */
#include "init/text/source_name.h"

#include <stddef.h>

const char *source_name(uint32_t number)
{
	static const struct {
		uint32_t number;
		const char *name;
	} sources[] = {
#include "source_numbers.h" /* made by the Makefile */
	};

	for (size_t k = 0; k < sizeof(sources) / sizeof(sources[0]); k++)
		if (sources[k].number == number)
			return sources[k].name;
	return "another file";
}
