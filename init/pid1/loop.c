/* SPDX-License-Identifier: ISC */
/* The loop of PID 1. Everything that may fail or allocate is in the set-up
 * above it; in it nothing may exit, block, allocate or write text. */
#include "init/pid1/loop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/kernel/descriptors.h"
#include "init/kernel/lineage_mark.h"
#include "init/kernel/oom_score.h"
#include "init/kernel/output_pipes.h"
#include "init/kernel/proc.h"
#include "init/kernel/processes.h"
#include "init/kernel/service_cgroup.h"
#include "init/kernel/signal_courier.h"
#include "init/kernel/signals.h"
#include "init/kernel/task_limits.h"
#include "init/lib/die.h"
#include "init/pid1/control_commands.h"
#include "init/pid1/helper_news.h"
#include "init/pid1/helpers.h"
#include "init/pid1/prober_link.h"
#include "init/pid1/publish.h"
#include "init/pid1/registry_restore.h"
#include "init/pid1/reload.h"
#include "init/pid1/shutdown.h"
#include "init/service/dependency_tree.h"
#include "init/service/exit.h"
#include "init/service/hooks.h"
#include "init/service/leftovers.h"
#include "init/service/lifecycle.h"
#include "init/service/notify.h"
#include "init/service/oom.h"
#include "init/service/orphans.h"
#include "init/service/schedule_timer.h"
#include "init/service/start_queue.h"
#include "init/service/stop.h"

enum {
	WAKES = 32,        /* descriptors looked at in one turn */
	JUMP_MS = 2000,    /* later than this: the container was paused */
	FROM_SIGNALS = -1, /* what epoll returns beside service indices */
	FROM_HELPERS = -2,
	FROM_CONTROL = -3,
	FROM_CLOCK = -4,
	FROM_PROBER = -5,
	FROM_KERNEL = -6, /* a rise of its counter, see memory.h */
};

/* The only one: too large for a stack, and zero memory that is not used is
 * never touched. */
static struct sup the_sup;

/* --- Before the loop --------------------------------------------------- */

static void read_clocks(struct sup *sup)
{
	sup->now_ms = clock_mono_ms();
	sup->now_wall_ms = clock_wall_ms();
}

static int try_watch(const struct sup *sup, int fd, uint32_t events,
		     int64_t what)
{
	struct epoll_event event = { .events = events };

	event.data.u64 = (uint64_t)what;
	return epoll_ctl(sup->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void watch(const struct sup *sup, int fd, int64_t what)
{
	if (try_watch(sup, fd, EPOLLIN, what) < 0)
		die_system("epoll_ctl", errno);
}

static void open_descriptors(struct sup *sup)
{
	sup->signals = SIGNALS_ALL;
	sup->signal_fd = signals_collect(-1, sup->signals);
	if (sup->signal_fd < 0)
		die_system("signalfd", -sup->signal_fd);
	sup->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (sup->epoll_fd < 0)
		die_system("epoll_create1", errno);
	sup->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sup->notify_fd < 0)
		die_system("eventfd", errno);
	sup->proc_fd = proc_open();
	sup->reaper = reaper_open();
	watch(sup, sup->signal_fd, FROM_SIGNALS);
	watch(sup, sup->notify_fd, FROM_HELPERS);
	sup->clock_fd = timer_open();
	if (sup->clock_fd >= 0)
		watch(sup, sup->clock_fd, FROM_CLOCK);
}

/* What the control helper works on belongs to PID 1, so that clients find it
 * while the helper is started anew. Without it nobody can ask: no reason not
 * to run. */
static void open_control(struct sup *sup)
{
	const int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int pair[2] = { -1, -1 };

	sup->listen_fd = socket(AF_UNIX, kind, 0);
	sup->near_fd = socket(AF_UNIX, kind, 0);
	if (sup->listen_fd < 0 || sup->near_fd < 0 ||
	    descriptors_pair(pair) < 0)
		SUP_SAY(sup, BOARD_EV_CONTROL_TROUBLE, -1, 0, errno);
	sup->command_fd = pair[0];
	sup->command_peer_fd = pair[1];
	if (sup->command_fd >= 0)
		watch(sup, sup->command_fd, FROM_CONTROL);
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

static void *map(size_t size, int how)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    how | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die_system("mmap", errno);
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
	sup->report = map((1 + HOOKS) * n * sizeof(*sup->report), MAP_SHARED);
	sup->check = map(n * sizeof(*sup->check), MAP_PRIVATE);
	sup->service = map(n * (sizeof(*sup->service) + sizeof(*sup->next_ms) +
				sizeof(*sup->leader) + 2 * sizeof(*sup->pipe) +
				sizeof(*sup->socket)),
			   MAP_PRIVATE);
	sup->next_ms = (int64_t *)(void *)(sup->service + n);
	sup->leader = (pid_t *)(void *)(sup->next_ms + n);
	sup->pipe = (int *)(void *)(sup->leader + n);
	sup->socket = sup->pipe + 2 * n;
}

/* Whoever started dashpot may want to know when everything is up. */
static void keep_notify_path(struct sup *sup)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path && strlen(path) < sizeof(sup->notify_path))
		memcpy(sup->notify_path, path, strlen(path) + 1);
}

/* Be the init of what is below: PID 1 is, and others may become it. Who may not
 * supervises all the same; its orphans are then somebody else's. */
static void begin_as_init(struct sup *sup)
{
	const bool is_pid1 = sup->pid == 1;
	const bool is_subreaper =
		!is_pid1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
	const int err = errno;

	SUP_SAY(sup, BOARD_EV_BEGIN, -1, is_pid1, sup->config->services,
		sup->config->shutdown_needs_ms, is_subreaper);
	if (!is_pid1 && !is_subreaper)
		SUP_SAY(sup, BOARD_EV_NO_SUBREAPER, -1, err);
	for (uint32_t i = 0; i < sup->config->services; i++) {
		const struct config_service *s = config_service(sup->config, i);

		if (s->has_user && s->uid != geteuid() && !courier_has_rights())
			SUP_SAY(sup, BOARD_EV_UNSIGNALLED, (int)i, 0, 0, EPERM);
	}
}

static void set_up(struct sup *sup, const struct config *config,
		   const struct loader_source *source, char **argv)
{
	uint32_t inherited;
	int err, limit_err;

	sup->config = config;
	sup->argv = argv;
	sup->pid = getpid();
	sup->main_service = UINT32_MAX;
	sup->volume_since_ms = NEVER;
	sup->volume_due_ms = NEVER;
	sup->blocked_since_ms = NEVER;
	sup->queue_ms = NEVER;
	sup->terminal = terminal_find();
	read_clocks(sup);
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
	limit_err = pipes_make_room(sup);
	open_descriptors(sup);
	limits_find(&sup->limits);
	oom_find(&sup->memory);
	service_cgroup_find(&sup->cells);
	oom_fall_back(&sup->memory, service_cgroup_open_kills(&sup->cells));
	/* Version 2 wakes for each change of the file. Once a change, or that
	 * of a cgroup that is gone would never let PID 1 sleep. Where it is
	 * refused the counter is looked at in the next turn. */
	(void)try_watch(sup, sup->memory.kills_fd, EPOLLPRI | EPOLLET,
			FROM_KERNEL);
	make_tables(sup);
	err = reload_begin(sup, source);
	if (err < 0)
		die_system("mmap", -err);
	inherited = pipes_make(sup);
	notify_make(sup);
	open_control(sup);
	prober_link_open(sup);
	if (sup->probe_fd >= 0)
		watch(sup, sup->probe_fd, FROM_PROBER);
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

/* --- The loop ---------------------------------------------------------- */

void loop_watch_verdict(struct sup *sup, uint32_t i)
{
	/* ENOMEM or ENOSPC: its verdict is then read when it is called stuck
	 * or when its child ends. */
	(void)try_watch(sup, sup->service[i].verdict_fd, EPOLLIN, i);
}

static int64_t deadline_next(const struct sup *sup)
{
	int64_t next_ms = services_next_ms(sup);

	next_ms = earlier(next_ms, hooks_next_ms(sup));
	next_ms = earlier(next_ms, helpers_next_ms(sup));
	next_ms = earlier(next_ms, shutdown_next_ms(sup));
	next_ms = earlier(next_ms, reload_next_ms(sup));
	next_ms = earlier(next_ms, orphans_next_ms(sup));
	next_ms = earlier(next_ms, oom_next_ms(&sup->memory));
	next_ms = earlier(next_ms, sup->restore_ms);
	next_ms = earlier(next_ms, sup->volume_due_ms);
	if (sup->waiting > 0)
		next_ms = earlier(next_ms, sup->queue_ms);
	if (sup->is_reaping)
		next_ms = earlier(next_ms, sup->now_ms +
						   (sup->reaper.is_failing
							    ? SUP_RETRY_SOON_MS
							    : 0));
	if (sup->is_queue_due || sup->is_tree_changed)
		next_ms = sup->now_ms;
	return next_ms;
}

/* What a turn was woken for. */
struct wakes {
	struct epoll_event event[WAKES];
	int n;
};

/* The only sleep. A clock that jumped while nothing was due means that the
 * container was paused. */
static void wait_for_events(struct sup *sup, struct wakes *wakes)
{
	int64_t before_ms = sup->now_ms;
	int64_t next_ms = deadline_next(sup);
	int64_t sleep_ms = next_ms == NEVER ? -1 : next_ms - sup->now_ms;

	if (sleep_ms > INT_MAX)
		sleep_ms = INT_MAX;
	if (next_ms != NEVER && sleep_ms < 0)
		sleep_ms = 0;
	/* EINTR cannot happen (all signals are blocked, but a debugger can
	 * stop us), and means no more than "look". */
	wakes->n = epoll_wait(sup->epoll_fd, wakes->event, WAKES,
			      (int)sleep_ms);
	read_clocks(sup);
	if (next_ms != NEVER && sup->now_ms - next_ms > JUMP_MS &&
	    sleep_ms > 0) {
		/* How much of the sleep was pause cannot be told: nobody
		 * loses any of the time that was left before it. */
		shutdown_shift(sup, sup->now_ms - before_ms);
		sup->volume_due_ms = NEVER; /* the recorder stood as well */
		SUP_SAY(sup, BOARD_EV_CLOCK_JUMP, -1, sup->now_ms - next_ms);
	}
}

/* Whoever may signal dashpot must not push all else out of events.jsonl: no
 * event while the last one is not on the volume. */
static void say_snapshot(struct sup *sup)
{
	const uint64_t recorded = atomic_load(&sup->boards.restore->recorded);

	if (recorded < sup->snapshot)
		return;
	SUP_SAY(sup, BOARD_EV_SNAPSHOT, -1, 0);
	sup->snapshot = atomic_load(&sup->boards.board->events);
}

static bool is_in(uint64_t set, int number)
{
	return set >> (number - 1) & 1;
}

static void take_signal(struct sup *sup, int number, int code)
{
	pid_t main_pid = 0;
	bool is_stop;

	if (sup->main_service != UINT32_MAX)
		main_pid = sup->service[sup->main_service].pid;
	if (number == SIGCHLD) {
		sup->is_reaping = true;
		terminal_follow(sup->terminal, main_pid);
		return;
	}
	is_stop = is_in(sup->config->stop_signals, number);
	/* Once everything stops, what is typed is for dashpot as well. */
	if (main_pid && terminal_has_told(sup->terminal, number, code) &&
	    (!is_stop || sup->stop.phase == STOP_NOT))
		return;
	if (is_stop) {
		shutdown_by_signal(sup, number, code);
		return;
	}
	if (main_pid && is_in(sup->config->forward_signals, number)) {
		(void)stop_send(sup, sup->main_service, number, false);
		return;
	}
	if (number == SIGHUP && reload_is_meant(sup)) {
		reload_by_signal(sup);
		return;
	}
	if (number == SIGUSR1) {
		say_snapshot(sup);
		sup->is_head_changed = true;
		return; /* would end a command that does not expect it */
	}
	if (main_pid)
		(void)stop_send(sup, sup->main_service, number, false);
	else if (number == SIGTSTP && sup->terminal == TERMINAL_SHARED)
		terminal_stop(number);
}

/* epoll says so again while there are more. */
static void take_signals(struct sup *sup)
{
	int number = 0, code;

	for (int k = 0; k < SIGNALS_AT_ONCE; k++) {
		number = signals_next(sup->signals, number, &code);
		if (number == 0)
			return;
		take_signal(sup, number, code);
	}
}

/* Collect what something is to get: all where a main command runs, to which
 * they are passed on. SIGTERM is never ignored, or a child that is just made
 * would miss the one that ends it. */
static void follow_signals(struct sup *sup)
{
	uint64_t wanted = sup->config->stop_signals | SIGNALS_BIT(SIGCHLD) |
			  SIGNALS_BIT(SIGTERM) | SIGNALS_BIT(SIGUSR1);

	if (reload_is_meant(sup))
		wanted |= SIGNALS_BIT(SIGHUP);
	if (sup->terminal == TERMINAL_SHARED)
		wanted |= SIGNALS_BIT(SIGTSTP);
	if (sup->main_service != UINT32_MAX)
		wanted = SIGNALS_ALL;
	if (wanted == sup->signals)
		return;
	sup->signals = wanted;
	(void)signals_collect(sup->signal_fd, wanted);
}

static void take_wakes(struct sup *sup, const struct wakes *wakes)
{
	uint64_t ignored;

	for (int k = 0; k < wakes->n; k++) {
		int64_t what = (int64_t)wakes->event[k].data.u64;

		if (what == FROM_SIGNALS) {
			take_signals(sup);
		} else if (what == FROM_CONTROL) {
			control_commands_run(sup);
		} else if (what == FROM_CLOCK) {
			timer_clock_set(sup);
		} else if (what == FROM_PROBER) {
			prober_link_hear(sup);
		} else if (what == FROM_HELPERS) {
			/* EAGAIN: somebody's news was read already. */
			if (read(sup->notify_fd, &ignored, sizeof(ignored)) <=
			    0)
				continue;
			restore_watch_volume(sup);
			helper_news_read(sup);
		}
	}
}

/* Verdicts after reaping: a child that failed to start has exited by then,
 * and its end closes the pipe before its number is used again. */
static void take_verdicts(struct sup *sup, const struct wakes *wakes)
{
	for (int k = 0; k < wakes->n; k++) {
		uint64_t what = wakes->event[k].data.u64;

		if (what < sup->config->services)
			service_verdict(sup, (uint32_t)what);
		else if (what >= LOOP_NOTICES &&
			 what - LOOP_NOTICES < sup->config->services)
			notify_read(sup, (uint32_t)(what - LOOP_NOTICES));
	}
}

static void take_end(void *with, pid_t pid, int status,
		     const struct rusage *used)
{
	struct courier_task task;
	struct sup *sup = with;
	int err;

	sup->reaped++;
	for (uint32_t i = 0; i < sup->config->services; i++) {
		if (sup->leader[i] != pid)
			continue;
		if (i == sup->main_service)
			terminal_leave(sup->terminal);
		if (service_reaped(sup, i, status, used))
			queue_has_room(sup);
		return;
	}
	sup->is_head_changed = true;
	queue_has_room(sup);
	if (hooks_reaped(sup, pid, status))
		return;
	/* Its own death may be what a rise of the counter meant. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		sup->killed++;
	if (helpers_reaped(sup, pid, status) ||
	    reload_reaped(sup, pid, status))
		return;
	if (courier_reaped(pid, status, &task, &err)) {
		stop_courier(sup, &task, err);
		return;
	}
	sup->orphans++;
	leftovers_soon(sup);
	hooks_soon(sup);
}

static void reap(struct sup *sup)
{
	if (!sup->is_reaping)
		return;
	sup->killed = 0;
	sup->is_reaping = reap_batch(&sup->reaper, take_end, sup);
	/* Services of the same batch come first. */
	oom_follow(sup);
	while (sup->killed > 0 &&
	       oom_explains(&sup->memory, sup->now_ms)) {
		sup->killed--;
		sup->memory.others++;
	}
}

/* What set-up alone has run and used need not stay in memory: the loop's own
 * code comes back with its first turn, and nothing lives below this frame but
 * the calls made here. Not inlined: else the frame would be that of the loop,
 * with all that is inlined there, and what lives below its top would be lost.
 * The symbols are the linker's (ld(1)). */
__attribute__((noinline)) static void forget_set_up(void)
{
	extern char __executable_start[], etext[];
	const uintptr_t page = 4096, deep = 16 * page;
	uintptr_t text = (uintptr_t)__executable_start & ~(page - 1);
	uintptr_t end = (uintptr_t)etext & ~(page - 1);
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	(void)madvise(__executable_start, end - text, MADV_DONTNEED);
	(void)madvise((void *)(frame - page - deep), deep, MADV_DONTNEED);
}

_Noreturn void loop_run(const struct config *config,
			const struct loader_source *source, char **argv)
{
	struct sup *sup = &the_sup;
	struct wakes wakes;

	set_up(sup, config, source, argv);
	forget_set_up();
	/* From here on nothing may exit, block, allocate or write text. */
	while (sup->stop.phase != STOP_OVER) {
		follow_signals(sup);          /* of the configuration */
		publish(sup);                 /* memory only; wakes helpers */
		wait_for_events(sup, &wakes); /* the only sleep */
		services_fire(sup);           /* deadlines -> events */
		hooks_fire(sup);              /* ... of short commands */
		take_wakes(sup, &wakes);      /* signals -> wishes */
		oom_follow(sup);
		reap(sup);                    /* exits -> events, 64 a turn */
		take_verdicts(sup, &wakes);   /* exec done, or step and errno */
		helpers_run(sup);              /* helpers that died */
		reload_run(sup);              /* asked for, or silent */
		restore_run(sup);             /* what the registry remembers */
		restore_check_volume(sup);    /* does it hang? */
		if (sup->is_tree_changed)
			tree_follow(sup);     /* dependents; all ended? */
		if (sup->now_ms >= tree_blocked_ms(sup))
			shutdown_all_blocked(sup);
		queue_run(sup);               /* starts: headroom, budget */
		shutdown_if_held(sup);        /* essential, and no room */
		sup_say_orphans(sup, false);  /* now and then */
		orphans_run(sup);             /* those that live too long */
		shutdown_run(sup);            /* phases, when stopping */
	}
	shutdown_exit(sup);
}
