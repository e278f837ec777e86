/* SPDX-License-Identifier: ISC */
/* What the end of a run leads to: a restart, a block, or the end for good.
 *
 * Whoever saw the run end says how it ended; what the settings and the
 * breaker make of it is decided here, for PID 1 and for `simulate`. */
#ifndef POLICY_EXIT_POLICY_H
#define POLICY_EXIT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/breaker.h"
#include "policy/life.h"

/* The settings of one service that count when a run ends. */
struct exit_rules {
	const struct breaker_policy *breaker;
	int64_t min_runtime_ms; /* a shorter clean run is a failure */
	bool is_success_an_end; /* oneshot, restart = on-failure or never */
	bool is_never_restarted; /* restart = never */
	bool is_scheduled; /* has a schedule: no end is one for good */
};

/* How a run ended by itself. */
enum exit_end {
	EXIT_POLICY_SUCCESS, /* with one of success_codes */
	EXIT_POLICY_FAILURE, /* any other end */
	EXIT_POLICY_AT_ONCE, /* ... that another start cannot help */
	EXIT_POLICY_ASKED, /* by what a person sent to it: says nothing of it */
};

/* True when an end after runtime_ms is a failure: also a success that is no
 * end and came too early. */
bool exit_is_failure(const struct exit_rules *rules, enum exit_end end,
		      int64_t runtime_ms);

/* The event of the life table that the end leads to; what it means for the
 * breaker is recorded there, unless the service is never restarted or has a
 * schedule: a failure, or that a row of failures is over. Whether a success
 * that is an end closes the breaker as well is for life.h. */
enum life_event exit_event(const struct exit_rules *rules, struct breaker *b,
			  enum exit_end end, int64_t runtime_ms,
			  int64_t now_ms);

#endif
