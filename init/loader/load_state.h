/* SPDX-License-Identifier: ISC */
/* What the steps of a load share: sections of settings, and the drafts of
 * services that become of them. loader.c reads the files into sections;
 * instances.c makes several services of one section; parse_setting.c turns each
 * setting into a field; service_draft.c completes each service; reload_index.c
 * gives those of a reload the indices that they had; compile.c orders them and
 * makes the block. */
#ifndef INIT_LOADER_LOAD_STATE_H
#define INIT_LOADER_LOAD_STATE_H

#include "init/config/config.h"
#include "init/config/keys.h"
#include "init/loader/arena.h"
#include "init/loader/expand.h"
#include "init/loader/loader.h"
#include "init/loader/mistakes.h"
#include "init/loader/string_pool.h"
#include "init/loader/users.h"

enum {
	LOAD_FILE = 1024 * 1024,     /* most bytes of one INI file */
	LOAD_SETTINGS = 4096,        /* most settings of one section */
	LOAD_VARIABLES = 64 * 1024,  /* most bytes of an env_file */
	LOAD_USERS = 1024 * 1024,    /* most bytes of passwd or group */
};

struct config_key;

/* One "KEY = VALUE" line. */
struct setting {
	const struct config_key *key;
	const char *name;  /* as written; with a prefix key its whole name */
	const char *value; /* as written */
	struct place place;
	struct setting *next;
};

/* One section: [dashpot] and [defaults] of all files are one each. */
struct section {
	const char *name;     /* of the service; else NULL */
	const char *title;    /* as it is written: without the number of an
			       * instance */
	struct section *leader; /* the first of the services that are made of
				 * the same lines: itself, or NAME:0 */
	char *instance;       /* "INSTANCE=0"; NULL: `instances` is not set */
	struct place place;   /* of its first line */
	unsigned flags;       /* KEY_DASHPOT, KEY_DEFAULTS or KEY_SERVICE */
	unsigned count;       /* of settings */
	struct setting *first, **last;
	char *const *command; /* the service of the command line: its words */
	bool is_broken;       /* a line of it was no setting: what it lacks may
			       * stand there */
	/* A service of the old configuration that is not declared any more, and
	 * has no settings; and whether nothing of it is left. */
	const struct config_service *removed;
	bool is_gone;
	/* Of a leader: mistakes in its settings, in its dependencies and in a
	 * circle of these were told. Those of the others would be the same. */
	bool is_wrong, is_wrongly_tied, is_circle_told;
};

/* Where a variable of a service comes from; a higher one wins. */
enum variable_rank {
	VARIABLE_USER,      /* HOME, USER, LOGNAME */
	VARIABLE_FILE,      /* env_file */
	VARIABLE_FROM_FILE, /* env_from_file.NAME */
	VARIABLE_WRITTEN,   /* env.NAME */
};

struct variable {
	const char *name, *value;
	enum variable_rank rank;
	bool is_own;     /* not from [defaults] */
	uint32_t number; /* later ones win */
	struct variable *next;
};

/* A service while it is put together. [defaults] is one too: each service
 * begins as a copy of it. */
struct draft {
	struct config_service s;
	const struct section *section;
	const char *const *argv;
	struct variable *variables; /* newest first */
	uint32_t variables_count;
	struct person person;       /* valid with has_person */
	struct config_limit limits[CONFIG_LIMITS];
	unsigned limits_set;        /* bit n: limits[n] */
	bool has_person;
	bool has_own_env_file;
};

struct loader {
	struct mistakes mistakes;
	struct mistakes doubts; /* what is right, and seldom meant so */
	struct place at; /* what is being read; else "dashpot" */
	const struct loader_world *world;
	struct expansion expansion; /* what ${NAME} is taken from */
	char **overlay;             /* ... with the number of an instance */
	const struct config *old; /* at a reload; else NULL */
	struct arena arena;
	struct string_pool pool;
	struct users users;
	bool has_users;
	uint32_t files;      /* read so far */
	size_t bytes;        /* of them */
	struct section dashpot, defaults;
	struct section *current;   /* while reading; NULL: ignored */
	bool has_section;          /* while reading: it has had a header */
	struct section **sections; /* of services */
	struct draft **drafts;     /* likewise */
	uint32_t services;
	struct config head;        /* [dashpot] */
};

/* The setting of that name in a section, or NULL. */
const struct setting *section_setting(const struct section *section,
				      const char *name);

/* The same, or where it has none that of [defaults]; or NULL. */
const struct setting *section_effective(const struct loader *l,
					const struct section *section,
					const char *name);

/* The index of a declared service, or -1. */
int loader_service(const struct loader *l, const char *name, size_t len);

/* Make the services of each section that has `instances` (instances.c). */
void instances_expand(struct loader *l);

/* Take ${INSTANCE} from what is known of that section. */
void instances_enter(struct loader *l, const struct section *section);

/* Everything about one service but its dependencies (service_draft.c): a draft
 * in the arena. `defaults`: what it begins as. */
struct draft *service_draft(struct loader *l, const struct section *section,
			    const struct draft *defaults);

/* Give the declared services the indices that a reload keeps for them, and
 * the removed ones theirs (reload_index.c); too many are told. `held` as in
 * struct loader_source. */
void index_assign(struct loader *l, const bool *held);

/* A removed service, as a draft in the arena. */
struct draft *index_draft(struct loader *l, const struct section *section);

/* The hash of all effective settings of a service but its dependencies
 * (fingerprint.c): not where they are written, nor which number it or another
 * one has, nor the values of variables, as it is written to the volume. is_run:
 * only of those that a running process cannot be given, with the values. */
uint64_t fingerprint(const struct loader *l, const struct draft *d,
		     bool is_run);

/* The hash of the health check and of the keys that say when it is made and
 * what its answers count for. */
uint64_t fingerprint_health(const struct loader *l, const struct draft *d);

/* Dependencies, order, fingerprints and the block (compile.c); NULL when there
 * are mistakes. */
const struct config *compile(struct loader *l);

#endif
