/* SPDX-License-Identifier: ISC */
/* The child takes the real uid alone, which is enough to send (kill(2)): so
 * PID 1 itself never has a uid whose processes may signal or slow it. One of
 * several uids would let the processes of each hold up the signals of the
 * others. */
#include "init/kernel/signal_courier.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/kernel/capability.h"
#include "init/kernel/privileges.h"
#include "init/kernel/clone.h"
#include "init/lib/format.h"
#include "init/lib/scan.h"

enum {
	STATUS_BYTES = 1024, /* of /proc/PID/status, to its Uid */
	UIDS = 16,           /* couriers of a turn */
	OUT = 32,            /* couriers that are not reaped */
};

static struct {
	uint32_t uid[UIDS];  /* noted */
	uint32_t n;
	uint32_t lent;       /* the courier's */
	bool is_one, is_over; /* this is a courier; more than UIDS */
	uint32_t next;       /* place in: */
	pid_t pid[OUT];
	struct courier_task task[OUT];
} all;

static int send(pid_t pid, int number, bool is_group)
{
	const bool is_told = is_group && kill(-pid, number) == 0;

	/* A group counts as told where only some of it may be. */
	if (is_told && number != SIGKILL)
		number = 0;
	return kill(pid, number) < 0 ? -errno : is_told;
}

/* A field of its /proc/PID/status; -1 where that cannot be read. */
static int64_t field(pid_t pid, const char *name)
{
	char text[STATUS_BYTES];
	const char *at;
	ssize_t n;
	int fd;

	format(text, sizeof(text), "/proc/%d/status", pid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	at = scan_find(text, name);
	if (!at)
		return -1;
	at += strlen(name);
	return (int64_t)scan_unsigned(&at, 10);
}

static int64_t uid_of(pid_t pid)
{
	return field(pid, "\nUid:\t");
}

static bool has_some(uint64_t wanted)
{
	struct capability_sets own;

	return capability_get(&own) == 0 && (own.effective & wanted);
}

static bool may_take_uids(void)
{
	return has_some(capability_bit(CAPABILITY_SETUID));
}

bool courier_has_rights(void)
{
	return has_some(capability_bit(CAPABILITY_SETUID) |
			capability_bit(CAPABILITY_KILL));
}

void courier_note(pid_t pid)
{
	const int64_t uid = uid_of(pid);

	for (uint32_t k = 0; k < all.n; k++)
		if (all.uid[k] == uid)
			return;
	if (uid < 0 || all.n == UIDS)
		all.is_over = true;
	else
		all.uid[all.n++] = (uint32_t)uid;
}

int courier_go(int32_t service, int number, pid_t pid)
{
	const uint32_t n = all.n;
	int err = all.is_over ? -EPERM : 0;
	pid_t child;

	all.n = 0;
	all.is_over = false;
	if (n > 0 && !may_take_uids())
		return -EPERM;
	for (uint32_t k = 0; k < n; k++) {
		child = clone_process();
		if (child == 0) {
			all.is_one = true;
			all.lent = all.uid[k];
			if (privileges_lend_uid(all.lent) < 0)
				courier_end(errno);
			return 1;
		}
		if (child < 0) {
			err = -errno;
			continue;
		}
		all.pid[all.next % OUT] = child;
		all.task[all.next++ % OUT] =
			(struct courier_task){ service, number, pid };
	}
	return err;
}

bool courier_is_for(pid_t pid)
{
	return !all.is_one || (pid != getpid() && uid_of(pid) == all.lent);
}

bool courier_is(pid_t pid)
{
	for (uint32_t k = 0; k < OUT; k++)
		if (all.pid[k] == pid)
			return true;
	return false;
}

_Noreturn void courier_end(int err)
{
	_exit(err);
}

bool courier_can(pid_t pid)
{
	return kill(pid, 0) == 0 || (errno == EPERM && may_take_uids());
}

int courier_send(int32_t service, int number, pid_t pid, bool is_group)
{
	int sent = send(pid, number, is_group);

	if (sent != -EPERM)
		return sent;
	courier_note(pid);
	sent = courier_go(service, number, pid);
	if (sent <= 0)
		return sent < 0 ? sent : COURIER_ON_ITS_WAY + is_group;
	/* Only to a child of dashpot: no other one has got its number. */
	if (courier_is_for(pid) && field(pid, "\nPPid:\t") == getppid())
		sent = send(pid, number, is_group);
	courier_end(sent < 0 && sent != -ESRCH ? -sent : 0);
}

bool courier_reaped(pid_t pid, int status, struct courier_task *ret_task,
		    int *ret_err)
{
	for (uint32_t k = 0; k < OUT; k++) {
		if (all.pid[k] != pid)
			continue;
		all.pid[k] = 0;
		*ret_task = all.task[k];
		*ret_err = WIFSIGNALED(status) ? EPERM : WEXITSTATUS(status);
		return true;
	}
	return false;
}
