/* SPDX-License-Identifier: ISC */
/* init/pid1/courier and tell: a signal that PID 1 may not send itself, with and
 * without a child that can, and what the row says of it. */
#include "tests/unit/sup_fixture.h"

#include <unistd.h>

#include "init/capability.h"
#include "init/pid1/courier.h"
#include "init/pid1/keeper.h"
#include "init/pid1/publish.h"
#include "init/pid1/tell.h"

#define ONE "[service:a]\ncommand = x\nstop_timeout = 3s\n"

static uint64_t rights; /* of dashpot */

int __wrap_capability_get(struct capability_sets *sets);
int __wrap_capability_get(struct capability_sets *sets)
{
	*sets = (struct capability_sets){ .effective = rights };
	return 0;
}

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

void __wrap_keeper_wake(struct sup *s, enum board_helper_kind kind);
void __wrap_keeper_wake(struct sup *s, enum board_helper_kind kind)
{
}

/* One service runs, and dashpot may not signal it. Its pid has to be one that
 * has a uid in /proc. */
static void begin(uint64_t own_rights)
{
	sup_with(ONE);
	rights = own_rights;
	run(0);
	sup.service[0].pid = sup.leader[0] = killed.forbidden = getpid();
}

static void after_ms(int64_t ms)
{
	sup.now_ms += ms;
	services_fire(&sup);
}

static const struct board_service *row(void)
{
	publish(&sup);
	return sup.boards.board->service;
}

static void row_says_it_until_the_process_is_gone(void **state)
{
	begin(0);
	service_stop(&sup, 0, false);
	assert_int_equal(row()->unsent, EPERM);
	assert_int_equal(row()->next_ms, -1); /* no kill comes either */
	after_ms(SUP_RETRY_MS);
	after_ms(3000);
	assert_int_equal(row()->unsent, EPERM);
	assert_int_equal(events_of(BOARD_EV_UNSIGNALLED, 0), 1);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 0);
	assert_int_equal(events_of(BOARD_EV_KILLED, 0), 0);
	ended(0, 0);
	assert_int_equal(sup.service[0].state, LIFE_STOPPED);
	assert_int_equal(row()->unsent, 0);
}

static void row_says_it_until_the_signal_can_be_sent(void **state)
{
	begin(0);
	service_stop(&sup, 0, false);
	assert_int_equal(row()->unsent, EPERM);
	killed.forbidden = 0;
	after_ms(SUP_RETRY_MS);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(row()->unsent, 0);
	assert_int_equal(row()->next_ms, sup.now_ms + 3000 - SUP_RETRY_MS);
	assert_int_equal(events_of(BOARD_EV_STOPPING, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_says_it_until_the_process_is_gone),
		TEST(row_says_it_until_the_signal_can_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
