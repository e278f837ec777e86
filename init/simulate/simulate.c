/* SPDX-License-Identifier: ISC */
/* The options of `simulate` become a plan. */
#include "init/simulate/simulate.h"

#include <string.h>

#include "init/cli/command_line.h"
#include "init/config/name_pattern.h"
#include "init/config/scalar_value.h"
#include "init/kernel/die.h"
#include "init/lib/nearest.h"
#include "init/simulate/simulation.h"
#include "init/simulate/timeline.h"

enum {
	HOUR_MS = 3600000,
	LIFETIME_MS = 1000, /* usual */
	SEED_MOST = 1000000000,
};

struct request {
	struct simulation_plan plan;
	struct timeline timeline;
	struct simulation_result result;
	const char *services[CONFIG_SERVICES]; /* of --service */
	size_t services_count;
	const char *lifetime; /* NULL: the usual one */
};

static void choose(struct request *r, const char *name)
{
	struct nearest near = { .word = name };
	const struct config *c = r->plan.config;
	bool is_found = false;

	for (uint32_t i = 0; i < c->services; i++) {
		if (pattern_matches(name, config_name(c, i)) &&
		    config_is_scheduled(c, i))
			die_text(DIE_USAGE,
				 "--service %s: %s has a schedule: its "
				 "failures neither delay nor block it, so "
				 "there is nothing to simulate", name,
				 config_name(c, i));
		else if (pattern_matches(name, config_name(c, i)))
			is_found = r->plan.is_simulated[i] = true;
		else
			pattern_offer(&near, config_name(c, i));
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

	for (size_t i = 0; i < r->services_count; i++)
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
	if (r->lifetime)
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

/* The options of simulate; the files, as they say. */
static struct command_line parse(struct request *r, int argc, char **argv)
{
	struct simulation_plan *plan = &r->plan;
	const char *code = NULL, *seed = NULL, *span = NULL, *outage = NULL;
	const struct option rows[] = {
		{ "--json", .is_given = &r->timeline.is_json },
		{ "--all", .is_given = &r->timeline.is_all },
		{ "--no-exit", .is_given = &plan->is_endless },
		{ "--unhealthy", .is_given = &plan->is_unhealthy },
		{ "--service", .value = r->services, .most = CONFIG_SERVICES,
		  .count = &r->services_count },
		{ "--lifetime", .value = &r->lifetime },
		{ "--exit", .value = &code },
		{ "--seed", .value = &seed },
		{ "--for", .value = &span },
		{ "--outage", .value = &outage },
	};
	struct command_line o = command_line_files(argc, argv, rows, 10);
	struct why why;

	plan->exit_code = (int)options_number("--exit", code, 255, 1);
	plan->seed = (uint32_t)options_number("--seed", seed, SEED_MOST, 1);
	plan->for_ms = options_duration("--for", span, 1, HOUR_MS);
	plan->outage_ms = options_duration("--outage", outage, 0, INT64_MAX);
	plan->lifetime_min_ms = plan->lifetime_max_ms = LIFETIME_MS;
	if (r->lifetime && !value_range(r->lifetime, &plan->lifetime_min_ms,
					&plan->lifetime_max_ms, &why))
		die_text(DIE_USAGE, "--lifetime %s %s", r->lifetime, why.text);
	if (o.command)
		die_text(DIE_USAGE, "simulate takes no command behind --");
	return o;
}

int simulate_run(int argc, char **argv)
{
	/* Not on the stack, and zero: as a table it would be in the file. */
	static struct request r;
	struct command_line o = parse(&r, argc, argv);
	int err;

	r.plan.config = command_line_load(&o);
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
