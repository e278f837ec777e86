/* SPDX-License-Identifier: ISC */
/* What the code relies on, said where it relies on it. INVARIANT(x) is x, and
 * the caller goes the safe way where it does not hold:
 *
 *	if (!INVARIANT(s->pid > 0))
 *		return;
 *
 * Programs that test abort there. The others go on, and PID 1 makes an event of
 * it, once for each place. */
#ifndef INIT_LIB_INVARIANT_H
#define INIT_LIB_INVARIANT_H

#include <stdbool.h>
#include <stdint.h>

/* A number for each file that has such a place, made by the Makefile from its
 * name: an event carries numbers. source_name() has the names. */
#ifndef INVARIANT_FILE
#define INVARIANT_FILE 0 /* for analyzers */
#endif
#define INVARIANT(x) ((x) || invariant_broken(INVARIANT_FILE, __LINE__))

/* False, after it has been noted where; only the macro calls it. */
bool invariant_broken(uint32_t file, uint32_t line);

struct invariant_place {
	uint32_t file; /* number of its name; 0: there is no place */
	uint32_t line;
};

/* The next place that was noted and not taken yet. No place comes twice; the
 * sixteenth is the last. */
struct invariant_place invariant_take(void);

#endif
