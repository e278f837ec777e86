/* SPDX-License-Identifier: ISC */
/* What init/service/lifecycle.c and exit.c do for a process, for a number that
 * stands for one. */
#include "init/simulate/simulated.h"

#include "policy/exit_policy.h"

/* xorshift32, as PID 1's. */
static uint32_t draw(struct simulation *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 17;
	m->random ^= m->random << 5;
	return m->random;
}

void simulated_say(struct simulation *m, uint32_t i,
		   enum simulation_what what, uint32_t number, int64_t next_ms)
{
	struct simulation_event event = {
		.at_ms = m->now_ms,
		.ran_ms = m->now_ms - m->subject[i].started_ms,
		.next_ms = next_ms,
		.number = number,
		.service = i,
		.what = what,
	};

	if (what == SIMULATION_RETRY || what == SIMULATION_BLOCKED)
		event.tally = breaker_fullest(
			&m->breaker[i], &config_service(m->config, i)->breaker,
			m->now_ms);
	m->tell(m->to, &event);
}

static void arm(struct simulation *m, uint32_t i)
{
	const struct subject *s = &m->subject[i];

	m->next_ms[i] = earlier(s->due_ms, s->end_ms);
}

/* --- Deeds ------------------------------------------------------------- */

static void calm(struct simulation *m, uint32_t i, enum life_event event)
{
	struct subject *s = &m->subject[i];
	bool was_half_open = m->breaker[i].state == BREAKER_HALF_OPEN;

	if (event == LIFE_STABLE && (was_half_open || s->failures > 0))
		simulated_say(m, i,
			      was_half_open ? SIMULATION_CLOSED
					    : SIMULATION_STABLE,
			      s->failures, 0);
	s->failures = 0;
	s->was_stable = true;
	breaker_succeeded(&m->breaker[i]);
}

void simulated_release(struct simulation *m, uint32_t i)
{
	struct subject *s = &m->subject[i];

	if (s->short_ms == NEVER)
		return;
	breaker_release(&m->breaker[i], m->now_ms);
	m->result->total[i].short_ms += m->now_ms - s->short_ms;
	s->short_ms = NEVER;
}

static void account(struct simulation *m, uint32_t i, enum life_state was)
{
	struct subject *s = &m->subject[i];
	struct simulation_total *t = &m->result->total[i];

	if (was == LIFE_BLOCKED || (was == LIFE_FAILED &&
				    m->breaker[i].state == BREAKER_LATCHED))
		t->blocked_ms += m->now_ms - s->since_ms;
	s->since_ms = m->now_ms;
}

static void do_deeds(struct simulation *m, uint32_t i, unsigned deeds,
		     enum life_event event)
{
	const struct config_service *c = config_service(m->config, i);
	struct subject *s = &m->subject[i];
	bool is_clean = event == LIFE_ENDED_CLEAN;

	if (deeds & (LIFE_DO_DISARM | LIFE_DO_READY))
		s->due_ms = NEVER;
	if (deeds & LIFE_DO_STABLE)
		s->due_ms = m->now_ms + c->stable_ms;
	if (deeds & LIFE_DO_DELAY) {
		s->due_ms = m->now_ms +
			    backoff_delay_ms(&c->dampen,
					    is_clean ? 0 : s->failures,
					    draw(m));
		simulated_say(m, i,
			      is_clean ? SIMULATION_CLEAN : SIMULATION_RETRY,
			      s->failures, s->due_ms - m->now_ms);
	}
	if (deeds & LIFE_DO_COOLDOWN) {
		s->due_ms = m->breaker[i].until_ms;
		simulated_say(m, i, SIMULATION_BLOCKED, m->breaker[i].trips,
			      s->due_ms - m->now_ms);
	}
	if (deeds & LIFE_DO_CALM)
		calm(m, i, event);
}

void simulated_take(struct simulation *m, uint32_t i, enum life_event event)
{
	struct subject *s = &m->subject[i];
	enum life_state was = s->state;
	unsigned deeds = life_step(&s->state, event);

	if (deeds == 0)
		return;
	if (s->state != was) {
		account(m, i, was);
		m->is_changed = true;
	}
	if (was == LIFE_WAITING) {
		simulated_release(m, i);
		m->waiting--;
	}
	if (s->state == LIFE_WAITING) {
		s->awaits = s->awaits_said = -1;
		m->waiting++;
	}
	do_deeds(m, i, deeds, event);
	arm(m, i);
}

/* --- Ends -------------------------------------------------------------- */

void simulated_leave(struct simulation *m, enum simulation_exit why,
		     uint32_t i, int code)
{
	if (m->plan->is_endless || m->is_over)
		return;
	m->is_over = true;
	m->result->exit = why;
	m->result->exit_service = i;
	m->result->exit_code = code;
}

/* What dashpot exits with on behalf of one that failed. */
int simulated_failed_code(const struct simulation *m)
{
	return m->plan->exit_code > 0 ? m->plan->exit_code : 1;
}

/* Its process is gone. */
static void forget_process(struct simulation *m, uint32_t i)
{
	struct subject *s = &m->subject[i];

	m->result->total[i].up_ms += m->now_ms - s->started_ms;
	s->end_ms = NEVER;
	s->ready_ms = NEVER;
	s->down_ms = m->now_ms;
}

static void leave_if_essential(struct simulation *m, uint32_t i,
			       enum life_event event)
{
	const struct config_service *c = config_service(m->config, i);

	if (c->is_essential &&
	    (event == LIFE_FAILED_LATCH || event == LIFE_ENDED_BAD ||
	     (event == LIFE_FAILED_BLOCK && c->breaker.max_trips == 0)))
		simulated_leave(m, SIMULATION_ESSENTIAL, i,
				simulated_failed_code(m));
}

/* Its run has ended by itself. */
void simulated_end(struct simulation *m, uint32_t i)
{
	const struct config_service *c = config_service(m->config, i);
	const struct exit_rules rules = {
		.breaker = &c->breaker,
		.min_runtime_ms = c->min_runtime_ms,
		.is_success_an_end = c->type == CONFIG_ONESHOT ||
				     c->restart != CONFIG_ALWAYS,
		.is_never_restarted = c->restart == CONFIG_NEVER,
	};
	int code = m->plan->exit_code;
	struct subject *s = &m->subject[i];
	enum exit_end how =
		s->is_unwell ? EXIT_POLICY_FAILURE
		: config_has_code(c->success_codes, code) ? EXIT_POLICY_SUCCESS
		: config_has_code(c->fatal_codes, code) ? EXIT_POLICY_AT_ONCE
							: EXIT_POLICY_FAILURE;
	int64_t ran_ms = m->now_ms - s->started_ms;
	enum life_event event;

	forget_process(m, i);
	if (exit_is_failure(&rules, how, ran_ms)) {
		s->failures++;
		m->result->total[i].failures++;
	}
	event = exit_event(&rules, &m->breaker[i], how, ran_ms, m->now_ms);
	if (event == LIFE_FAILED_BLOCK || event == LIFE_FAILED_LATCH)
		m->result->total[i].trips++;
	if (event == LIFE_FAILED_LATCH)
		simulated_say(m, i, SIMULATION_LATCHED, m->breaker[i].trips, 0);
	else if (event == LIFE_ENDED_DONE || event == LIFE_ENDED_BAD)
		simulated_say(m, i,
			      event == LIFE_ENDED_BAD ? SIMULATION_FAILED
						      : SIMULATION_DONE,
			      0, 0);
	simulated_take(m, i, event);
	leave_if_essential(m, i, event);
}

/* --- Starts ------------------------------------------------------------ */

static int64_t lifetime_ms(struct simulation *m)
{
	const struct simulation_plan *p = m->plan;
	uint64_t steps = (uint64_t)(p->lifetime_max_ms - p->lifetime_min_ms) +
			 1;

	/* A week in ms has 30 bits. */
	return p->lifetime_min_ms +
	       (steps > 1 ? (int64_t)(steps * draw(m) >> 32) : 0);
}

/* When dashpot gives up on a run that never is ready, or else never healthy;
 * NEVER where it has neither check. */
static int64_t give_up_ms(const struct config_service *c)
{
	int64_t ms = simulation_unready_ms(c);

	if (ms == 0)
		ms = simulation_unhealthy_ms(c);
	return ms > 0 ? ms : NEVER;
}

/* Is a new run ready at once? One that is never well is not, where readiness
 * is what dashpot gives up on it for. */
static bool is_ready(const struct simulation *m, uint32_t i)
{
	return !m->subject[i].is_unwell ||
	       simulation_unready_ms(config_service(m->config, i)) == 0;
}

/* What a new process makes of the service. */
static void begin_run(struct simulation *m, uint32_t i)
{
	struct subject *s = &m->subject[i];
	struct simulation_total *t = &m->result->total[i];

	if (m->now_ms - s->down_ms > t->gap_ms)
		t->gap_ms = m->now_ms - s->down_ms;
	t->starts++;
	s->started_ms = m->now_ms;
	s->is_unwell = m->plan->is_unhealthy &&
		       m->now_ms < m->plan->outage_ms;
	s->ready_ms = is_ready(m, i) ? m->now_ms : NEVER;
	if (m->now_ms >= m->plan->outage_ms)
		s->end_ms = NEVER;
	else if (s->is_unwell)
		s->end_ms = m->now_ms +
			    give_up_ms(config_service(m->config, i));
	else
		s->end_ms = m->now_ms + lifetime_ms(m);
	s->was_stable = false;
	s->is_parted = false;
	s->is_early = false;
}

void simulated_start(struct simulation *m, uint32_t i)
{
	bool is_probe;

	if (m->result->total[i].starts == 0) {
		m->fresh--;
	} else {
		budget_take(&m->budget, &m->config->restart_rate, m->now_ms);
		m->result->restarts++;
	}
	breaker_probe(&m->breaker[i], m->now_ms,
		      m->subject[i].is_early ? BREAKER_START_EARLY
					     : BREAKER_START_DUE);
	is_probe = m->breaker[i].state == BREAKER_HALF_OPEN;
	begin_run(m, i);
	simulated_say(m, i, is_probe ? SIMULATION_PROBE : SIMULATION_STARTED,
		      m->result->total[i].starts, 0);
	simulated_take(m, i, is_probe ? LIFE_SPAWNED_PROBE : LIFE_SPAWNED);
	if (m->subject[i].ready_ms != NEVER)
		simulated_take(m, i, LIFE_READY);
}

void simulated_unstable(struct simulation *m, uint32_t i)
{
	m->subject[i].due_ms = NEVER;
	arm(m, i);
}

void simulated_part(struct simulation *m, uint32_t i, uint32_t on)
{
	m->subject[i].is_parted = true;
	simulated_say(m, i, SIMULATION_PARTED, on, 0);
	forget_process(m, i);
	simulated_take(m, i, LIFE_STOP);
	simulated_take(m, i, LIFE_GONE);
	simulated_take(m, i, LIFE_WANT);
}

void simulated_hold(struct simulation *m, uint32_t i)
{
	struct subject *s = &m->subject[i];

	if (s->short_ms != NEVER)
		return;
	breaker_hold(&m->breaker[i], m->now_ms);
	s->short_ms = m->now_ms;
	simulated_say(m, i, SIMULATION_BUDGET, 0, 0);
}

void simulated_finish(struct simulation *m, uint32_t i)
{
	struct subject *s = &m->subject[i];
	struct simulation_total *t = &m->result->total[i];

	simulated_release(m, i);
	account(m, i, s->state);
	if (life_is_up(s->state))
		t->up_ms += m->now_ms - s->started_ms;
	else if (m->now_ms - s->down_ms > t->gap_ms)
		t->gap_ms = m->now_ms - s->down_ms;
	t->state = s->state;
	t->breaker = m->breaker[i].state;
}
