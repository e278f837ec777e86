/* SPDX-License-Identifier: ISC */
/* Edit distance. */
#include "init/lib/nearest.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "init/lib/scan.h"

enum { NEAR_WORD = 48, NEAR_EDITS = 3 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits (insert, remove, replace, swap two neighbours) from a to b; both are
 * shorter than NEAR_WORD. */
static unsigned edits(const char *a, const char *b)
{
	unsigned row[3][NEAR_WORD + 1];
	size_t len_a = strlen(a), len_b = strlen(b);

	for (unsigned j = 0; j <= len_b; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3];
		const unsigned *before = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned char ca = scan_folded(a[i - 1]);
			unsigned char cb = scan_folded(b[j - 1]);

			now[j] = least(last[j - 1] + (ca != cb),
				       least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && ca == scan_folded(b[j - 2]) &&
			    cb == scan_folded(a[i - 2]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[len_a % 3][len_b];
}

/* The letters of a word as a set of bits. */
static uint32_t letters(const char *word)
{
	uint32_t set = 0;

	for (; *word != '\0'; word++)
		set |= UINT32_C(1) << (scan_folded(*word) & 31);
	return set;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word), size = strlen(candidate);
	size_t most = len / 3 < NEAR_EDITS ? len / 3 : NEAR_EDITS, missing = 0;
	unsigned distance;

	/* Each letter that only one of them has takes an edit. */
	for (uint32_t set = letters(n->word) & ~letters(candidate); set != 0;
	     set &= set - 1)
		missing++;
	if (len > NEAR_WORD || size > NEAR_WORD || size > len + most ||
	    len > size + most || missing > most)
		return;
	distance = edits(n->word, candidate);
	if (distance > most || (n->best != NULL && n->distance <= distance))
		return;
	n->best = candidate;
	n->distance = distance;
}
