/* SPDX-License-Identifier: ISC */
/* init/service/hooks: who may run, when it is killed, and what becomes of what
 * it leaves, without a process. */
#include "tests/unit/supervisor_fixture.h"

#include "init/pid1/reload_apply.h"
#include "init/kernel/processes.h"
#include "init/service/hooks.h"
#include "init/pid1/helpers.h"

#define TWO "[service:a]\ncommand = x\n[service:b]\ncommand = x\n"

static pid_t next_pid;
static int clone_errno;
static bool has_room;
/* Dashpot has a child that it does not know. */
static bool has_strangers;
/* What a look through /proc finds, and what it was asked for. */
static struct processes looked;
static uint32_t found;
static unsigned looks, sets;
/* Every SIGKILL, in order. */
static pid_t kills[8];
static unsigned killings;

pid_t __wrap_clone_process(void);
pid_t __wrap_clone_process(void)
{
	errno = clone_errno;
	return clone_errno ? -1 : next_pid++;
}

bool __wrap_limits_have_room(const struct limits *l, int64_t written,
			     struct board_limit *binding);
bool __wrap_limits_have_room(const struct limits *l, int64_t written,
			     struct board_limit *binding)
{
	if (!has_room)
		*binding = (struct board_limit){
			.kind = BOARD_LIMIT_PIDS_CGROUP,
			.current = 24, .max = 25, .reserve = 3,
		};
	return has_room;
}

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	if (killings < 8)
		kills[killings++] = number == SIGKILL ? pid : 0;
	return 0;
}

bool __wrap_leftovers_has_strangers(const struct sup *s);
bool __wrap_leftovers_has_strangers(const struct sup *s)
{
	return has_strangers;
}

int __wrap_processes_look(int proc_fd, struct processes *set, uint32_t n,
		       struct processes_living living);
int __wrap_processes_look(int proc_fd, struct processes *set, uint32_t n,
		       struct processes_living living)
{
	looked = *set;
	for (uint32_t k = 0; k < n; k++)
		set[k].found = found;
	sets = n;
	looks++;
	return 16 * 10;
}

static const struct hook_task task = { .path = 1 };

static void begin(void)
{
	sup_with(TWO);
	sup.proc_fd = 3;
	next_pid = 0x7e000000;
	clone_errno = 0;
	has_room = true;
	has_strangers = false;
	sup.mark_base = 1 << 20;
	found = looks = killings = 0;
}

static int start(uint32_t i, enum hook_kind kind)
{
	return hook_start(&sup, i, kind, &task, 1000);
}

static void after_ms(int64_t ms)
{
	sup.now_ms += ms;
	hooks_fire(&sup);
}

/* The last event of this kind. */
static struct board_event last(uint32_t kind)
{
	struct board_event e = { 0 };
	uint64_t k = atomic_load(&sup.boards.board->events);

	while (k > 0 && (!board_event_read(sup.boards.board, k, &e) ||
			 e.kind != kind))
		k--;
	assert_true(k > 0);
	return e;
}

/* --- Who may run ------------------------------------------------------- */

static void one_of_a_kind_runs_at_a_time(void **state)
{
	begin();
	assert_int_equal(start(0, HOOK_STOP), 0);
	assert_int_equal(start(0, HOOK_STOP), -EBUSY);
	assert_int_equal(start(0, HOOK_BLOCKED), 0);
	assert_int_equal(start(0, HOOK_CHECK), 0);
	assert_int_equal(start(1, HOOK_STOP), 0);
	assert_true(hook_runs(&sup, 0, HOOK_STOP));
	assert_true(hooks_reaped(&sup, 0x7e000000, 0));
	assert_false(hook_runs(&sup, 0, HOOK_STOP));
	assert_true(hook_runs(&sup, 1, HOOK_STOP));
	assert_int_equal(start(0, HOOK_STOP), 0);
}

static void without_room_none_is_started_and_the_limit_is_said(void **state)
{
	struct board_event e;

	begin();
	has_room = false;
	assert_int_equal(start(0, HOOK_STOP), -EAGAIN);
	assert_int_equal(sup.hooks, 0);
	e = last(BOARD_EV_HOOK_REFUSED);
	assert_int_equal(e.n[0], HOOK_STOP);
	assert_int_equal(e.n[1], BOARD_LIMIT_PIDS_CGROUP);
	assert_int_equal(e.n[2], 24);
	assert_int_equal(e.n[3], 25);
	has_room = true;
	clone_errno = ENOMEM;
	assert_int_equal(start(0, HOOK_STOP), -ENOMEM);
	assert_int_equal(last(BOARD_EV_HOOK_REFUSED).n[1], BOARD_LIMIT_MEMORY);
}

static void checks_make_no_events(void **state)
{
	begin();
	assert_int_equal(start(0, HOOK_CHECK), 0);
	assert_int_equal(start(0, HOOK_CHECK), -EBUSY);
	after_ms(1000);
	hooks_reaped(&sup, 0x7e000000, SIGKILL);
	assert_int_equal(events_of(BOARD_EV_HOOK, 0), 0);
	assert_int_equal(events_of(BOARD_EV_HOOK_ENDED, 0), 0);
	assert_int_equal(events_of(BOARD_EV_HOOK_REFUSED, 0), 0);
}

/* --- Its end ----------------------------------------------------------- */

static void its_end_is_an_event_with_its_status(void **state)
{
	struct board_event e;

	begin();
	start(1, HOOK_BLOCKED);
	sup.now_ms += 70;
	assert_false(hooks_reaped(&sup, 1, 0));
	assert_true(hooks_reaped(&sup, 0x7e000000, 3 << 8));
	e = last(BOARD_EV_HOOK_ENDED);
	assert_int_equal(e.service, 1);
	assert_int_equal(e.n[0], BOARD_EXITED);
	assert_int_equal(e.n[1], 3);
	assert_int_equal(e.n[4], 70);
	assert_int_equal(e.n[5], 0);
	assert_int_equal(e.n[6], HOOK_BLOCKED);
	assert_int_equal(looks, 0);
	assert_int_equal(sup.hooks, 0);
	assert_int_equal(hooks_next_ms(&sup), NEVER);
}

static void start_that_failed_is_told_with_its_step(void **state)
{
	struct board_event e;

	begin();
	start(0, HOOK_STOP);
	sup.report[2 * CONFIG_SERVICES] = (struct spawn_report){
		.step = BOARD_STEP_EXEC, .err = ENOENT };
	assert_true(hooks_reaped(&sup, 0x7e000000, 127 << 8));
	e = last(BOARD_EV_HOOK_ENDED);
	assert_int_equal(e.n[0], BOARD_START_FAILED);
	assert_int_equal(e.n[2], BOARD_STEP_EXEC);
	assert_int_equal(e.n[3], ENOENT);
	assert_false(hook_was_refused(&sup, 0, HOOK_STOP));
	sup.report[2 * CONFIG_SERVICES].err = EAGAIN;
	assert_true(hook_was_refused(&sup, 0, HOOK_STOP));
}

static void group_and_leader_are_killed_at_the_timeout(void **state)
{
	struct board_event e;

	begin();
	start(0, HOOK_STOP);
	assert_int_equal(hooks_next_ms(&sup), sup.now_ms + 1000);
	after_ms(999);
	assert_int_equal(killings, 0);
	after_ms(1);
	assert_int_equal(killings, 2);
	assert_int_equal(kills[0], -0x7e000000);
	assert_int_equal(kills[1], 0x7e000000);
	e = last(BOARD_EV_HOOK_ENDED);
	assert_int_equal(e.n[4], 1000);
	assert_int_equal(e.n[5], 1);
	assert_false(hook_runs(&sup, 0, HOOK_STOP));
	/* Its reaping is no second end. */
	assert_true(hooks_reaped(&sup, 0x7e000000, SIGKILL));
	assert_int_equal(events_of(BOARD_EV_HOOK_ENDED, 0), 1);
}

static void one_that_survives_its_kill_keeps_its_place(void **state)
{
	begin();
	start(0, HOOK_STOP);
	after_ms(1000);
	after_ms(3600000);
	assert_int_equal(killings, 2);
	assert_int_equal(hooks_next_ms(&sup), NEVER);
	assert_int_equal(start(0, HOOK_STOP), -EBUSY);
	assert_true(hooks_hold(&sup, 0));
	assert_false(hooks_hold(&sup, 1));
	hooks_reaped(&sup, 0x7e000000, SIGKILL);
	assert_int_equal(start(0, HOOK_STOP), 0);
}

static void cancelled_one_is_killed_and_tells_nothing(void **state)
{
	begin();
	start(0, HOOK_STOP);
	start(1, HOOK_BLOCKED);
	hook_cancel(&sup, 0, HOOK_BLOCKED); /* there is none */
	assert_int_equal(killings, 0);
	hook_cancel(&sup, 0, HOOK_STOP);
	assert_int_equal(killings, 2);
	assert_int_equal(kills[1], 0x7e000000);
	hooks_cancel_all(&sup);
	assert_int_equal(killings, 4);
	assert_int_equal(kills[3], 0x7e000001);
	assert_false(hooks_run(&sup, HOOK_BLOCKED));
	hooks_reaped(&sup, 0x7e000000, SIGKILL);
	hooks_reaped(&sup, 0x7e000001, SIGKILL);
	assert_int_equal(events_of(BOARD_EV_HOOK_ENDED, 0), 0);
	assert_int_equal(events_of(BOARD_EV_HOOK_ENDED, 1), 0);
	assert_int_equal(sup.hooks, 0);
}

static void kill_of_its_own_is_no_kill_for_want_of_memory(void **state)
{
	begin();
	start(0, HOOK_STOP);
	start(1, HOOK_STOP);
	hook_cancel(&sup, 0, HOOK_STOP);
	hooks_reaped(&sup, 0x7e000000, SIGKILL);
	assert_int_equal(sup.killed, 0);
	hooks_reaped(&sup, 0x7e000001, SIGKILL);
	assert_int_equal(sup.killed, 1);
}

static void pause_of_the_container_costs_no_time(void **state)
{
	begin();
	start(0, HOOK_STOP);
	sup.now_ms += 5000;
	hooks_shift(&sup, 5000);
	after_ms(999);
	assert_int_equal(killings, 0);
	after_ms(1);
	assert_int_equal(killings, 2);
}

/* --- What it leaves ---------------------------------------------------- */

static void what_it_leaves_is_told_then_killed_and_counted(void **state)
{
	struct board_event e;

	begin();
	start(0, HOOK_STOP);
	has_strangers = true;
	found = 2;
	assert_true(hooks_reaped(&sup, 0x7e000000, 0));
	assert_int_equal(events_of(BOARD_EV_HOOK_ENDED, 0), 1);
	assert_int_equal(killings, 0); /* the number is nobody's now */
	assert_false(hook_runs(&sup, 0, HOOK_STOP));
	assert_int_equal(start(0, HOOK_STOP), -EBUSY);
	assert_true(hooks_hold(&sup, 0));
	assert_true(hooks_are_swept(&sup, 0));
	assert_false(hooks_are_swept(&sup, 1));
	after_ms(0);
	assert_int_equal(looks, 1);
	assert_int_equal(looked.id, 0x7e000000);
	assert_int_equal(looked.signal, SIGTERM);
	assert_int_equal(mark_id(1 << 20, looked.mark),
			 sup.service[0].mark + 1 + HOOK_STOP);
	assert_false(looked.is_group);
	e = last(BOARD_EV_HOOK_LEFT);
	assert_int_equal(e.n[0], HOOK_STOP);
	assert_int_equal(e.n[1], 2);
	/* A look that cost something is not followed by one at once. */
	after_ms(1);
	assert_int_equal(looks, 1);
	found = 1;
	after_ms(49);
	assert_int_equal(looks, 2);
	assert_int_equal(looked.signal, 0);
	assert_int_equal(sup.boards.board->service[0].leftovers_ended, 1);
	after_ms(449);
	assert_int_equal(looked.signal, 0);
	after_ms(10);
	assert_int_equal(looked.signal, SIGKILL);
	found = 0;
	after_ms(50);
	assert_int_equal(sup.hooks, 0);
	assert_int_equal(sup.boards.board->service[0].leftovers_ended, 2);
	assert_int_equal(events_of(BOARD_EV_HOOK_LEFT, 0), 1);
}

static void what_a_killed_one_leaves_is_killed_at_once(void **state)
{
	begin();
	start(0, HOOK_BLOCKED);
	after_ms(1000);
	has_strangers = true;
	found = 1;
	hooks_reaped(&sup, 0x7e000000, SIGKILL);
	after_ms(0);
	assert_int_equal(looked.signal, SIGKILL);
	assert_int_equal(mark_id(1 << 20, looked.mark),
			 sup.service[0].mark + 1 + HOOK_BLOCKED);
}

static void what_checks_leave_is_said_once_a_run(void **state)
{
	begin();
	has_strangers = true;
	for (int k = 0; k < 3; k++) {
		sup.now_ms += 1000;
		assert_int_equal(start(0, HOOK_CHECK), 0);
		found = 1;
		hooks_reaped(&sup, next_pid - 1, 0);
		after_ms(0);
		/* The next one waits for that, without a word. */
		assert_int_equal(start(0, HOOK_CHECK), -ESRCH);
		found = 0;
		after_ms(50);
		assert_int_equal(sup.hooks, 0);
	}
	assert_int_equal(events_of(BOARD_EV_HOOK_LEFT, 0), 1);
	assert_int_equal(sup.boards.board->service[0].leftovers_ended, 3);
	sup.service[0].starts++;
	sup.now_ms += 1000;
	assert_int_equal(start(0, HOOK_CHECK), 0);
	found = 1;
	hooks_reaped(&sup, next_pid - 1, 0);
	after_ms(0);
	assert_int_equal(events_of(BOARD_EV_HOOK_LEFT, 0), 2);
}

static void several_share_a_look(void **state)
{
	begin();
	has_strangers = true;
	start(0, HOOK_CHECK);
	start(1, HOOK_CHECK);
	start(1, HOOK_STOP);
	for (pid_t pid = 0x7e000000; pid < next_pid; pid++)
		hooks_reaped(&sup, pid, 0);
	after_ms(0);
	assert_int_equal(looks, 1);
	assert_int_equal(sets, 3);
	assert_int_equal(sup.hooks, 0);
}

static void looks_get_rare_where_sigkill_does_not_help(void **state)
{
	begin();
	start(0, HOOK_STOP);
	has_strangers = true;
	found = 1;
	hooks_reaped(&sup, 0x7e000000, 0);
	for (int k = 0; k <= 50; k++)
		after_ms(50);
	looks = 0;
	after_ms(50);
	after_ms(50);
	assert_int_equal(looks, 0);
	after_ms(900);
	assert_int_equal(looks, 1);
}

static void its_number_given_to_another_child_is_not_taken_for_it(void **state)
{
	begin();
	start(0, HOOK_STOP);
	has_strangers = true;
	found = 1;
	hooks_reaped(&sup, 0x7e000000, 0);
	assert_false(hooks_reaped(&sup, 0x7e000000, 0));
}

static void place_of_a_removed_service_is_held_by_its_hook(void **state)
{
	struct config *c;

	begin();
	c = malloc(loaded.c->size);
	memcpy(c, loaded.c, loaded.c->size);
	((struct config_service *)(uintptr_t)config_service(c, 1))
		->is_removed = true;
	sup.config = c;
	service_stop(&sup, 1, false);
	assert_true(service_is_gone(&sup, 1));
	start(1, HOOK_BLOCKED);
	assert_false(service_is_gone(&sup, 1));
	hooks_reaped(&sup, 0x7e000000, 0);
	assert_true(service_is_gone(&sup, 1));
	free(c);
}

static void room_is_counted_for_one_at_a_time(void **state)
{
	int64_t without;

	begin();
	without = helpers_own_tasks(sup.config);
	sup_end(state);
	sup_with(TWO "stop_command = x\non_blocked = x\n");
	assert_int_equal(helpers_own_tasks(sup.config), without + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_of_a_kind_runs_at_a_time),
		TEST(without_room_none_is_started_and_the_limit_is_said),
		TEST(checks_make_no_events),
		TEST(its_end_is_an_event_with_its_status),
		TEST(start_that_failed_is_told_with_its_step),
		TEST(group_and_leader_are_killed_at_the_timeout),
		TEST(one_that_survives_its_kill_keeps_its_place),
		TEST(cancelled_one_is_killed_and_tells_nothing),
		TEST(kill_of_its_own_is_no_kill_for_want_of_memory),
		TEST(pause_of_the_container_costs_no_time),
		TEST(what_it_leaves_is_told_then_killed_and_counted),
		TEST(what_a_killed_one_leaves_is_killed_at_once),
		TEST(what_checks_leave_is_said_once_a_run),
		TEST(several_share_a_look),
		TEST(looks_get_rare_where_sigkill_does_not_help),
		TEST(its_number_given_to_another_child_is_not_taken_for_it),
		TEST(place_of_a_removed_service_is_held_by_its_hook),
		TEST(room_is_counted_for_one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
