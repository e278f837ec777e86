/* SPDX-License-Identifier: ISC */
/* Raw system calls, because musl keeps 32 to 34 for itself and its wrappers
 * refuse them, while a service must not inherit them ignored or blocked. */
#include "init/kernel/signals.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
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

/* What RLIMIT_SIGPENDING was; filled in by limit_queue(). */
static struct rlimit queue_before;

/* Signals that the kernel throws away as they come; bit n - 1. */
static uint64_t ignored;

/* Of the signals of `which` ignore those of `unwanted`; the others get their
 * default. */
static void set_dispositions(uint64_t which, uint64_t unwanted)
{
	/* Larger than the kernel's struct sigaction, whose handler is its
	 * first word, but for one architecture. */
	uintptr_t action[16] = { 0 };
#ifdef __mips__
	uintptr_t *handler = &action[1];
#else
	uintptr_t *handler = &action[0];
#endif

	for (int number = 1; number <= SIGNALS; number++) {
		if (!(which & SIGNALS_BIT(number)))
			continue;
		/* SIG_IGN, or SIG_DFL */
		*handler = (unwanted & SIGNALS_BIT(number)) != 0;
		syscall(SYS_rt_sigaction, number, action, NULL, SET_BYTES);
	}
}

/* A real-time signal is queued once for each time that it is sent, as long as
 * this limit of the receiver allows, and taking one out of a long queue costs
 * time by its length. Past the limit it still comes, once and without sender
 * (signal(7)). */
static void limit_queue(void)
{
	struct rlimit limit;

	if (queue_before.rlim_max != 0 ||
	    prlimit(0, RLIMIT_SIGPENDING, NULL, &queue_before) < 0)
		return;
	limit = queue_before;
	if (limit.rlim_cur > SIGNALS_AT_ONCE)
		limit.rlim_cur = SIGNALS_AT_ONCE;
	(void)prlimit(0, RLIMIT_SIGPENDING, &limit, NULL);
}

int signals_collect(int fd, uint64_t wanted)
{
	const uint64_t all = ~faults();
	const uint64_t unwanted = all & ~wanted;

	limit_queue();
	wanted &= all;
	/* What is blocked is never ignored, so that nothing is lost between
	 * these steps; what waits of the unwanted is thrown away. */
	set_mask(all);
	set_dispositions(ignored ^ unwanted, unwanted);
	ignored = unwanted;
	fd = (int)syscall(SYS_signalfd4, fd, &wanted, SET_BYTES,
			  SFD_NONBLOCK | SFD_CLOEXEC);
	set_mask(wanted);
	return fd < 0 ? -errno : fd;
}

void signals_block(void)
{
	set_mask(~faults());
	set_dispositions(SIGNALS_ALL, 0);
}

void signals_enter_child(void)
{
	if (queue_before.rlim_max != 0)
		(void)prlimit(0, RLIMIT_SIGPENDING, &queue_before, NULL);
	set_dispositions(ignored, 0);
	set_mask(~faults() & ~SIGNALS_BIT(SIGTERM));
}

void signals_let_in(int number)
{
	const uint64_t set = SIGNALS_BIT(number);

	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, SET_BYTES);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, SET_BYTES);
}

void signals_unblock_all(void)
{
	set_mask(0);
}

/* The lowest that waits of `set`, 0 where none does. */
static int take_one(uint64_t set, int *code)
{
	static const struct timespec at_once;
	siginfo_t info;
	long number = syscall(SYS_rt_sigtimedwait, &set, &info, &at_once,
			      SET_BYTES);

	if (number <= 0)
		return 0;
	*code = info.si_code;
	return (int)number;
}

void signals_wait(int fd, int timeout_ms)
{
	struct pollfd wake = { .fd = fd, .events = POLLIN };

	(void)poll(&wake, 1, timeout_ms);
}

int signals_next(uint64_t set, int last, int *code)
{
	const uint64_t above = last > 0 ? ~UINT64_C(0) << (last - 1) << 1
					: ~UINT64_C(0);
	int number = take_one(set & above, code);

	return number == 0 && last > 0 ? take_one(set, code) : number;
}
