/* SPDX-License-Identifier: ISC */
#include "init/pid1/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "init/kernel/die.h"
#include "init/kernel/lineage_mark.h"
#include "init/kernel/memory.h"
#include "init/kernel/oom_score.h"
#include "init/kernel/proc.h"
#include "init/kernel/process.h"
#include "init/kernel/service_cgroup.h"
#include "init/kernel/signal_courier.h"
#include "init/kernel/signals.h"
#include "init/kernel/sockets.h"
#include "init/kernel/task_limits.h"
#include "init/kernel/wait.h"
#include "init/pid1/helpers.h"
#include "init/pid1/reload.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"
#include "init/service/oom.h"
#include "init/service/output_pipes.h"
#include "init/service/prober_link.h"
#include "init/service/publish.h"

static void watch(const struct sup *sup, int fd, int64_t number)
{
	int err = wait_add(sup->epoll_fd, fd, number);

	if (err < 0)
		die_system("epoll_ctl", -err);
}

/* The descriptor, or the end of the program where there is none. */
static int needed(int fd, const char *call)
{
	if (fd < 0)
		die_system(call, -fd);
	return fd;
}

static void open_descriptors(struct sup *sup)
{
	sup->signals = SIGNALS_ALL;
	sup->signal_fd =
		needed(signals_collect(-1, sup->signals), "signalfd");
	sup->epoll_fd = needed(wait_open(), "epoll_create1");
	sup->notify_fd = needed(wait_wake_open(), "eventfd");
	sup->proc_fd = proc_open();
	sup->reaper = reaper_open();
	watch(sup, sup->signal_fd, SUP_FROM_SIGNALS);
	watch(sup, sup->notify_fd, SUP_FROM_HELPERS);
	sup->clock_fd = wait_clock_open();
	if (sup->clock_fd >= 0)
		watch(sup, sup->clock_fd, SUP_FROM_CLOCK);
}

/* What the control helper works on belongs to PID 1, so that clients find it
 * while the helper is started anew. Without it no client can ask: no reason
 * not to run. */
static void open_control(struct sup *sup)
{
	int err = sockets_pair(&sup->command_fd, &sup->command_peer_fd);

	sup->listen_fd = sockets_stream();
	sup->near_fd = sockets_stream();
	if (sup->listen_fd < 0)
		err = sup->listen_fd;
	else if (sup->near_fd < 0)
		err = sup->near_fd;
	if (err < 0)
		SUP_SAY(sup, BOARD_EV_CONTROL_TROUBLE, -1, 0, -err);
	if (sup->command_fd >= 0)
		watch(sup, sup->command_fd, SUP_FROM_CONTROL);
}

/* Where everything can never fit with the whole reserve, the reserve shrinks
 * to what is left; where not even that, there is no use in beginning. */
static void check_headroom(struct sup *sup)
{
	const int64_t own = helpers_own_tasks(sup->config);
	int64_t tasks = helpers_tasks(sup->config);
	int64_t wished = 0, max = 0;
	int level = limits_fit(&sup->limits, sup->config->headroom, tasks,
			       &wished, &max);

	if (!sup->limits.is_dry_clone_exact)
		SUP_SAY(sup, BOARD_EV_HEADROOM_INEXACT, -1,
			sup->limits.dry_clone_err);
	if (level < 0)
		return;
	if (max < tasks)
		die_text(DIE_SYSTEM,
			 "%lld services and %lld tasks of dashpot make %lld; "
			 "the pids limit of this container is %lld: raise "
			 "--pids-limit",
			 (long long)(tasks - own), (long long)own,
			 (long long)tasks, (long long)max);
	SUP_SAY(sup, BOARD_EV_HEADROOM_CUT, -1, max - tasks, wished, max,
		tasks);
}

static void *map(size_t size, bool is_shared)
{
	void *memory = memory_map(size, is_shared);

	if (!memory)
		die_system("mmap", ENOMEM);
	return memory;
}

/* For as many services as a reload can bring: what is not used is never
 * touched. */
static void make_tables(struct sup *sup)
{
	const uint32_t n = CONFIG_SERVICES;
	int err = boards_create(&sup->boards);

	if (err < 0)
		die_system("memfd_create", -err);
	sup->report = map((1 + HOOKS) * n * sizeof(*sup->report), true);
	sup->check = map(n * sizeof(*sup->check), false);
	sup->service = map(n * (sizeof(*sup->service) + sizeof(*sup->next_ms) +
				sizeof(*sup->leader) + 2 * sizeof(*sup->pipe) +
				sizeof(*sup->socket)),
			   false);
	sup->next_ms = (int64_t *)(void *)(sup->service + n);
	sup->leader = (pid_t *)(void *)(sup->next_ms + n);
	sup->pipe = (int *)(void *)(sup->leader + n);
	sup->socket = sup->pipe + 2 * n;
}

/* The manager that started dashpot may want to know when everything is up. */
static void keep_notify_path(struct sup *sup)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path && strlen(path) < sizeof(sup->notify_path))
		memcpy(sup->notify_path, path, strlen(path) + 1);
}

/* Be the init of what is below: PID 1 is, and others may become it. A dashpot
 * that may not supervises all the same; its orphans then go to another init. */
static void begin_as_init(struct sup *sup)
{
	const bool is_pid1 = sup->pid == 1;
	const int err = is_pid1 ? 0 : process_adopt_orphans();
	const bool is_subreaper = !is_pid1 && err == 0;

	SUP_SAY(sup, BOARD_EV_BEGIN, -1, is_pid1, sup->config->services,
		sup->config->shutdown_needs_ms, is_subreaper);
	if (err < 0)
		SUP_SAY(sup, BOARD_EV_NO_SUBREAPER, -1, -err);
	for (uint32_t i = 0; i < sup->config->services; i++) {
		const struct config_service *s = config_service(sup->config, i);

		if (s->has_user && s->uid != process_user() &&
		    !courier_has_rights())
			SUP_SAY(sup, BOARD_EV_UNSIGNALLED, (int)i, 0, 0, EPERM);
	}
}

/* What is known without asking for anything but the time. */
static void begin(struct sup *sup, const struct config *config, char **argv)
{
	sup->config = config;
	sup->argv = argv;
	sup->pid = process_id();
	sup->main_service = UINT32_MAX;
	sup->volume_since_ms = NEVER;
	sup->volume_due_ms = NEVER;
	sup->blocked_since_ms = NEVER;
	sup->queue_ms = NEVER;
	sup->terminal = terminal_find();
	sup_read_clocks(sup);
	sup->began_ms = sup->now_ms;
	sup->began_wall_ms = sup->now_wall_ms;
	sup->restore_ms = sup->now_ms + SUP_RESTORE_MS;
	sup->random = (uint32_t)sup->now_wall_ms * 2654435761U | 1;
	/* Several may begin in the same millisecond of one namespace. */
	sup->mark_base = mark_base((uint64_t)sup->pid << 32 | sup->random);
	sup->budget = budget_full(&config->restart_rate, sup->now_ms);
	sup->stop.next_ms = NEVER;
	sup->stop.look_ms = NEVER;
	sup->stop.half_ms = NEVER;
	sup->orphans_ms = sup->now_ms - SUP_ORPHANS_MS;
}

void setup_run(struct sup *sup, const struct config *config,
	       const struct loader_source *source, char **argv)
{
	uint32_t inherited;
	int err, limit_err;

	begin(sup, config, argv);
	limit_err = pipes_make_room(sup);
	open_descriptors(sup);
	limits_find(&sup->limits);
	oom_find(&sup->memory);
	service_cgroup_find(&sup->cells);
	oom_fall_back(&sup->memory, service_cgroup_open_kills(&sup->cells));
	/* Version 2 wakes for each change of the file. Once a change, or that
	 * of a cgroup that is gone would never let PID 1 sleep. Where it is
	 * refused the counter is looked at in the next turn. */
	(void)wait_add_changes(sup->epoll_fd, sup->memory.kills_fd,
			       SUP_FROM_KERNEL);
	make_tables(sup);
	err = reload_begin(sup, source);
	if (err < 0)
		die_system("mmap", -err);
	inherited = pipes_make(sup);
	notify_make(sup);
	open_control(sup);
	prober_link_open(sup);
	if (sup->probe_fd >= 0)
		watch(sup, sup->probe_fd, SUP_FROM_PROBER);
	keep_notify_path(sup);
	publish_begin(sup);
	begin_as_init(sup);
	if (limit_err < 0)
		SUP_SAY(sup, BOARD_EV_NO_LIMITS, -1, -limit_err);
	if (oom_score_be_last() >= OOM_SCORE_MOST)
		SUP_SAY(sup, BOARD_EV_OOM_FIRST, -1, OOM_SCORE_MOST);
	if (sup->proc_fd < 0)
		SUP_SAY(sup, BOARD_EV_NO_PROC, -1, inherited);
	if (!sup->cells.err)
		SUP_SAY(sup, BOARD_EV_CGROUPS, -1, sup->cells.pids_err == 0,
			sup->cells.memory_err == 0);
	check_headroom(sup);
	err = helpers_begin(sup);
	if (err < 0)
		die_system("eventfd", -err);
	services_begin(sup);
}
