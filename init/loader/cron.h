/* SPDX-License-Identifier: ISC */
/* The text of a schedule: `every 5m`, or five fields as in crontab(5). */
#ifndef INIT_LOADER_CRON_H
#define INIT_LOADER_CRON_H

#include "init/config/scalar_value.h"
#include "policy/schedule.h"

/* Minute, hour, day of month, month and weekday. Each is a list of `*`, N and
 * N-M, with /STEP or not (N/STEP goes on to the end of the field); months and
 * weekdays have names, too, and 7 is Sunday. Where neither of the fields of
 * days begins with a `*`, a day of one of them is enough, else it takes both.
 * A date that does not exist is wrong. The distance from UTC is not touched. */
bool cron_schedule(const char *text, struct schedule *s, struct why *why);

/* "+HH:MM" or "-HH:MM", at most 14 hours: minutes east of UTC. */
bool cron_timezone(const char *text, int32_t *minutes, struct why *why);

#endif
