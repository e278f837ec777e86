/* SPDX-License-Identifier: ISC */
/* Conditions that the life table does not ask: their answer is its event. */
#include "policy/exit_policy.h"

bool exit_is_failure(const struct exit_rules *rules, enum exit_end end,
		      int64_t runtime_ms)
{
	if (end == EXIT_POLICY_ASKED)
		return false;
	return end != EXIT_POLICY_SUCCESS ||
	       (!rules->is_success_an_end &&
		runtime_ms < rules->min_runtime_ms);
}

enum life_event exit_event(const struct exit_rules *rules, struct breaker *b,
			  enum exit_end end, int64_t runtime_ms,
			  int64_t now_ms)
{
	enum breaker_verdict verdict;

	if (rules->is_scheduled)
		return LIFE_ENDED_TICK;
	if (end == EXIT_POLICY_ASKED)
		return rules->is_never_restarted ? LIFE_ENDED_BAD
						 : LIFE_ENDED_CLEAN;
	if (!exit_is_failure(rules, end, runtime_ms)) {
		breaker_ended_clean(b);
		return rules->is_success_an_end ? LIFE_ENDED_DONE
						: LIFE_ENDED_CLEAN;
	}
	if (rules->is_never_restarted)
		return LIFE_ENDED_BAD;
	verdict = end == EXIT_POLICY_AT_ONCE
			  ? breaker_failed_at_once(b, rules->breaker, now_ms)
			  : breaker_failed(b, rules->breaker, now_ms);
	switch (verdict) {
	case BREAKER_RETRY:
		return LIFE_FAILED_RETRY;
	case BREAKER_BLOCK:
		return LIFE_FAILED_BLOCK;
	case BREAKER_LATCH:
		break;
	}
	return LIFE_FAILED_LATCH;
}
