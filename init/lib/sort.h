/* SPDX-License-Identifier: ISC */
/* Sorting of pointers, small: the library's qsort(3) is a smooth sort of 2 KiB
 * that no load needs. */
#ifndef INIT_LIB_SORT_H
#define INIT_LIB_SORT_H

#include <stddef.h>

/* Sort count pointers upwards. compare(a, b), of what they point to, is
 * negative, 0 or positive as for qsort(3); equal ones may change places. */
void sort_pointers(void **at, size_t count,
		   int (*compare)(const void *a, const void *b));

#endif
