/* SPDX-License-Identifier: ISC */
/* init/service/start_queue: how many services one turn starts, and in which
 * order those that are refused try again. */
#include "tests/unit/supervisor_fixture.h"

#include "init/service/notify.h"
#include "init/service/start_queue.h"
#include "init/kernel/spawn.h"

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return 0;
}

/* No process is made, so none has a verdict. */
static pid_t last_pid;

pid_t __wrap_spawn_service(const struct spawn_plan *plan, int *verdict_fd);
pid_t __wrap_spawn_service(const struct spawn_plan *plan, int *verdict_fd)
{
	return ++last_pid;
}

static int refusal;        /* of every readiness descriptor; 0: none */
static uint32_t asked_for; /* services that asked for it, one bit each */

int __wrap_notify_prepare(struct sup *s, uint32_t i);
int __wrap_notify_prepare(struct sup *s, uint32_t i)
{
	asked_for |= 1U << i % 32;
	return refusal;
}

static uint32_t started_by_turn(void)
{
	pid_t before = last_pid;

	queue_run(&sup);
	return (uint32_t)(last_pid - before);
}

static void no_turn_starts_more_than_64_and_the_next_goes_on(void **state)
{
	last_pid = 1000;
	sup_with("[service:many]\ncommand = x\ninstances = 200\n");
	assert_int_equal(started_by_turn(), 64);
	assert_true(sup.is_queue_due); /* no sleep before the next turn */
	assert_int_equal(started_by_turn(), 64);
	assert_int_equal(started_by_turn(), 64);
	assert_int_equal(started_by_turn(), 8);
	assert_false(sup.is_queue_due);
	assert_int_equal(started_by_turn(), 0);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(sup.service[i].state, LIFE_STARTING);
}

/* Which services a turn tries to start, all of them being refused. */
static uint32_t tried_by_turn(void)
{
	asked_for = 0;
	queue_run(&sup);
	return asked_for;
}

static void those_without_a_readiness_descriptor_try_in_turn(void **state)
{
	refusal = -EMFILE;
	sup_with("[service:a]\ncommand = x\n[service:b]\ncommand = x\n"
		 "[service:c]\ncommand = x\n");
	assert_int_equal(tried_by_turn(), 7);
	for (uint32_t turn = 0; turn < 6; turn++) {
		sup.now_ms += SUP_RETRY_MS;
		assert_int_equal(tried_by_turn(), 1U << turn % 3);
	}
	refusal = 0;
	assert_int_equal(sup.service[0].started_ms, -1); /* it had no process */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			no_turn_starts_more_than_64_and_the_next_goes_on,
			sup_end),
		TEST(those_without_a_readiness_descriptor_try_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
