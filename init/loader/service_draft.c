/* SPDX-License-Identifier: ISC */
/* One service: its settings over those of [defaults], and what only the whole
 * of them can tell. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "init/config/keys.h"
#include "init/loader/environment.h"
#include "init/loader/load_state.h"
#include "init/loader/parse_setting.h"

enum { NAME_BYTES = 60 };

const struct setting *section_setting(const struct section *section,
				      const char *name)
{
	const struct setting *s = section->first;

	while (s != NULL && strcmp(s->name, name) != 0)
		s = s->next;
	return s;
}

const struct setting *section_effective(const struct loader *l,
					const struct section *section,
					const char *name)
{
	const struct setting *own = section_setting(section, name);

	return own ? own : section_setting(&l->defaults, name);
}

/* What [service:main] cannot say of the command of the command line, because
 * settle_main() does. */
static void check_main(struct loader *l, const struct section *section)
{
	for (const struct setting *s = section->first; s != NULL; s = s->next)
		if (s->key->flags & KEY_FIXED)
			mistake(&l->mistakes, s->place,
				"[service:main] is the command behind --, "
				"whose %s is fixed; leave it out", s->name);
}

/* Exactly one of command and shell. */
static void check_command(struct loader *l, const struct section *section)
{
	const struct setting *command = section_setting(section, "command");
	const struct setting *shell = section_setting(section, "shell");

	if (section->command != NULL) {
		check_main(l, section);
		return;
	}
	if (command == NULL && shell == NULL && !section->is_broken)
		mistake(&l->mistakes, section->place,
			"[service:%s] has no command; write command = PROGRAM "
			"ARGUMENTS", section->title);
	if (command != NULL && shell != NULL)
		mistake(&l->mistakes,
			shell->place.line > command->place.line
				? shell->place : command->place,
			"[service:%s] has command and shell; keep one of them",
			section->title);
}

/* A oneshot is not restarted for ever. What [defaults] say is for daemons. */
static void settle_restart(struct loader *l, struct draft *d)
{
	const struct setting *own = section_setting(d->section, "restart");

	if (d->s.type != CONFIG_ONESHOT || d->s.restart != CONFIG_ALWAYS)
		return;
	if (own == NULL)
		d->s.restart = CONFIG_NEVER;
	else
		mistake(&l->mistakes, own->place,
			"restart = always in [service:%s], which is a "
			"oneshot; write on-failure or never",
			d->section->title);
}

/* A schedule starts a oneshot again and again, and nothing else does; what
 * [defaults] say of restart and essential is for others. */
static void settle_schedule(struct loader *l, struct draft *d)
{
	static const char *const others[] = { "restart", "essential" };
	const struct setting *own = section_setting(d->section, "schedule");
	struct config_service *s = &d->s;
	const bool are_wrong[] = { s->restart == CONFIG_ON_FAILURE,
				   s->is_essential };

	if (!schedule_is_set(&s->schedule)) {
		s->schedule.east_min = 0;
		return;
	}
	if (own != NULL && s->type != CONFIG_ONESHOT)
		mistake(&l->mistakes, own->place,
			"schedule in [service:%s], which is a daemon; write "
			"type = oneshot", d->section->title);
	for (int i = 0; i < 2; i++) {
		own = section_setting(d->section, others[i]);
		if (own != NULL && are_wrong[i])
			mistake(&l->mistakes, own->place,
				"%s = %.*s in [service:%s], which has a "
				"schedule: a run that failed is no end, the "
				"next one comes at its time; leave it out",
				own->name, NAME_BYTES, own->value,
				d->section->title);
	}
	s->restart = CONFIG_NEVER;
	s->is_essential = false;
}

/* A oneshot is ready when it is done; no check asks it before. What [defaults]
 * say is for daemons. */
static void settle_check(struct loader *l, struct draft *d, const char *key,
			 struct config_check *check)
{
	const struct setting *own = section_setting(d->section, key);

	if (d->s.type != CONFIG_ONESHOT || check->kind == CONFIG_CHECK_NONE)
		return;
	*check = (struct config_check){ .kind = CONFIG_CHECK_NONE };
	if (own != NULL)
		mistake(&l->mistakes, own->place,
			"%s = %.*s in [service:%s], which is a oneshot: it is "
			"ready when it is done; remove it, or make it a "
			"daemon", key, NAME_BYTES, own->value,
			d->section->title);
}

/* True when the group that `user` names is in force; a group named
 * twice at the same place is a mistake. */
static bool has_group_of_person(struct loader *l, const struct draft *d)
{
	const struct setting *user = section_setting(d->section, "user");
	const struct setting *group = section_setting(d->section, "group");

	if (!d->person.has_gid || !d->s.has_group)
		return d->person.has_gid;
	if (!d->person.is_group_written)
		return false;
	if (user == NULL && group == NULL) {
		user = section_setting(&l->defaults, "user");
		group = section_setting(&l->defaults, "group");
	}
	if (user != NULL && group != NULL)
		mistake(&l->mistakes, group->place,
			"group = %.*s, and user names a group too (line %u); "
			"keep one of them", NAME_BYTES, group->value,
			user->place.line);
	return user != NULL;
}

static void settle_person(struct loader *l, struct draft *d)
{
	const struct person *p = &d->person;

	if (!d->has_person)
		return;
	d->s.has_user = true;
	d->s.uid = p->uid;
	if (has_group_of_person(l, d)) {
		d->s.gid = p->gid;
		d->s.has_group = true;
	}
	if (!d->s.has_groups) {
		memcpy(d->s.groups, p->groups, sizeof(p->groups));
		d->s.groups_count = p->groups_count;
		d->s.has_groups = true;
	}
	if (p->name == NULL)
		return;
	environment_add(l, d, "HOME", p->home, VARIABLE_USER, true);
	environment_add(l, d, "USER", p->name, VARIABLE_USER, true);
	environment_add(l, d, "LOGNAME", p->name, VARIABLE_USER, true);
}

/* The service of the command line is what it is, whatever [defaults] say. */
static void settle_main(struct draft *d)
{
	struct config_service *s = &d->s;

	d->argv = (const char *const *)d->section->command;
	s->is_main = true;
	s->is_essential = true;
	s->is_autostart = true;
	s->type = CONFIG_DAEMON;
	s->restart = CONFIG_NEVER;
	s->out = s->err = (struct config_stream){ .output = CONFIG_INHERIT };
}

struct draft *service_draft(struct loader *l, const struct section *section,
			    const struct draft *defaults)
{
	struct draft *d = arena_get(&l->arena, sizeof(*d));
	struct config_service *s = &d->s;

	memcpy(d, defaults, sizeof(*d));
	d->section = section;
	s->name = pool_string(&l->pool, section->name);
	s->file = pool_string(&l->pool, section->place.file->name);
	s->line = section->place.line;
	parse_section(l, d, section);
	check_command(l, section);
	if (section->command != NULL)
		settle_main(d);
	settle_restart(l, d);
	settle_schedule(l, d);
	settle_check(l, d, "ready", &s->ready);
	settle_check(l, d, "health", &s->health);
	settle_person(l, d);
	if (section->instance != NULL)
		environment_add(l, d, "INSTANCE",
				strchr(section->instance, '=') + 1,
				VARIABLE_USER, true);
	for (int i = 0; i < 4; i++)
		s->fatal_codes[i] &= ~s->success_codes[i];
	s->env = environment_list(l, d);
	s->path = environment_path(l, d, s->env);
	if (d->argv != NULL)
		s->argv = pool_strings(&l->pool, &l->arena, d->argv);
	return d;
}
