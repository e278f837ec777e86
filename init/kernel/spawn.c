/* SPDX-License-Identifier: ISC */
/* Between clone and exec: only system calls and memory that exists already.
 * Nothing but SIGTERM and SIGKILL can interrupt the child; it unblocks the
 * other signals last. */
#include "init/kernel/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/kernel/clone.h"
#include "init/kernel/descriptors.h"
#include "init/kernel/execute.h"
#include "init/kernel/fork.h"
#include "init/kernel/lineage_mark.h"
#include "init/kernel/oom_score.h"
#include "init/kernel/privileges.h"
#include "init/kernel/service_cgroup.h"
#include "init/kernel/signals.h"
#include "init/kernel/sockets.h"
#include "init/kernel/task_limits.h"
#include "init/lib/format.h"

enum { OLD_MOST = 4096 }; /* datagrams of former runs that are dropped */

extern char **environ;

static _Noreturn void fail(struct spawn_report *report, int err)
{
	report->err = err;
	_exit(127);
}

/* Say which step comes, then take it; a step that fails ends the start. */
static void take(struct spawn_report *report, enum board_step step)
{
	report->step = step;
	report->which = -1;
}

static void check(struct spawn_report *report, long result)
{
	if (result < 0)
		fail(report, errno);
}

/* Put fd at `target`, inheritable. */
static void place(struct spawn_report *report, int fd, int target)
{
	if (fd == target)
		check(report, descriptors_control(fd, F_SETFD, 0));
	else
		check(report, dup2(fd, target));
}

/* pipe: the read end of the stream's pipe, -1 where it has none. */
static void open_stream(struct spawn_report *report,
			enum config_output output, int pipe, int target)
{
	char path[32];
	int fd = 1; /* CONFIG_STDOUT */

	take(report, target == 1 ? BOARD_STEP_STDOUT : BOARD_STEP_STDERR);
	switch (output) {
	case CONFIG_INHERIT:
		return;
	case CONFIG_NULL:
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		break;
	case CONFIG_RELAY:
	case CONFIG_FILE:
		if (pipe < 0)
			return;
		/* A write end and a description of its own. PID 1 reads, so
		 * this cannot block. */
		format(path, sizeof(path), "/proc/self/fd/%d", pipe);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		break;
	case CONFIG_STDOUT:
		break;
	}
	check(report, fd);
	place(report, fd, target);
}

static void open_streams(const struct spawn_plan *plan)
{
	const struct config_service *s =
		config_service(plan->config, plan->service);
	const bool is_silent = plan->hook && plan->hook->is_silent;
	int fd;

	if (plan->hook || !s->is_main) {
		take(plan->report, BOARD_STEP_STDIN);
		fd = descriptors_empty(O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail(plan->report, -fd);
		place(plan->report, fd, 0);
	}
	open_stream(plan->report, is_silent ? CONFIG_NULL : s->out.output,
		    plan->pipe[0], 1);
	open_stream(plan->report, is_silent ? CONFIG_NULL : s->err.output,
		    plan->pipe[1], 2);
}

static void enter_cell(const struct spawn_plan *plan)
{
	int err = service_cgroup_enter(
		plan->cells, config_name(plan->config, plan->service),
		config_service(plan->config, plan->service), plan->report);

	if (err < 0)
		fail(plan->report, -err);
}

static bool has_limit(const struct config *c, const struct config_service *s,
		      uint32_t resource)
{
	for (uint32_t i = 0; i < s->limits; i++)
		if (config_limit(c, s->limits_first + i)->resource == resource)
			return true;
	return false;
}

/* Who writes one of the two limits has no mark. The other one is then made too
 * low for any, so that it cannot take a neighbour's either. */
static void be_marked(const struct spawn_plan *plan,
		      const struct config_service *s)
{
	struct mark mark = mark_make(plan->mark_base, plan->mark);
	bool has_locks = has_limit(plan->config, s, RLIMIT_LOCKS);
	bool has_rss = has_limit(plan->config, s, RLIMIT_RSS);

	if (has_locks || has_rss)
		mark.locks = mark.rss = plan->mark_base / 2;
	if (has_locks)
		mark.locks = 0;
	if (has_rss)
		mark.rss = 0;
	mark_take(mark);
}

static void set_limits(const struct spawn_plan *plan,
		       const struct config_service *s)
{
	const struct config *c = plan->config;
	struct spawn_report *report = plan->report;

	take(report, BOARD_STEP_LIMIT);
	/* PID 1 raised its own soft limit; services get what it got. Where this
	 * is refused, it could not be raised either. */
	(void)prlimit(0, RLIMIT_NOFILE, &plan->limits->files, NULL);
	be_marked(plan, s);
	for (uint32_t i = 0; i < s->limits; i++) {
		const struct config_limit *l =
			config_limit(c, s->limits_first + i);
		const struct rlimit limit = {
			.rlim_cur = l->soft == UINT64_MAX ? RLIM_INFINITY
							  : l->soft,
			.rlim_max = l->hard == UINT64_MAX ? RLIM_INFINITY
							  : l->hard,
		};

		report->which = l->resource;
		if (prlimit(0, l->resource, &limit, NULL) < 0 && !l->is_try)
			fail(report, errno);
	}
}

static void set_oom_score_of(struct spawn_report *report,
			     const struct config_service *s)
{
	int err = 0;

	take(report, BOARD_STEP_OOM_SCORE);
	if (s->has_oom_score_adj)
		err = oom_score_set(s->oom_score_adj);
	if (err < 0 && !s->is_oom_score_adj_try)
		fail(report, -err);
}

static void set_priorities(struct spawn_report *report,
			   const struct config_service *s)
{
	if (s->has_nice) {
		take(report, BOARD_STEP_NICE);
		if (setpriority(PRIO_PROCESS, 0, s->nice) < 0 &&
		    !s->is_nice_try)
			fail(report, errno);
	}
	if (s->has_umask)
		umask(s->umask);
}

static int64_t changed_ns(const struct stat *file)
{
	return (int64_t)file->st_ctim.tv_sec * 1000000000 +
	       file->st_ctim.tv_nsec;
}

/* A file that an earlier run has left makes nobody ready. */
static void note_file(const char *path, struct spawn_report *report)
{
	struct stat file;

	take(report, BOARD_STEP_READY);
	if (stat(path, &file) < 0)
		return;
	report->ready_device = file.st_dev;
	report->ready_inode = file.st_ino;
	report->ready_changed_ns = changed_ns(&file);
}

/* In the child of a check by a file; `start` is what the start has noted, or
 * NULL. */
static _Noreturn void find_file(const char *path,
				const struct spawn_report *start)
{
	struct stat file;

	if (stat(path, &file) < 0)
		_exit(errno);
	if (start && file.st_dev == start->ready_device &&
	    file.st_ino == start->ready_inode &&
	    changed_ns(&file) == start->ready_changed_ns)
		_exit(EEXIST);
	_exit(0);
}

/* Forget what former runs told the socket. Nothing of them lives any more, so
 * whatever is there is old. Not in PID 1: a datagram can carry a descriptor
 * whose last close lasts as long as its sender likes (a socket that lingers, a
 * file on a mount that hangs). What the prober reads until then PID 1 does not
 * believe, because a service that does not execute cannot be ready. */
static void drop_old(int socket_fd)
{
	for (int k = 0; k < OLD_MOST && socket_fd >= 0; k++)
		if (!sockets_drop(socket_fd))
			return;
}

/* "NOTIFY_SOCKET=@NAME", or NULL where there is no socket or its name cannot
 * be known (errno). The NUL that an abstract name begins with is written as
 * "@". */
static const char *notify_variable(int socket_fd)
{
	static char variable[sizeof("NOTIFY_SOCKET=@") + SOCKETS_NAME];
	char name[SOCKETS_NAME];

	if (!sockets_name(socket_fd, name))
		return NULL;
	format(variable, sizeof(variable), "NOTIFY_SOCKET=@%s", name);
	return variable;
}

/* What a service says its readiness by: its socket is emptied and named in
 * *variable, its descriptor gets the number that the service expects. Whatever
 * else has that number is closed, so the verdict's pipe makes room: its early
 * end would say that the service executes. */
static void place_ready(const struct spawn_plan *plan, int verdict_fd,
			const char **variable)
{
	const struct config_check *ready =
		&config_service(plan->config, plan->service)->ready;
	struct spawn_report *report = plan->report;
	int number = (int)ready->number;

	if (ready->kind == CONFIG_CHECK_NOTIFY) {
		take(report, BOARD_STEP_READY);
		drop_old(plan->socket_fd);
		*variable = notify_variable(plan->socket_fd);
		/* Without it nothing could ever make it ready. */
		if (!*variable)
			fail(report, errno);
	}
	if (ready->kind == CONFIG_CHECK_FILE)
		note_file(config_string(plan->config, ready->path), report);
	if (ready->kind != CONFIG_CHECK_FD)
		return;
	take(report, BOARD_STEP_READY);
	if (verdict_fd == number)
		check(report, descriptors_control(verdict_fd, F_DUPFD_CLOEXEC,
						  number + 1));
	place(report, plan->ready_fd, number);
}

static _Noreturn void run(const struct spawn_plan *plan, int verdict_fd)
{
	const struct config *c = plan->config;
	const struct config_service *s = config_service(c, plan->service);
	const struct spawn_hook *hook = plan->hook;
	struct spawn_report *report = plan->report;
	const char *own[] = { NULL, NULL };
	const struct config_list words = hook ? hook->argv : s->argv;
	struct execute what = { .path = config_string(c, s->path) };
	int err;

	signals_enter_child();
	/* What exec needs, and the machine may not have. */
	take(report, BOARD_STEP_EXEC);
	if (!execute_reserve(&what, words.count, s->env.count))
		fail(report, errno);
	take(report, BOARD_STEP_SETSID);
	if (s->is_main && !hook)
		terminal_enter(plan->terminal);
	else
		check(report, setsid());
	/* A hook is nothing that its service has left behind. */
	if (!hook)
		enter_cell(plan);
	execute_words(&what, c, words);
	open_streams(plan);
	if (!hook)
		place_ready(plan, verdict_fd, &own[0]);
	/* What needs a descriptor comes before the limits: all that PID 1 has
	 * open is open here until exec, and may be more than a service may. */
	set_oom_score_of(report, s);
	set_limits(plan, s);
	set_priorities(report, s);
	err = privileges_take(s, report);
	if (err != 0)
		fail(report, err);
	if (s->directory) {
		take(report, BOARD_STEP_DIRECTORY);
		check(report, chdir(config_string(c, s->directory)));
	}
	if (hook && hook->argv.count == 0)
		find_file(config_string(c, hook->path), hook->start);
	take(report, BOARD_STEP_HEADROOM);
	err = limits_check_child(plan->limits, c->headroom, report);
	if (err != 0)
		fail(report, err);
	execute_variables(&what, c, s->env, s->is_env_cleared,
			  hook ? hook->extra : own);
	fail(report, execute_run(&what, report));
}

static void run_hook(void *plan)
{
	run(plan, -1);
}

pid_t spawn_hook(const struct spawn_plan *plan)
{
	struct spawn_plan copy = *plan;

	*plan->report = (struct spawn_report){ .step = BOARD_STEP_CLONE };
	return fork_child(run_hook, &copy);
}

/* The pipe and the clone, the same for both kinds. In the child 0 is returned,
 * and *verdict_fd is its end of the pipe. */
static pid_t start(struct spawn_report *report, int *verdict_fd)
{
	int ends[2];
	pid_t pid;
	int err;

	*report = (struct spawn_report){ .step = BOARD_STEP_CLONE };
	if (descriptors_pipe(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	pid = clone_process();
	*verdict_fd = ends[1];
	if (pid == 0)
		return 0;
	*verdict_fd = -1;
	err = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -err;
	}
	*verdict_fd = ends[0];
	return pid;
}

pid_t spawn_service(const struct spawn_plan *plan, int *verdict_fd)
{
	pid_t pid = start(plan->report, verdict_fd);

	if (pid == 0)
		run(plan, *verdict_fd);
	return pid;
}

pid_t spawn_command(char **argv, enum terminal t, struct spawn_report *report,
		    int *verdict_fd)
{
	struct execute what = { .argv = argv, .env = environ };
	pid_t pid = start(report, verdict_fd);
	const char *path;

	if (pid != 0)
		return pid;
	signals_enter_child();
	path = getenv("PATH");
	what.path = path ? path : "/usr/local/bin:/bin:/usr/bin";
	terminal_enter(t);
	fail(report, execute_run(&what, report));
}

void spawn_drop_reports(struct spawn_report *reports)
{
	munmap(reports, (1 + HOOKS) * CONFIG_SERVICES * sizeof(*reports));
}
