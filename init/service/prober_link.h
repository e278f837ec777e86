/* SPDX-License-Identifier: ISC */
/* PID 1's end of the prober, the helper that makes connections and reads what
 * services tell. */
#ifndef INIT_SERVICE_PROBER_LINK_H
#define INIT_SERVICE_PROBER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "init/service/supervisor.h"

/* True when some service of c needs the prober. */
bool prober_link_is_needed(const struct config *c);

/* True when the prober makes checks of this kind. */
bool prober_link_makes(enum config_check_kind kind);

/* Make the pair; the file descriptors are -1 where that fails: then no check
 * of the prober's is ever made. */
void prober_link_open(struct sup *sup);

/* Ask for a check of service i. 0, or -errno: ESRCH there is no prober just
 * now, EAGAIN it has too many questions already. Never blocks. */
int prober_link_ask(struct sup *sup, uint32_t i, uint32_t number,
		    bool is_health, int64_t timeout_ms);

/* Take what it answered; what is no answer is dropped. */
void prober_link_hear(struct sup *sup);

#endif
