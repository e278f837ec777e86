/* SPDX-License-Identifier: ISC */
/* Is a compiled block what config.h says? And how its parts lie.
 *
 * For PID 1, which gets the block of a reload from a child that has parsed
 * files: it copies the block to memory of its own first, then asks here, so
 * that no other process can change what was looked at. */
#ifndef INIT_CONFIG_VERIFY_H
#define INIT_CONFIG_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "init/config/config.h"

/* Which rule a block breaks; the names are for tests and messages. */
enum verify_rule {
	VERIFY_WELL,
	VERIFY_SIZE,      /* the head does not fit, or counts are too large */
	VERIFY_LAYOUT,    /* parts are not where their counts put them */
	VERIFY_HEAD,      /* a number of [dashpot] is out of range */
	VERIFY_TEXT,      /* a text is outside, not ended, or no path */
	VERIFY_LIST,      /* a list does not have its strings */
	VERIFY_NAME,      /* of no proper form, or given twice */
	VERIFY_SERVICE,   /* a number of a service is out of range */
	VERIFY_STREAM,    /* a stream's kind, path and descriptor differ */
	VERIFY_LIMIT,     /* limit.* */
	VERIFY_DEPENDENCY, /* on no service, on itself, on a removed or a
			    * scheduled service */
	VERIFY_ORDER,     /* no permutation, or against a dependency */
	VERIFY_TAIL,      /* tails overlap or do not add up */
	VERIFY_CHECK,     /* a check lacks what its kind needs */
	VERIFY_RULES,
};

/* Look at every offset, count, range and name of a block of at most `size`
 * bytes at c, an address that is a multiple of 8, which no other process can
 * write.
 * 0, or minus the rule that it breaks (enum verify_rule).
 *
 * Once it is 0, every function of config.h is safe on the block, every text
 * and every string of a list ends inside it, each service but a removed one
 * has a command, and no sum of two of its times overflows. What the hashes are
 * and what texts say (users, arguments) is not looked at. No system call, no
 * allocation; its time is bounded by the size of the block, not by its
 * contents: 4 ms for 6 MB. Not for two threads at a time. */
int config_verify(const struct config *c, size_t size);

/* Set the place of each part, and the size of the block, from the counts of
 * services, deps, limits and text. */
void config_lay_out(struct config *c);

/* Bytes of the largest block that there can be. */
size_t config_block_most(void);

#endif
