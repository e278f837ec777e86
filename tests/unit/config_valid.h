/* SPDX-License-Identifier: ISC */
/* Is a compiled block what config.h says? PID 1's own check of it, and a walk
 * through all that the check has called safe, for a sanitizer to watch. */
#ifndef TESTS_UNIT_CONFIG_VALID_H
#define TESTS_UNIT_CONFIG_VALID_H

#include <string.h>

#include "init/config/config.h"
#include "init/config/verify.h"

/* The rules of enum verify_rule, for messages. */
static const char *const config_rules[] = {
	"well",    "size",       "layout",  "head", "text",
	"list",    "name",       "service", "stream", "limit",
	"dependency", "order",   "tail",	 "check",
};

/* Read every string of a list; the sum of their bytes. */
static inline uint64_t walk_list(const struct config *c,
				 struct config_list list)
{
	const char *at = config_string(c, list.at);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < list.count; i++) {
		size_t len = strlen(at);

		sum += len;
		at += len + 1;
	}
	return sum;
}

/* Read what users of the block read of a service. */
static inline uint64_t walk_service(const struct config *c, uint32_t i)
{
	const struct config_service *s = config_service(c, i);
	const config_text texts[] = { s->name, s->file, s->path, s->directory,
				      s->user, s->out.path, s->err.path,
				      s->ready.host, s->ready.path,
				      s->health.host, s->health.path };
	uint64_t sum = walk_list(c, s->argv) + walk_list(c, s->env) +
		       walk_list(c, s->ready.argv) +
		       walk_list(c, s->health.argv) +
		       walk_list(c, s->stop_command) +
		       walk_list(c, s->on_blocked);

	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
		sum += strlen(config_string(c, texts[t]));
	for (uint32_t n = 0; n < s->groups_count; n++)
		sum += s->groups[n];
	for (uint32_t w = 0; w < s->breaker.windows; w++)
		sum += s->breaker.window[w].max_failures;
	for (uint32_t d = 0; d < s->deps; d++)
		sum += config_service(c, config_dep(c, s->deps_first + d)
						 ->service)->stop_signal;
	sum += strlen(config_string(c, s->schedule_text));
	for (uint32_t l = 0; l < s->limits; l++)
		sum += config_limit(c, s->limits_first + l)->resource;
	return sum + s->tail_first + s->tail_lines;
}

static inline uint64_t config_walk(const struct config *c)
{
	uint64_t sum = strlen(config_string(c, c->diagnostics)) +
		       strlen(config_string(c, c->control)) +
		       strlen(config_string(c, c->listen));

	for (uint32_t i = 0; i < c->services; i++)
		sum += walk_service(c, config_order(c)[i]);
	return sum;
}

/* NULL, or the rule that the block breaks. */
static inline const char *config_invalid(const struct config *c)
{
	int err = config_verify(c, c->size);

	if (err != 0)
		return config_rules[-err];
	return config_walk(c) > 0 ? NULL : "nothing in it";
}

#endif
