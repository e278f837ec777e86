/* SPDX-License-Identifier: ISC */
/* Several services of one section: with instances = N, NAME stands for NAME:0
 * to NAME:N-1, which share its settings and differ in ${INSTANCE}. */
#include <string.h>

#include "init/config/keys.h"
#include "init/lib/format.h"
#include "init/loader/load_state.h"

/* How many services a section asks for. What is wrong counts as 1: it is told
 * when the settings are parsed. */
static uint32_t count_of(struct loader *l, const struct setting *s)
{
	const char *text;
	struct why why;
	int64_t count;

	return expand(&l->expansion, s->value, &text, &why) &&
			       value_number(text, strlen(text), 1,
					    CONFIG_SERVICES, &count, &why)
		       ? (uint32_t)count
		       : 1;
}

static struct section *copy_of(struct loader *l, struct section *section,
			       uint32_t number, uint32_t count)
{
	enum { ROOM = CONFIG_NAME + 8 };
	struct section *copy = arena_get(&l->arena, sizeof(*copy));
	char text[ROOM];

	*copy = *section;
	format(text, sizeof(text), "INSTANCE=%u", number);
	copy->instance = arena_copy(&l->arena, text, strlen(text));
	if (count > 1) {
		format(text, sizeof(text), "%s:%u", section->title, number);
		copy->name = arena_copy(&l->arena, text, strlen(text));
	}
	return copy;
}

void instances_expand(struct loader *l)
{
	struct section **all = arena_get(&l->arena,
					 CONFIG_SERVICES * sizeof(*all));
	uint32_t used = 0;

	for (uint32_t i = 0; i < l->services; i++) {
		struct section *section = l->sections[i];
		const struct setting *s =
			section_effective(l, section, "instances");
		const uint32_t others = l->services - i - 1;
		uint32_t count = s ? count_of(l, s) : 1, first = used;

		section->leader = section;
		if (s == NULL || section->command != NULL) {
			all[used++] = section;
			continue;
		}
		if (count > CONFIG_SERVICES - used - others) {
			mistake(&l->mistakes, s->place,
				"instances = %u makes [service:%s] and the "
				"others more than %d services; use fewer, or "
				"several containers", count, section->title,
				CONFIG_SERVICES);
			count = 1;
		}
		for (uint32_t k = 0; k < count; k++) {
			all[used] = copy_of(l, section, k, count);
			all[used++]->leader = all[first];
		}
	}
	l->sections = all;
	l->services = used;
}

void instances_enter(struct loader *l, const struct section *section)
{
	char *const *from = l->world->environment;
	size_t count = 0;

	l->expansion.environment = from;
	if (section == NULL || section->instance == NULL)
		return;
	if (l->overlay == NULL) {
		while (from[count] != NULL)
			count++;
		l->overlay = arena_get(&l->arena, (count + 2) * sizeof(*from));
		memcpy(l->overlay + 1, from, count * sizeof(*from));
	}
	l->overlay[0] = section->instance;
	l->expansion.environment = l->overlay;
}
