/* SPDX-License-Identifier: ISC */
/* The same protocol as the ring of events, on a smaller scale: a slot's number
 * is 0 while it changes, and a reader checks it before and after its copy. */
#include "init/board/news.h"

#include <string.h>

void news_add(struct board_news *to, const struct news_item *item)
{
	unsigned long long number =
		atomic_load_explicit(&to->count, memory_order_relaxed) + 1;
	struct news_item *slot = &to->item[(number - 1) % NEWS_SLOTS];

	atomic_store_explicit(&slot->number, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	slot->kind = item->kind;
	slot->service = item->service;
	memcpy(slot->n, item->n, sizeof(slot->n));
	atomic_store_explicit(&slot->number, number, memory_order_release);
	atomic_store_explicit(&to->count, number, memory_order_release);
}

bool news_read(const struct board_news *from, uint64_t number,
	       struct news_item *copy)
{
	const struct news_item *slot =
		&from->item[(number - 1) % NEWS_SLOTS];

	if (number == 0 || atomic_load_explicit(&slot->number,
						memory_order_acquire) != number)
		return false;
	copy->kind = slot->kind;
	copy->service = slot->service;
	memcpy(copy->n, slot->n, sizeof(copy->n));
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&slot->number, memory_order_relaxed) ==
	       number;
}
