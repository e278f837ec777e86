/* SPDX-License-Identifier: ISC */
/* Sources: unix(7), proc(5), pid_namespaces(7). The process that called
 * listen(2) may have been replaced by another helper since: what /proc does not
 * know any more is not held against it. */
#include "init/cli/peer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/lib/format.h"
#include "init/lib/scan.h"

enum { STATUS = 4096, PATH = 64 };

/* The beginning of /proc/PID/NAME with a NUL; "" where it cannot be read. */
static void read_proc(int32_t pid, const char *name, char *text, size_t size)
{
	char path[PATH];
	ssize_t n;
	int fd;

	format(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
}

/* The first number behind `word` in the status of a process, and *at behind
 * it; false where that cannot be read. */
static bool find_number(const char *text, const char *word, const char **at,
			uint64_t *number)
{
	const char *from = scan_find(text, word);

	if (from == NULL)
		return false;
	while (*from != '\0' && (*from < '0' || *from > '9'))
		from++;
	*at = from;
	*number = scan_unsigned(at, 10);
	return *at > from;
}

/* Which PID namespace /proc shows. */
enum proc_kind { PROC_NONE, PROC_OURS, PROC_OTHER };

static enum proc_kind look_at_proc(void)
{
	char self[PATH];
	const char *at = self;
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	self[n < 0 ? 0 : n] = '\0';
	if (n > 0 && scan_unsigned(&at, 10) == (uint64_t)getpid())
		return PROC_OURS;
	/* Without an entry for this process it shows a namespace below, as
	 * after nsenter(1) with --mount alone. */
	return access("/proc/version", F_OK) == 0 ? PROC_OTHER : PROC_NONE;
}

/* A process of a PID namespace below this one has a number in each of them. */
static bool has_one_number(int32_t pid)
{
	char text[STATUS];
	const char *at;
	uint64_t number;

	read_proc(pid, "status", text, sizeof(text));
	return !find_number(text, "\nNSpid:", &at, &number) || *at == '\n';
}

static bool is_user_of_pid1(uint32_t uid)
{
	char text[STATUS];
	const char *at;
	uint64_t number;

	read_proc(1, "status", text, sizeof(text));
	return find_number(text, "\nUid:", &at, &number) && number == uid;
}

struct peer peer_of(int fd)
{
	struct ucred cred = { .pid = 0 };
	socklen_t size = sizeof(cred);
	enum proc_kind proc = look_at_proc();
	struct peer p = { .pid = 0 };

	p.is_known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred,
				&size) == 0;
	if (!p.is_known)
		return p;
	p.pid = cred.pid;
	p.uid = cred.uid;
	p.is_believed = p.uid == 0 || p.uid == geteuid() ||
			is_user_of_pid1(p.uid);
	p.is_here = p.pid > 0 && proc != PROC_OTHER &&
		    (proc == PROC_NONE || has_one_number(p.pid));
	return p;
}

/* The number of the first mount that a process sees, which no other mount has;
 * 0: not known. */
static uint64_t first_mount(int32_t pid)
{
	char text[PATH];
	const char *at = text;

	read_proc(pid, "mountinfo", text, sizeof(text));
	return scan_unsigned(&at, 10);
}

bool peer_is_in_this_mount_namespace(const struct peer *p)
{
	uint64_t theirs = look_at_proc() == PROC_OURS ? first_mount(p->pid)
						      : 0;

	return theirs == 0 || theirs == first_mount(getpid());
}
