/* SPDX-License-Identifier: ISC */
/* Three system calls a process and no allocation; opendir(3) would. */
#include "init/report/usage.h"

#include <poll.h>
#include <unistd.h>

#include "init/kernel/cgroup.h"
#include "init/helper/helper.h"
#include "init/kernel/clock.h"
#include "init/kernel/proc.h"
#include "init/report/process_owner.h"

enum {
	AGAIN_MS = 10, /* a zombie that its parent waits for is gone then */
};

struct pass {
	struct usage *usage;
	struct strays strays;
	const struct config *config;
	int32_t dashpot;  /* its pid */
	int64_t page_kib;
};

/* Ended, and its living parent, which is not dashpot, does not wait for it. A
 * leader that ended before its threads looks like that too. */
static bool is_zombie(const struct proc_seen *s, int32_t dashpot)
{
	return s->state == 'Z' && s->field[PROC_THREADS] <= 1 &&
	       s->parent > 0 && s->parent != dashpot;
}

static struct usage_row *row_of(const struct pass *p,
				const struct proc_seen *s)
{
	for (uint32_t i = 0; i < p->config->services; i++) {
		struct usage_row *row = &p->usage->row[i];

		if (row->pid > 0 && (s->session == row->pid ||
				     s->group == row->pid))
			return row;
	}
	return NULL;
}

static int count(void *with, int proc_fd, const struct proc_seen *s)
{
	const struct pass *p = with;
	const int64_t *field = s->field;
	struct usage_row *row = row_of(p, s);

	if (row == NULL) {
		if (strays_owner(&p->strays, proc_fd, s) != STRAYS_NONE)
			p->usage->orphans++;
		return 0;
	}
	row->cpu_ms += (field[PROC_UTIME] + field[PROC_STIME]) * PROC_TICK_MS;
	if (s->pid == row->pid)
		row->cpu_ms += (field[PROC_CUTIME] + field[PROC_CSTIME]) *
			       PROC_TICK_MS;
	if (is_zombie(s, p->dashpot)) {
		row->zombies++;
		row->zombie = s->pid;
		row->parent = s->parent;
	} else if (s->state != 'Z') {
		row->processes++;
		row->threads += field[PROC_THREADS];
		row->rss_kib += field[PROC_RSS] * p->page_kib;
	}
	return 0;
}

/* One int of PID 1's cannot be torn. */
static int32_t pid_of(const struct board *board, uint32_t i)
{
	const volatile int32_t *pid = &board->service[i].pid;

	return *pid;
}

/* A number in a file of the memory cgroup in KiB, -1 for "max" and its like in
 * version 1; of the second file where there is no first one. */
static int64_t memory_kib(const char *dir, const char *file, const char *old)
{
	int fd = cgroup_open(dir, file);
	int64_t bytes;

	if (fd < 0)
		fd = cgroup_open(dir, old);
	bytes = cgroup_value(fd, "");
	if (fd >= 0)
		close(fd);
	return bytes <= 0 || bytes >= INT64_MAX / 2 ? -1 : bytes / 1024;
}

static void look_at_memory(struct usage *u)
{
	int fd;

	if (!u->is_sought && cgroup_find("memory", u->cgroup) == 0)
		u->cgroup[0] = '\0';
	u->is_sought = true;
	u->memory_kib = u->memory_max_kib = u->oom_kills = -1;
	if (u->cgroup[0] == '\0')
		return;
	u->memory_kib = memory_kib(u->cgroup, "memory.current",
				   "memory.usage_in_bytes");
	u->memory_max_kib = memory_kib(u->cgroup, "memory.max",
				       "memory.limit_in_bytes");
	fd = cgroup_open(u->cgroup, "memory.events");
	if (fd < 0)
		fd = cgroup_open(u->cgroup, "memory.oom_control");
	u->oom_kills = cgroup_value(fd, "oom_kill ");
	if (fd >= 0)
		close(fd);
}

/* Compare the new row with the one of the sample before. */
static void finish(struct usage_row *row, const struct usage_row *before,
		   int64_t elapsed_ms, uint32_t zombie_limit)
{
	bool is_same = row->pid > 0 && row->pid == before->pid;

	if (is_same && row->cpu_ms < before->cpu_ms)
		row->cpu_ms = before->cpu_ms;
	row->share = is_same && elapsed_ms > 0 ?
			     (row->cpu_ms - before->cpu_ms) * 100 /
				     elapsed_ms :
			     -1;
	if (zombie_limit > 0 && row->zombies > zombie_limit)
		row->over = is_same ? before->over + 1 : 1;
	row->told = is_same && row->zombies > 0 ? before->told : 0;
}

bool usage_sample(struct usage *u, const struct config *c,
		  const struct board *board, int64_t mono_ms, int64_t wall_ms)
{
	static struct usage_row before[CONFIG_SERVICES];
	struct pass p = {
		.usage = u, .config = c, .dashpot = board->pid,
		.page_kib = getpagesize() / 1024, .strays = { c, board },
	};
	int proc_fd;
	int64_t elapsed_ms = u->mono_ms == 0 ? 0 : mono_ms - u->mono_ms;

	if (mono_ms < u->next_ms)
		return false;
	u->next_ms = mono_ms + USAGE_MS;
	proc_fd = proc_open();
	if (proc_fd < 0)
		return false;
	u->orphans = 0;
	for (uint32_t i = 0; i < c->services; i++) {
		before[i] = u->row[i];
		u->row[i] = (struct usage_row){ .pid = pid_of(board, i) };
	}
	proc_each(proc_fd, count, &p);
	close(proc_fd);
	for (uint32_t i = 0; i < c->services; i++)
		finish(&u->row[i], &before[i], elapsed_ms,
		       config_service(c, i)->zombie_limit);
	look_at_memory(u);
	u->mono_ms = mono_ms;
	u->wall_ms = wall_ms;
	u->next_ms += (clock_mono_ms() - mono_ms) * USAGE_SHARE;
	return true;
}

bool usage_has_zombies(struct usage *u, uint32_t i)
{
	struct usage_row *row = &u->row[i];
	struct proc_seen now;
	int fd;

	if (row->zombies == 0 || row->zombies < 2 * row->told)
		return false;
	fd = proc_open();
	if (fd < 0)
		return false;
	poll(NULL, 0, AGAIN_MS);
	proc_read(fd, row->zombie, &now);
	close(fd);
	if (now.state != 'Z' || now.parent != row->parent)
		return false;
	row->told = row->zombies;
	return true;
}

const struct usage_row *usage_of(const struct usage *u, uint32_t i,
				 int32_t pid)
{
	if (u == NULL || u->mono_ms == 0 || pid <= 0 || u->row[i].pid != pid)
		return NULL;
	return &u->row[i];
}
