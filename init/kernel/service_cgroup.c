/* SPDX-License-Identifier: ISC */
/* Small files, opened by name from one kept directory and closed again: a
 * thousand services keep no descriptor. */
#include "init/kernel/service_cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/kernel/cgroup.h"
#include "init/kernel/signal_courier.h"
#include "init/lib/format.h"
#include "init/lib/scan.h"

enum {
	PATH_BYTES = 128,  /* "service-NAME/memory.events" */
	LIST_BYTES = 1024, /* of a list of processes, read at once */
	VALUE_BYTES = 24,
	DEPTH = 8,         /* levels that are undone below a service's own */
	MANY = 4096,       /* cgroups that a start removes there ... */
	FEW = 32,          /* ... and PID 1 */
};

static int open_in(int dir_fd, const char *name, const char *file, int how)
{
	char path[PATH_BYTES];
	int fd;

	format(path, sizeof(path), "%s%s%s", name, *name ? "/" : "", file);
	fd = openat(dir_fd, path, how | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* 0, or -errno. */
static int put(int dir_fd, const char *name, const char *file,
	       const char *value)
{
	int fd = open_in(dir_fd, name, file, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int64_t value_in(int dir_fd, const char *name, const char *file,
			const char *key)
{
	int fd = open_in(dir_fd, name, file, O_RDONLY);
	int64_t value = cgroup_value(fd, key);

	if (fd >= 0)
		close(fd);
	return value;
}

/* --- Before the loop --------------------------------------------------- */

/* OWN/dashpot and OWN/dashpot/dashpot; the caller is in the latter then. */
static int make_own(struct cells *c, int own_fd)
{
	int err;

	if (mkdirat(own_fd, CGROUP_TOP, 0755) < 0 && errno != EEXIST)
		return -errno;
	c->dir_fd = openat(own_fd, CGROUP_TOP,
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir_fd < 0)
		return -errno;
	/* Another dashpot works there. */
	if (value_in(c->dir_fd, "", "cgroup.events", "populated ") > 0)
		return -EBUSY;
	if (mkdirat(c->dir_fd, CGROUP_TOP, 0755) < 0 && errno != EEXIST)
		return -errno;
	err = put(c->dir_fd, CGROUP_TOP, "cgroup.procs", "0");
	if (err < 0)
		unlinkat(c->dir_fd, CGROUP_TOP, AT_REMOVEDIR);
	return err;
}

/* Let OWN, then OWN/dashpot give a controller to what is below. */
static int enable(const struct cells *c, int own_fd, const char *word)
{
	int err = put(own_fd, "", "cgroup.subtree_control", word);

	return err < 0 ? err
		       : put(c->dir_fd, "", "cgroup.subtree_control", word);
}

static int find(struct cells *c)
{
	char dir[PATH_MAX];
	int own_fd, err;

	/* Beside others, the cgroup is not dashpot's. */
	if (getpid() != 1)
		return -EPERM;
	if (!cgroup_find(CGROUP_V2, dir))
		return -ENODEV;
	if (!cgroup_has(dir, "pids") && !cgroup_has(dir, "memory"))
		return -ENOTSUP;
	own_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own_fd < 0)
		return -errno;
	err = make_own(c, own_fd);
	if (err < 0)
		unlinkat(own_fd, CGROUP_TOP, AT_REMOVEDIR);
	if (err == 0) {
		c->pids_err = -enable(c, own_fd, "+pids");
		c->memory_err = -enable(c, own_fd, "+memory");
	}
	close(own_fd);
	return err;
}

void service_cgroup_find(struct cells *c)
{
	*c = (struct cells){ .dir_fd = -1 };
	c->err = -find(c);
	if (!c->err)
		return;
	if (c->dir_fd >= 0)
		close(c->dir_fd);
	c->dir_fd = -1;
	c->pids_err = c->memory_err = c->err;
}

int service_cgroup_open_kills(const struct cells *c)
{
	int fd = c->memory_err
			 ? -1
			 : open_in(c->dir_fd, "", "memory.events", O_RDONLY);

	return fd < 0 ? -1 : fd;
}

/* --- What a service has made below its own ------------------------------- */

/* Take every controller back; true when it had given one. */
static bool take_back(int dir_fd)
{
	char text[LIST_BYTES], word[VALUE_BYTES] = "-";
	int fd = open_in(dir_fd, "", "cgroup.subtree_control", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	size_t length;
	bool is_any = false;

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	for (const char *at = text; *at; at += length) {
		at += strspn(at, " \n");
		length = strcspn(at, " \n");
		if (length == 0 || length > sizeof(word) - 2)
			continue;
		memcpy(word + 1, at, length);
		word[1 + length] = '\0';
		is_any |= put(dir_fd, "", "cgroup.subtree_control", word) == 0;
	}
	return is_any;
}

/* Remove what is empty below the cgroup `name`, the deepest first, and take the
 * controllers back that it gave. At most `depth` levels and *most cgroups. True
 * when there was something. */
static bool cut(int dir_fd, const char *name, int depth, int *most)
{
	char entries[LIST_BYTES] __attribute__((aligned(8)));
	int fd = openat(dir_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool is_any = false;
	long n;

	while (fd >= 0 && depth > 0 &&
	       (n = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0)
		for (long at = 0; at < n && *most > 0;) {
			const struct dirent *e = (void *)(entries + at);

			at += e->d_reclen;
			if (e->d_type != DT_DIR || e->d_name[0] == '.')
				continue;
			--*most;
			is_any = true;
			(void)cut(fd, e->d_name, depth - 1, most);
			unlinkat(fd, e->d_name, AT_REMOVEDIR);
		}
	if (fd < 0)
		return false;
	is_any |= take_back(fd);
	close(fd);
	return is_any;
}

/* --- In the child of a start -------------------------------------------- */

static void name_cell(char to[PATH_BYTES], const char *name)
{
	format(to, PATH_BYTES, CGROUP_SERVICE "%s", name);
}

/* Set one limit: `limit` 0 is none, which a cgroup of an earlier run has to be
 * told. */
static int set_limit(const struct cells *c, const char *cell, const char *file,
		     uint64_t limit, int missing)
{
	char value[VALUE_BYTES] = "max";

	if (missing)
		return -missing;
	if (limit)
		format(value, sizeof(value), "%llu",
		       (unsigned long long)limit);
	return put(c->dir_fd, cell, file, value);
}

static int make_cell(const struct cells *c, const char *cell)
{
	if (c->err)
		return -c->err;
	if (mkdirat(c->dir_fd, cell, 0755) == 0 || errno == EEXIST)
		return 0;
	/* cgroup.max.descendants or .depth of one above: said as what it is,
	 * because EAGAIN is a limit on processes everywhere else. */
	return errno == EAGAIN ? -ENOSPC : -errno;
}

/* The service has not joined (err 0: it has): with a limit it cannot start,
 * else it runs without, and `told` is said. */
static int without_cell(const struct config_service *s,
			struct spawn_report *report, int told, int err)
{
	if ((s->tasks_max && !s->is_tasks_try) ||
	    (s->memory_max && !s->is_memory_try))
		return err;
	report->cell_err = -told;
	return 0;
}

int service_cgroup_enter(const struct cells *c, const char *name,
	       const struct config_service *s, struct spawn_report *report)
{
	const bool has_tasks = s->tasks_max && !s->is_tasks_try;
	const bool has_memory = s->memory_max && !s->is_memory_try;
	char cell[PATH_BYTES];
	int err;

	name_cell(cell, name);
	report->step = !c->err	 ? BOARD_STEP_CGROUP :
		       has_tasks ? BOARD_STEP_LIMIT_TASKS :
				   BOARD_STEP_LIMIT_MEMORY;
	err = make_cell(c, cell);
	if (err < 0)
		return without_cell(s, report, c->err ? 0 : err, err);
	report->is_cell_reset = cut(c->dir_fd, cell, DEPTH, &(int){ MANY });
	report->step = BOARD_STEP_LIMIT_TASKS;
	err = set_limit(c, cell, "pids.max", s->tasks_max, c->pids_err);
	if (err < 0 && has_tasks)
		return err;
	report->step = BOARD_STEP_LIMIT_MEMORY;
	err = set_limit(c, cell, "memory.max", s->memory_max, c->memory_err);
	if (err < 0 && has_memory)
		return err;
	report->step = BOARD_STEP_CGROUP;
	err = put(c->dir_fd, cell, "cgroup.procs", "0");
	report->is_in_cell = err == 0;
	return without_cell(s, report, err, err);
}

/* --- In the loop -------------------------------------------------------- */

/* Each process of the list: signal it if it was there before the reading
 * began, for then it is the one that was listed, and no other one has got its
 * number since. */
static int each(int fd, int proc_fd, struct processes *set, int64_t began_ticks)
{
	char text[LIST_BYTES];
	pid_t pid = 0;
	int err = 0;
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n && err >= 0; i++) {
			if (text[i] != '\n') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			set->found++;
			/* 0 is of another PID namespace. */
			if (pid > 0 && set->signal)
				err = processes_tell(proc_fd, pid,
						  began_ticks - 1, set);
			set->unsent += err > 0;
			if (pid > 0)
				set->one = pid;
			pid = 0;
		}
		if (err < 0)
			return err;
	}
	return n < 0 ? -errno : 0;
}

int service_cgroup_look(const struct cells *c, int proc_fd, const char *name,
	      struct processes *set)
{
	const int64_t began_ticks = processes_now_ticks();
	char cell[PATH_BYTES];
	int fd, err;

	set->found = set->ended = set->unsent = 0;
	set->is_group_told = false;
	set->born_ticks = 0; /* older ones were moved there */
	set->one = 0;
	name_cell(cell, name);
	/* Since Linux 5.14; before, each gets the signal. */
	if (set->signal == SIGKILL)
		(void)put(c->dir_fd, cell, "cgroup.kill", "1");
	fd = open_in(c->dir_fd, cell, "cgroup.procs", O_RDONLY);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = each(fd, proc_fd, set, began_ticks);
	set->err = courier_go(set->service, set->signal, set->one);
	if (set->err == 1) {
		set->unsent = 0;
		err = lseek(fd, 0, SEEK_SET) < 0
			      ? -errno
			      : each(fd, proc_fd, set, began_ticks);
		courier_end(set->unsent > 0 ? EPERM : -err);
	}
	close(fd);
	if (err == 0 && set->found == 0 &&
	    value_in(c->dir_fd, cell, "cgroup.events", "populated ") > 0)
		set->found = 1;
	return err;
}

int64_t service_cgroup_kills(const struct cells *c, const char *name)
{
	char cell[PATH_BYTES];

	name_cell(cell, name);
	return c->memory_err ? -1
			     : value_in(c->dir_fd, cell, "memory.events",
					"oom_kill ");
}

bool service_cgroup_remove(const struct cells *c, const char *name)
{
	char cell[PATH_BYTES];

	name_cell(cell, name);
	(void)cut(c->dir_fd, cell, DEPTH, &(int){ FEW });
	return unlinkat(c->dir_fd, cell, AT_REMOVEDIR) == 0 || errno == ENOENT;
}
