/* SPDX-License-Identifier: ISC */
/* The ticks of services with a schedule.
 *
 * A tick starts a service that is idle. One that comes while the last run goes
 * on, or still waits for its start, is skipped and counted: so there is never a
 * second run, and however many ticks a pause of the container or a leap of the
 * clock has swallowed, one run at most makes up for them.
 *
 * Steps (`every 5m`) are counted on the monotonic clock, from the last tick or
 * the last start by a person. Those by the calendar are worked out anew when
 * somebody sets the clock, of which the kernel tells: there is no look at it
 * now and then. */
#ifndef INIT_SERVICE_SCHEDULE_TIMER_H
#define INIT_SERVICE_SCHEDULE_TIMER_H

#include "init/service/supervisor.h"

/* Service i has taken an event: its ticks begin, go on, or end. */
void timer_follow(struct sup *sup, uint32_t i, enum life_event event);

/* A reload gave service i another schedule. */
void timer_renew(struct sup *sup, uint32_t i);

/* Its tick has come, by the clock that its deadline is on. */
void timer_fire(struct sup *sup, uint32_t i);

/* The clock was set (wait_clock_open()). Where that cannot be known, a leap
 * forward is noticed at the next tick only. */
void timer_clock_set(struct sup *sup);

#endif
