/* SPDX-License-Identifier: ISC */
/* lease FILE COMMAND...: make the executable FILE so that a process that
 * executes it sleeps in exec until a signal ends it, for 45 seconds
 * (/proc/sys/fs/lease-break-time); then execute COMMAND without a fork.
 *
 * A child of lease holds a write lease on the file, on which other processes
 * have to wait, and does not give it back. Source: fcntl(2), F_SETLEASE. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static int hold(const char *path, int ready)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	for (int i = 1; i < 65; i++)
		signal(i, SIG_IGN); /* SIGIO asks for it back */
	prctl(PR_SET_NAME, "lease");
	if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0) {
		perror("lease");
		return 111;
	}
	close(ready);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int ready[2];
	char nothing;

	if (argc < 3 || pipe2(ready, O_CLOEXEC) < 0) {
		perror("lease");
		return 111;
	}
	if (fork() == 0)
		return hold(argv[1], ready[1]);
	close(ready[1]);
	if (read(ready[0], &nothing, 1) < 0)
		perror("lease: read");
	close(ready[0]);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 111;
}
