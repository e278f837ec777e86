/* SPDX-License-Identifier: ISC */
#include "init/lib/invariant.h"

enum { MOST = 16 }; /* a program with more such faults has told enough */

static struct invariant_place place[MOST];
static uint32_t noted, taken;

bool invariant_broken(uint32_t file, uint32_t line)
{
#ifdef INVARIANT_ABORTS
	__builtin_trap();
#endif
	for (uint32_t k = 0; k < noted; k++)
		if (place[k].file == file && place[k].line == line)
			return false;
	if (noted < MOST)
		place[noted++] = (struct invariant_place){ file, line };
	return false;
}

struct invariant_place invariant_take(void)
{
	return taken < noted ? place[taken++] : (struct invariant_place){ 0 };
}
