/* SPDX-License-Identifier: ISC */
/* init/pid1/reload and adopt: what PID 1 makes of what a loader leaves, honest
 * or not, and what becomes of each service. */
#include "tests/unit/supervisor_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "init/config/verify.h"
#include "init/pid1/reload.h"
#include "init/pid1/reload_apply.h"

#define A "[service:a]\ncommand = x\n"
#define B "[service:b]\ncommand = x\n"

enum { LOADER = 0x7e000000 };

static int clone_err; /* 0: it makes a process */

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	return note_kill(pid, number);
}

pid_t __wrap_clone_process(void);
pid_t __wrap_clone_process(void)
{
	errno = clone_err;
	return clone_err ? -1 : LOADER;
}

static int socket_err; /* 0: it makes a socket */

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	errno = socket_err;
	return socket_err ? -1 : __real_socket(domain, type, protocol);
}

/* What a loader leaves: two numbers, and the block. */
struct slot {
	uint32_t mistakes, size;
	char block[1 << 16];
};

static struct slot slot;

static void leave_slot(size_t size)
{
	const int fd = sup.reload.fd;

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, &slot, size, 0), size);
}

static const struct config *first;

static void begin_with(const char *text)
{
	static const struct loader_source from;

	clone_err = 0;
	sup_with(text);
	first = loaded.c;
	assert_int_equal(reload_begin(&sup, &from), 0);
}

static int end(void **state)
{
	struct reload *r = &sup.reload;
	size_t size = config_block_most();

	if (sup.config == first)
		munmap((void *)(uintptr_t)first, first->size);
	loaded.c = NULL;
	close(r->fd);
	munmap(r->own[0], size);
	munmap(r->own[1], size);
	return sup_end(state);
}

static void begin_reload(void)
{
	int32_t err;

	assert_int_equal(reload_by_command(&sup, &err), 0);
	assert_int_equal(sup.reload.pid, LOADER);
}

/* The loader compiles this text and leaves it. */
static void leave(const char *text)
{
	static const char *const name[] = { "t.ini" };
	static bool held[CONFIG_SERVICES];
	const struct loader_source from = { .files = name, .files_count = 1,
					    .old = sup.config, .held = held };

	for (uint32_t i = 0; i < sup.config->services; i++)
		held[i] = !service_is_gone(&sup, i);
	fake_files[0] = (struct fake_file){ .name = "t.ini", .text = text };
	load_source(&fake_world, &from);
	assert_non_null(loaded.c);
	assert_in_range(loaded.c->size, 1, sizeof(slot.block));
	slot = (struct slot){ .size = loaded.c->size };
	memcpy(slot.block, loaded.c, loaded.c->size);
	leave_slot(2 * sizeof(uint32_t) + slot.size);
	munmap((void *)(uintptr_t)loaded.c, loaded.c->size);
	loaded.c = NULL;
}

static struct board_event last_event(uint32_t kind)
{
	uint64_t k = atomic_load(&sup.boards.board->events);
	struct board_event e = { .kind = 0 };

	for (; k > 0; k--)
		if (board_event_read(sup.boards.board, k, &e) &&
		    e.kind == kind)
			return e;
	fail_msg("no event %u", kind);
	return e;
}

static void reload_with(const char *text)
{
	begin_reload();
	leave(text);
	assert_true(reload_reaped(&sup, LOADER, 0));
	assert_int_equal(sup.reload.pid, 0);
}

static void assert_counts(int64_t created, int64_t removed, int64_t restarted,
			  int64_t changed)
{
	struct board_event e = last_event(BOARD_EV_RELOADED);

	assert_int_equal(e.n[0], created);
	assert_int_equal(e.n[1], removed);
	assert_int_equal(e.n[2], restarted);
	assert_int_equal(e.n[3], changed);
	assert_int_equal(e.n[4], sup.reloads);
}

static void assert_failed(enum board_reload why, int64_t number)
{
	struct board_event e = last_event(BOARD_EV_RELOAD_FAILED);

	assert_int_equal(e.n[0], why);
	assert_int_equal(e.n[1], number);
	assert_ptr_equal(sup.config, first);
	assert_int_equal(sup.reloads, 0);
}

/* --- What a loader leaves ---------------------------------------------- */

static void same_files_change_nothing(void **state)
{
	begin_with(A B);
	run(0);
	reload_with(A B);
	assert_counts(0, 0, 0, 0);
	assert_ptr_equal(sup.config, first);
	assert_int_equal(sup.reloads, 0);
	assert_int_equal(killed.count, 0);
}

static void mistakes_and_death_keep_what_is_in_force(void **state)
{
	begin_with(A);
	begin_reload();
	slot = (struct slot){ .mistakes = 7 };
	leave_slot(2 * sizeof(uint32_t));
	reload_reaped(&sup, LOADER, 100 << 8);
	assert_failed(BOARD_RELOAD_MISTAKES, 7);
	begin_reload(); /* mistakes are forgotten */
	reload_reaped(&sup, LOADER, SIGSEGV);
	assert_failed(BOARD_RELOAD_DIED, SIGSEGV);
	begin_reload();
	reload_reaped(&sup, LOADER, 0); /* it left nothing */
	assert_failed(BOARD_RELOAD_DAMAGED, VERIFY_SIZE);
	begin_reload();
	slot = (struct slot){ .size = UINT32_MAX };
	leave_slot(sizeof(slot));
	reload_reaped(&sup, LOADER, 0);
	assert_failed(BOARD_RELOAD_DAMAGED, VERIFY_SIZE);
	/* Cut off, and longer than it says. */
	begin_reload();
	leave(A B);
	leave_slot(2 * sizeof(uint32_t) + slot.size - 1);
	reload_reaped(&sup, LOADER, 0);
	assert_failed(BOARD_RELOAD_DAMAGED, VERIFY_SIZE);
	begin_reload();
	leave_slot(2 * sizeof(uint32_t) + slot.size + 8);
	reload_reaped(&sup, LOADER, 0);
	assert_failed(BOARD_RELOAD_DAMAGED, VERIFY_SIZE);
	begin_reload();
	leave_slot(sizeof(uint32_t)); /* not even two numbers */
	reload_reaped(&sup, LOADER, 0);
	assert_failed(BOARD_RELOAD_DAMAGED, VERIFY_SIZE);
}

/* Cut off, grow and rewrite what was left, as long as it may live. */
static void spoil(void)
{
	const int fd = sup.reload.fd;
	const size_t whole = 2 * sizeof(uint32_t) + slot.size;
	uint32_t x = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		x ^= x << 13, x ^= x >> 17, x ^= x << 5;
		if (ftruncate(fd, (off_t)(x % whole)) < 0 ||
		    ftruncate(fd, (off_t)(x % 3 ? whole : 2 * whole)) < 0 ||
		    pwrite(fd, &slot, whole, 0) < 0 ||
		    pwrite(fd, &x, sizeof(x), (off_t)(x % whole)) < 0)
			_exit(1);
	}
}

static void loader_that_writes_on_while_it_is_read_never_harms(void **state)
{
	int status;
	pid_t pid;

	begin_with(A B);
	run(0);
	begin_reload();
	leave(A B "stop_timeout = 3s\n");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		spoil();
	for (int k = 0; k < 3000; k++) {
		if (k > 0)
			begin_reload();
		leave_slot(2 * sizeof(uint32_t) + slot.size);
		assert_true(reload_reaped(&sup, LOADER, 0));
		assert_int_equal(config_verify(sup.config, sup.config->size),
				 0);
		assert_string_equal(config_name(sup.config, 1), "b");
	}
	__real_kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void other_children_are_not_the_loader(void **state)
{
	begin_with(A);
	assert_false(reload_reaped(&sup, 0, 0));
	begin_reload();
	assert_false(reload_reaped(&sup, LOADER + 1, 0));
	assert_int_equal(sup.reload.pid, LOADER);
}

/* Any byte may be any other one: it is refused, or what comes out is whole. */
static void damaged_blocks_never_harm(void **state)
{
	uint32_t x = 2463534242;
	unsigned refused = 0;

	begin_with(A B "requires = a\n");
	for (int k = 0; k < 3000; k++) {
		begin_reload();
		leave(A B "requires = a\nstop_timeout = 3s\n"
		      "[service:c]\ncommand = y\n");
		for (int flips = 0; flips < 4; flips++) {
			x ^= x << 13, x ^= x >> 17, x ^= x << 5;
			slot.block[x % slot.size] = (char)(x >> 24);
		}
		leave_slot(2 * sizeof(uint32_t) + slot.size);
		assert_true(reload_reaped(&sup, LOADER, 0));
		assert_int_equal(config_verify(sup.config, sup.config->size),
				 0);
		assert_string_equal(config_name(sup.config, 0), "a");
		assert_string_equal(config_name(sup.config, 1), "b");
		refused += events_of(BOARD_EV_RELOAD_FAILED, -1) > 0;
	}
	assert_true(refused > 0);
}

static void block_that_renames_a_service_is_refused(void **state)
{
	begin_with(A B);
	begin_reload();
	leave(A B "stop_timeout = 3s\n");
	for (uint32_t at = 0; at + 1 < slot.size; at++)
		if (memcmp(slot.block + at, "\0b", 3) == 0)
			slot.block[at + 1] = 'z';
	leave_slot(2 * sizeof(uint32_t) + slot.size);
	reload_reaped(&sup, LOADER, 0);
	assert_failed(BOARD_RELOAD_DAMAGED, VERIFY_NAME);
}

static void silent_loader_is_killed_and_stays_the_only_one(void **state)
{
	int32_t err;

	begin_with(A);
	begin_reload();
	sup.now_ms += 9999;
	reload_run(&sup);
	assert_int_equal(killed.count, 0);
	sup.now_ms += 1;
	assert_true(reload_next_ms(&sup) <= sup.now_ms);
	reload_run(&sup);
	assert_int_equal(killed.pid, LOADER);
	assert_int_equal(killed.number, SIGKILL);
	assert_failed(BOARD_RELOAD_SILENT, 10000);
	assert_int_equal(reload_by_command(&sup, &err), COMMAND_BUSY);
	assert_int_equal(reload_next_ms(&sup), NEVER);
	assert_true(reload_reaped(&sup, LOADER, SIGKILL));
	assert_int_equal(events_of(BOARD_EV_RELOAD_FAILED, -1), 1);
	begin_reload();
}

static void signals_during_a_reload_are_one_more(void **state)
{
	begin_with(A);
	reload_by_signal(&sup);
	reload_run(&sup);
	assert_int_equal(sup.reload.pid, LOADER);
	for (int k = 0; k < 100; k++)
		reload_by_signal(&sup);
	reload_run(&sup);
	leave(A);
	reload_reaped(&sup, LOADER, 0);
	reload_run(&sup);
	assert_int_equal(sup.reload.pid, 0); /* not within the second */
	sup.now_ms = reload_next_ms(&sup);
	reload_run(&sup);
	assert_int_equal(sup.reload.pid, LOADER);
	reload_reaped(&sup, LOADER, 0);
	assert_int_equal(events_of(BOARD_EV_RELOAD, -1), 2);
	assert_int_equal(reload_next_ms(&sup), NEVER);
}

static void no_process_for_it_is_said_and_answered(void **state)
{
	int32_t err = 0;

	begin_with(A);
	clone_err = EAGAIN;
	assert_int_equal(reload_by_command(&sup, &err), COMMAND_NO_FORK);
	assert_int_equal(err, EAGAIN);
	assert_failed(BOARD_RELOAD_NO_FORK, 0);
	assert_int_equal(last_event(BOARD_EV_RELOAD_FAILED).n[2], EAGAIN);
	clone_err = 0;
	begin_reload();
}

static void nothing_is_reloaded_before_the_registry_is_read(void **state)
{
	int32_t err;

	begin_with(A);
	sup.restore_ms = sup.now_ms + 500;
	assert_int_equal(reload_by_command(&sup, &err), COMMAND_BUSY);
	reload_by_signal(&sup);
	reload_run(&sup);
	assert_int_equal(sup.reload.pid, 0);
	sup.restore_ms = NEVER;
	reload_run(&sup);
	assert_int_equal(sup.reload.pid, LOADER);
}

static void shutdown_ends_the_loader_and_takes_nothing_of_it(void **state)
{
	begin_with(A);
	begin_reload();
	leave(A B);
	sup.stop.phase = STOP_SERVICES;
	reload_run(&sup);
	assert_int_equal(killed.pid, LOADER);
	assert_true(reload_reaped(&sup, LOADER, 0));
	assert_ptr_equal(sup.config, first);
	assert_int_equal(reload_next_ms(&sup), NEVER);
}

static void too_many_files_are_refused_with_their_number(void **state)
{
	begin_with(A);
	sup.limits.files.rlim_max = 60;
	reload_with(A B);
	assert_failed(BOARD_RELOAD_FILES, 64 + 2 + 4);
	assert_int_equal(last_event(BOARD_EV_RELOAD_FAILED).n[2], EMFILE);
}

/* --- What becomes of services ------------------------------------------ */

static void changed_command_restarts_that_one_alone(void **state)
{
	begin_with(A B);
	run(0);
	run(1);
	reload_with(A "[service:b]\ncommand = y\n");
	assert_counts(0, 0, 1, 0);
	assert_int_equal(sup.reloads, 1);
	assert_int_equal(sup.service[0].state, LIFE_RUNNING);
	assert_int_equal(sup.service[1].state, LIFE_STOPPING);
	ended(1, SIGTERM);
	assert_int_equal(sup.service[1].state, LIFE_WAITING);
	assert_int_equal(sup.breaker[1].filled, 0); /* asked for */
}

static void policy_applies_to_what_runs(void **state)
{
	begin_with(A);
	run(0);
	reload_with(A "max_failures = 1 in 1m\ncooldown = 7s..7s\n");
	assert_counts(0, 0, 0, 1);
	assert_int_equal(sup.service[0].pid, pid_of(0));
	assert_int_equal(killed.count, 0);
	ended(0, 1 << 8);
	assert_int_equal(sup.service[0].state, LIFE_BLOCKED);
	assert_int_equal(sup.service[0].due_ms, sup.now_ms + 7000);
}

/* Failed checks and the grace are forgotten only with the check itself. */
static void health_begins_anew_only_when_its_keys_change(void **state)
{
#define CHECKED A "health = exec:probe one\nhealth_grace = 5s\n"
	int64_t counts_ms;

	begin_with(CHECKED);
	run(0);
	service_ready(&sup, 0);
	counts_ms = sup.check[0].counts_ms;
	assert_int_equal(counts_ms, sup.now_ms + 5000);
	sup.check[0].failures = 2;
	sup.now_ms += 1000;
	reload_with(CHECKED "stop_timeout = 3s\n");
	assert_counts(0, 0, 0, 1);
	assert_int_equal(sup.check[0].failures, 2);
	assert_int_equal(sup.check[0].counts_ms, counts_ms);
	reload_with(CHECKED "stop_timeout = 3s\nhealth_failures = 9\n");
	assert_int_equal(sup.check[0].failures, 0);
	assert_int_equal(sup.check[0].counts_ms, counts_ms + 1000);
	sup.check[0].failures = 2;
	reload_with(A "health = exec:probe two\nhealth_grace = 5s\n"
		      "stop_timeout = 3s\nhealth_failures = 9\n");
	assert_int_equal(sup.check[0].failures, 0);
	sup.check[0].failures = 2;
	reload_with(A "stop_timeout = 3s\n");
	assert_false(sup.service[0].is_checked);
#undef CHECKED
}

static void running_deadline_stays(void **state)
{
	int64_t due_ms;

	begin_with(A "max_failures = 1 in 1m\ncooldown = 50s..50s\n");
	block(0);
	due_ms = sup.service[0].due_ms;
	sup.now_ms += 10;
	reload_with(A "max_failures = 1 in 1m\ncooldown = 1s..1s\n");
	assert_counts(0, 0, 0, 1);
	assert_int_equal(sup.service[0].state, LIFE_BLOCKED);
	assert_int_equal(sup.service[0].due_ms, due_ms);
	assert_int_equal(sup.breaker[0].trips, 1);
}

static void mended_command_leaves_its_breaker_at_once(void **state)
{
	begin_with(A "max_failures = 1 in 1m\nmax_trips = 1\n" B);
	run(0);
	ended(0, 1 << 8);
	assert_int_equal(sup.breaker[0].state, BREAKER_LATCHED);
	reload_with("[service:a]\ncommand = y\nmax_failures = 1 in 1m\n"
		    "max_trips = 1\n" B);
	assert_counts(0, 0, 1, 0);
	assert_int_equal(sup.breaker[0].state, BREAKER_CLOSED);
	spawned(0);
	assert_int_equal(sup.service[0].state, LIFE_STARTING);
}

static void one_that_a_person_stopped_stays_stopped(void **state)
{
	begin_with(A);
	sup.service[0].is_stop_asked = true;
	service_stop(&sup, 0, false);
	reload_with("[service:a]\ncommand = y\n" B);
	assert_counts(1, 0, 0, 1);
	assert_int_equal(sup.service[0].state, LIFE_STOPPED);
	assert_int_equal(sup.service[1].state, LIFE_WAITING);
}

static void done_oneshot_is_not_run_again(void **state)
{
	begin_with(A "type = oneshot\n" B);
	run(0);
	ended(0, 0);
	reload_with("[service:a]\ncommand = y\ntype = oneshot\n" B);
	assert_counts(0, 0, 0, 1);
	assert_int_equal(sup.service[0].state, LIFE_DONE);
}

static void autostart_that_is_switched_on_starts(void **state)
{
	begin_with(A "autostart = no\n");
	reload_with(A);
	assert_int_equal(sup.service[0].state, LIFE_WAITING);
}

static void removed_one_stops_and_its_index_is_new_for_the_next(void **state)
{
	begin_with(A B);
	run(0);
	run(1);
	reload_with(A);
	assert_counts(0, 1, 0, 0);
	assert_int_equal(sup.service[1].state, LIFE_STOPPING);
	reload_with(A "[service:c]\ncommand = x\n");
	assert_counts(1, 0, 0, 0);
	assert_string_equal(config_name(sup.config, 2), "c"); /* b is held */
	ended(1, SIGTERM);
	assert_int_equal(sup.service[1].state, LIFE_STOPPED);
	reload_with(A "[service:c]\ncommand = x\n[service:d]\ncommand = x\n");
	assert_counts(1, 0, 0, 0);
	assert_string_equal(config_name(sup.config, 1), "d");
	assert_int_equal(sup.service[1].state, LIFE_WAITING);
	assert_int_equal(sup.service[1].starts, 0);
	assert_int_equal(sup.boards.board->service[1].ends_count, 0);
}

static void removed_one_that_comes_back_runs_again(void **state)
{
	begin_with(A B);
	run(1);
	reload_with(A);
	reload_with(A B);
	assert_counts(1, 0, 0, 0);
	assert_int_equal(sup.service[1].state, LIFE_STOPPING);
	ended(1, SIGTERM);
	assert_int_equal(sup.service[1].state, LIFE_WAITING);
}

static void removed_failed_one_keeps_nobody_running(void **state)
{
	begin_with(A "max_failures = 1 in 1m\nmax_trips = 1\n"
		   B "type = oneshot\n");
	run(0);
	ended(0, 7 << 8);
	run(1);
	reload_with(B "type = oneshot\n");
	ended(1, 0);
	follow_tree();
	assert_int_equal(sup.stop.phase, STOP_SERVICES);
	assert_int_equal(sup.stop.exit_code, 0);
}

static void helpers_are_replaced_without_a_delay(void **state)
{
	begin_with(A);
	sup.kept[BOARD_RECORDER].pid = 0x7d000000;
	reload_with(A B);
	assert_int_equal(killed.number, SIGTERM);
	assert_int_equal(killed.pid, 0x7d000000);
	assert_true(sup.kept[BOARD_RECORDER].is_renewed);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static void reload_that_gets_no_socket_keeps_no_descriptor(void **state)
{
	int before;

	begin_with(A);
	sup.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	before = open_files();
	socket_err = ENFILE;
	for (int k = 0; k < 3; k++) {
		reload_with(A B "ready = notify\n");
		assert_int_equal(sup.config->services, 1);
	}
	socket_err = 0;
	/* The pipes of the service that is there stay for the next one. */
	assert_in_range(open_files(), before, before + 2);
	close(sup.proc_fd);
}

#undef TEST
#define TEST(fact) cmocka_unit_test_teardown(fact, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(same_files_change_nothing),
		TEST(mistakes_and_death_keep_what_is_in_force),
		TEST(loader_that_writes_on_while_it_is_read_never_harms),
		TEST(other_children_are_not_the_loader),
		TEST(damaged_blocks_never_harm),
		TEST(block_that_renames_a_service_is_refused),
		TEST(silent_loader_is_killed_and_stays_the_only_one),
		TEST(signals_during_a_reload_are_one_more),
		TEST(no_process_for_it_is_said_and_answered),
		TEST(nothing_is_reloaded_before_the_registry_is_read),
		TEST(shutdown_ends_the_loader_and_takes_nothing_of_it),
		TEST(too_many_files_are_refused_with_their_number),
		TEST(changed_command_restarts_that_one_alone),
		TEST(policy_applies_to_what_runs),
		TEST(health_begins_anew_only_when_its_keys_change),
		TEST(running_deadline_stays),
		TEST(mended_command_leaves_its_breaker_at_once),
		TEST(one_that_a_person_stopped_stays_stopped),
		TEST(done_oneshot_is_not_run_again),
		TEST(autostart_that_is_switched_on_starts),
		TEST(removed_one_stops_and_its_index_is_new_for_the_next),
		TEST(removed_one_that_comes_back_runs_again),
		TEST(removed_failed_one_keeps_nobody_running),
		TEST(helpers_are_replaced_without_a_delay),
		TEST(reload_that_gets_no_socket_keeps_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
