/* SPDX-License-Identifier: ISC */
/* Makes events of what the helpers have seen (struct board_news). */
#ifndef INIT_PID1_HELPER_NEWS_H
#define INIT_PID1_HELPER_NEWS_H

#include "init/service/supervisor.h"

/* Look at the helpers' news. Nothing there is believed: a kind that the helper
 * may not send and a service that does not exist are dropped, the numbers are
 * only shown, and at most NEWS_SLOTS items of each are looked at. Not once the
 * last event has been said. */
void helper_news_read(struct sup *sup);

#endif
