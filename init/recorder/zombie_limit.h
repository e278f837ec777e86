/* SPDX-License-Identifier: ISC */
/* What the recorder tells PID 1 of zombies whose own parent does not wait for
 * them: the first ones of a service, and more than its zombie_limit. */
#ifndef INIT_RECORDER_ZOMBIE_LIMIT_H
#define INIT_RECORDER_ZOMBIE_LIMIT_H

#include <stdbool.h>

#include "init/helper/helper.h"
#include "init/report/usage.h"

enum { ZOMBIES_MS = 5000 }; /* between two looks for a zombie_limit */

/* Take a sample if one is due, and tell what is new in it. */
void zombies_look(const struct helper_job *job, struct usage *u);

/* Is a zombie_limit in force, so that somebody has to look? Nobody else pays
 * for it. */
bool zombies_matter(const struct helper_job *job);

#endif
