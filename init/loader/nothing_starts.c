/* SPDX-License-Identifier: ISC */
/* Two passes: which services are wanted, dependents first; which of them start,
 * in the order of starts. */
#include "init/loader/nothing_starts.h"

static void want_required(const struct config *c, bool *is_wanted)
{
	for (uint32_t k = c->services; k-- > 0;) {
		const uint16_t i = config_order(c)[k];
		const struct config_service *s = config_service(c, i);

		is_wanted[i] = is_wanted[i] || s->is_autostart;
		for (uint32_t d = 0; is_wanted[i] && d < s->deps; d++) {
			const struct config_dep *dep =
				config_dep(c, s->deps_first + d);

			if (dep->is_required)
				is_wanted[dep->service] = true;
		}
	}
}

bool nothing_starts(const struct config *c, uint16_t *ret_waits,
		    uint16_t *ret_for)
{
	bool is_wanted[CONFIG_SERVICES] = { false };
	bool is_found = false;

	want_required(c, is_wanted);
	for (uint32_t k = 0; k < c->services; k++) {
		const uint16_t i = config_order(c)[k];
		const struct config_service *s = config_service(c, i);
		uint32_t d = 0;

		/* The services before it are still wanted if they start. */
		while (is_wanted[i] && d < s->deps &&
		       is_wanted[config_dep(c, s->deps_first + d)->service])
			d++;
		if (is_wanted[i] && d == s->deps)
			return false;
		if (is_wanted[i] && !is_found) {
			is_found = true;
			*ret_waits = i;
			*ret_for = config_dep(c, s->deps_first + d)->service;
		}
		is_wanted[i] = false;
	}
	return is_found;
}
