/* SPDX-License-Identifier: ISC */
/* Patterns against the names of the configuration in force. */
#include "init/control/names.h"

#include <stddef.h>
#include <string.h>

#include "init/lib/glob.h"
#include "policy/life.h"

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
			} else if (glob_matches(names, name)) {
				command_add(set, i);
				is_found = true;
			} else if (!is_found) {
				glob_offer(&near, name);
			}
		}
		*nearest = near.best;
		if (!is_found)
			return names;
	}
	return NULL;
}

/* True when a name, and not only a pattern, means the service. A client writes
 * the name `follow` as a pattern. */
static bool is_named(const struct request *r, const char *name)
{
	const char *word = r->names;

	for (uint32_t k = 0; k < r->count; k++, word += strlen(word) + 1)
		if ((strpbrk(word, "*?[") == NULL ||
		     strcmp(word, "[f]ollow") == 0) &&
		    glob_matches(word, name))
			return true;
	return false;
}

static bool is_resting(const struct config_service *s,
		       const struct board_service *row, enum request_kind kind)
{
	bool is_at_end = row->state == LIFE_DONE || board_is_idle(row);

	if (kind == REQUEST_START || kind == REQUEST_STOP)
		return (kind == REQUEST_START && is_at_end) ||
		       (row->state == LIFE_STOPPED && !s->is_autostart &&
			!row->is_stop_asked);
	if (kind == REQUEST_SIGNAL || kind == REQUEST_RELOAD_SERVICE)
		return row->pid == 0;
	return is_at_end || row->state == LIFE_STOPPED ||
	       row->state == LIFE_FAILED;
}

void names_leave_resting(const struct config *c, const struct board *b,
			 const struct request *r, struct command_set *set)
{
	static struct board_service row;

	for (uint32_t i = 0; i < c->services; i++)
		if (command_has(set, i) && !is_named(r, config_name(c, i)) &&
		    board_row_read(&b->service[i], &row) &&
		    is_resting(config_service(c, i), &row, r->kind))
			set->word[i / 32] &= ~(1U << i % 32);
}
