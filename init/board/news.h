/* SPDX-License-Identifier: ISC */
/* What a helper has seen and PID 1 makes an event of.
 *
 * A small ring on the helper's own board with one writer, the helper. PID 1
 * looks at it when it is told to, and believes nothing in it: a kind that the
 * helper may not send is dropped, numbers are only shown. */
#ifndef INIT_BOARD_NEWS_H
#define INIT_BOARD_NEWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	NEWS_SLOTS = 1024, /* as many log files can fail at once */
	NEWS_NUMBERS = 5,
};

struct news_item {
	atomic_ullong number; /* 1 is the first; 0 while it is written */
	uint32_t kind;        /* enum board_event_kind */
	int32_t service;      /* index, or -1 */
	int64_t n[NEWS_NUMBERS]; /* the event's first arguments */
};

struct board_news {
	atomic_ullong count; /* item n is in slot (n - 1) % NEWS_SLOTS */
	struct news_item item[NEWS_SLOTS];
};

/* The helper: append an item (its number is not looked at); the oldest one is
 * overwritten. Telling PID 1 is the caller's. */
void news_add(struct board_news *to, const struct news_item *item);

/* PID 1: copy item `number`. False when it has not come, is torn, or was
 * overwritten. */
bool news_read(const struct board_news *from, uint64_t number,
	       struct news_item *copy);

#endif
