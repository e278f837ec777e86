/* SPDX-License-Identifier: ISC */
/* The child takes the real uid alone, which is enough to send (kill(2)): so
 * PID 1 itself never has a uid whose processes may signal or slow it. */
#include "init/pid1/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "init/capability.h"
#include "init/format.h"
#include "init/pid1/privileges.h"
#include "init/pid1/spawn.h"
#include "init/scan.h"

enum { STATUS_BYTES = 1024 }; /* of /proc/PID/status, to its Uid */

static int send(pid_t pid, int number, bool is_group)
{
	if (is_group && kill(-pid, number) == 0)
		return 1;
	return kill(pid, number) < 0 ? -errno : 0;
}

static int64_t field(const char *text, const char *name)
{
	const char *at = scan_find(text, name);

	if (!at)
		return -1;
	at += strlen(name);
	return (int64_t)scan_unsigned(&at, 10);
}

/* Only to a child of dashpot: no other one has got its number. */
static _Noreturn void carry(pid_t pid, int number, bool is_group)
{
	char text[STATUS_BYTES];
	ssize_t n;
	int fd;

	format(text, sizeof(text), "/proc/%d/status", pid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	if (field(text, "\nPPid:\t") == getppid() &&
	    privileges_lend_uid((uint32_t)field(text, "\nUid:\t")) == 0)
		(void)send(pid, number, is_group);
	_exit(0);
}

static bool may_take_uids(void)
{
	struct capability_sets own;

	return capability_get(&own) == 0 &&
	       (own.effective & capability_bit(CAPABILITY_SETUID));
}

bool courier_can(pid_t pid)
{
	return kill(pid, 0) == 0 || (errno == EPERM && may_take_uids());
}

int courier_send(pid_t pid, int number, bool is_group)
{
	int sent = send(pid, number, is_group);

	if (sent != -EPERM || !may_take_uids())
		return sent;
	switch (spawn_clone()) {
	case -1:
		return -errno;
	case 0:
		carry(pid, number, is_group);
	}
	return is_group;
}
