/* SPDX-License-Identifier: ISC */
/* init/pid1/control_commands: what a command does in each state, that it is
 * done once, and that a hostile record does nothing. */
#include "tests/unit/supervisor_fixture.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "init/kernel/capability.h"
#include "init/pid1/control_commands.h"
#include "init/pid1/registry_restore.h"

#define ONE "[service:a]\ncommand = x\n"
#define TWO ONE "[service:b]\ncommand = x\nrequires = a\n"
#define LATCHING ONE "max_failures = 1 in 1m\nmax_trips = 1\n"
#define BLOCKING ONE "max_failures = 1 in 1m\ncooldown = 1m..5m\n"

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

/* No way round CAP_KILL. */
int __wrap_capability_get(struct capability_sets *sets);
int __wrap_capability_get(struct capability_sets *sets)
{
	return -EPERM;
}

static uint64_t last_id;

static struct command command_for(enum command_kind kind, uint32_t i)
{
	struct command c = { .id = ++last_id, .kind = kind,
			     .signal = SIGUSR1, .config = sup.reloads };

	command_add(&c.services, i);
	return c;
}

static struct command_answer take(const struct command *c)
{
	struct command_answer answer;

	control_commands_take(&sup, c, &answer);
	assert_int_equal(answer.id, c->id);
	return answer;
}

/* Do it to service i; true when it was not refused. */
static bool ask(enum command_kind kind, uint32_t i)
{
	struct command c = command_for(kind, i);
	struct command_answer answer = take(&c);

	assert_int_equal(answer.error, 0);
	return !command_has(&answer.refused, i);
}

static enum life_state state_of(uint32_t i)
{
	return sup.service[i].state;
}

static unsigned said(uint32_t i)
{
	return events_of(BOARD_EV_COMMAND, (int)i);
}

/* --- Start and stop ---------------------------------------------------- */

static void stopped_service_starts(void **state)
{
	sup_with(ONE "autostart = no\n");
	assert_int_equal(state_of(0), LIFE_STOPPED);
	assert_true(ask(COMMAND_START, 0));
	assert_int_equal(state_of(0), LIFE_WAITING);
	assert_int_equal(said(0), 1);
}

static void start_of_what_runs_or_waits_does_and_says_nothing(void **state)
{
	sup_with(ONE);
	assert_true(ask(COMMAND_START, 0));
	assert_int_equal(state_of(0), LIFE_WAITING);
	run(0);
	assert_true(ask(COMMAND_START, 0));
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_int_equal(said(0), 0);
	assert_int_equal(killed.count, 0);
}

static void start_of_a_blocked_one_is_its_probe_now(void **state)
{
	sup_with(BLOCKING);
	block(0);
	assert_true(ask(COMMAND_START, 0));
	spawned(0);
	assert_int_equal(state_of(0), LIFE_PROBING);
}

static void start_of_one_that_was_stopped_while_blocked_is_a_probe(void **state)
{
	sup_with(BLOCKING);
	block(0);
	assert_true(ask(COMMAND_STOP, 0));
	assert_int_equal(state_of(0), LIFE_STOPPED);
	assert_true(ask(COMMAND_START, 0));
	spawned(0);
	assert_int_equal(state_of(0), LIFE_PROBING);
	assert_int_equal(sup.breaker[0].state, BREAKER_HALF_OPEN);
}

static void latched_one_needs_a_reset(void **state)
{
	sup_with(LATCHING);
	run(0);
	ended(0, 1 << 8);
	assert_int_equal(state_of(0), LIFE_FAILED);
	assert_false(ask(COMMAND_START, 0));
	assert_false(ask(COMMAND_RESTART, 0));
	assert_int_equal(state_of(0), LIFE_FAILED);
	assert_int_equal(said(0), 0);
	assert_true(ask(COMMAND_RESET, 0));
	assert_int_equal(state_of(0), LIFE_WAITING);
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
	spawned(0);
	assert_int_equal(state_of(0), LIFE_STARTING);
}

static void running_one_is_told_to_stop_and_stays_stopped(void **state)
{
	sup_with(ONE);
	run(0);
	assert_true(ask(COMMAND_STOP, 0));
	assert_int_equal(state_of(0), LIFE_STOPPING);
	assert_int_equal(killed.pid, pid_of(0));
	assert_int_equal(killed.number, SIGTERM);
	assert_true(ask(COMMAND_STOP, 0));
	assert_int_equal(killed.count, 1);
	assert_int_equal(said(0), 1);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_STOPPED);
	follow_tree();
	assert_int_equal(sup.stop.phase, STOP_NOT);
	assert_int_equal(sup.breaker[0].filled, 0);
}

static void without_a_person_nothing_keeps_dashpot_running(void **state)
{
	sup_with(ONE "autostart = no\nrestart = never\n");
	follow_tree();
	/* Nothing has run yet: a person is waited for. */
	assert_int_equal(sup.stop.phase, STOP_NOT);
	assert_true(ask(COMMAND_START, 0));
	run(0);
	ended(0, 0);
	follow_tree();
	assert_int_equal(sup.stop.phase, STOP_SERVICES);
}

static void stop_reaches_what_waits_for_a_start(void **state)
{
	sup_with(ONE);
	assert_true(ask(COMMAND_STOP, 0));
	assert_int_equal(state_of(0), LIFE_STOPPED);
	assert_int_equal(sup.waiting, 0);
	follow_tree();
	assert_int_equal(sup.stop.phase, STOP_NOT);
}

static void stop_of_what_has_ended_leaves_it_and_lets_dashpot_exit(void **state)
{
	sup_with(ONE "restart = never\n");
	run(0);
	ended(0, 1 << 8);
	assert_int_equal(state_of(0), LIFE_FAILED);
	assert_true(ask(COMMAND_STOP, 0));
	assert_int_equal(state_of(0), LIFE_FAILED);
	assert_int_equal(said(0), 0);
	follow_tree();
	assert_int_equal(sup.stop.phase, STOP_SERVICES);
}

static void start_of_a_stopping_one_starts_it_after_its_stop(void **state)
{
	sup_with(ONE);
	run(0);
	ask(COMMAND_STOP, 0);
	assert_true(ask(COMMAND_START, 0));
	assert_int_equal(state_of(0), LIFE_STOPPING);
	assert_false(sup.service[0].is_stop_asked);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_WAITING);
}

static void stop_of_a_starting_again_one_is_the_last_word(void **state)
{
	sup_with(ONE);
	run(0);
	ask(COMMAND_RESTART, 0);
	assert_true(ask(COMMAND_STOP, 0));
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_STOPPED);
}

static void dependents_of_a_stopped_one_stop_and_wait_for_a_person(void **state)
{
	sup_with(TWO);
	run(0);
	run(1);
	assert_true(ask(COMMAND_STOP, 0));
	follow_tree();
	assert_int_equal(state_of(1), LIFE_STOPPING);
	ended(0, SIGTERM);
	ended(1, SIGTERM);
	follow_tree();
	assert_int_equal(state_of(0), LIFE_STOPPED);
	assert_int_equal(state_of(1), LIFE_WAITING);
	assert_int_equal(sup.stop.phase, STOP_NOT);
	assert_true(ask(COMMAND_START, 0));
	run(0);
	follow_tree();
	assert_int_equal(state_of(1), LIFE_WAITING);
	assert_false(sup.service[1].is_stop_asked);
}

static void dependency_that_is_ready_starts_no_stopped_dependent(void **state)
{
	sup_with(TWO);
	run(0);
	run(1);
	ask(COMMAND_STOP, 1);
	ask(COMMAND_RESTART, 0);
	follow_tree();
	ended(0, SIGTERM);
	ended(1, SIGTERM);
	run(0);
	sup.now_ms += 60000;
	follow_tree();
	assert_int_equal(state_of(1), LIFE_STOPPED);
}

static void stopped_one_holds_up_the_end_of_blocked_ones(void **state)
{
	sup_with(BLOCKING "[service:b]\ncommand = x\n");
	block(0);
	ask(COMMAND_STOP, 1);
	follow_tree();
	assert_int_equal(sup.blocked_since_ms, NEVER);
}

/* --- Restart, reset, signal -------------------------------------------- */

static void restart_stops_and_starts(void **state)
{
	sup_with(ONE);
	run(0);
	assert_true(ask(COMMAND_RESTART, 0));
	assert_int_equal(state_of(0), LIFE_STOPPING);
	ended(0, SIGTERM);
	assert_int_equal(state_of(0), LIFE_WAITING);
	assert_int_equal(said(0), 1);
}

static void restart_waits_for_no_delay_and_starts_what_is_done(void **state)
{
	sup_with(ONE "[service:b]\ncommand = x\ntype = oneshot\n");
	run(0);
	ended(0, 1 << 8);
	assert_int_equal(state_of(0), LIFE_BACKOFF);
	assert_true(ask(COMMAND_RESTART, 0));
	assert_int_equal(state_of(0), LIFE_WAITING);
	run(1);
	ended(1, 0);
	assert_int_equal(state_of(1), LIFE_DONE);
	assert_true(ask(COMMAND_RESTART, 1));
	assert_int_equal(state_of(1), LIFE_WAITING);
}

static void reset_starts_what_failures_hold_back(void **state)
{
	sup_with(BLOCKING);
	block(0);
	assert_true(ask(COMMAND_RESET, 0));
	spawned(0);
	assert_int_equal(state_of(0), LIFE_STARTING);
	assert_int_equal(sup.service[0].failures, 0);
}

static void reset_of_a_stopped_one_does_not_start_it(void **state)
{
	sup_with(BLOCKING);
	block(0);
	ask(COMMAND_STOP, 0);
	assert_true(ask(COMMAND_RESET, 0));
	assert_int_equal(state_of(0), LIFE_STOPPED);
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
}

static void reset_of_what_never_failed_says_nothing(void **state)
{
	sup_with(ONE);
	run(0);
	assert_true(ask(COMMAND_RESET, 0));
	assert_int_equal(said(0), 0);
}

static void signal_reaches_the_leader_alone(void **state)
{
	sup_with(ONE);
	run(0);
	assert_true(ask(COMMAND_SIGNAL, 0));
	assert_int_equal(killed.pid, pid_of(0));
	assert_int_equal(killed.number, SIGUSR1);
	assert_int_equal(said(0), 1);
}

static void signal_without_a_process_is_refused(void **state)
{
	int ends[2];

	sup_with(ONE);
	assert_false(ask(COMMAND_SIGNAL, 0));
	spawned(0);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	sup.service[0].verdict_fd = ends[0]; /* it does not execute yet */
	assert_false(ask(COMMAND_SIGNAL, 0));
	close(ends[1]);
	assert_true(ask(COMMAND_SIGNAL, 0)); /* now it does */
	killed.forbidden = pid_of(0);
	assert_false(ask(COMMAND_SIGNAL, 0));
	assert_int_equal(said(0), 1);
}

/* The signal that a person sent explains an end by it, and no other one. */
static void an_end_by_what_a_person_sent_is_no_failure(void **state)
{
	const struct board_end *end;

	sup_with(ONE "restart_delay = 1s..1s\nmax_failures = 1 in 1m\n");
	end = sup.boards.board->service[0].ends;
	run(0);
	assert_true(ask(COMMAND_SIGNAL, 0));
	sup.now_ms += 3000;
	ended(0, SIGUSR1);
	assert_int_equal(end[0].cause, BOARD_SENT);
	assert_int_equal(end[0].code, SIGUSR1);
	assert_false(end[0].was_failure);
	assert_int_equal(state_of(0), LIFE_BACKOFF);
	assert_int_equal(sup.service[0].failures, 0);
	service_take(&sup, 0, LIFE_DUE);
	run(0);
	assert_true(ask(COMMAND_SIGNAL, 0));
	ended(0, (128 + SIGUSR1) << 8);
	assert_int_equal(end[1].cause, BOARD_SENT);
	sup.now_ms += 1000;
	service_take(&sup, 0, LIFE_DUE);
	run(0); /* what the run before was sent is not this one's */
	ended(0, SIGUSR1);
	assert_int_equal(end[2].cause, BOARD_SIGNALLED);
	assert_int_equal(state_of(0), LIFE_BLOCKED);
}

static void an_end_by_another_signal_or_much_later_is_a_failure(void **state)
{
	const struct board_end *end;

	sup_with(ONE "restart_delay = 1s..1s\n");
	end = sup.boards.board->service[0].ends;
	run(0);
	assert_true(ask(COMMAND_SIGNAL, 0));
	ended(0, SIGSEGV);
	assert_int_equal(end[0].cause, BOARD_SIGNALLED);
	assert_true(end[0].was_failure);
	service_take(&sup, 0, LIFE_DUE);
	run(0);
	assert_true(ask(COMMAND_SIGNAL, 0));
	sup.now_ms += 10001;
	ended(0, SIGUSR1);
	assert_int_equal(end[1].cause, BOARD_SIGNALLED);
	assert_true(end[1].was_failure);
}

static void never_restarted_it_fails_with_the_code_of_the_signal(void **state)
{
	sup_with(ONE "restart = never\n[service:b]\ncommand = b\n");
	run(0);
	assert_true(ask(COMMAND_SIGNAL, 0));
	ended(0, SIGUSR1);
	assert_int_equal(state_of(0), LIFE_FAILED);
	assert_int_equal(sup.service[0].exit_code, 128 + SIGUSR1);
}

/* --- While the registry is read ---------------------------------------- */

static void reload_sends_the_signal_of_who_is_ready(void **state)
{
	sup_with(ONE "reload_signal = USR2\nstop_timeout = 1h\n");
	assert_false(ask(COMMAND_RELOAD_SERVICE, 0));
	spawned(0);
	assert_false(ask(COMMAND_RELOAD_SERVICE, 0));
	assert_int_equal(killed.count, 0);
	sup.service[0].ready_ms = sup.now_ms;
	service_take(&sup, 0, LIFE_READY);
	assert_true(ask(COMMAND_RELOAD_SERVICE, 0));
	assert_int_equal(killed.pid, pid_of(0));
	assert_int_equal(killed.number, SIGUSR2);
	assert_int_equal(said(0), 1);
	assert_true(ask(COMMAND_STOP, 0));
	killed.number = 0;
	assert_false(ask(COMMAND_RELOAD_SERVICE, 0));
	assert_int_equal(killed.number, 0);
}

static void remember_open(uint32_t i)
{
	struct board_restore *r = sup.boards.restore;

	r->service[i] = (struct board_restored){
		.is_known = true, .breaker = BREAKER_OPEN, .trips = 3,
		.wait_ms = 50000,
		.fingerprint = config_service(sup.config, i)->fingerprint,
	};
	r->container_starts = 9;
	atomic_store(&sup.boards.exe->service[i].is_known, 1);
	atomic_store(&r->is_done, 1);
	sup.restore_ms = sup.now_ms + 500;
}

static void remembered_breaker_blocks_who_nobody_asked_for(void **state)
{
	sup_with(BLOCKING);
	remember_open(0);
	restore_run(&sup);
	assert_int_equal(state_of(0), LIFE_BLOCKED);
}

/* A container that is restarted over and over must not forget it. */
static void remembered_row_of_a_closed_breaker_goes_on(void **state)
{
	sup_with(BLOCKING);
	remember_open(0);
	sup.boards.restore->service[0].breaker = BREAKER_CLOSED;
	sup.boards.restore->service[0].in_row = 6;
	restore_run(&sup);
	assert_int_equal(sup.breaker[0].in_row, 6);
	assert_int_equal(state_of(0), LIFE_WAITING);
	assert_false(sup.service[0].is_remembered);
	assert_int_equal(said(0), 0);
	/* With other settings it is another service. */
	sup.breaker[0].in_row = 0;
	sup.boards.restore->service[0].fingerprint++;
	sup.restore_ms = sup.now_ms;
	restore_run(&sup);
	assert_int_equal(sup.breaker[0].in_row, 0);
}

static void failed_start_of_a_person_leaves_cooldown_and_trips(void **state)
{
	sup_with(ONE "max_failures = 1 in 1m\ncooldown = 10s..5m\n");
	block(0);
	for (int k = 0; k < 3; k++) {
		sup.now_ms += 1000;
		assert_true(ask(k % 2 ? COMMAND_START : COMMAND_RESTART, 0));
		run(0);
		ended(0, 0x100);
		assert_int_equal(state_of(0), LIFE_BLOCKED);
		assert_int_equal(sup.breaker[0].trips, 1);
		assert_int_equal(sup.breaker[0].until_ms, sup.now_ms + 10000);
		assert_true(sup.service[0].was_asked);
	}
	/* Its own probe doubles as ever. */
	sup.now_ms = sup.breaker[0].until_ms;
	service_take(&sup, 0, LIFE_DUE);
	run(0);
	ended(0, 0x100);
	assert_int_equal(sup.breaker[0].trips, 2);
	assert_int_equal(sup.breaker[0].until_ms, sup.now_ms + 20000);
	assert_false(sup.service[0].was_asked);
}

static void start_is_not_overruled_by_the_registry(void **state)
{
	sup_with(BLOCKING "autostart = no\n");
	remember_open(0);
	assert_true(ask(COMMAND_START, 0));
	restore_run(&sup);
	spawned(0);
	assert_int_equal(state_of(0), LIFE_PROBING);
}

static void reset_is_not_overruled_by_the_registry(void **state)
{
	sup_with(BLOCKING);
	remember_open(0);
	assert_true(ask(COMMAND_RESET, 0));
	restore_run(&sup);
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
	assert_int_equal(state_of(0), LIFE_WAITING);
}

/* --- Once each --------------------------------------------------------- */

static void repeated_command_is_answered_from_memory(void **state)
{
	struct command c;
	struct command_answer first, again;

	sup_with(ONE "[service:b]\ncommand = x\n");
	run(0);
	c = command_for(COMMAND_SIGNAL, 0);
	command_add(&c.services, 1);
	first = take(&c);
	run(1);
	again = take(&c);
	assert_int_equal(killed.count, 1);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_true(command_has(&again.refused, 1));
}

static void answers_of_the_last_256_are_remembered(void **state)
{
	uint64_t first_id = last_id + 1;
	struct command c;

	sup_with(ONE);
	run(0);
	for (int k = 0; k < SUP_ANSWERS; k++)
		assert_true(ask(COMMAND_SIGNAL, 0));
	c = command_for(COMMAND_SIGNAL, 0);
	c.id = first_id;
	take(&c);
	assert_int_equal(killed.count, SUP_ANSWERS);
	assert_true(ask(COMMAND_SIGNAL, 0));
	take(&c); /* the oldest one is forgotten */
	assert_int_equal(killed.count, SUP_ANSWERS + 2);
}

static void what_was_not_done_may_be_asked_again(void **state)
{
	struct command c;

	sup_with(ONE);
	run(0);
	c = command_for(COMMAND_SIGNAL, 0);
	c.config++;
	assert_int_equal(take(&c).error, COMMAND_STALE);
	c.config--;
	assert_int_equal(take(&c).error, 0);
	assert_int_equal(killed.count, 1);
}

/* --- Hostile records --------------------------------------------------- */

/* It is answered with this error, and nothing happens. */
static void refuses(struct command c, uint32_t error)
{
	const uint64_t before = atomic_load(&sup.boards.board->events);
	const struct service was = sup.service[0];

	assert_int_equal(take(&c).error, error);
	assert_int_equal(atomic_load(&sup.boards.board->events), before);
	assert_memory_equal(&was, &sup.service[0], sizeof(was));
	assert_int_equal(killed.count, 0);
}

static void hostile_commands_do_nothing(void **state)
{
	struct command c;

	sup_with(ONE);
	run(0);
	c = command_for(COMMAND_STOP, 0);
	c.id = 0;
	refuses(c, COMMAND_WRONG);
	for (uint32_t kind = COMMAND_KINDS; kind < COMMAND_KINDS + 3; kind++)
		refuses(command_for((enum command_kind)kind, 0),
			COMMAND_WRONG);
	refuses(command_for((enum command_kind)UINT32_MAX, 0), COMMAND_WRONG);
	for (int k = 0; k < 4; k++) {
		static const int number[] = { 0, 65, -1, INT32_MIN };

		c = command_for(COMMAND_SIGNAL, 0);
		c.signal = number[k];
		refuses(c, COMMAND_WRONG);
	}
	c = command_for(COMMAND_STOP, 0);
	memset(&c.services, 0, sizeof(c.services));
	refuses(c, COMMAND_WRONG);
	command_add(&c.services, 1);
	refuses(c, COMMAND_WRONG);
	memset(&c.services, 0xff, sizeof(c.services));
	refuses(c, COMMAND_WRONG);
	c.config = UINT64_MAX;
	refuses(c, COMMAND_STALE);
}

static void sweep_of_one_that_runs_is_refused(void **state)
{
	sup_with(ONE);
	run(0);
	assert_false(ask(COMMAND_SWEEP, 0));
	assert_int_equal(state_of(0), LIFE_RUNNING);
	assert_int_equal(killed.count, 0);
	assert_int_equal(said(0), 0);
}

static void sweep_looks_for_what_one_left_though_it_is_to_be_kept(void **state)
{
	sup_with(ONE "leftovers = keep\nrestart = never\n");
	run(0);
	ended(0, 1 << 8);
	assert_false(sup.service[0].is_swept);
	/* Nothing can be read: what is there is not known yet. */
	sup.proc_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(sup.proc_fd >= 0);
	assert_true(ask(COMMAND_SWEEP, 0));
	assert_true(sup.service[0].is_swept);
	assert_true(sup.service[0].sweep_ms > sup.now_ms);
	close(sup.proc_fd);
}

static void sweep_of_no_service_may_be_for_the_orphans(void **state)
{
	struct command c;

	sup_with(ONE);
	c = command_for(COMMAND_SWEEP, 0);
	memset(&c.services, 0, sizeof(c.services));
	c.signal = 0;
	assert_int_equal(take(&c).error, 0);
	assert_true(sup.adrift.all_ms <= sup.now_ms);
	c.id = ++last_id;
	c.signal = 1;
	assert_int_equal(take(&c).error, 0);
	assert_true(sup.adrift.all_ms > sup.now_ms);
	assert_int_equal(said(0), 0);
}

static void nothing_is_done_once_everything_stops(void **state)
{
	sup_with(ONE);
	run(0);
	sup.stop.phase = STOP_SERVICES;
	refuses(command_for(COMMAND_STOP, 0), COMMAND_STOPPING);
	refuses(command_for(COMMAND_RELOAD, 0), COMMAND_STOPPING);
}

static void removed_service_takes_no_command(void **state)
{
	struct config *c;

	sup_with(ONE "[service:b]\ncommand = x\n");
	c = malloc(loaded.c->size);
	memcpy(c, loaded.c, loaded.c->size);
	((struct config_service *)(uintptr_t)config_service(c, 0))
		->is_removed = true;
	sup.config = c;
	refuses(command_for(COMMAND_START, 0), COMMAND_WRONG);
	free(c);
}

/* --- The socket -------------------------------------------------------- */

static void records_of_another_size_get_no_answer(void **state)
{
	struct { struct command c; char more; } long_one = { .more = 1 };
	struct command_answer answer;
	int ends[2];

	sup_with(ONE);
	run(0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				    ends), 0);
	sup.command_fd = ends[0];
	long_one.c = command_for(COMMAND_STOP, 0);
	assert_true(send(ends[1], &long_one, sizeof(long_one), 0) > 0);
	assert_true(send(ends[1], &long_one, sizeof(struct command) - 1, 0) >
		    0);
	assert_true(send(ends[1], &long_one, 0, 0) == 0);
	control_commands_run(&sup);
	assert_int_equal(killed.count, 0);
	assert_true(recv(ends[1], &answer, sizeof(answer), 0) < 0);
	assert_true(send(ends[1], &long_one, sizeof(struct command), 0) > 0);
	control_commands_run(&sup);
	assert_int_equal(killed.count, 1);
	assert_int_equal(recv(ends[1], &answer, sizeof(answer), 0),
			 sizeof(answer));
	assert_int_equal(answer.id, long_one.c.id);
	close(ends[0]);
	close(ends[1]);
}

/* The helper asks and asks and never reads an answer. */
static void helper_that_reads_nothing_blocks_nobody(void **state)
{
	struct command c;
	int ends[2], asked = 0;

	sup_with(ONE);
	run(0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				    ends), 0);
	sup.command_fd = ends[0];
	for (int k = 0; k < 3000; k++) {
		c = command_for(COMMAND_SIGNAL, 0);
		asked += send(ends[1], &c, sizeof(c), 0) > 0;
		control_commands_run(&sup);
	}
	assert_int_equal(killed.count, asked);
	assert_true(asked > 1000);
	close(ends[0]);
	close(ends[1]);
}

static void command_that_changes_nothing_makes_a_newer_board(void **state)
{
	struct command c;

	sup_with(ONE);
	run(0);
	sup.is_head_changed = false;
	assert_true(ask(COMMAND_START, 0));
	assert_true(sup.is_head_changed);
	sup.is_head_changed = false;
	assert_false(ask(COMMAND_SWEEP, 0));
	assert_true(sup.is_head_changed);
	/* An error is the whole answer. */
	c = command_for(COMMAND_START, 1);
	sup.is_head_changed = false;
	assert_int_equal(take(&c).error, COMMAND_WRONG);
	assert_false(sup.is_head_changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reload_sends_the_signal_of_who_is_ready),
		TEST(stopped_service_starts),
		TEST(start_of_what_runs_or_waits_does_and_says_nothing),
		TEST(start_of_a_blocked_one_is_its_probe_now),
		TEST(start_of_one_that_was_stopped_while_blocked_is_a_probe),
		TEST(latched_one_needs_a_reset),
		TEST(running_one_is_told_to_stop_and_stays_stopped),
		TEST(without_a_person_nothing_keeps_dashpot_running),
		TEST(stop_reaches_what_waits_for_a_start),
		TEST(stop_of_what_has_ended_leaves_it_and_lets_dashpot_exit),
		TEST(start_of_a_stopping_one_starts_it_after_its_stop),
		TEST(stop_of_a_starting_again_one_is_the_last_word),
		TEST(dependents_of_a_stopped_one_stop_and_wait_for_a_person),
		TEST(dependency_that_is_ready_starts_no_stopped_dependent),
		TEST(stopped_one_holds_up_the_end_of_blocked_ones),
		TEST(restart_stops_and_starts),
		TEST(restart_waits_for_no_delay_and_starts_what_is_done),
		TEST(reset_starts_what_failures_hold_back),
		TEST(reset_of_a_stopped_one_does_not_start_it),
		TEST(reset_of_what_never_failed_says_nothing),
		TEST(signal_reaches_the_leader_alone),
		TEST(signal_without_a_process_is_refused),
		TEST(an_end_by_what_a_person_sent_is_no_failure),
		TEST(an_end_by_another_signal_or_much_later_is_a_failure),
		TEST(never_restarted_it_fails_with_the_code_of_the_signal),
		TEST(remembered_breaker_blocks_who_nobody_asked_for),
		TEST(remembered_row_of_a_closed_breaker_goes_on),
		TEST(failed_start_of_a_person_leaves_cooldown_and_trips),
		TEST(start_is_not_overruled_by_the_registry),
		TEST(reset_is_not_overruled_by_the_registry),
		TEST(repeated_command_is_answered_from_memory),
		TEST(answers_of_the_last_256_are_remembered),
		TEST(what_was_not_done_may_be_asked_again),
		TEST(hostile_commands_do_nothing),
		TEST(nothing_is_done_once_everything_stops),
		TEST(removed_service_takes_no_command),
		TEST(records_of_another_size_get_no_answer),
		TEST(helper_that_reads_nothing_blocks_nobody),
		TEST(sweep_of_one_that_runs_is_refused),
		TEST(sweep_looks_for_what_one_left_though_it_is_to_be_kept),
		TEST(sweep_of_no_service_may_be_for_the_orphans),
		TEST(command_that_changes_nothing_makes_a_newer_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
