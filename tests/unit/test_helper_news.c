/* SPDX-License-Identifier: ISC */
/* init/pid1/helper_news: what PID 1 makes of the helpers' news, also of such
 * that no helper in its right mind would send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "init/pid1/helper_news.h"

/* Three services, of which nobody has set anything. */
static struct {
	struct config config;
	struct config_service settings[3];
} block;
static struct service services[3];
static struct sup sup;

static int begin(void **state)
{
	struct boards *b = &sup.boards;

	memset(&sup, 0, sizeof(sup));
	block.config = (struct config){ .services = 3 };
	block.config.services_at =
		(uint32_t)((char *)block.settings - (char *)&block);
	sup.config = &block.config;
	sup.service = services;
	b->board = calloc(1, sizeof(*b->board));
	b->restore = calloc(1, sizeof(*b->restore));
	b->relay = calloc(1, sizeof(*b->relay));
	b->files = calloc(1, sizeof(*b->files));
	b->control = calloc(1, sizeof(*b->control));
	return b->board && b->restore && b->relay && b->files && b->control ?
		       0 : -1;
}

static int end(void **state)
{
	free(sup.boards.board);
	free(sup.boards.restore);
	free(sup.boards.relay);
	free(sup.boards.files);
	free(sup.boards.control);
	return 0;
}

static void tell(struct board_news *to, uint32_t kind, int32_t service,
		 int64_t first)
{
	const struct news_item item = {
		.kind = kind,
		.service = service,
		.n = { first, 2, 3, 4, 5 },
	};

	news_add(to, &item);
}

/* Listen once; how many events that made. */
static uint64_t heard(void)
{
	uint64_t before = atomic_load(&sup.boards.board->events);

	helper_news_read(&sup);
	return atomic_load(&sup.boards.board->events) - before;
}

static struct board_event last(void)
{
	struct board_event e = { .kind = 0 };

	assert_true(board_event_read(sup.boards.board,
				     atomic_load(&sup.boards.board->events),
				     &e));
	return e;
}

static void news_become_events_once_with_their_numbers(void **state)
{
	struct board_event e;

	tell(&sup.boards.relay->news, BOARD_EV_OUTPUT_TORN, 2, 1);
	assert_int_equal(heard(), 1);
	e = last();
	assert_int_equal(e.kind, BOARD_EV_OUTPUT_TORN);
	assert_int_equal(e.service, 2);
	assert_int_equal(e.n[0], 1);
	assert_int_equal(e.n[3], 4);
	assert_int_equal(e.n[4], 5);
	assert_int_equal(e.n[5], 0);
	assert_int_equal(heard(), 0);
	tell(&sup.boards.files->news, BOARD_EV_OUTPUT_WELL, 0, 1);
	tell(&sup.boards.restore->news, BOARD_EV_ZOMBIES, 1, 5);
	assert_int_equal(heard(), 2);
}

static void kinds_that_a_helper_may_not_send_are_dropped(void **state)
{
	for (uint32_t kind = 0; kind < BOARD_EVENT_KINDS + 3; kind++) {
		bool is_output = kind == BOARD_EV_OUTPUT_TORN ||
				 kind == BOARD_EV_OUTPUT_TROUBLE ||
				 kind == BOARD_EV_OUTPUT_WELL;

		tell(&sup.boards.relay->news, kind, 0, 0);
		assert_int_equal(heard(), is_output);
		tell(&sup.boards.files->news, kind, 0, 0);
		assert_int_equal(heard(), is_output);
		tell(&sup.boards.restore->news, kind, 0, 0);
		assert_int_equal(heard(), kind == BOARD_EV_ZOMBIES);
		tell(sup.boards.control, kind, -1, 0);
		assert_int_equal(heard(), kind == BOARD_EV_CONTROL_TROUBLE);
	}
	/* A kind is no 16 bit number until it was looked at. */
	tell(&sup.boards.relay->news, 65536 + BOARD_EV_OUTPUT_TORN, 0, 0);
	assert_int_equal(heard(), 0);
}

static void services_that_do_not_exist_are_dropped(void **state)
{
	const int32_t wrong[] = { -2, 3, 65536, INT32_MIN, INT32_MAX };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		tell(&sup.boards.restore->news, BOARD_EV_ZOMBIES, wrong[i], 1);
		assert_int_equal(heard(), 0);
		tell(&sup.boards.files->news, BOARD_EV_OUTPUT_WELL, wrong[i],
		     1);
		assert_int_equal(heard(), 0);
	}
}

static void trouble_of_control_is_of_no_service(void **state)
{
	tell(sup.boards.control, BOARD_EV_CONTROL_TROUBLE, -1, 1);
	assert_int_equal(heard(), 1);
	assert_int_equal(last().service, -1);
	assert_int_equal(last().n[3], 4);
	assert_int_equal(last().n[4], 5);
	tell(sup.boards.control, BOARD_EV_CONTROL_TROUBLE, 0, 1);
	tell(sup.boards.control, BOARD_EV_CONTROL_TROUBLE, -2, 1);
	tell(&sup.boards.relay->news, BOARD_EV_CONTROL_TROUBLE, -1, 1);
	assert_int_equal(heard(), 0);
}

static void torn_output_may_be_of_several_services(void **state)
{
	const int32_t wrong[] = { -2, 3, 65536, INT32_MIN, INT32_MAX };

	tell(&sup.boards.relay->news, BOARD_EV_OUTPUT_TORN, -1, 1);
	assert_int_equal(heard(), 1);
	assert_int_equal(last().service, -1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		tell(&sup.boards.relay->news, BOARD_EV_OUTPUT_TORN, wrong[i],
		     1);
		assert_int_equal(heard(), 0);
	}
}

static void overwritten_news_are_skipped_and_the_rest_heard(void **state)
{
	for (int i = 1; i <= NEWS_SLOTS + 5; i++)
		tell(&sup.boards.relay->news, BOARD_EV_OUTPUT_TORN, 0, i);
	assert_int_equal(heard(), NEWS_SLOTS);
	assert_int_equal(last().n[0], NEWS_SLOTS + 5);
}

static void any_count_costs_at_most_one_ring(void **state)
{
	const uint64_t counts[] = { UINT64_MAX, UINT64_MAX - 3, 1, 0,
				    1ULL << 63, NEWS_SLOTS, 17 };
	struct board_news *news = &sup.boards.relay->news;

	for (int i = 0; i < NEWS_SLOTS; i++)
		tell(news, BOARD_EV_OUTPUT_TORN, 0, i);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		atomic_store(&news->count, counts[i]);
		assert_true(heard() <= NEWS_SLOTS);
		assert_int_equal(heard(), 0);
	}
}

static void nothing_is_said_behind_the_last_event(void **state)
{
	sup.stop.phase = STOP_HELPERS;
	tell(&sup.boards.relay->news, BOARD_EV_OUTPUT_TORN, 0, 1);
	assert_int_equal(heard(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(news_become_events_once_with_their_numbers),
		TEST(kinds_that_a_helper_may_not_send_are_dropped),
		TEST(services_that_do_not_exist_are_dropped),
		TEST(trouble_of_control_is_of_no_service),
		TEST(torn_output_may_be_of_several_services),
		TEST(overwritten_news_are_skipped_and_the_rest_heard),
		TEST(any_count_costs_at_most_one_ring),
		TEST(nothing_is_said_behind_the_last_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
