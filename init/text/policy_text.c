/* SPDX-License-Identifier: ISC */
/* One clause for each setting that matters to this service. */
#include "init/text/policy_text.h"

/* "2nd" */
static void add_ordinal(struct phrase *w, uint32_t n)
{
	static const char ends[] = "thstndrd";

	phrase_add(w, "%u%.2s", n,
		   ends + 2 * (n % 10 < 4 && n / 10 % 10 != 1 ? n % 10 : 0));
}

static void add_restart(struct phrase *w, const struct config_service *s)
{
	static const char *const restart[] = {
		[CONFIG_ALWAYS] = "always restarted",
		[CONFIG_ON_FAILURE] = "restarted on failure",
		[CONFIG_NEVER] = "never restarted",
	};

	phrase_add(w, "%s", restart[s->restart]);
	if (s->restart == CONFIG_NEVER)
		return;
	phrase_add(w, ", after ");
	phrase_duration(w, s->dampen.min_ms);
	if (s->dampen.max_ms > s->dampen.min_ms) {
		phrase_add(w, " doubling to ");
		phrase_duration(w, s->dampen.max_ms);
	}
}

static void add_windows(struct phrase *w, const struct breaker_policy *p)
{
	for (uint32_t i = 0; i < p->windows; i++) {
		phrase_add(w, i == 0 ? "; the " : " or the ");
		add_ordinal(w, p->window[i].max_failures);
		phrase_add(w, i == 0 ? " failure within " : " within ");
		phrase_duration(w, p->window[i].window_ms);
	}
	if (p->max_in_row > 0) {
		phrase_add(w, p->windows == 0 ? "; the " : " or the ");
		add_ordinal(w, p->max_in_row);
		phrase_add(w, p->windows == 0 ? " failure in a row"
					      : " in a row");
	}
	phrase_add(w, p->windows + p->max_in_row > 0
			      ? " blocks it"
			      : "; only a fatal end blocks it");
}

/* "; tried again after 10 s, then 20 s, at most every 5 m" */
static void add_cooldown(struct phrase *w, const struct breaker_policy *p)
{
	phrase_add(w, "; tried again after ");
	phrase_duration(w, p->cooldown_min_ms);
	if (p->cooldown_max_ms <= p->cooldown_min_ms)
		return;
	if (2 * p->cooldown_min_ms < p->cooldown_max_ms) {
		phrase_add(w, ", then ");
		phrase_duration(w, backoff_doubled_ms(p->cooldown_min_ms,
						     p->cooldown_max_ms, 1));
	}
	phrase_add(w, ", at most every ");
	phrase_duration(w, p->cooldown_max_ms);
}

static void add_schedule(struct phrase *w, const struct config *c,
			 const struct config_service *s)
{
	const int32_t east = s->schedule.east_min;
	const unsigned minutes = (unsigned)(east < 0 ? -east : east);

	phrase_add(w, "run by its schedule, %s",
		   config_string(c, s->schedule_text));
	if (s->schedule.every_ms == 0 && east == 0)
		phrase_add(w, " UTC");
	else if (s->schedule.every_ms == 0)
		phrase_add(w, " UTC%c%02u:%02u", east < 0 ? '-' : '+',
			   minutes / 60, minutes % 60);
	phrase_add(w, "; never a second time beside itself; a run that failed "
		      "is reported and waits for the next one");
}

void policy_text(struct phrase *w, const struct config *c,
		  const struct config_service *s)
{
	if (schedule_is_set(&s->schedule)) {
		add_schedule(w, c, s);
		return;
	}
	add_restart(w, s);
	if (s->restart != CONFIG_NEVER) {
		add_windows(w, &s->breaker);
		add_cooldown(w, &s->breaker);
		phrase_add(w, "; stable after ");
		phrase_duration(w, s->stable_ms);
		if (s->breaker.max_trips > 0)
			phrase_add(w, "; given up at trip %u",
				   s->breaker.max_trips);
	}
	if (s->restart == CONFIG_ALWAYS && s->min_runtime_ms > 0) {
		phrase_add(w, "; a run that ends well within ");
		phrase_duration(w, s->min_runtime_ms);
		phrase_add(w, " has failed too");
	}
	if (s->is_essential)
		phrase_add(w, "; essential: everything stops with it");
}
