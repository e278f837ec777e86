/* SPDX-License-Identifier: ISC */
/* Makes many processes, for the tests. One argument says how:
 *
 *   fill             sleeping children until the kernel refuses one, and
 *                    again each millisecond. SIGUSR1: all are killed and no
 *                    more are made. SIGUSR2: makes them again.
 *   orphans N        N processes whose parent ends at once, one after the
 *                    other; prints "N orphans, M refused"
 *   burst LIVE DEAD  orphans in sessions of their own: LIVE stay, DEAD end
 *                    all at once at SIGUSR1; prints "ready" before
 *
 * All these processes end with crowd, or with its PID namespace. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 9000 };

static void fill(void)
{
	static pid_t child[MOST];
	int n = 0, is_full = 0;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		struct timespec wait = { 0, 1000000 };
		int number = sigtimedwait(&set, NULL, &wait);

		if (number == SIGUSR1) {
			is_full = 1;
			for (int i = 0; i < n; i++)
				kill(child[i], SIGKILL);
			while (n > 0)
				waitpid(child[--n], NULL, 0);
		}
		if (number == SIGUSR2)
			is_full = 0;
		while (!is_full && n < MOST && (child[n] = fork()) >= 0) {
			if (child[n] == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				for (;;)
					pause();
			}
			n++;
		}
	}
}

/* fork() that counts refusals and goes on until it succeeds. */
static pid_t insist(int *refused)
{
	pid_t pid;

	while ((pid = fork()) < 0) {
		__sync_fetch_and_add(refused, 1);
		usleep(1000);
	}
	return pid;
}

static void orphans(int n)
{
	int *refused = mmap(NULL, sizeof(*refused), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < n; i++) {
		pid_t pid = insist(refused);

		if (pid == 0) {
			insist(refused);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	printf("%d orphans, %d refused\n", n, *refused);
}

/* Called in a child that is to end: its own child becomes an orphan. */
static void leave_orphan(int gate)
{
	int refused = 0;
	char nothing;

	if (insist(&refused) > 0)
		_exit(0);
	setsid();
	while (gate < 0)
		pause();
	while (read(gate, &nothing, 1) < 0)
		continue;
	_exit(0);
}

static void burst(int live, int dead)
{
	int gate[2], number;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (pipe(gate) < 0)
		exit(1);
	for (int i = 0; i < live + dead; i++) {
		pid_t pid = fork();

		/* Only this process may hold the other end. */
		if (pid == 0) {
			close(gate[1]);
			leave_orphan(i < live ? -1 : gate[0]);
		}
		waitpid(pid, NULL, 0);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("ready");
	fflush(stdout);
	sigwait(&set, &number);
	close(gate[1]);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "fill") == 0)
		fill();
	else if (argc == 3 && strcmp(argv[1], "orphans") == 0)
		orphans(atoi(argv[2]));
	else if (argc == 4 && strcmp(argv[1], "burst") == 0)
		burst(atoi(argv[2]), atoi(argv[3]));
	else
		return 100;
	return 0;
}
