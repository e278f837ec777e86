/* SPDX-License-Identifier: ISC */
/* ghost KIND [CODE]: leave a process called ghost-KIND behind in one of the
 * ways in which processes escape the process that started them, then end with
 * CODE (1), or with CODE `stay` live on. The table in dashpot(8) lists the
 * kinds.
 * ghost neighbour: have daemons that try to take the marks of other services,
 * by every pair of limits near their own; print how many pairs were refused.
 * ghost chain, ghost hops: leave a process that forks and ends all the time;
 * the process of hops also makes a session each time.
 * ghost zombies N: have N children that have ended, and wait for none. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "ghost: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static int is(const char *kind, const char *word)
{
	return strcmp(kind, word) == 0;
}

/* Become the ghost; its pipe closes at exec. */
static void become(const char *kind)
{
	char name[64], *argv[] = { name, "be", NULL }, *none[] = { NULL };
	const struct rlimit lower = { 4711, 4711 };
	extern char **environ;

	snprintf(name, sizeof(name), "ghost-%s", kind);
	if (is(kind, "group") ? setpgid(0, 0) < 0
			      : !is(kind, "child") && setsid() < 0)
		fail("session");
	if (is(kind, "double") || is(kind, "cleared"))
		if (fork() != 0)
			_exit(0);
	if (is(kind, "uid") &&
	    (setgroups(0, NULL) < 0 || setgid(4711) < 0 || setuid(4711) < 0))
		fail("setuid");
	if (is(kind, "unmarked") && setrlimit(RLIMIT_LOCKS, &lower) < 0)
		fail("setrlimit");
	execve("/proc/self/exe", argv, is(kind, "cleared") ? none : environ);
	fail("exec");
}

static int change(int resource, long by)
{
	struct rlimit r;

	if (getrlimit(resource, &r) < 0)
		fail("getrlimit");
	r.rlim_cur = r.rlim_max = r.rlim_max + (rlim_t)by;
	return setrlimit(resource, &r);
}

/* A process for each pair, whose parent has ended; 1 when the kernel refused a
 * limit of the pair. */
static int take_pair(long locks, long rss)
{
	char *argv[] = { "ghost-neighbour", "be", NULL };
	int pair[2], is_refused;
	char byte = 0;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		fail("pipe");
	pid = fork();
	if (pid == 0) {
		if (setsid() < 0)
			fail("setsid");
		if (fork() != 0)
			_exit(0);
		is_refused = change(RLIMIT_LOCKS, locks) < 0;
		is_refused |= change(RLIMIT_RSS, rss) < 0;
		byte = is_refused && errno == EPERM ? 'r' : 't';
		if (write(pair[1], &byte, 1) != 1)
			fail("write");
		execv("/proc/self/exe", argv);
		fail("exec");
	}
	close(pair[1]);
	if (read(pair[0], &byte, 1) != 1)
		fail("read");
	close(pair[0]);
	waitpid(pid, NULL, 0);
	return byte == 'r';
}

static void be_neighbour(void)
{
	int refused = 0, pairs = 0;

	for (long locks = -5; locks <= 5; locks++)
		for (long rss = -5; rss <= 5; rss++, pairs++)
			refused += take_pair(locks, rss);
	printf("%d of %d pairs refused\n", refused, pairs);
	fflush(stdout);
	for (;;)
		pause();
}

static void be_chain(int has_sessions)
{
	for (;;) {
		if (fork() != 0)
			_exit(0);
		if (has_sessions)
			setsid();
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "double";
	const char *code = argc > 2 ? argv[2] : "1";
	int pair[2], status;
	char byte;
	pid_t pid;

	if (is(kind, "be")) {
		if (strstr(argv[0], "stopped"))
			raise(SIGSTOP);
		for (;;)
			pause();
	}
	if (is(kind, "neighbour"))
		be_neighbour();
	if (is(kind, "chain") || is(kind, "hops")) {
		if (fork() == 0)
			be_chain(is(kind, "hops"));
		return (int)strtol(code, NULL, 10);
	}
	if (is(kind, "zombies")) {
		for (long n = strtol(code, NULL, 10); n > 0; n--)
			if (fork() == 0)
				_exit(0);
		for (;;)
			pause();
	}
	if (pipe2(pair, O_CLOEXEC) < 0)
		fail("pipe");
	pid = fork();
	if (pid == 0)
		become(kind);
	close(pair[1]);
	if (read(pair[0], &byte, 1) < 0)
		fail("read");
	if (is(kind, "double") || is(kind, "cleared"))
		waitpid(pid, NULL, 0);
	if (is(kind, "stopped"))
		waitpid(pid, &status, WUNTRACED);
	if (is(code, "stay"))
		for (;;)
			pause();
	return (int)strtol(code, NULL, 10);
}
