/* SPDX-License-Identifier: ISC */
/* Makes events of what the helpers have seen (struct board_news). */
#ifndef INIT_PID1_HEAR_H
#define INIT_PID1_HEAR_H

#include "init/pid1/sup.h"

/* Look at the helpers' news. Nothing there is believed: a kind that the helper
 * may not send and a service that does not exist are dropped, the numbers are
 * only shown, and at most NEWS_SLOTS items of each are looked at. Not once the
 * last event has been said. */
void hear_helpers(struct sup *sup);

#endif
