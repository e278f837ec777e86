/* SPDX-License-Identifier: ISC */
/* A PID 1 without processes: services of a real configuration whose pids are
 * numbers of this fixture, and a kill(2) that only notes what was sent. */
#ifndef TESTS_UNIT_SUP_FIXTURE_H
#define TESTS_UNIT_SUP_FIXTURE_H

#include "tests/unit/config_world.h"

#include <signal.h>
#include <stdlib.h>

#include "init/service/exit.h"
#include "init/service/lifecycle.h"
#include "init/pid1/shutdown.h"
#include "init/service/leftovers.h"
#include "init/service/dependency_tree.h"

static struct sup sup;

/* What kill(2) was asked for last, beside looks with signal 0; and which pid
 * it refuses. */
static struct {
	pid_t pid, forbidden;
	int number, count;
} killed;

/* For the test's own __wrap_kill(). */
static inline int note_kill(pid_t pid, int number)
{
	if (pid == killed.forbidden) {
		errno = EPERM;
		return -1;
	}
	if (number == 0 || number == SIGCONT)
		return 0;
	killed.pid = pid;
	killed.number = number;
	killed.count++;
	return 0;
}

/* The services of this text, all at their beginning, the registry read. */
static inline void sup_with(const char *text)
{
	static struct service services[CONFIG_SERVICES];
	static int64_t next_ms[CONFIG_SERVICES];
	static pid_t leaders[CONFIG_SERVICES];
	static int pipes[2 * CONFIG_SERVICES];
	static int sockets[CONFIG_SERVICES];
	static struct check checks[CONFIG_SERVICES];
	static struct spawn_report reports[(1 + HOOKS) * CONFIG_SERVICES];
	struct boards *b = &sup.boards;

	load_text(text);
	if (loaded.c == NULL)
		print_message("%s", loaded.said);
	assert_non_null(loaded.c);
	memset(&sup, 0, sizeof(sup));
	memset(&killed, 0, sizeof(killed));
	sup.config = loaded.c;
	sup.now_ms = 100000;
	sup.restore_ms = NEVER;
	sup.queue_ms = NEVER;
	sup.blocked_since_ms = NEVER;
	sup.reload.kill_ms = NEVER;
	sup.reload.again_ms = NEVER;
	sup.stop.next_ms = NEVER;
	sup.main_service = UINT32_MAX;
	sup.proc_fd = -1;
	sup.reaper.children_fd = -1;
	sup.command_fd = -1;
	sup.clock_fd = -1;
	sup.listen_fd = -1;
	sup.near_fd = -1;
	sup.probe_fd = -1;
	sup.probe_peer_fd = -1;
	sup.epoll_fd = -1;
	sup.limits.files.rlim_max = 100000;
	for (int k = 0; k < BOARD_HELPERS; k++)
		sup.kept[k].again_ms = NEVER;
	b->board = calloc(1, sizeof(*b->board));
	b->restore = calloc(1, sizeof(*b->restore));
	b->exe = calloc(1, sizeof(*b->exe));
	assert_true(b->board && b->restore && b->exe);
	sup.service = services;
	sup.next_ms = next_ms;
	sup.leader = leaders;
	sup.pipe = pipes;
	sup.socket = sockets;
	sup.check = checks;
	sup.report = reports;
	memset(leaders, 0, sizeof(leaders));
	memset(reports, 0, sizeof(reports));
	memset(pipes, 0xff, sizeof(pipes));
	memset(sockets, 0xff, sizeof(sockets));
	memset(checks, 0, sizeof(checks));
	services_begin(&sup);
}

static inline int sup_end(void **state)
{
	free(sup.boards.board);
	free(sup.boards.restore);
	free(sup.boards.exe);
	memset(&sup.boards, 0, sizeof(sup.boards));
	return forget(state);
}

/* No process can have such a pid. */
static inline pid_t pid_of(uint32_t i)
{
	return (pid_t)(0x7f000000 + i);
}

/* Service i gets its process. */
static inline void spawned(uint32_t i)
{
	struct service *s = &sup.service[i];

	assert_int_equal(s->state, LIFE_WAITING);
	breaker_probe(&sup.breaker[i], sup.now_ms, service_start_kind(s));
	s->pid = s->session = sup.leader[i] = pid_of(i);
	s->starts++;
	s->is_forced = s->is_parted = s->is_late = s->is_wanted = false;
	s->is_asked = s->was_stable = s->has_passed = false;
	s->started_ms = sup.now_ms;
	sup.report[i].err = 0;
	service_take(&sup, i, sup.breaker[i].state == BREAKER_HALF_OPEN
				      ? LIFE_SPAWNED_PROBE
				      : LIFE_SPAWNED);
}

/* ... and executes. */
static inline void run(uint32_t i)
{
	spawned(i);
	service_ready(&sup, i);
}

/* Its process has ended with this wait status, and nothing is left of it. */
static inline void ended(uint32_t i, int status)
{
	const struct rusage used = { .ru_maxrss = 1 };

	struct service_end end;

	assert_true(service_reaped(&sup, i, status, &used, &end));
	shutdown_if_essential(&sup, i, &end);
	leftovers_run(&sup);
}

/* As the loop does when a service has changed. */
static inline void follow_tree(void)
{
	if (!tree_follow(&sup))
		shutdown_all_ended(&sup);
}

/* Its processes end with code 1 until it is blocked. */
static inline void block(uint32_t i)
{
	while (sup.service[i].state != LIFE_BLOCKED) {
		if (sup.service[i].state == LIFE_BACKOFF)
			service_take(&sup, i, LIFE_DUE);
		run(i);
		ended(i, 1 << 8);
	}
}

/* How many events of this kind there are about service i. */
static inline unsigned events_of(uint32_t kind, int i)
{
	uint64_t all = atomic_load(&sup.boards.board->events);
	struct board_event e;
	unsigned n = 0;

	for (uint64_t k = 1; k <= all; k++)
		n += board_event_read(sup.boards.board, k, &e) &&
		     e.kind == kind && e.service == i;
	return n;
}

#undef TEST
#define TEST(fact) cmocka_unit_test_teardown(fact, sup_end)

#endif
