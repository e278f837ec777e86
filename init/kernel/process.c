/* SPDX-License-Identifier: ISC */
#include "init/kernel/process.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init/kernel/clock.h"
#include "init/kernel/processes.h"

pid_t process_id(void)
{
	return getpid();
}

uid_t process_user(void)
{
	return geteuid();
}

uid_t process_real_user(void)
{
	return getuid();
}

int process_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}

void process_hide(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

_Noreturn void process_exit(int code)
{
	_exit(code);
}

_Noreturn void process_end_all(int proc_fd, int64_t most_ms, int code)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const int64_t until_ms = clock_mono_ms() + most_ms;

	if (getpid() == 1)
		kill(-1, SIGKILL);
	else
		processes_signal_rest(proc_fd, SIGKILL, NULL, 0,
				      &(struct processes){ 0 });
	while (clock_mono_ms() < until_ms) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			break;
		if (pid == 0)
			nanosleep(&pause, NULL);
	}
	_exit(code);
}
