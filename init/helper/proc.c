/* SPDX-License-Identifier: ISC */
/* By getdents64(2): a helper that looks often allocates nothing for it. */
#include "init/helper/proc.h"

#include <fcntl.h>
#include <limits.h>
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

size_t proc_file(int proc_fd, int32_t pid, const char *name, char *text,
		 size_t size)
{
	ssize_t n = -1;
	int fd;

	format(text, size, "%d/%s", (int)pid, name);
	fd = openat(proc_fd, text, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? 0 : (size_t)n;
}

/* The name may hold anything, so the fields begin behind the last
 * parenthesis. */
void proc_read(int proc_fd, int32_t pid, struct proc_seen *p)
{
	char text[STAT_BYTES];
	const char *at;

	p->pid = pid;
	p->state = '\0';
	proc_file(proc_fd, pid, "stat", text, sizeof(text));
	at = strrchr(text, ')');
	if (at == NULL || strlen(at) < 4)
		return;
	p->state = at[2];
	at += 3;
	for (int i = 0; i < PROC_FIELDS; i++)
		p->field[i] = scan_signed(&at);
}

void proc_each(int proc_fd, proc_visit *visit, void *with)
{
	char entries[ENTRIES] __attribute__((aligned(8)));
	long n;

	while ((n = syscall(SYS_getdents64, proc_fd, entries,
			    sizeof(entries))) > 0) {
		for (long at = 0; at < n;) {
			const struct entry *e =
				(const struct entry *)(void *)(entries + at);
			const char *name = e->name;
			uint64_t pid = scan_unsigned(&name, 10);
			struct proc_seen p;

			at += e->size;
			if (pid == 0 || pid > INT32_MAX)
				continue;
			proc_read(proc_fd, (int32_t)pid, &p);
			if (p.state != '\0')
				visit(with, proc_fd, &p);
		}
	}
}
