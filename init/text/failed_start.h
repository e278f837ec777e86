/* SPDX-License-Identifier: ISC */
/* Why a service could not be started: the step, what of it, the error, and
 * what to do where that is not plain. */
#ifndef INIT_TEXT_FAILED_START_H
#define INIT_TEXT_FAILED_START_H

#include "init/text/wording.h"

/* What a step of a start was about, from `code` of struct board_end:
 * "limit.nofile", "net_admin"; NULL where that says nothing. */
const char *failed_start_which(unsigned step, int code);

/* "could not be started: limit.nofile: not permitted (EPERM), ..." */
void failed_start_add(struct phrase *w, unsigned step, int code, int err);

#endif
