/* SPDX-License-Identifier: ISC */
/* The tables. Enums and booleans are read as numbers, because what is no such
 * value must not be used as one. */
#include "init/config/ranges.h"

#include <stddef.h>
#include <string.h>

#include "init/config/named_signals.h"
#include "init/config/scalar_value.h"

/* What a number may be. */
enum range {
	TWO, THREE, FOUR, WINDOWS, SIGNAL, NICE, OOM, UMASK, GROUPS, LIMIT,
	DEP, THOUSAND, MILLION, RATE, TAILS, WEEK, DAY, SIZE, HEADROOM, STOP,
	NEEDS, CHECK, PORT, FAILURES, INTERVAL, TIMEOUT,
	CAPABILITIES,
};

#define MOST_STOP (((int64_t)CONFIG_SERVICES + 1) * VALUE_WEEK_MS + 1500)

/* clang-format off */
static const struct {
	int64_t min, max;
} ranges[] = {
	[TWO] = { 0, 1 }, [THREE] = { 0, 2 }, [FOUR] = { 0, 3 },
	[WINDOWS] = { 0, BREAKER_WINDOWS },
	[SIGNAL] = { 1, 64 }, [NICE] = { -20, 19 }, [OOM] = { -1000, 1000 },
	[UMASK] = { 0, 0777 }, [GROUPS] = { 0, CONFIG_GROUPS },
	[LIMIT] = { 0, CONFIG_LIMITS }, [DEP] = { 0, CONFIG_SERVICES - 1 },
	[THOUSAND] = { 0, 1000 }, [MILLION] = { 0, 1000000 },
	[RATE] = { 1, 100000 }, [TAILS] = { 0, CONFIG_TAILS },
	[WEEK] = { 0, VALUE_WEEK_MS }, [DAY] = { 1, 86400000 },
	[SIZE] = { 0, INT64_MAX }, [HEADROOM] = { -1, 1000000 },
	[STOP] = { 1, MOST_STOP }, [NEEDS] = { 1500, MOST_STOP },
	[CHECK] = { CONFIG_CHECK_NONE, CONFIG_CHECK_EXEC },
	[PORT] = { 0, 65535 }, [FAILURES] = { 1, 1000 },
	[INTERVAL] = { 100, VALUE_WEEK_MS }, [TIMEOUT] = { 1, VALUE_WEEK_MS },
	[CAPABILITIES] = { 0, ((int64_t)1 << CONFIG_CAPABILITIES) - 1 },
};

/* A number: where it is, its bytes (negative: it has a sign), its range. */
struct row {
	uint16_t at;
	int8_t bytes;
	uint8_t range;
};

#define ROW(type, field, range)                                              \
	{ offsetof(struct type, field),                                      \
	  _Generic(((struct type *)0)->field, int8_t: -1, int16_t: -2,       \
		   int64_t: -8, default: sizeof(((struct type *)0)->field)), \
	  range }
#define H(field, range) ROW(config, field, range)
#define S(field, range) ROW(config_service, field, range)

static const struct row head_rows[] = {
	H(headroom, HEADROOM), H(shutdown_timeout_ms, STOP),
	H(shutdown_needs_ms, NEEDS), H(exit_when_all_blocked_ms, WEEK),
	H(restart_rate.period_ms, DAY), H(restart_rate.rate, RATE),
	H(restart_rate.burst, RATE), H(control_mode, UMASK),
	H(has_control_owner, TWO), H(is_diagnostics_written, TWO),
	H(log_format, TWO), H(log_level, FOUR), H(tails, TAILS),
	H(has_metrics_file, TWO), H(held_timeout_ms, WEEK),
	H(orphans_kill_ms, WEEK), H(stop_again, THREE),
};

static const struct row service_rows[] = {
	S(breaker.windows, WINDOWS), S(breaker.max_trips, MILLION),
	S(breaker.max_in_row, THOUSAND),
	S(breaker.cooldown_min_ms, WEEK), S(breaker.cooldown_max_ms, WEEK),
	S(dampen.min_ms, WEEK), S(dampen.max_ms, WEEK), S(stable_ms, WEEK),
	S(min_runtime_ms, WEEK), S(stop_timeout_ms, WEEK),
	S(leftover_grace_ms, WEEK), S(log_max_size, SIZE),
	S(log_keep, THOUSAND), S(tail_lines, THOUSAND), S(deps, DEP),
	S(limits, LIMIT), S(groups_count, GROUPS), S(umask, UMASK),
	S(oom_score_adj, OOM), S(nice, NICE), S(stop_signal, SIGNAL),
	S(type, TWO), S(restart, THREE), S(stop_mode, TWO),
	S(log_prefix, THREE), S(log_format, TWO), S(ready.kind, CHECK),
	S(ready.number, PORT), S(health.kind, CHECK),
	S(health.number, PORT), S(ready_timeout_ms, WEEK),
	S(health_interval_ms, INTERVAL), S(health_timeout_ms, TIMEOUT),
	S(health_grace_ms, WEEK), S(health_failures, FAILURES),
	S(drain_delay_ms, WEEK), S(reload_signal, SIGNAL),
	S(zombie_limit, MILLION), S(tasks_max, SIZE), S(memory_max, SIZE),
	S(capabilities, CAPABILITIES), S(log_mode, UMASK),
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int64_t number(const char *at, int bytes)
{
	union {
		uint8_t u8;
		int8_t i8;
		uint16_t u16;
		int16_t i16;
		uint32_t u32;
		int64_t i64;
	} n;

	memcpy(&n, at, (size_t)(bytes < 0 ? -bytes : bytes));
	switch (bytes) {
	case 1:
		return n.u8;
	case -1:
		return n.i8;
	case 2:
		return n.u16;
	case -2:
		return n.i16;
	case 4:
		return n.u32;
	default:
		/* An unsigned one that is too large is negative here. */
		return n.i64;
	}
}

static bool are_in_range(const void *base, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		int64_t n = number((const char *)base + r->at, r->bytes);

		if (n < ranges[r->range].min || n > ranges[r->range].max)
			return false;
	}
	return true;
}

static bool is_schedule(const struct config_service *s)
{
	return ranges_is_bool(&s->schedule.is_either_day) &&
	       schedule_is_well(&s->schedule) &&
	       (!schedule_is_set(&s->schedule) ||
		(s->type == CONFIG_ONESHOT && s->restart == CONFIG_NEVER &&
		 !s->is_essential));
}

static bool is_policy(const struct config_service *s)
{
	for (uint32_t i = 0; i < s->breaker.windows; i++) {
		const struct breaker_window *w = &s->breaker.window[i];

		if (w->max_failures < 1 || w->max_failures > BREAKER_SLOTS ||
		    w->window_ms < 1 || w->window_ms > VALUE_WEEK_MS)
			return false;
	}
	return s->breaker.cooldown_min_ms <= s->breaker.cooldown_max_ms &&
	       s->dampen.min_ms <= s->dampen.max_ms &&
	       (s->type != CONFIG_ONESHOT || s->restart != CONFIG_ALWAYS);
}

/* For setresuid(2) and its kin -1 is nobody: "leave it as it is". */
static bool are_people(const struct config_service *s)
{
	bool is_well = (!s->has_user || s->uid != UINT32_MAX) &&
		       (!s->has_group || s->gid != UINT32_MAX);

	for (uint32_t i = 0; i < s->groups_count; i++)
		is_well = is_well && s->groups[i] != UINT32_MAX;
	return is_well;
}

bool ranges_head(const struct config *c)
{
	return are_in_range(c, head_rows, COUNT(head_rows)) &&
	       signals_are_stopping(c->stop_signals) &&
	       signals_are_forwarded(c->forward_signals);
}

bool ranges_service(const struct config_service *s)
{
	/* All booleans lie side by side. */
	const size_t last = offsetof(struct config_service, is_removed);
	size_t at = offsetof(struct config_service, is_essential);

	for (; at <= last; at++)
		if (((const unsigned char *)s)[at] > 1)
			return false;
	return are_in_range(s, service_rows, COUNT(service_rows)) &&
	       is_policy(s) && is_schedule(s) && are_people(s);
}
