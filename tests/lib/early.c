/* SPDX-License-Identifier: ISC */
/* early N US COMMAND...: N times execute COMMAND as PID 1 of a new PID
 * namespace and send it SIGTERM at a random moment within US microseconds of
 * its exec. Prints "lost N" (runs that did not end by the signal in time), then
 * each exit code with its count, as "143:17". `early N US -` measures the best
 * possible program, which blocks signals first and waits for them.
 *
 * Runs with the highest priority where it may: where the machine lets the
 * program wait between its exec and its first instruction the signal is
 * lost. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOST_MS = 1500, LOST_MOST = 3 };

static int wait_for_signal(void)
{
	sigset_t all;
	int number;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGTERM);
	sigwait(&all, &number);
	return 0;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The wait status of the run; -1 when the signal was lost. */
static int try_once(int64_t after_us, char **command)
{
	struct pollfd end = { .events = POLLIN };
	int executed[2], status;
	int64_t from_us;
	char nothing;
	pid_t pid;

	if (pipe2(executed, O_CLOEXEC) < 0)
		exit(2);
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		execv(command[0], command);
		_exit(99);
	}
	close(executed[1]);
	(void)!read(executed[0], &nothing, 1);
	close(executed[0]);
	from_us = now_us();
	while (now_us() - from_us < after_us)
		;
	kill(pid, SIGTERM);
	end.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (poll(&end, 1, LOST_MS) != 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		status = -1;
	} else {
		waitpid(pid, &status, 0);
	}
	close(end.fd);
	return status;
}

int main(int argc, char **argv)
{
	const struct sched_param ahead = { .sched_priority = 1 };
	static char *self[] = { NULL, NULL };
	int count[256] = { 0 }, lost = 0;

	if (argc == 1)
		return wait_for_signal();
	if (argc < 4)
		return 2;
	self[0] = argv[0];
	srandom((unsigned)getpid());
	/* musl has no sched_setscheduler(2). */
	(void)syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &ahead);
	for (int i = atoi(argv[1]); i > 0 && lost < LOST_MOST; i--) {
		int status = try_once(random() % atoi(argv[2]),
				      strcmp(argv[3], "-") == 0 ? self
								: argv + 3);

		if (status < 0)
			lost++;
		else if (WIFEXITED(status))
			count[WEXITSTATUS(status)]++;
		else
			count[128 + WTERMSIG(status)]++;
	}
	printf("lost %d", lost);
	for (int code = 0; code < 256; code++)
		if (count[code])
			printf(" %d:%d", code, count[code]);
	printf("\n");
	return 0;
}
