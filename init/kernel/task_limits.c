/* SPDX-License-Identifier: ISC */
/* Pids cgroups by kept descriptors; RLIMIT_NPROC by the dry clone, a
 * clone(2) with a bad pidfd pointer: the kernel counts the task against every
 * limit of alloc_pid()'s callers, then answers EFAULT and has made nothing.
 * The dry clone does not see the pids cgroup, hence the two ways. */
#include "init/kernel/task_limits.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init/kernel/cgroup.h"
#include "init/lib/scan.h"
#include "policy/headroom.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

/* Read a number at the beginning of fd; "max" is -1, trouble is fallback. */
static int64_t read_number(int fd, int64_t fallback)
{
	char text[32];
	const char *at = text;
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return fallback;
	text[n] = '\0';
	if (text[0] == 'm')
		return -1;
	return scan_signed(&at);
}

/* Keep the files of the cgroup at dir and of those above it, up to the mount
 * point, whose path is the first `top` bytes of dir. */
static void keep_levels(struct limits *l, char *dir, size_t top)
{
	while (l->levels < PIDS_LEVELS) {
		struct pids_level level = {
			.current_fd = cgroup_open(dir, "pids.current"),
			.max_fd = cgroup_open(dir, "pids.max"),
			.events_fd = cgroup_open(dir, "pids.events"),
			.fit = -1,
		};
		char *slash;

		if (level.current_fd >= 0 && level.max_fd >= 0) {
			l->level[l->levels++] = level;
		} else {
			close(level.current_fd);
			close(level.max_fd);
			close(level.events_fd);
		}
		slash = strrchr(dir, '/');
		if (strlen(dir) <= top || !slash || slash < dir + top)
			return;
		*slash = '\0';
	}
}

static int never_runs(void *unused)
{
	(void)unused;
	_exit(0);
}

/* clone(2) that cannot make a task: EFAULT when all limits would let it
 * pass. The stack is never run on. */
static int dry_clone(void)
{
	static char stack[256] __attribute__((aligned(16)));
	int *nowhere = NULL;
	pid_t pid;

	/* A pointer to an address that can never be written. */
	nowhere = (int *)((char *)nowhere + 1);
	pid = clone(never_runs, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, NULL,
		    nowhere);
	return pid < 0 ? errno : 0;
}

static bool is_kernel_at_least(uint64_t major, uint64_t minor)
{
	struct utsname name;
	const char *at = name.release;
	uint64_t have;

	if (uname(&name) < 0)
		return false;
	have = scan_unsigned(&at, 10);
	if (have != major)
		return have > major;
	return *at++ == '.' && scan_unsigned(&at, 10) >= minor;
}

void limits_find(struct limits *l)
{
	char dir[PATH_MAX];
	size_t top = cgroup_find("pids", dir);

	if (top > 0)
		keep_levels(l, dir, top);
	/* Before 5.2 the flag is unknown and the call would make a task. */
	if (!is_kernel_at_least(5, 2)) {
		l->dry_clone_err = ENOSYS;
		return;
	}
	l->dry_clone_err = dry_clone();
	l->is_dry_clone_exact =
		l->dry_clone_err == EFAULT || l->dry_clone_err == EAGAIN;
}

int limits_fit(struct limits *l, int64_t written, int64_t tasks,
	       int64_t *wished, int64_t *max)
{
	int tightest = -1;

	for (int i = 0; i < l->levels; i++) {
		int64_t limit = read_number(l->level[i].max_fd, -1);
		int64_t reserve = headroom_reserve(written, limit, -1);
		int64_t fit = headroom_fit(limit, tasks);

		if (limit < 0 || fit >= reserve)
			continue;
		l->level[i].fit = fit < 0 ? 0 : fit;
		if (tightest >= 0 && *max <= limit)
			continue;
		tightest = i;
		*wished = reserve;
		*max = limit;
	}
	return tightest;
}

/* Read level i for reports and judgement. */
static struct board_limit read_level(const struct limits *l, int i,
				     int64_t written)
{
	struct board_limit limit = {
		.kind = BOARD_LIMIT_PIDS_CGROUP,
		.level = i,
		.current = read_number(l->level[i].current_fd, 0),
		.max = read_number(l->level[i].max_fd, -1),
	};

	limit.reserve = headroom_reserve(written, limit.max, l->level[i].fit);
	if (limit.max < 0)
		limit.reserve = -1;
	return limit;
}

bool limits_have_room(const struct limits *l, int64_t written,
		      struct board_limit *binding)
{
	struct board_limit level[PIDS_LEVELS];
	struct headroom_limit limit[PIDS_LEVELS];
	int64_t reserve[PIDS_LEVELS];
	struct headroom_verdict verdict;

	for (int i = 0; i < l->levels; i++) {
		level[i] = read_level(l, i, written);
		limit[i] = (struct headroom_limit){
			.current = level[i].current,
			.max = level[i].max,
		};
		reserve[i] = level[i].reserve < 0 ? 0 : level[i].reserve;
	}
	verdict = headroom_judge(limit, reserve, (size_t)l->levels);
	if (!verdict.is_enough)
		*binding = level[verdict.binding];
	return verdict.is_enough;
}

void limits_note(struct limits *l)
{
	for (int i = 0; i < l->levels; i++)
		l->level[i].events =
			cgroup_value(l->level[i].events_fd, "max ");
}

void limits_blame_step(unsigned step, int err, struct board_limit *out)
{
	*out = (struct board_limit){
		.kind = BOARD_LIMIT_STEP,
		.level = (int32_t)step,
		.err = err,
		.current = -1,
		.max = -1,
		.reserve = -1,
	};
}

void limits_blame(const struct limits *l, int err, struct board_limit *out)
{
	limits_blame_step(0, err, out);
	out->kind = BOARD_LIMIT_KERNEL;
	if (err == ENOMEM)
		out->kind = BOARD_LIMIT_MEMORY;
	if (err == EMFILE || err == ENFILE)
		out->kind = BOARD_LIMIT_FILES;
	if (err != EAGAIN)
		return;
	for (int i = 0; i < l->levels; i++) {
		const struct pids_level *level = &l->level[i];
		int64_t current = read_number(level->current_fd, 0);
		int64_t max = read_number(level->max_fd, -1);

		/* At its limit: this one. Its counter rose below the limit:
		 * one above it that is not visible here. */
		if (max >= 0 && current + 1 > max) {
			*out = read_level(l, i, -1);
			out->err = err;
			return;
		}
		if (cgroup_value(level->events_fd, "max ") > level->events) {
			out->kind = BOARD_LIMIT_HIDDEN_CGROUP;
			out->current = current;
			out->max = max;
		}
	}
}

void limits_blame_child(const struct limits *l,
			const struct spawn_report *report, uint32_t uid,
			struct board_limit *out)
{
	const bool is_headroom = report->step == BOARD_STEP_HEADROOM;
	/* Of exec too, where the headroom could not tell, or none is kept. */
	const bool is_exec = report->step == BOARD_STEP_EXEC &&
			     report->max > 0;

	if (report->err == EAGAIN && (is_headroom || is_exec))
		*out = (struct board_limit){
			.kind = BOARD_LIMIT_NPROC,
			.uid = uid,
			.err = report->err,
			.current = report->current,
			.max = report->max,
			.reserve = report->reserve,
		};
	else if (is_headroom)
		limits_blame(l, report->err, out);
	else
		limits_blame_step(report->step, report->err, out);
}

void limits_show(const struct limits *l, int64_t written,
		 struct board_limit out[BOARD_LIMITS])
{
	memset(out, 0, BOARD_LIMITS * sizeof(out[0]));
	for (int i = 0; i < l->levels && i < BOARD_LIMITS; i++)
		out[i] = read_level(l, i, written);
}

bool limits_are_short(int err)
{
	return err == EAGAIN || err == ENOMEM || err == ENFILE ||
	       err == EMFILE;
}

void limits_tightest(const struct limits *l, int64_t *current, int64_t *max)
{
	*current = -1;
	*max = -1;
	for (int i = 0; i < l->levels; i++) {
		int64_t level_max = read_number(l->level[i].max_fd, -1);
		int64_t level_now = read_number(l->level[i].current_fd, -1);

		if (level_max < 0)
			continue;
		if (*max >= 0 && *max - *current <= level_max - level_now)
			continue;
		*current = level_now;
		*max = level_max;
	}
}

static int set_soft(rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = { .rlim_cur = soft, .rlim_max = hard };

	return prlimit(0, RLIMIT_NPROC, &limit, NULL);
}

/* The dry clone may also say EMFILE, under a small limit.nofile: the kernel
 * asks for a descriptor after all limits on tasks.
 *
 * The other tasks charged to this uid, everywhere: the least soft limit that
 * a clone would pass, less that clone and this child. Where even the hard
 * limit is reached, that is all that can be known: the hard limit. */
static int64_t count_tasks(rlim_t hard)
{
	rlim_t refused = 0;
	rlim_t passes = hard < INT_MAX ? hard : INT_MAX;

	if (set_soft(passes, hard) < 0)
		return -1;
	if (dry_clone() == EAGAIN)
		return (int64_t)passes;
	while (passes - refused > 1) {
		rlim_t middle = refused + (passes - refused) / 2;

		if (set_soft(middle, hard) < 0)
			return -1;
		if (dry_clone() != EAGAIN)
			passes = middle;
		else
			refused = middle;
	}
	return (int64_t)passes - 2;
}

int limits_check_child(const struct limits *l, int64_t written,
		       struct spawn_report *report)
{
	struct rlimit own;
	int64_t reserve;
	int err;

	if (!l->is_dry_clone_exact ||
	    prlimit(0, RLIMIT_NPROC, NULL, &own) < 0 ||
	    own.rlim_cur == RLIM_INFINITY)
		return 0;
	reserve = headroom_reserve(written, (int64_t)own.rlim_cur, -1);
	if ((uint64_t)reserve > own.rlim_cur)
		reserve = (int64_t)own.rlim_cur;
	/* What exec will mean, should it be the one to say EAGAIN: others hold
	 * all of it. */
	report->current = (int64_t)own.rlim_cur;
	report->max = (int64_t)own.rlim_cur;
	report->reserve = reserve;
	/* This child is charged already; the dry clone asks for one more. */
	if (reserve == 0 ||
	    set_soft(own.rlim_cur - (rlim_t)reserve + 1, own.rlim_max) < 0)
		return 0;
	err = dry_clone();
	if (err == EAGAIN)
		report->current = count_tasks(own.rlim_max);
	else
		report->max = 0; /* it is not this, should exec say EAGAIN */
	(void)set_soft(own.rlim_cur, own.rlim_max);
	return err == EAGAIN || err == ENOMEM ? err : 0;
}
