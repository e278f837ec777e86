/* SPDX-License-Identifier: ISC */
/* Files to sections of settings, and the steps of a load. */
#include "init/loader/loader.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init/config/keys.h"
#include "init/config/service_name.h"
#include "init/lib/errors.h"
#include "init/lib/format.h"
#include "init/lib/nearest.h"
#include "init/loader/bounded_files.h"
#include "init/loader/foreign_terms.h"
#include "init/loader/ini_syntax.h"
#include "init/loader/load_state.h"
#include "init/loader/nothing_starts.h"
#include "init/loader/parse_setting.h"

int loader_service(const struct loader *l, const char *name, size_t len)
{
	for (uint32_t i = 0; i < l->services; i++)
		if (l->sections[i]->removed == NULL &&
		    strncmp(l->sections[i]->name, name, len) == 0 &&
		    l->sections[i]->name[len] == '\0')
			return (int)i;
	return -1;
}

/* Say that a section is unknown, and which one may be meant. */
static void unknown_section(struct loader *l, const char *section)
{
	size_t len = strcspn(section, ": \t");
	const char *name = section + len + strspn(section + len, ": \t");
	struct nearest near = { .word = section };

	nearest_offer(&near, "dashpot");
	nearest_offer(&near, "defaults");
	if (near.best != NULL || name_is_section(name, strlen(name)))
		mistake(&l->mistakes, l->at,
			"[%s] is no section; did you mean [%s%s]?", section,
			near.best ? "" : "service:",
			near.best ? near.best : name);
	else
		mistake(&l->mistakes, l->at,
			"[%s] is no section; write [dashpot], [defaults] or "
			"[service:NAME]", section);
}

static struct section *new_section(struct loader *l, const char *name)
{
	struct section *s;

	if (l->services == CONFIG_SERVICES) {
		mistake(&l->mistakes, l->at,
			"[service:%s] is one more than %d services; use "
			"several containers", name, CONFIG_SERVICES);
		return NULL;
	}
	s = arena_get(&l->arena, sizeof(*s));
	*s = (struct section){
		.name = arena_copy(&l->arena, name, strlen(name)),
		.place = l->at,
		.flags = KEY_SERVICE,
		.last = &s->first,
	};
	s->title = s->name;
	s->leader = s;
	l->sections[l->services++] = s;
	return s;
}

static struct section *service_section(struct loader *l, const char *name)
{
	size_t len = strlen(name);
	int other = loader_service(l, name, len);

	if (!name_is_section(name, len)) {
		mistake(&l->mistakes, l->at,
			"[service:%s] has no proper name; write 1 .. %d "
			"letters, digits, _ . or -, first a letter or digit",
			name, NAME_SECTION);
		return NULL;
	}
	if (other >= 0) {
		const struct place *first = &l->sections[other]->place;

		mistake(&l->mistakes, l->at,
			"[service:%s] is declared already in %s:%u; put all "
			"its keys there", name, first->file->name,
			first->line);
	}
	return new_section(l, name);
}

static void begin_section(struct loader *l, const char *section)
{
	l->current = NULL;
	l->has_section = true;
	if (strcmp(section, SYNTAX_BROKEN) == 0)
		return;
	if (strcmp(section, "dashpot") == 0)
		l->current = &l->dashpot;
	else if (strcmp(section, "defaults") == 0)
		l->current = &l->defaults;
	else if (strncmp(section, "service:", 8) == 0)
		l->current = service_section(l, section + 8);
	else
		unknown_section(l, section);
	if (l->current != NULL && l->current->place.file == NULL)
		l->current->place = l->at;
}

/* Say that a key is unknown there, and where it belongs, what it is called here
 * or what is near. */
static void unknown_key(struct loader *l, const char *name)
{
	struct section *section = l->current;
	const struct config_key *other = key_find(name, ~0U);
	const char *here = foreign_terms_find(name);
	const char *near = key_nearest(name, section->flags);

	/* The command may be what was meant. */
	if (foreign_terms_is_command(here) ||
	    (near != NULL && (strcmp(near, "command") == 0 ||
			      strcmp(near, "shell") == 0)))
		section->is_broken = true;
	if (other != NULL)
		mistake(&l->mistakes, l->at, "%.60s belongs in %s; move it",
			name, config_key_section(other));
	else if (here != NULL && *here == '-')
		mistake(&l->mistakes, l->at, "%.60s is no key: %s", name,
			here + 1);
	else if (here != NULL)
		mistake(&l->mistakes, l->at,
			"%.60s is no key; here this is called %s", name, here);
	else if (near != NULL)
		mistake(&l->mistakes, l->at,
			"%.60s is no key; did you mean %s?", name, near);
	else
		mistake(&l->mistakes, l->at,
			"%.60s is no key; dashpot.ini(5) lists all", name);
}

static void add_setting(struct loader *l, const char *name, const char *value)
{
	struct section *section = l->current;
	const struct config_key *key = key_find(name, section->flags);
	const struct setting *other;
	struct setting *s;

	if (key == NULL) {
		unknown_key(l, name);
		return;
	}
	other = section_setting(section, name);
	if (other != NULL) {
		mistake(&l->mistakes, l->at,
			"%.60s is set already in %s:%u; keep one of them",
			name, other->place.file->name, other->place.line);
		return;
	}
	if (section->count == LOAD_SETTINGS) {
		mistake(&l->mistakes, l->at,
			"%.60s is one more than %d settings of a section; use "
			"env_file", name, LOAD_SETTINGS);
		return;
	}
	s = arena_get(&l->arena, sizeof(*s));
	*s = (struct setting){
		.key = key,
		.name = arena_copy(&l->arena, name, strlen(name)),
		.value = arena_copy(&l->arena, value, strlen(value)),
		.place = l->at,
	};
	*section->last = s;
	section->last = &s->next;
	section->count++;
}

static void note_broken(struct loader *l)
{
	if (l->current != NULL)
		l->current->is_broken = true;
}

/* One section or setting of the file that is being read. */
static void take_line(void *to, uint32_t line, const char *section,
		      const char *name, const char *value)
{
	struct loader *l = to;

	l->at.line = line;
	if (name == NULL)
		begin_section(l, section);
	else if (strcmp(name, SYNTAX_BROKEN) == 0)
		note_broken(l);
	else if (!l->has_section)
		mistake(&l->mistakes, l->at,
			"%.60s stands before any section; begin with "
			"[dashpot], [defaults] or [service:NAME]", name);
	else if (l->current != NULL)
		add_setting(l, name, value);
}

/* What is told from here on is about that file as a whole. */
static void begin_file(struct loader *l, const char *name)
{
	struct file *f = arena_get(&l->arena, sizeof(*f));

	*f = (struct file){ name, ++l->files };
	l->at = (struct place){ f, 0 };
}

/* Read one INI file; returns false when it is missing and may be. */
static bool read_file(struct loader *l, const char *name, bool may_be_missing)
{
	char *text;
	size_t len;
	int err = l->world->read(&l->arena, name, LOAD_FILE, &text, &len);

	begin_file(l, name);
	if (may_be_missing && (err == -ENOENT || err == -ENOTDIR))
		return false;
	if (err == -EFBIG || (err == 0 && l->bytes + len > CONFIG_TEXT))
		mistake(&l->mistakes, l->at,
			"makes the configuration too large; at most %d bytes "
			"a file and %d in all", LOAD_FILE, CONFIG_TEXT);
	else if (err == -ENODEV)
		mistake(&l->mistakes, l->at, "is no regular file; name one");
	else if (err < 0)
		mistake(&l->mistakes, l->at,
			"cannot be read (%s); correct the path or its mode",
			errors_text(-err));
	else {
		l->bytes += len;
		l->current = NULL;
		l->has_section = false;
		syntax_parse(&l->mistakes, l->at.file, text, len, take_line,
			     l);
	}
	return true;
}

static char *joined_path(struct arena *a, const char *directory,
			 const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = arena_get(a, size);

	format(path, size, "%s/%s", directory, name);
	return path;
}

/* The default places; returns the number of files that are there. */
static unsigned read_default_places(struct loader *l)
{
	const char *directory = l->world->directory;
	unsigned count = read_file(l, l->world->file, true);
	void **names;
	int n = files_list(&l->arena, directory, &names);

	if (n < 0 && n != -ENOENT && n != -ENOTDIR) {
		begin_file(l, directory);
		mistake(&l->mistakes, l->at,
			"cannot be listed (%s); correct its mode",
			errors_text(-n));
	}
	for (int i = 0; i < n; i++)
		count += read_file(l, joined_path(&l->arena, directory,
						  names[i]), false);
	return count;
}

static void read_files(struct loader *l, const struct loader_source *from)
{
	unsigned count = 0;

	for (size_t i = 0; i < from->files_count; i++)
		count += read_file(l, from->files[i], false);
	if (from->files_count == 0)
		count = read_default_places(l);
	if (l->services > 0 || from->command != NULL ||
	    l->mistakes.count > 0)
		return;
	begin_file(l, "dashpot");
	if (count == 0)
		mistake(&l->mistakes, l->at,
			"there is neither %s nor %s/*.ini; write one, or use "
			"-c FILE", l->world->file, l->world->directory);
	else
		mistake(&l->mistakes, l->at,
			"no service is declared; write [service:NAME], or a "
			"command behind --");
}

/* The command of the command line as a service: [service:main] may say more
 * about it. */
static void add_main(struct loader *l, char *const *command)
{
	static const struct file command_line = { "command line", 0 };
	int declared = loader_service(l, "main", 4);
	struct section *s;

	l->at = (struct place){ &command_line, 0 };
	s = declared < 0 ? new_section(l, "main") : l->sections[declared];
	if (s == NULL)
		return;
	s->command = command;
	if (command[0] == NULL || *command[0] == '\0')
		mistake(&l->mistakes, l->at,
			"no command behind --; write PROGRAM ARGUMENTS");
}

/* What one instance has wrong, the others would only say again. */
static struct draft *draft_of(struct loader *l, const struct section *section,
			      const struct draft *usual)
{
	const unsigned before = l->mistakes.count;
	struct draft *d;

	if (section->removed != NULL)
		return index_draft(l, section);
	if (section->leader->is_wrong) {
		d = arena_get(&l->arena, sizeof(*d));
		memcpy(d, usual, sizeof(*d));
		d->section = section;
		return d;
	}
	instances_enter(l, section);
	d = service_draft(l, section, usual);
	instances_enter(l, NULL);
	section->leader->is_wrong = l->mistakes.count > before;
	return d;
}

static void read_settings(struct loader *l)
{
	struct draft *usual = arena_get(&l->arena, sizeof(*usual));

	l->head.headroom = l->head.shutdown_timeout_ms = -1;
	l->head.is_diagnostics_written =
		section_setting(&l->dashpot, "diagnostics") != NULL;
	parse_usual(l, NULL);
	parse_usual(l, usual);
	parse_section(l, NULL, &l->dashpot);
	parse_section(l, usual, &l->defaults);
	for (uint32_t i = 0; i < l->services; i++)
		l->drafts[i] = draft_of(l, l->sections[i], usual);
}

/* A configuration of which nothing would ever start is a mistake; at a reload
 * something may run already. */
static const struct config *refuse_nothing(struct loader *l,
					   const struct config *c)
{
	const struct setting *s;
	uint16_t waits, on;

	if (c == NULL || l->old != NULL || !nothing_starts(c, &waits, &on))
		return c;
	s = section_effective(l, l->sections[waits], "after");
	mistake(&l->mistakes, s ? s->place : l->sections[waits]->place,
		"after: %s would wait for %s, which has autostart = no, and "
		"nothing would ever start; write requires, which starts it",
		config_name(c, waits), config_name(c, on));
	munmap((void *)(uintptr_t)c, c->size);
	return NULL;
}

const struct config *loader_load_in(const struct loader_world *world,
				    const struct loader_source *from, int fd,
				    unsigned *mistakes)
{
	struct loader l = {
		.world = world,
		.old = from->old,
	};
	const struct config *config = NULL;

	l.mistakes.arena = &l.arena;
	l.doubts.arena = &l.arena;
	l.expansion.arena = &l.arena;
	l.expansion.environment = world->environment;
	l.pool = pool_begin(&l.arena);
	l.dashpot.flags = KEY_DASHPOT;
	l.dashpot.last = &l.dashpot.first;
	l.defaults.flags = KEY_DEFAULTS;
	l.defaults.last = &l.defaults.first;
	l.sections = arena_get(&l.arena, CONFIG_SERVICES *
					 sizeof(struct section *));
	l.drafts = arena_get(&l.arena, CONFIG_SERVICES *
				       sizeof(struct draft *));
	read_files(&l, from);
	if (from->command != NULL)
		add_main(&l, from->command);
	begin_file(&l, "dashpot");
	instances_expand(&l);
	if (l.old != NULL)
		index_assign(&l, from->held);
	read_settings(&l);
	config = refuse_nothing(&l, compile(&l));
	*mistakes = mistakes_print(&l.mistakes, fd);
	if (config != NULL && from->doubts != NULL)
		*from->doubts = mistakes_print(&l.doubts, fd);
	arena_drop(&l.arena);
	return config;
}

const struct config *loader_load(const struct loader_source *from, int fd,
				 unsigned *mistakes)
{
	const struct loader_world world = {
		.read = files_read,
		.read_variables = files_read_walked,
		.environment = environ,
		.passwd = "/etc/passwd",
		.group = "/etc/group",
		.file = "/etc/dashpot.ini",
		.directory = "/etc/dashpot.d",
	};

	return loader_load_in(&world, from, fd, mistakes);
}
