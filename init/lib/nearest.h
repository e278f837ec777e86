/* SPDX-License-Identifier: ISC */
/* Which of the known names is nearest to an unknown one. */
#ifndef INIT_LIB_NEAREST_H
#define INIT_LIB_NEAREST_H

/* The search for the name nearest to `word`. */
struct nearest {
	const char *word;
	const char *best;  /* NULL: nothing is near */
	unsigned distance; /* of best, in edits */
};

/* Offer one candidate. Near is what differs by at most a third of the word's
 * letters and by at most 3 edits; upper and lower case are the same. */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
