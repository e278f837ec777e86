/* SPDX-License-Identifier: ISC */
/* What PID 1 makes of the recorder's news that a service has more zombies than
 * it may have. */
#include "tests/unit/supervisor_fixture.h"

#include "init/pid1/helper_news.h"

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

static struct board_lines *relay, *files;
static struct board_news control;

/* `web`, which may have 5, and `db`, which may have any number, run. */
static void begin(void)
{
	sup_with("[service:web]\ncommand = sleep 1\nzombie_limit = 5\n"
		 "max_failures = 1 in 1m\n"
		 "[service:db]\ncommand = sleep 1\n");
	relay = calloc(1, sizeof(*relay));
	files = calloc(1, sizeof(*files));
	assert_true(relay && files);
	sup.boards.relay = relay;
	sup.boards.files = files;
	sup.boards.control = &control;
	run(0);
	run(1);
}

/* The recorder says that service i, whose leader is `leader`, has so many. */
static void hear(uint32_t i, int64_t zombies, pid_t leader)
{
	const struct news_item item = {
		.kind = BOARD_EV_ZOMBIE_LIMIT,
		.service = (int32_t)i,
		.n = { zombies, 4711, leader },
	};

	news_add(&sup.boards.restore->news, &item);
	helper_news_read(&sup);
	free(relay);
	free(files);
}

static const struct board_end *last_end(uint32_t i)
{
	const struct board_service *row = &sup.boards.board->service[i];

	return &row->ends[(row->ends_count - 1) % BOARD_ENDS];
}

static void more_than_the_limit_is_a_failure_with_its_own_cause(void **state)
{
	begin();
	hear(0, 6, pid_of(0));
	assert_int_equal(sup.service[0].state, LIFE_STOPPING);
	assert_int_equal(killed.pid, pid_of(0));
	assert_int_equal(events_of(BOARD_EV_ZOMBIE_LIMIT, 0), 1);
	ended(0, SIGTERM);
	assert_int_equal(last_end(0)->cause, BOARD_ZOMBIES);
	assert_true(last_end(0)->was_failure);
	assert_int_equal(sup.service[0].state, LIFE_BLOCKED);
}

static void as_many_as_the_limit_are_none(void **state)
{
	begin();
	hear(0, 5, pid_of(0));
	assert_int_equal(sup.service[0].state, LIFE_RUNNING);
	assert_int_equal(events_of(BOARD_EV_ZOMBIE_LIMIT, 0), 0);
}

static void news_of_an_earlier_process_are_none(void **state)
{
	begin();
	hear(0, 6, pid_of(0) + 100);
	assert_int_equal(sup.service[0].state, LIFE_RUNNING);
	assert_int_equal(events_of(BOARD_EV_ZOMBIE_LIMIT, 0), 0);
}

static void a_service_without_a_limit_is_left_alone(void **state)
{
	begin();
	hear(1, 1000, pid_of(1));
	assert_int_equal(sup.service[1].state, LIFE_RUNNING);
	assert_int_equal(killed.count, 0);
}

static void one_that_is_stopping_already_is_left_alone(void **state)
{
	begin();
	service_stop(&sup, 0, false);
	hear(0, 6, pid_of(0));
	assert_int_equal(events_of(BOARD_EV_ZOMBIE_LIMIT, 0), 0);
	ended(0, SIGTERM);
	assert_int_equal(last_end(0)->cause, BOARD_ASKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(more_than_the_limit_is_a_failure_with_its_own_cause),
		TEST(as_many_as_the_limit_are_none),
		TEST(news_of_an_earlier_process_are_none),
		TEST(a_service_without_a_limit_is_left_alone),
		TEST(one_that_is_stopping_already_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
