/* SPDX-License-Identifier: ISC */
/* A token bucket in whole numbers. Parts of tokens are kept, so that refilling
 * in many small steps gives exactly what one large step gives. */
#include "policy/restart_budget.h"

static int64_t full_parts(const struct budget_policy *p)
{
	return (int64_t)p->burst * p->period_ms;
}

struct budget budget_full(const struct budget_policy *p, int64_t now_ms)
{
	return (struct budget){ .parts = full_parts(p), .last_ms = now_ms };
}

/* The bucket as it is at now_ms. */
static struct budget refilled(struct budget b, const struct budget_policy *p,
			      int64_t now_ms)
{
	int64_t room = full_parts(p) - b.parts;
	uint64_t elapsed_ms;

	if (now_ms > b.last_ms) {
		/* Unsigned: two int64_t can be further apart than one holds. */
		elapsed_ms = (uint64_t)now_ms - (uint64_t)b.last_ms;
		b.last_ms = now_ms;
		if (room > 0 && elapsed_ms <= (uint64_t)room / p->rate) {
			b.parts += (int64_t)(elapsed_ms * p->rate);
			return b;
		}
		b.parts = full_parts(p);
	}
	if (room < 0)
		b.parts = full_parts(p);
	return b;
}

bool budget_take(struct budget *b, const struct budget_policy *p,
		 int64_t now_ms)
{
	*b = refilled(*b, p, now_ms);
	if (b->parts < p->period_ms)
		return false;
	b->parts -= p->period_ms;
	b->is_by_age = !b->is_by_age;
	return true;
}

uint32_t budget_tokens(const struct budget *b, const struct budget_policy *p,
		       int64_t now_ms)
{
	return (uint32_t)(refilled(*b, p, now_ms).parts / p->period_ms);
}

int64_t budget_next_ms(const struct budget *b, const struct budget_policy *p,
		       int64_t now_ms)
{
	struct budget then = refilled(*b, p, now_ms);
	int64_t missing = p->period_ms - then.parts;
	int64_t wait_ms;

	if (missing <= 0)
		return now_ms;
	wait_ms = (missing + p->rate - 1) / p->rate;
	return then.last_ms > INT64_MAX - wait_ms ? INT64_MAX
						  : then.last_ms + wait_ms;
}

bool budget_before(const struct budget_claim *a, const struct budget_claim *b)
{
	if (a->is_essential != b->is_essential)
		return a->is_essential;
	if (a->is_scheduled != b->is_scheduled)
		return b->is_scheduled;
	if (a->was_stable != b->was_stable)
		return a->was_stable;
	if (a->failures != b->failures)
		return a->failures < b->failures;
	return a->since_ms < b->since_ms;
}

/* Since unsigned differences wrap, a claim of the future would be old: hence
 * the first comparison. */
static bool is_old(const struct budget_claim *c, int64_t now_ms)
{
	return now_ms > c->since_ms &&
	       (uint64_t)now_ms - (uint64_t)c->since_ms >= BUDGET_LONG_MS;
}

bool budget_older(const struct budget_claim *a, const struct budget_claim *b,
		  int64_t now_ms)
{
	return is_old(a, now_ms) &&
	       (!is_old(b, now_ms) || a->since_ms < b->since_ms);
}
