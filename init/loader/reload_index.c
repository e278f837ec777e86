/* SPDX-License-Identifier: ISC */
/* Which index a service has after a reload. PID 1's state of a service stays
 * at its index, so an index changes its service only when nothing is left of
 * the service that had it. */
#include <string.h>

#include "init/loader/load_state.h"

/* Where the old configuration has that name, or -1. */
static int old_slot(const struct config *old, const char *name)
{
	for (uint32_t i = 0; i < old->services; i++)
		if (strcmp(config_name(old, i), name) == 0)
			return (int)i;
	return -1;
}

static void put_removed(struct loader *l, struct section **slots, uint32_t i,
			const bool *held)
{
	const struct config_service *s = config_service(l->old, i);
	struct section *section = arena_get(&l->arena, sizeof(*section));

	*section = (struct section){
		.name = config_name(l->old, i),
		.title = config_name(l->old, i),
		.leader = section,
		.place = l->at,
		.removed = s,
		.is_gone = s->is_removed && (held == NULL || !held[i]),
	};
	slots[i] = section;
}

/* An index for a new service: the first one whose service is gone, else the
 * next one behind all. */
static uint32_t free_slot(struct section *const *slots, uint32_t count)
{
	uint32_t i = 0;

	while (i < count && !slots[i]->is_gone)
		i++;
	return i;
}

static void no_room(struct loader *l)
{
	mistake(&l->mistakes, l->at,
		"what is declared now and what this reload removes are more "
		"than %d services together; remove first, reload, and then "
		"add the new ones", CONFIG_SERVICES);
}

void index_assign(struct loader *l, const bool *held)
{
	struct section **slots = arena_get(&l->arena, CONFIG_SERVICES *
						      sizeof(*slots));
	bool *is_placed = arena_get(&l->arena, l->services);
	uint32_t count = l->old->services;

	for (uint32_t i = 0; i < count; i++)
		put_removed(l, slots, i, held);
	for (uint32_t i = 0; i < l->services; i++) {
		int slot = old_slot(l->old, l->sections[i]->name);

		/* One that is declared twice is told, and checked, twice. */
		if (slot >= 0 && slots[slot]->removed != NULL) {
			slots[slot] = l->sections[i];
			is_placed[i] = true;
		}
	}
	for (uint32_t i = 0; i < l->services; i++) {
		uint32_t slot;

		if (is_placed[i])
			continue;
		slot = free_slot(slots, count);
		if (slot == CONFIG_SERVICES) {
			no_room(l);
			return;
		}
		slots[slot] = l->sections[i];
		count += slot == count;
	}
	l->sections = slots;
	l->services = count;
}

static config_text kept(struct loader *l, config_text t)
{
	return pool_string(&l->pool, config_string(l->old, t));
}

static struct config_list kept_list(struct loader *l, struct config_list list)
{
	const char *at = config_string(l->old, list.at);

	list.at = pool_put(&l->pool, at, pool_size(at, list.count));
	return list;
}

/* A stop_command is kept with all that it runs with. */
static void keep_hook(struct loader *l, struct config_service *s)
{
	if (s->stop_command.count == 0) {
		s->stop_command = s->env = (struct config_list){ 0, 0 };
		s->path = s->directory = 0;
		return;
	}
	s->stop_command = kept_list(l, s->stop_command);
	s->env = kept_list(l, s->env);
	s->path = kept(l, s->path);
	s->directory = kept(l, s->directory);
}

struct draft *index_draft(struct loader *l, const struct section *section)
{
	struct draft *d = arena_get(&l->arena, sizeof(*d));
	struct config_service *s = &d->s;

	d->section = section;
	memcpy(s, section->removed, sizeof(*s));
	s->name = kept(l, s->name);
	s->file = kept(l, s->file);
	s->user = kept(l, s->user);
	s->out.path = kept(l, s->out.path);
	s->err.path = kept(l, s->err.path);
	s->argv = s->on_blocked = (struct config_list){ 0, 0 };
	s->ready = s->health = (struct config_check){
		.kind = CONFIG_CHECK_NONE
	};
	if (section->is_gone)
		s->stop_command.count = 0;
	keep_hook(l, s);
	s->restart = CONFIG_NEVER;
	s->schedule = (struct schedule){ 0 };
	s->schedule_text = 0;
	s->is_essential = s->is_autostart = s->is_main = false;
	s->is_removed = true;
	if (section->is_gone) {
		s->out = s->err = (struct config_stream){
			.output = CONFIG_INHERIT
		};
		s->tail_lines = 0;
	}
	return d;
}
