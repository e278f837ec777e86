/* SPDX-License-Identifier: ISC */
/* Is a service well, and is it ready? Read from its row on the board. */
#ifndef INIT_REPORT_SERVICE_HEALTH_H
#define INIT_REPORT_SERVICE_HEALTH_H

#include <stdbool.h>

#include "init/board/board.h"
#include "init/config/config.h"
#include "policy/health.h"

/* See policy/health.h. */
enum well service_health(const struct config_service *s,
			 const struct board_service *row);

/* True when the service is up and ready; a oneshot: done. */
bool service_is_ready(const struct config_service *s,
		      const struct board_service *row);

#endif
