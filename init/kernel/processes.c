/* SPDX-License-Identifier: ISC */
/* One pass over /proc. What it misses (a process that forks while it runs) the
 * next one finds: the callers look until nothing is left. */
#include "init/kernel/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/kernel/proc.h"
#include "init/lib/format.h"
#include "init/lib/scan.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum {
	TICKS = 100,        /* USER_HZ: a second in proc(5) stat */
	LIMITS_BYTES = 1536, /* more than /proc/PID/limits has */
	PARENTS = 64,       /* steps up before a process is called foreign */
};

int64_t processes_now_ticks(void)
{
	return clock_boot_ms() / (1000 / TICKS);
}

/* As proc_file(). */
static int read_mark(int proc_fd, pid_t pid, struct mark *mark)
{
	char text[LIMITS_BYTES];
	int is_there = proc_file(proc_fd, pid, "limits", text, sizeof(text));

	*mark = is_there > 0 ? mark_read(text) : (struct mark){ 0, 0 };
	return is_there;
}

static bool is_living(const struct proc_seen *s)
{
	return s->state != 'Z' && s->state != 'X';
}

/* Signal the process that `s` describes, and no other one that has got its
 * number since. Where there is no pidfd (before Linux 5.3) the second reading
 * alone leaves a gap of microseconds. 0, 1 where it takes a courier, which is
 * noted, or -errno as proc_read(). */
static int signal_seen(int proc_fd, const struct proc_seen *s, int number)
{
	struct proc_seen again = { 0 };
	int fd, is_there;
	long sent = 0;

	if (!courier_is_for(s->pid))
		return 0;
	fd = (int)syscall(SYS_pidfd_open, s->pid, 0);

	if (fd < 0 && errno == ESRCH)
		return 0;
	is_there = proc_read(proc_fd, s->pid, &again);
	if (is_there > 0 && again.session == s->session &&
	    again.group == s->group && again.start_ticks == s->start_ticks) {
		sent = fd >= 0 ? syscall(SYS_pidfd_send_signal, fd, number,
					 NULL, 0)
			       : kill(s->pid, number);
		if (sent < 0 && errno == EPERM)
			courier_note(s->pid);
		else
			sent = 0;
		/* A stopped process would not notice a polite signal. */
		if (number != SIGKILL)
			kill(s->pid, SIGCONT);
	}
	if (fd >= 0)
		close(fd);
	return is_there < 0 ? is_there : sent < 0;
}

/* Has the signal of the set reached this member already? */
static bool is_told(const struct processes *g, const struct proc_seen *s)
{
	/* A group counts as told where only some of it may be. */
	return s->group == g->id &&
	       ((g->is_group_told && kill(s->pid, 0) == 0) ||
		(g->signal != SIGKILL && s->start_ticks < g->told_ticks));
}

int processes_tell(int proc_fd, pid_t pid, int64_t to_ticks,
		const struct processes *set)
{
	struct proc_seen s;
	int is_there = proc_fd < 0 ? 0 : proc_read(proc_fd, pid, &s);

	if (is_there <= 0 || s.start_ticks < set->born_ticks ||
	    s.start_ticks > to_ticks || !is_living(&s) || is_told(set, &s))
		return is_there < 0 ? is_there : 0;
	return signal_seen(proc_fd, &s, set->signal);
}

struct children {
	processes_visit *show;
	void *with;
	pid_t parent;
};

static int see_child(void *with, int proc_fd, const struct proc_seen *s)
{
	const struct children *all = with;

	(void)proc_fd;
	if (s->parent == all->parent && is_living(s))
		all->show(all->with,
			   &(struct processes_child){
				   .pid = s->pid,
				   .group = s->group,
				   .session = s->session,
				   .start_ticks = s->start_ticks,
			   });
	return 0;
}

int processes_children(int proc_fd, pid_t parent, processes_visit *show,
		       void *with)
{
	struct children all = { show, with, parent };
	int seen = proc_each(proc_fd, see_child, &all);

	return seen < 0 ? seen : 0;
}

struct mark processes_mark(int proc_fd, pid_t pid)
{
	struct mark mark;

	(void)read_mark(proc_fd, pid, &mark);
	return mark;
}

bool processes_is_in(int proc_fd, pid_t pid, const char *part)
{
	char text[LIMITS_BYTES];

	return proc_file(proc_fd, pid, "cgroup", text, sizeof(text)) > 0 &&
	       scan_find(text, part);
}

/* Does the way up from `s` lead to self? 1, 0 or -errno. PID 1 has everybody
 * below it. */
static int is_descendant(int proc_fd, const struct proc_seen *s, pid_t self)
{
	struct proc_seen up = *s;
	int is_there = 1;

	if (self == 1)
		return 1;
	for (int i = 0; i < PARENTS && is_there > 0 && up.parent > 1; i++) {
		if (up.parent == self)
			return 1;
		is_there = proc_read(proc_fd, up.parent, &up);
	}
	return is_there < 0 ? is_there : 0;
}

struct sets {
	struct processes *set;
	uint32_t n;
	struct processes_living living;
	pid_t self;
	bool is_marked;     /* some set has a mark */
	bool is_signalling; /* second pass */
};

static bool is_of_living(const struct processes_living *living,
			 const struct proc_seen *s)
{
	for (uint32_t i = 0; i < living->n; i++)
		if (living->leader[i] && (living->leader[i] == s->session ||
					  living->leader[i] == s->group))
			return true;
	return false;
}

/* A member that is in the set's session; its leader, once that was reaped, is
 * a stranger who got the number: then the old session is empty. */
static bool is_in_session(struct processes *g, const struct proc_seen *s)
{
	if ((g->is_group ? s->group : s->session) != g->id ||
	    s->start_ticks < g->born_ticks)
		return false;
	if (s->pid != g->id)
		return true;
	g->id = -1;
	return false;
}

/* Has it the mark of the set? A process of the same user outside may have
 * lowered its limits to it: where it is not below us it is none of ours. 1, 0,
 * or -errno. */
static int is_of_mark(const struct processes *g, struct mark mark, int proc_fd,
		      const struct proc_seen *s, pid_t self)
{
	if (mark.locks == 0 || mark.locks != g->mark.locks ||
	    mark.rss != g->mark.rss)
		return 0;
	return is_descendant(proc_fd, s, self);
}

/* Count a member, or send it its signal in the second pass. 0, or -errno. */
static int take_member(const struct sets *all, int proc_fd, struct processes *g,
		       const struct proc_seen *s, bool is_marked)
{
	int err = 0;

	if (!is_living(s)) {
		/* Its parent is to wait for it where that is not us. */
		if (s->parent != all->self)
			return 0;
		g->ended += !all->is_signalling;
	} else if (all->is_signalling) {
		if (g->signal && !is_told(g, s))
			err = signal_seen(proc_fd, s, g->signal);
		g->unsent += err > 0;
		return err;
	} else {
		(*(is_marked ? &g->left : &g->found))++;
	}
	g->one = s->pid;
	g->has_group = g->has_group || (!is_marked && s->group == g->id);
	return 0;
}

/* A group's number is not given away as long as it has members, also ended
 * ones that are not reaped, and some were seen a moment ago. The kernel gives
 * the signal to all of them at once, so that none can fork meanwhile. */
static void signal_group(struct processes *g)
{
	if (!g->signal || !g->has_group || g->id <= 1 ||
	    (g->told_ticks && g->signal != SIGKILL))
		return;
	g->is_group_told = kill(-g->id, g->signal) == 0;
	if (g->is_group_told && g->signal != SIGKILL)
		kill(-g->id, SIGCONT);
}

static int match_set(void *with, int proc_fd, const struct proc_seen *s)
{
	struct sets *all = with;
	bool is_over = !is_living(s) && s->parent != all->self;
	bool has_asked = !all->is_marked || is_over || s->pid == 1 ||
			 is_of_living(&all->living, s);
	struct mark mark = { 0, 0 };
	int err = 0;

	for (uint32_t i = 0; i < all->n && err >= 0; i++) {
		struct processes *g = &all->set[i];
		bool is_member = is_in_session(g, s), is_marked = false;

		if (!is_member && !has_asked) {
			err = read_mark(proc_fd, s->pid, &mark);
			if (err <= 0)
				return err;
			has_asked = true;
		}
		err = is_member ? 0
				: is_of_mark(g, mark, proc_fd, s, all->self);
		is_marked = err > 0;
		if (is_member || is_marked)
			err = take_member(all, proc_fd, g, s, is_marked);
	}
	return err < 0 ? err : 0;
}

/* Those of other users get their signals, too, or the sets say why not. */
static void send_couriers(struct sets *all, int proc_fd)
{
	const struct processes *last = all->set;
	uint32_t unsent = 0;
	int err;

	for (uint32_t i = 0; i < all->n; i++)
		if (all->set[i].unsent > 0)
			last = &all->set[i];
	err = courier_go(last->service, last->signal, last->one);
	for (uint32_t i = 0; i < all->n; i++) {
		struct processes *g = &all->set[i];

		if (err < 1) {
			g->err = g->unsent > 0 ? err : 0;
			continue;
		}
		/* The others of its group had it from PID 1. */
		g->has_group = g->has_group && !g->is_group_told;
		g->is_group_told = false;
		g->unsent = 0;
		signal_group(g);
	}
	if (err != 1)
		return;
	err = proc_each(proc_fd, match_set, all);
	for (uint32_t i = 0; i < all->n; i++)
		unsent += all->set[i].unsent;
	courier_end(err < 0 ? EAGAIN : unsent > 0 ? EPERM : 0);
}

int processes_look(int proc_fd, struct processes *set, uint32_t n,
		struct processes_living living)
{
	struct sets all = {
		.set = set, .n = n, .living = living, .self = getpid(),
	};
	int seen;

	for (uint32_t i = 0; i < n; i++) {
		set[i].found = set[i].left = set[i].ended = 0;
		set[i].one = set[i].err = 0;
		set[i].unsent = 0;
		set[i].has_group = set[i].is_group_told = false;
		all.is_marked = all.is_marked || set[i].mark.locks;
	}
	seen = proc_each(proc_fd, match_set, &all);
	for (uint32_t i = 0; i < n; i++) {
		if (set[i].id < 0)
			set[i].found = set[i].ended = 0;
		set[i].found += set[i].left;
		signal_group(&set[i]);
		if (set[i].found + set[i].ended > 0 && set[i].signal)
			all.is_signalling = true;
	}
	if (seen >= 0 && all.is_signalling) {
		seen = proc_each(proc_fd, match_set, &all);
		send_couriers(&all, proc_fd);
	}
	return seen;
}

struct rest {
	const pid_t *spared;
	uint32_t n;
	pid_t self, one;
	int signal;
	int living, unsent;
};

static int signal_one_of_rest(void *with, int proc_fd,
                              const struct proc_seen *s)
{
	struct rest *rest = with;
	int is_below;

	if (s->pid == rest->self || !is_living(s) || courier_is(s->pid))
		return 0;
	for (uint32_t i = 0; i < rest->n; i++)
		if (s->pid == rest->spared[i])
			return 0;
	is_below = is_descendant(proc_fd, s, rest->self);
	if (is_below <= 0)
		return is_below;
	rest->living++;
	is_below = rest->signal ? signal_seen(proc_fd, s, rest->signal) : 0;
	rest->unsent += is_below > 0;
	if (is_below > 0)
		rest->one = s->pid;
	return is_below;
}

int processes_signal_rest(int proc_fd, int signal, const pid_t *spared,
		       uint32_t n, struct processes *ret_unsent)
{
	struct rest rest = {
		.spared = spared,
		.n = n,
		.self = getpid(),
		.signal = signal,
	};
	int seen = proc_each(proc_fd, signal_one_of_rest, &rest);
	int err = courier_go(-1, signal, rest.one);

	if (err == 1) {
		rest.unsent = 0;
		err = proc_each(proc_fd, signal_one_of_rest, &rest);
		courier_end(err < 0 ? EAGAIN : rest.unsent > 0 ? EPERM : 0);
	}
	*ret_unsent = (struct processes){
		.signal = signal,
		.service = -1,
		.unsent = err < 0 ? (uint32_t)rest.unsent : 0,
		.err = rest.unsent > 0 ? err : 0,
		.one = rest.one,
	};
	return seen < 0 ? seen : rest.living;
}
