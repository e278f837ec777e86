/* SPDX-License-Identifier: ISC */
/* The options of `simulate` become a plan. */
#include "init/simulate/simulate.h"

#include <string.h>

#include "init/cli/arguments.h"
#include "init/cli/options.h"
#include "init/simulate/simulation.h"
#include "init/simulate/timeline.h"
#include "init/lib/die.h"
#include "init/lib/glob.h"

enum {
	HOUR_MS = 3600000,
	LIFETIME_MS = 1000, /* usual */
};

struct request {
	struct simulation_plan plan;
	struct timeline timeline;
	struct simulation_result result;
	const char *services[CONFIG_SERVICES]; /* of --service */
	int services_count;
	bool has_lifetime;
};

static void take_duration(const char *option, const char *text, int min_ms,
			  int64_t *ms)
{
	struct why why;

	if (!value_duration(text, strlen(text), min_ms, ms, &why))
		arguments_wrong(option, text, &why);
}

static int64_t number(const char *option, const char *text, int64_t max)
{
	struct why why;
	int64_t n;

	if (!value_number(text, strlen(text), 0, max, &n, &why))
		arguments_wrong(option, text, &why);
	return n;
}

static void take_lifetime(struct request *r, const char *text)
{
	struct simulation_plan *plan = &r->plan;
	struct why why;

	r->has_lifetime = true;
	if (!value_range(text, &plan->lifetime_min_ms, &plan->lifetime_max_ms,
			 &why))
		arguments_wrong("--lifetime", text, &why);
}

static void take_service(struct request *r, const char *name)
{
	if (r->services_count == CONFIG_SERVICES)
		die_text(DIE_USAGE, "--service: at most %d", CONFIG_SERVICES);
	r->services[r->services_count++] = name;
}

/* True when the present argument is one of ours. */
static bool take_option(struct request *r, struct arguments *a)
{
	struct simulation_plan *plan = &r->plan;
	const char *value;

	if (arguments_is(a, "--json"))
		r->timeline.is_json = true;
	else if (arguments_is(a, "--all"))
		r->timeline.is_all = true;
	else if (arguments_is(a, "--no-exit"))
		plan->is_endless = true;
	else if (arguments_is(a, "--unhealthy"))
		plan->is_unhealthy = true;
	else if ((value = arguments_value(a, "--service")) != NULL)
		take_service(r, value);
	else if ((value = arguments_value(a, "--lifetime")) != NULL)
		take_lifetime(r, value);
	else if ((value = arguments_value(a, "--exit")) != NULL)
		plan->exit_code = (int)number("--exit", value, 255);
	else if ((value = arguments_value(a, "--seed")) != NULL)
		plan->seed = (uint32_t)number("--seed", value, 1000000000);
	else if ((value = arguments_value(a, "--for")) != NULL)
		take_duration("--for", value, 1, &plan->for_ms);
	else if ((value = arguments_value(a, "--outage")) != NULL)
		take_duration("--outage", value, 0, &plan->outage_ms);
	else
		return false;
	return true;
}

static void choose(struct request *r, const char *name)
{
	struct nearest near = { .word = name };
	const struct config *c = r->plan.config;
	bool is_found = false;

	for (uint32_t i = 0; i < c->services; i++) {
		if (glob_matches(name, config_name(c, i)) &&
		    config_is_scheduled(c, i))
			die_text(DIE_USAGE,
				 "--service %s: %s has a schedule: its "
				 "failures neither delay nor block it, so "
				 "there is nothing to simulate", name,
				 config_name(c, i));
		else if (glob_matches(name, config_name(c, i)))
			is_found = r->plan.is_simulated[i] = true;
		else
			glob_offer(&near, config_name(c, i));
	}
	if (is_found)
		return;
	die_text(DIE_USAGE, "--service %s: there is no such service%s%s%s",
		 name, near.best ? "; did you mean " : "",
		 near.best ? near.best : "", near.best ? "?" : "");
}

/* Those that were named, else all daemons that are started by themselves. */
static void choose_all(struct request *r)
{
	const struct config *c = r->plan.config;
	bool is_any = r->services_count > 0;

	for (int i = 0; i < r->services_count; i++)
		choose(r, r->services[i]);
	for (uint32_t i = 0; i < c->services && r->services_count == 0; i++) {
		const struct config_service *s = config_service(c, i);

		r->plan.is_simulated[i] = s->is_autostart &&
					  s->type == CONFIG_DAEMON;
		is_any = is_any || r->plan.is_simulated[i];
	}
	if (!is_any)
		die_text(DIE_USAGE, "no daemon is started by itself; name "
				    "services with --service");
}

/* A run that is never well lasts as long as its settings say. */
static void check_unhealthy(const struct request *r)
{
	const struct config *c = r->plan.config;

	if (!r->plan.is_unhealthy)
		return;
	if (r->has_lifetime)
		die_text(DIE_USAGE, "--unhealthy and --lifetime: such a run "
				    "lasts until dashpot gives up on it");
	for (uint32_t i = 0; i < c->services; i++) {
		const struct config_service *s = config_service(c, i);

		if (r->plan.is_simulated[i] &&
		    simulation_unready_ms(s) + simulation_unhealthy_ms(s) == 0)
			die_text(DIE_USAGE,
				 "--unhealthy: %s has neither a health check "
				 "nor a ready_timeout, so dashpot never gives "
				 "up on it", config_name(c, i));
	}
}

int simulate_run(int argc, char **argv)
{
	static struct request r;
	struct arguments a = arguments_of(argc, argv);
	struct options o;
	int err;

	/* At run time: a table of this size would be part of the binary. */
	r.plan.for_ms = HOUR_MS;
	r.plan.lifetime_min_ms = r.plan.lifetime_max_ms = LIFETIME_MS;
	r.plan.outage_ms = INT64_MAX;
	r.plan.seed = 1;
	r.plan.exit_code = 1;
	while (arguments_next(&a))
		if (!take_option(&r, &a))
			arguments_keep(&a);
	o = options_files(a.kept, a.rest);
	if (o.command)
		die_text(DIE_USAGE, "simulate takes no command behind --");
	r.plan.config = options_load(&o);
	choose_all(&r);
	check_unhealthy(&r);
	r.timeline.plan = &r.plan;
	timeline_begin(&r.timeline);
	err = simulation_run(&r.plan, timeline_tell, &r.timeline, &r.result);
	if (err == 0)
		err = timeline_end(&r.timeline, &r.result);
	if (err < 0)
		die_system("simulate", -err);
	return 0;
}
