/* SPDX-License-Identifier: ISC */
/* Users and groups from the text of the image's /etc/passwd and /etc/group.
 *
 * No NSS: a static binary has none, and an image has no other source. Lines
 * that are no entries are skipped, as libc does. */
#ifndef INIT_LOADER_USERS_H
#define INIT_LOADER_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "init/config/scalar_value.h"
#include "init/loader/arena.h"

/* The texts of both files; "" for a missing file. */
struct users {
	const char *passwd;
	const char *group;
};

/* The user that a service runs as. */
struct person {
	uint32_t uid, gid;  /* gid: valid with has_gid */
	uint32_t groups[CONFIG_GROUPS]; /* supplementary ones and gid */
	uint16_t groups_count;
	bool has_gid;
	bool is_group_written; /* gid was written, not looked up */
	const char *name, *home; /* in the arena; NULL: not in passwd */
};

/* "NAME", "UID", "NAME:GROUP", "UID:GID". A number needs no file: where passwd
 * does not list it, has_gid is false and there are no groups. */
bool users_person(const struct users *u, struct arena *a, const char *text,
		  struct person *person, struct why *why);

/* "NAME" or "GID". */
bool users_group(const struct users *u, struct arena *a, const char *text,
		 uint32_t *gid, struct why *why);

/* A list of them, or "none". */
bool users_groups(const struct users *u, struct arena *a, const char *text,
		  uint32_t groups[CONFIG_GROUPS], uint16_t *count,
		  struct why *why);

#endif
