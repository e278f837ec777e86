/* SPDX-License-Identifier: ISC */
/* By getdents64(2), because opendir(3) allocates. What a pass misses (a process
 * that forks while it runs) the next one finds. */
#include "init/kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init/lib/format.h"
#include "init/lib/scan.h"

enum {
	ENTRIES = 4096,   /* bytes of directory entries read at once */
	STAT_BYTES = 512, /* more than the fields up to rss */
};

/* A record of getdents64(2). */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

int proc_open(void)
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

/* The process is gone, or hidden from us, rather than that the machine is short
 * of something. */
static bool is_gone(int err)
{
	return err == ENOENT || err == ESRCH || err == EACCES || err == EPERM;
}

int proc_file(int proc_fd, pid_t pid, const char *name, char *text,
	      size_t size)
{
	ssize_t n = -1;
	int fd, err;

	format(text, size, "%d/%s", (int)pid, name);
	fd = openat(proc_fd, text, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, text, size - 1);
	err = errno;
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n >= 0 ? (int)n : is_gone(err) ? 0 : -err;
}

/* The name in parentheses may hold anything, so the fields begin behind the
 * last parenthesis. */
int proc_read(int proc_fd, pid_t pid, struct proc_seen *p)
{
	char text[STAT_BYTES];
	const char *at;
	int n = proc_file(proc_fd, pid, "stat", text, sizeof(text));

	p->pid = pid;
	p->state = '\0';
	at = strrchr(text, ')');
	if (n <= 0 || at == NULL || strlen(at) < 4)
		return n < 0 ? n : 0;
	p->state = at[2];
	at += 3;
	for (int i = 0; i < PROC_FIELDS; i++)
		p->field[i] = scan_signed(&at);
	p->parent = (pid_t)p->field[PROC_PARENT];
	p->group = (pid_t)p->field[PROC_GROUP];
	p->session = (pid_t)p->field[PROC_SESSION];
	p->start_ticks = p->field[PROC_START];
	return 1;
}

int proc_each(int proc_fd, proc_visit *visit, void *with)
{
	char entries[ENTRIES] __attribute__((aligned(8)));
	int seen = 0;
	long n;

	if (proc_fd < 0 || lseek(proc_fd, 0, SEEK_SET) < 0)
		return -ENOENT;
	while ((n = syscall(SYS_getdents64, proc_fd, entries,
			    sizeof(entries))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *e =
				(const struct entry *)(void *)(entries + at);
			const char *name = e->name;
			uint64_t pid = scan_unsigned(&name, 10);
			struct proc_seen p;
			int err;

			at += e->size;
			if (pid == 0 || pid > INT_MAX)
				continue;
			err = proc_read(proc_fd, (pid_t)pid, &p);
			if (err > 0)
				err = visit(with, proc_fd, &p);
			if (err < 0)
				return err;
			seen++;
		}
	}
	return n < 0 ? -errno : seen;
}
