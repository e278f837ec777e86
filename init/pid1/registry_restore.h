/* SPDX-License-Identifier: ISC */
/* What the volume tells PID 1: the remembered breakers at the beginning, and
 * whether the recorder can write. All of it is checked as hostile. */
#ifndef INIT_PID1_REGISTRY_RESTORE_H
#define INIT_PID1_REGISTRY_RESTORE_H

#include "init/service/supervisor.h"

/* Take what the registry remembers as soon as it is there, or go on without
 * it once SUP_RESTORE_MS are over. */
void restore_run(struct sup *sup);

/* The recorder has told something: say it when the volume has got into
 * trouble or out of it. */
void restore_watch_volume(struct sup *sup);

/* The recorder cannot tell when the volume hangs it: say it when there
 * was something to write for SUP_VOLUME_MS and nothing was written, and when
 * it is again. */
void restore_check_volume(struct sup *sup);

#endif
