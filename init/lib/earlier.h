/* SPDX-License-Identifier: ISC */
/* Deadlines are milliseconds of one clock; INT64_MAX is no deadline. */
#ifndef INIT_LIB_EARLIER_H
#define INIT_LIB_EARLIER_H

#include <stdint.h>

/* The earlier of two deadlines. */
static inline int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

#endif
