/* SPDX-License-Identifier: ISC */
/* Shell's sort with gaps that shrink by 2.25: a few thousand pointers. */
#include "init/lib/sort.h"

void sort_pointers(void **at, size_t count,
		   int (*compare)(const void *a, const void *b))
{
	size_t gap = count;

	while (gap > 1) {
		gap = gap < 5 ? 1 : gap * 4 / 9;
		for (size_t i = gap; i < count; i++) {
			void *one = at[i];
			size_t j = i;

			for (; j >= gap && compare(at[j - gap], one) > 0;
			     j -= gap)
				at[j] = at[j - gap];
			at[j] = one;
		}
	}
}
