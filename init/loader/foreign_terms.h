/* SPDX-License-Identifier: ISC */
/* What the words of supervisord, systemd, compose, s6 and dinit are called
 * here. The table is only looked at when a word is none of dashpot's. */
#ifndef INIT_LOADER_FOREIGN_TERMS_H
#define INIT_LOADER_FOREIGN_TERMS_H

#include <stdbool.h>

#include "init/config/scalar_value.h"

/* What a key, "stopwaitsecs", or a value of a key, "restart=no", is here:
 * "stop_timeout". What has no counterpart is a sentence that begins with "-".
 * NULL: none of these programs has that word. Upper and lower case are the
 * same. */
const char *foreign_terms_find(const char *word);

/* Is `answer` about the program itself: what key `command` is for? */
bool foreign_terms_is_command(const char *answer);

/* Say of a value of `key` that it has another name here: false, or true when it
 * has none and `why` is as it was. */
bool foreign_terms_explain(const char *key, const char *value, struct why *why);

#endif
