/* SPDX-License-Identifier: ISC */
/* The turns of PID 1's loop without the waiting between them: deadlines and
 * ends become events of the life table, then those that require a lost one
 * stop, then the queue starts whom it can. */
#include "init/simulate/simulation.h"

#include <errno.h>

#include "init/simulate/simulated.h"
#include "init/text/heap.h"

enum {
	WORK = 250 * 1000 * 1000, /* looks at a service: about a second */
};

int64_t simulation_unready_ms(const struct config_service *s)
{
	return s->type == CONFIG_DAEMON && s->ready.kind != CONFIG_CHECK_NONE
		       ? s->ready_timeout_ms : 0;
}

int64_t simulation_unhealthy_ms(const struct config_service *s)
{
	int64_t first_ms = s->health_grace_ms > 0 ? s->health_grace_ms
						  : s->health_interval_ms;

	return s->health.kind == CONFIG_CHECK_NONE
		       ? 0
		       : first_ms + s->health_interval_ms *
					    (int64_t)(s->health_failures - 1);
}

static bool is_oneshot(const struct simulation *m, uint32_t i)
{
	return config_service(m->config, i)->type == CONFIG_ONESHOT;
}

static bool is_ready(const struct simulation *m, uint32_t i)
{
	if (!m->plan->is_simulated[i])
		return true;
	return is_oneshot(m, i) ? m->subject[i].state == LIFE_DONE
				: m->subject[i].ready_ms != NEVER &&
					  !m->subject[i].is_unwell;
}

/* Blocked, ended or stopped, and not about to be back. */
static bool is_lost(const struct simulation *m, uint32_t i)
{
	enum life_state state = m->subject[i].state;

	return m->plan->is_simulated[i] &&
	       (state == LIFE_BLOCKED || state == LIFE_FAILED ||
		state == LIFE_STOPPED ||
		(state == LIFE_DONE && !is_oneshot(m, i)));
}

/* The first dependency that service i has to wait for, or -1; *when_ms: it
 * will be settled then. */
static int32_t awaits(const struct simulation *m, uint32_t i,
		      int64_t *when_ms)
{
	const struct config_service *c = config_service(m->config, i);

	*when_ms = NEVER;
	for (uint32_t d = 0; d < c->deps; d++) {
		const struct config_dep *dep =
			config_dep(m->config, c->deps_first + d);
		uint32_t on = dep->service;

		if (!is_ready(m, on) &&
		    (dep->is_required || m->subject[on].state != LIFE_DONE))
			return (int32_t)on;
		if (!dep->is_required || !m->subject[i].is_parted ||
		    !m->plan->is_simulated[on] || is_oneshot(m, on) ||
		    m->now_ms - m->subject[on].ready_ms >= LIFE_SETTLE_MS)
			continue;
		*when_ms = m->subject[on].ready_ms + LIFE_SETTLE_MS;
		return (int32_t)on;
	}
	return -1;
}

/* What one pass in the order of start finds out. */
struct look {
	bool is_lost[CONFIG_SERVICES]; /* itself, or what it requires */
	bool has_come[CONFIG_SERVICES]; /* ready, and was not */
};

static bool is_meant_to_run(const struct subject *s)
{
	return s->state != LIFE_STOPPED && s->state != LIFE_DONE &&
	       s->state != LIFE_FAILED;
}

/* As PID 1 does it, where a stop takes time. */
static void part_from_lost(struct simulation *m, struct look *look, uint32_t i)
{
	const struct config_service *c = config_service(m->config, i);
	struct subject *s = &m->subject[i];

	look->is_lost[i] = is_lost(m, i);
	for (uint32_t d = 0; d < c->deps && is_meant_to_run(s); d++) {
		const struct config_dep *dep =
			config_dep(m->config, c->deps_first + d);

		if (!dep->is_required || !look->is_lost[dep->service])
			continue;
		look->is_lost[i] = true;
		s->is_parted = true;
		if (life_is_up(s->state))
			simulated_part(m, i, dep->service);
		return;
	}
}

static void probe_early(struct simulation *m, struct look *look, uint32_t i)
{
	const struct config_service *c = config_service(m->config, i);
	struct subject *s = &m->subject[i];
	bool is_now = is_ready(m, i);

	look->has_come[i] = is_now && !s->was_ready;
	s->was_ready = is_now;
	for (uint32_t d = 0; d < c->deps && s->state == LIFE_BLOCKED; d++) {
		uint32_t on =
			config_dep(m->config, c->deps_first + d)->service;

		if (!look->has_come[on] ||
		    s->since_ms < m->subject[on].down_ms)
			continue;
		s->is_early = true;
		simulated_say(m, i, SIMULATION_EARLY, on, 0);
		simulated_take(m, i, LIFE_WANT);
	}
}

/* As PID 1 asks it for exit_when_all_blocked. */
static bool is_all_blocked(struct simulation *m)
{
	bool has_blocked = false;

	m->is_probe_up = false;
	for (uint32_t i = 0; i < m->config->services; i++) {
		const struct subject *s = &m->subject[i];
		bool waits = s->state == LIFE_WAITING;

		if (!m->plan->is_simulated[i])
			continue;
		if (s->state == LIFE_BLOCKED || s->state == LIFE_PROBING ||
		    ((waits || s->state == LIFE_FAILED) &&
		     m->breaker[i].state != BREAKER_CLOSED)) {
			has_blocked = true;
			m->is_probe_up |= s->state == LIFE_PROBING;
		} else if (life_is_up(s->state) || s->state == LIFE_BACKOFF ||
			   (waits && s->awaits < 0)) {
			return false;
		}
	}
	return has_blocked && !m->has_others;
}

/* Some state has changed. */
static void follow(struct simulation *m)
{
	struct look look = { { false }, { false } };

	m->is_changed = false;
	m->queue_ms = m->now_ms;
	for (uint32_t k = 0; k < m->config->services && m->has_deps; k++) {
		uint16_t i = config_order(m->config)[k];

		if (!m->plan->is_simulated[i])
			continue;
		part_from_lost(m, &look, i);
		probe_early(m, &look, i);
	}
	if (!is_all_blocked(m))
		m->blocked_since_ms = NEVER;
	else if (m->blocked_since_ms == NEVER)
		m->blocked_since_ms = m->now_ms;
}

static int64_t blocked_out_ms(const struct simulation *m)
{
	int64_t limit_ms = m->config->exit_when_all_blocked_ms;

	return limit_ms <= 0 || m->blocked_since_ms == NEVER ||
			       m->is_probe_up || m->plan->is_endless
		       ? NEVER
		       : m->blocked_since_ms + limit_ms;
}

/* --- The queue --------------------------------------------------------- */

static bool is_waiting(const struct simulation *m, uint32_t i)
{
	return m->plan->is_simulated[i] &&
	       m->subject[i].state == LIFE_WAITING;
}

/* Note of each one that waits whether it waits for another service. */
static void look_at_dependencies(struct simulation *m)
{
	for (uint32_t i = 0; i < m->config->services; i++) {
		int64_t when_ms;

		if (!is_waiting(m, i))
			continue;
		m->subject[i].awaits = awaits(m, i, &when_ms);
		m->queue_ms = earlier(m->queue_ms, when_ms);
		if (m->subject[i].awaits >= 0)
			simulated_release(m, i);
	}
}

static bool goes_before(const struct simulation *m,
			const struct budget_claim *a,
			const struct budget_claim *b)
{
	if (m->budget.is_by_age && budget_older(a, b, m->now_ms))
		return true;
	if (m->budget.is_by_age && budget_older(b, a, m->now_ms))
		return false;
	return budget_before(a, b);
}

/* Who is started next, in the order of PID 1's queue; -1 none. */
static int32_t first_in_queue(const struct simulation *m)
{
	bool has_token = budget_tokens(&m->budget, &m->config->restart_rate,
				       m->now_ms) > 0;
	struct budget_claim best;
	int32_t first = -1;

	if (!has_token && m->fresh == 0)
		return -1;
	for (uint32_t k = 0; k < m->config->services; k++) {
		uint16_t i = config_order(m->config)[k];
		const struct subject *s = &m->subject[i];
		struct budget_claim claim;

		if (!is_waiting(m, i) || s->awaits >= 0 ||
		    (m->result->total[i].starts > 0 && !has_token))
			continue;
		claim = (struct budget_claim){
			.since_ms = s->since_ms,
			.failures = s->failures,
			.is_essential =
				config_service(m->config, i)->is_essential,
			.was_stable = s->was_stable,
		};
		if (first >= 0 && !goes_before(m, &claim, &best))
			continue;
		best = claim;
		first = i;
	}
	return first;
}

static void run_queue(struct simulation *m)
{
	const struct budget_policy *rate = &m->config->restart_rate;
	bool is_short = false;
	int32_t i;

	if (m->now_ms < m->queue_ms)
		return;
	m->queue_ms = NEVER;
	if (m->waiting == 0)
		return;
	if (m->has_deps)
		look_at_dependencies(m);
	while ((i = first_in_queue(m)) >= 0) {
		simulated_start(m, (uint32_t)i);
		m->work -= m->config->services;
	}
	for (uint32_t k = 0; k < m->config->services && m->waiting > 0; k++) {
		if (!is_waiting(m, k) || m->subject[k].awaits >= 0)
			continue;
		simulated_hold(m, k);
		is_short = true;
	}
	if (is_short)
		m->queue_ms = earlier(m->queue_ms,
				      budget_next_ms(&m->budget, rate,
						     m->now_ms));
}

/* --- Turns ------------------------------------------------------------- */

static void fire(struct simulation *m, uint32_t i)
{
	struct subject *s = &m->subject[i];

	if (m->now_ms >= s->due_ms && s->is_unwell && life_is_up(s->state))
		simulated_unstable(m, i);
	else if (m->now_ms >= s->due_ms)
		simulated_take(m, i, s->state == LIFE_BACKOFF ||
						     s->state == LIFE_BLOCKED
					     ? LIFE_DUE : LIFE_STABLE);
	if (m->now_ms >= s->end_ms)
		simulated_end(m, i);
}

static void turn(struct simulation *m)
{
	m->work -= m->config->services;
	if (m->now_ms >= blocked_out_ms(m))
		simulated_leave(m, SIMULATION_ALL_BLOCKED, 0,
				simulated_failed_code(m));
	for (uint32_t i = 0; i < m->config->services && !m->is_over; i++)
		if (m->now_ms >= m->next_ms[i])
			fire(m, i);
	if (m->is_changed && !m->is_over)
		follow(m);
	if (!m->is_over)
		run_queue(m);
}

/* Nothing more happens in this millisecond: whoever waits for another service
 * now does so for a while. */
static void say_who_waits(struct simulation *m)
{
	for (uint32_t i = 0; i < m->config->services; i++) {
		struct subject *s = &m->subject[i];

		if (!is_waiting(m, i) || s->awaits < 0 ||
		    s->awaits == s->awaits_said)
			continue;
		s->awaits_said = s->awaits;
		simulated_say(m, i, SIMULATION_AWAITS, (uint32_t)s->awaits, 0);
	}
}

static int64_t next_turn_ms(const struct simulation *m)
{
	int64_t next_ms = earlier(m->queue_ms, blocked_out_ms(m));

	for (uint32_t i = 0; i < m->config->services; i++)
		next_ms = earlier(next_ms, m->next_ms[i]);
	return next_ms;
}

/* No deadline is left: what runs stays up. Where nothing does, and no
 * operator is waited for, dashpot would exit. */
static void leave_if_all_ended(struct simulation *m)
{
	int code = 0;

	for (uint32_t i = 0; i < m->config->services; i++) {
		const struct subject *s = &m->subject[i];

		if (!m->plan->is_simulated[i])
			continue;
		if (life_is_up(s->state) ||
		    m->breaker[i].state == BREAKER_LATCHED)
			return;
		if (s->state == LIFE_FAILED)
			code = simulated_failed_code(m);
	}
	if (!m->has_others)
		simulated_leave(m, SIMULATION_ALL_ENDED, 0, code);
}

static void run(struct simulation *m)
{
	int64_t next_ms = 0;

	while (!m->is_over && next_ms <= m->plan->for_ms && m->work > 0) {
		m->now_ms = next_ms;
		turn(m);
		if (m->is_changed)
			continue;
		if (m->waiting > 0 && m->has_deps)
			say_who_waits(m);
		next_ms = next_turn_ms(m);
		/* What came due while a probe ran is late. */
		if (next_ms < m->now_ms)
			next_ms = m->now_ms;
		if (next_ms == NEVER)
			leave_if_all_ended(m);
	}
	if (!m->is_over && m->work > 0)
		m->now_ms = m->plan->for_ms;
	m->result->is_cut = m->work <= 0;
	m->result->ended_ms = m->now_ms;
}

static void begin(struct simulation *m)
{
	const struct config *c = m->config;

	m->budget = budget_full(&c->restart_rate, 0);
	/* Neighbouring seeds are to differ in all bits; 0 would stay 0. */
	m->random = m->plan->seed * 2654435761U + 2135587861U;
	m->random |= m->random == 0;
	for (uint32_t i = 0; i < c->services; i++) {
		const struct config_service *s = config_service(c, i);

		m->has_deps = m->has_deps || s->deps > 0;
		m->next_ms[i] = NEVER;
		m->breaker[i] = (struct breaker){ .last_ms = 0 };
		m->subject[i] = (struct subject){
			.due_ms = NEVER, .end_ms = NEVER, .ready_ms = NEVER,
			.short_ms = NEVER, .awaits = -1, .awaits_said = -1,
		};
		m->result->total[i] = (struct simulation_total){ .up_ms = 0 };
		m->fresh += m->plan->is_simulated[i];
		if (m->plan->is_simulated[i])
			simulated_take(m, i, LIFE_WANT);
		else if (s->is_autostart && (s->type == CONFIG_DAEMON ||
					     config_is_scheduled(c, i)))
			m->has_others = true;
	}
}

int simulation_run(const struct simulation_plan *plan, simulation_tell *tell,
		   void *to, struct simulation_result *result)
{
	const uint32_t n = plan->config->services;
	struct simulation m = {
		.plan = plan,
		.config = plan->config,
		.result = result,
		.tell = tell,
		.to = to,
		.next_ms = heap_take(n * sizeof(int64_t)),
		.subject = heap_take(n * sizeof(struct subject)),
		.breaker = heap_take(n * sizeof(struct breaker)),
		.blocked_since_ms = NEVER,
		.work = plan->work > 0 ? plan->work : WORK,
	};
	int err = -ENOMEM;

	if (m.next_ms && m.subject && m.breaker) {
		*result = (struct simulation_result){ .exit_service = 0 };
		begin(&m);
		run(&m);
		for (uint32_t i = 0; i < n; i++)
			if (plan->is_simulated[i])
				simulated_finish(&m, i);
		err = 0;
	}
	heap_give(m.breaker);
	heap_give(m.subject);
	heap_give(m.next_ms);
	return err;
}
