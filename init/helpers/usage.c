/* SPDX-License-Identifier: ISC */
/* Three system calls a process and no allocation; opendir(3) would. */
#include "init/helpers/usage.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/cgroup.h"
#include "init/format.h"
#include "init/helpers/helper.h"
#include "init/scan.h"

enum {
	ENTRIES = 4096,   /* bytes of directory entries read at once */
	STAT_BYTES = 512, /* more than the fields up to rss */
	TICK_MS = 10,     /* USER_HZ is 100 wherever Linux runs */
	AGAIN_MS = 10,    /* a zombie that its parent waits for is gone then */
};

/* The fields of proc(5) stat behind the state, which is number 3. */
enum field {
	PARENT, GROUP, SESSION,
	UTIME = 14 - 4, STIME, CUTIME, CSTIME,
	THREADS = 20 - 4,
	RSS = 24 - 4,
	FIELDS,
};

/* A record of getdents64(2). */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

struct pass {
	struct usage *usage;
	const struct config *config;
	int32_t dashpot;  /* its pid */
	int64_t page_kib;
	int proc_fd;
};

/* /proc, when it is that of this PID namespace; else -1. */
static int open_proc(void)
{
	char text[16];
	const char *at = text;
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t n = readlinkat(fd, "self", text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0 && scan_unsigned(&at, 10) != (uint64_t)getpid()) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The state of a process and its fields; '\0' when it is gone. Its name may
 * hold anything, so the fields begin behind the last parenthesis. */
static char read_stat(int proc_fd, int32_t pid, int64_t field[FIELDS])
{
	char text[STAT_BYTES];
	const char *at;
	ssize_t n = -1;
	char state;
	int fd;

	format(text, sizeof(text), "%d/stat", (int)pid);
	fd = openat(proc_fd, text, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n < 0 ? 0 : n] = '\0';
	at = strrchr(text, ')');
	if (at == NULL || strlen(at) < 4)
		return '\0';
	state = at[2];
	at += 3;
	for (int i = 0; i < FIELDS; i++)
		field[i] = scan_signed(&at);
	return state;
}

/* Ended, and its living parent, which is not dashpot, does not wait for it. A
 * leader that ended before its threads looks like that too. */
static bool is_zombie(char state, const int64_t field[FIELDS],
		      int32_t dashpot)
{
	return state == 'Z' && field[THREADS] <= 1 && field[PARENT] > 0 &&
	       field[PARENT] != dashpot;
}

static struct usage_row *row_of(const struct pass *p,
				const int64_t field[FIELDS])
{
	for (uint32_t i = 0; i < p->config->services; i++) {
		struct usage_row *row = &p->usage->row[i];

		if (row->pid > 0 && (field[SESSION] == row->pid ||
				     field[GROUP] == row->pid))
			return row;
	}
	return NULL;
}

static void count(const struct pass *p, int32_t pid)
{
	int64_t field[FIELDS];
	char state = read_stat(p->proc_fd, pid, field);
	struct usage_row *row = state == '\0' ? NULL : row_of(p, field);

	if (row == NULL)
		return;
	row->cpu_ms += (field[UTIME] + field[STIME]) * TICK_MS;
	if (pid == row->pid)
		row->cpu_ms += (field[CUTIME] + field[CSTIME]) * TICK_MS;
	if (is_zombie(state, field, p->dashpot)) {
		row->zombies++;
		row->zombie = pid;
		row->parent = (int32_t)field[PARENT];
	} else if (state != 'Z') {
		row->processes++;
		row->threads += field[THREADS];
		row->rss_kib += field[RSS] * p->page_kib;
	}
}

static void each_process(const struct pass *p)
{
	char entries[ENTRIES] __attribute__((aligned(8)));
	long n;

	while ((n = syscall(SYS_getdents64, p->proc_fd, entries,
			    sizeof(entries))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *e =
				(const struct entry *)(void *)(entries + at);
			const char *name = e->name;
			uint64_t pid = scan_unsigned(&name, 10);

			at += e->size;
			if (pid > 0 && pid <= INT32_MAX)
				count(p, (int32_t)pid);
		}
	}
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
		.page_kib = getpagesize() / 1024,
	};
	int64_t elapsed_ms = u->mono_ms == 0 ? 0 : mono_ms - u->mono_ms;

	if (mono_ms < u->next_ms)
		return false;
	u->next_ms = mono_ms + USAGE_MS;
	p.proc_fd = open_proc();
	if (p.proc_fd < 0)
		return false;
	for (uint32_t i = 0; i < c->services; i++) {
		before[i] = u->row[i];
		u->row[i] = (struct usage_row){ .pid = pid_of(board, i) };
	}
	each_process(&p);
	close(p.proc_fd);
	for (uint32_t i = 0; i < c->services; i++)
		finish(&u->row[i], &before[i], elapsed_ms,
		       config_service(c, i)->zombie_limit);
	look_at_memory(u);
	u->mono_ms = mono_ms;
	u->wall_ms = wall_ms;
	u->next_ms += (helper_mono_ms() - mono_ms) * USAGE_SHARE;
	return true;
}

bool usage_has_zombies(struct usage *u, uint32_t i)
{
	struct usage_row *row = &u->row[i];
	int64_t field[FIELDS];
	char state;
	int fd;

	if (row->zombies == 0 || row->zombies < 2 * row->told)
		return false;
	fd = open_proc();
	if (fd < 0)
		return false;
	poll(NULL, 0, AGAIN_MS);
	state = read_stat(fd, row->zombie, field);
	close(fd);
	if (state != 'Z' || field[PARENT] != row->parent)
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
