/* SPDX-License-Identifier: ISC */
/* Patterns against the names of the configuration in force. */
#include "init/helpers/names.h"

#include <stddef.h>
#include <string.h>

#include "init/text/pattern.h"

const char *names_find(const struct config *c, const char *names,
		       uint32_t count, struct command_set *set,
		       const char **nearest)
{
	memset(set, 0, sizeof(*set));
	for (; count > 0; count--, names += strlen(names) + 1) {
		struct nearest near = { .word = names };
		bool is_found = false;

		for (uint32_t i = 0; i < c->services; i++) {
			const char *name = config_name(c, i);

			if (config_service(c, i)->is_removed) {
				continue;
			} else if (pattern_matches(names, name)) {
				command_add(set, i);
				is_found = true;
			} else if (!is_found) {
				pattern_offer(&near, name);
			}
		}
		*nearest = near.best;
		if (!is_found)
			return names;
	}
	return NULL;
}
