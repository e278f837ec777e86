/* SPDX-License-Identifier: ISC */
/* A count that a broken helper sets back or far ahead only moves the place
 * from which its ring is read. */
#include "init/pid1/helper_news.h"

#include <string.h>

#include "init/service/lifecycle.h"
#include "init/text/event_table.h"

enum {
	FROM_RECORDER = 1,
	FROM_RELAYS = 2, /* the relay and files */
	FROM_CONTROL = 4,
};

/* Who may send this kind. */
static unsigned senders_of(uint32_t kind)
{
	switch (kind) {
	case BOARD_EV_ZOMBIES:
	case BOARD_EV_ZOMBIE_LIMIT:
		return FROM_RECORDER;
	case BOARD_EV_OUTPUT_TORN:
	case BOARD_EV_OUTPUT_TROUBLE:
	case BOARD_EV_OUTPUT_WELL:
		return FROM_RELAYS;
	case BOARD_EV_CONTROL_TROUBLE:
		return FROM_CONTROL;
	}
	return 0;
}

/* True when its numbers may be shown. Output may be torn of a stream that
 * several services share, -1; a trouble of control is of none. */
static bool is_sound(const struct sup *sup, const struct news_item *item,
		     unsigned sender)
{
	const bool is_of_none = item->kind == BOARD_EV_CONTROL_TROUBLE;
	int32_t first = is_of_none || item->kind == BOARD_EV_OUTPUT_TORN ? -1
									 : 0;

	return (senders_of(item->kind) & sender) && item->service >= first &&
	       item->service <
		       (is_of_none ? 0 : (int32_t)sup->config->services);
}

/* It speaks of the process that runs now, and of more zombies than it may have;
 * the limit is said as it is. */
static bool is_over_limit(const struct sup *sup, struct news_item *item)
{
	const struct config_service *c =
		settings(sup, (uint32_t)item->service);
	const struct service *s = &sup->service[item->service];

	item->n[EVENT_ZOMBIES_LIMIT] = c->zombie_limit;
	return c->zombie_limit > 0 &&
	       item->n[EVENT_ZOMBIES] > c->zombie_limit && s->pid > 0 &&
	       item->n[EVENT_ZOMBIES_SERVICE_PID] == s->pid &&
	       s->state != LIFE_STOPPING;
}

static void hear(struct sup *sup, const struct board_news *news,
		 uint64_t *heard, unsigned sender)
{
	uint64_t count =
		atomic_load_explicit(&news->count, memory_order_acquire);
	struct news_item item;
	int64_t n[8] = { 0 };

	if (count - *heard > NEWS_SLOTS) /* overwritten, or set back */
		*heard = count > NEWS_SLOTS ? count - NEWS_SLOTS : 0;
	while (*heard != count) {
		if (!news_read(news, ++*heard, &item) ||
		    !is_sound(sup, &item, sender))
			continue;
		if (item.kind == BOARD_EV_ZOMBIE_LIMIT &&
		    !is_over_limit(sup, &item))
			continue;
		memcpy(n, item.n, sizeof(item.n));
		board_event(sup->boards.board,
			    (enum board_event_kind)item.kind, item.service,
			    sup->now_ms, sup->now_wall_ms, n);
		if (item.kind == BOARD_EV_ZOMBIE_LIMIT)
			service_give_up(sup, (uint32_t)item.service,
					BOARD_ZOMBIES);
	}
}

void helper_news_read(struct sup *sup)
{
	const struct boards *b = &sup->boards;

	if (sup->stop.phase >= STOP_HELPERS)
		return;
	hear(sup, &b->restore->news, &sup->heard[BOARD_RECORDER],
	     FROM_RECORDER);
	hear(sup, &b->relay->news, &sup->heard[BOARD_RELAY], FROM_RELAYS);
	hear(sup, &b->files->news, &sup->heard[BOARD_FILES], FROM_RELAYS);
	hear(sup, b->control, &sup->heard[BOARD_CONTROL], FROM_CONTROL);
}
