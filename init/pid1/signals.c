/* SPDX-License-Identifier: ISC */
/* Raw system calls, because musl keeps 32 to 34 for itself and its wrappers
 * refuse them, while a service must not inherit them ignored or blocked. */
#include "init/pid1/signals.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIGNALS = 64, SET_BYTES = SIGNALS / 8 };

/* SIGSEGV and its kin: raised by the own program, fatal, never queued. */
static uint64_t faults(void)
{
	static const uint8_t fault[] = { SIGSEGV, SIGBUS,  SIGFPE,
					 SIGILL,  SIGTRAP, SIGSYS };
	uint64_t set = 0;

	for (size_t i = 0; i < sizeof(fault); i++)
		set |= UINT64_C(1) << (fault[i] - 1);
	return set;
}

static void set_mask(uint64_t mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, SET_BYTES);
}

void signals_block(void)
{
	/* Larger than the kernel's struct sigaction; all zero is SIG_DFL. */
	static const uint64_t by_default[8];

	set_mask(~faults());
	for (int number = 1; number <= SIGNALS; number++)
		syscall(SYS_rt_sigaction, number, by_default, NULL, SET_BYTES);
}

void signals_unblock_all(void)
{
	set_mask(0);
}

int signals_open(void)
{
	sigset_t set;
	uint64_t mask = ~faults();
	int fd;

	memset(&set, 0, sizeof(set));
	memcpy(&set, &mask, sizeof(mask));
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;

	/* Whole records or none; EINTR cannot happen with all blocked. */
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}
