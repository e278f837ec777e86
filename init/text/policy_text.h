/* SPDX-License-Identifier: ISC */
/* What the policy settings of a service mean, in words: for diagnostic.json
 * and for `check --explain-policy`. */
#ifndef INIT_TEXT_POLICY_TEXT_H
#define INIT_TEXT_POLICY_TEXT_H

#include "init/config/config.h"
#include "init/text/wording.h"

/* "always restarted, after 250 ms, doubling to 30 s; the 3rd failure within
 * 15 s blocks it; ...": one line without a full stop. */
void policy_text(struct phrase *w, const struct config *c,
		  const struct config_service *s);

#endif
