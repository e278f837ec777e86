/* SPDX-License-Identifier: ISC */
/* The restart budget of the whole container: a token bucket, and the order in
 * which services get the tokens when there are too few.
 *
 * In any t seconds at most burst + rate * t restarts get a token. Times are
 * monotonic milliseconds, any int64_t; one before the last counts as the last.
 * A policy may be changed (reload) under a bucket: what is above the new burst
 * is cut at the next look. */
#ifndef POLICY_RESTART_BUDGET_H
#define POLICY_RESTART_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* "restart_rate = 5/s burst 20" */
struct budget_policy {
	int64_t period_ms; /* what the rate counts in: 1,000 for /s; <= 1 day */
	uint32_t rate;     /* tokens a period, 1 .. 100,000 */
	uint32_t burst;    /* most tokens saved up, 1 .. 100,000 */
};

/* Parts of tokens: one token is period_ms parts, and each millisecond adds
 * rate of them, so that no rounding is ever lost or won. */
struct budget {
	int64_t parts;   /* 0 .. burst * period_ms */
	int64_t last_ms; /* when parts was right */
	bool is_by_age;  /* the next token goes by age, see below */
};

/* A full bucket at now_ms. */
struct budget budget_full(const struct budget_policy *p, int64_t now_ms);

/* Take one token; false (and nothing taken) when there is none. */
bool budget_take(struct budget *b, const struct budget_policy *p,
		 int64_t now_ms);

/* Whole tokens at now_ms. */
uint32_t budget_tokens(const struct budget *b, const struct budget_policy *p,
		       int64_t now_ms);

/* The first time at which a token is there: now_ms when there is one; at most
 * INT64_MAX. */
int64_t budget_next_ms(const struct budget *b, const struct budget_policy *p,
		       int64_t now_ms);

/* A start that waits this long or longer has a right to every second token. */
enum { BUDGET_LONG_MS = 5000 };

/* What decides who gets the next token (and the next start while process
 * headroom is short). */
struct budget_claim {
	int64_t since_ms;  /* waiting since then */
	uint32_t failures; /* since the last stable run */
	bool is_essential;
	bool is_scheduled; /* it runs by the clock, and not for good */
	bool was_stable;   /* its last run was stable */
};

/* True when a goes before b by rank: essential first, then what is not
 * scheduled, then those whose last run was stable, then those with the fewest
 * failures, then the longest waiting. Two equal claims: false both ways. */
bool budget_before(const struct budget_claim *a, const struct budget_claim *b);

/* True when a goes before b by age: it has waited BUDGET_LONG_MS at now_ms, and
 * longer than b. By age goes the next token while is_by_age is set, which each
 * token that is taken changes; by rank all others, and that one where no claim
 * has waited for so long.
 *
 * So rank starves nobody. Of n claims that are made again and again, each gets
 * its token at the latest BUDGET_LONG_MS and 2 n tokens after it was made: as
 * soon as it is old, every second token goes to one that is older, which are
 * n - 1 at most, or to itself. */
bool budget_older(const struct budget_claim *a, const struct budget_claim *b,
		  int64_t now_ms);

#endif
