/* SPDX-License-Identifier: ISC */
/* Is a compiled block what config.h says? Every offset, count and range. */
#ifndef TESTS_UNIT_CONFIG_VALID_H
#define TESTS_UNIT_CONFIG_VALID_H

#include <stdbool.h>
#include <string.h>

#include "init/config/config.h"

#define VALID(what)                                                          \
	do {                                                                 \
		if (!(what))                                                 \
			return #what;                                        \
	} while (0)

static inline bool part_fits(const struct config *c, uint32_t at,
			     uint64_t bytes)
{
	return at % 8 == 0 && at >= sizeof(*c) && at + bytes <= c->size;
}

static inline bool text_fits(const struct config *c, config_text t)
{
	return t < c->text;
}

/* Every string of the list begins and ends within the text. */
static inline bool list_fits(const struct config *c, struct config_list list)
{
	uint64_t at = list.at;

	for (uint32_t i = 0; i < list.count; i++) {
		if (at >= c->text)
			return false;
		at += strlen(config_string(c, (config_text)at)) + 1;
	}
	return at <= c->text;
}

static inline const char *stream_invalid(const struct config *c,
					 const struct config_stream *s,
					 enum config_output most)
{
	VALID(text_fits(c, s->path) && s->output <= most);
	VALID((s->output == CONFIG_FILE) == (s->path != 0));
	VALID(s->output != CONFIG_FILE || *config_string(c, s->path) == '/');
	VALID((s->output == CONFIG_RELAY) == (s->fd != 0) && s->fd <= 2);
	return NULL;
}

static inline const char *logs_invalid(const struct config *c, uint32_t i)
{
	const struct config_service *s = config_service(c, i);
	const char *broken = stream_invalid(c, &s->out, CONFIG_FILE);

	if (broken == NULL)
		broken = stream_invalid(c, &s->err, CONFIG_STDOUT);
	if (broken != NULL)
		return broken;
	VALID(s->log_prefix <= CONFIG_NO_PREFIX);
	VALID(s->log_format <= CONFIG_JSON_LINES);
	VALID(s->log_keep <= 1000 && s->tail_lines <= 1000);
	VALID(s->log_max_size <= INT64_MAX);
	VALID(s->tail_first + s->tail_lines ==
	      (i + 1 < c->services ? config_service(c, i + 1)->tail_first
				   : c->tails));
	return NULL;
}

static inline const char *service_invalid(const struct config *c, uint32_t i)
{
	const int64_t week_ms = 7 * 24 * 3600 * 1000;
	const struct config_service *s = config_service(c, i);

	VALID(text_fits(c, s->name) && *config_string(c, s->name));
	VALID(strlen(config_string(c, s->name)) < CONFIG_NAME);
	VALID(text_fits(c, s->file) && text_fits(c, s->path) && s->path);
	VALID(text_fits(c, s->directory) && text_fits(c, s->user));
	VALID(list_fits(c, s->argv) && s->argv.count >= 1);
	VALID(*config_string(c, s->argv.at));
	VALID(list_fits(c, s->env));
	VALID((uint64_t)s->deps_first + s->deps <= c->deps);
	VALID((uint64_t)s->limits_first + s->limits <= c->limits);
	VALID(s->limits <= CONFIG_LIMITS);
	VALID(s->groups_count <= CONFIG_GROUPS);
	VALID(s->umask <= 0777 && s->nice >= -20 && s->nice <= 19);
	VALID(s->oom_score_adj >= -1000 && s->oom_score_adj <= 1000);
	VALID(s->stop_signal >= 1 && s->stop_signal <= 64);
	VALID(s->type <= CONFIG_ONESHOT && s->restart <= CONFIG_NEVER);
	VALID(s->stop_mode <= CONFIG_GROUP);
	VALID(s->type != CONFIG_ONESHOT || s->restart != CONFIG_ALWAYS);
	VALID(s->breaker.windows <= BREAKER_WINDOWS);
	for (uint32_t w = 0; w < s->breaker.windows; w++) {
		const struct breaker_window *b = &s->breaker.window[w];

		VALID(b->max_failures >= 1 &&
		      b->max_failures <= BREAKER_SLOTS);
		VALID(b->window_ms >= 1 && b->window_ms <= week_ms);
	}
	VALID(s->breaker.cooldown_min_ms >= 0 &&
	      s->breaker.cooldown_min_ms <= s->breaker.cooldown_max_ms &&
	      s->breaker.cooldown_max_ms <= week_ms);
	VALID(s->dampen.min_ms >= 0 && s->dampen.min_ms <= s->dampen.max_ms &&
	      s->dampen.max_ms <= week_ms);
	VALID(s->stable_ms >= 0 && s->stable_ms <= week_ms);
	VALID(s->min_runtime_ms >= 0 && s->min_runtime_ms <= week_ms);
	VALID(s->stop_timeout_ms >= 0 && s->stop_timeout_ms <= week_ms);
	VALID(s->leftover_grace_ms >= 0 && s->leftover_grace_ms <= week_ms);
	for (uint32_t d = 0; d < s->deps; d++) {
		uint16_t on = config_dep(c, s->deps_first + d)->service;

		VALID(on < c->services && on != i);
	}
	for (uint32_t n = 0; n < s->limits; n++) {
		const struct config_limit *l =
			config_limit(c, s->limits_first + n);

		VALID(l->resource < 16 && l->soft <= l->hard);
	}
	return NULL;
}

/* Each service is in the order once, behind what it depends on. */
static inline const char *order_invalid(const struct config *c)
{
	bool seen[CONFIG_SERVICES] = { false };

	for (uint32_t i = 0; i < c->services; i++) {
		uint16_t n = config_order(c)[i];

		VALID(n < c->services && !seen[n]);
		seen[n] = true;
		for (uint32_t d = 0; d < config_service(c, n)->deps; d++)
			VALID(seen[config_dep(c, config_service(c, n)
							 ->deps_first + d)
					   ->service]);
	}
	return NULL;
}

/* NULL, or the rule that the block breaks. */
static inline const char *config_invalid(const struct config *c)
{
	const char *broken;

	VALID(c->services >= 1 && c->services <= CONFIG_SERVICES);
	VALID(part_fits(c, c->services_at,
			(uint64_t)c->services * sizeof(struct config_service)));
	VALID(part_fits(c, c->order_at, (uint64_t)c->services * 2));
	VALID(part_fits(c, c->deps_at,
			(uint64_t)c->deps * sizeof(struct config_dep)));
	VALID(part_fits(c, c->limits_at,
			(uint64_t)c->limits * sizeof(struct config_limit)));
	VALID(part_fits(c, c->text_at, c->text));
	VALID(c->text >= 1 && c->text <= CONFIG_TEXT);
	VALID(*config_string(c, 0) == '\0');
	VALID(*config_string(c, c->text - 1) == '\0');
	VALID(c->headroom >= -1 && c->shutdown_timeout_ms >= 1);
	VALID(c->shutdown_needs_ms >= 1500 && c->exit_when_all_blocked_ms >= 0);
	VALID(c->restart_rate.rate >= 1 && c->restart_rate.burst >= 1);
	VALID(c->restart_rate.period_ms >= 1);
	VALID(c->stop_signals != 0 && text_fits(c, c->diagnostics));
	VALID(*config_string(c, c->diagnostics) == '/');
	VALID(c->log_format <= CONFIG_JSON_LINES);
	VALID(c->log_level <= CONFIG_DEBUG);
	VALID(c->tails <= CONFIG_TAILS);
	VALID(config_service(c, 0)->tail_first == 0);
	for (uint32_t i = 0; i < c->services; i++)
		if ((broken = service_invalid(c, i)) != NULL ||
		    (broken = logs_invalid(c, i)) != NULL)
			return broken;
	return order_invalid(c);
}

#endif
