/* SPDX-License-Identifier: ISC */
/* A setting on its way into the field of its key. */
#ifndef INIT_LOADER_PARSE_SETTING_H
#define INIT_LOADER_PARSE_SETTING_H

#include "init/config/keys.h"
#include "init/config/scalar_value.h"
#include "init/loader/load_state.h"

/* A setting on its way into its field. */
struct key_use {
	struct loader *l;
	struct draft *draft;     /* NULL in [dashpot] */
	const struct setting *setting;
	const struct config_key *key;
	struct why *why;
};

/* Parse each setting of a section into its field; mistakes are told. draft:
 * NULL in [dashpot], whose settings go into l->head. */
void parse_section(struct loader *l, struct draft *draft,
		   const struct section *section);

/* Parse the defaults of all keys of [defaults], or with NULL of [dashpot], into
 * their fields. */
void parse_usual(struct loader *l, struct draft *draft);

#endif
