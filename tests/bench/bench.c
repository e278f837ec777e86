/* SPDX-License-Identifier: ISC */
/* The measuring half of tests/bench/run.
 *
 *   bench exec ROUNDS INIT...    median time from the exec of INIT, as PID 1
 *                                of a new PID namespace, to the main() of the
 *                                command that it starts (this program)
 *   bench storm ORPHANS INIT...  the same, but the command leaves ORPHANS
 *                                behind and sees them reaped
 *
 * INIT... is a command line that this program is appended to. Needs root. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 10000, WORDS_MAX = 32 };

static void die(const char *what)
{
	perror(what);
	exit(111);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The command in exec mode: write the time at which main() was reached. */
static int stamp(int fd)
{
	int64_t at_ns = now_ns();

	return write(fd, &at_ns, sizeof(at_ns)) != sizeof(at_ns);
}

/* The command in storm mode: each child leaves a grandchild that ends at once
 * and that PID 1 has to reap. All are gone when the kernel has given their
 * numbers back: kill(2) finds none of them. */
static int orphans(int fd, long count)
{
	int64_t start_ns = now_ns(), took_ns;
	pid_t pid, *left = calloc((size_t)count, sizeof(*left));
	int pipe_fd[2];

	if (!left || pipe(pipe_fd) < 0)
		die("orphans");
	for (long i = 0; i < count; i++) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			pid = fork();
			if (pid > 0)
				pid = write(pipe_fd[1], &pid, sizeof(pid));
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		if (read(pipe_fd[0], &left[i], sizeof(pid)) != sizeof(pid))
			die("a grandchild could not be made");
	}
	for (long i = 0; i < count; i++)
		while (kill(left[i], 0) == 0)
			usleep(100);
	took_ns = now_ns() - start_ns;
	return write(fd, &took_ns, sizeof(took_ns)) != sizeof(took_ns);
}

/* Run words as PID 1; the number that the command wrote, less start when
 * since_exec. */
static int64_t run(char **words, int fd[2], int since_exec)
{
	int64_t start_ns = now_ns(), number;
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD,
				   NULL, NULL, NULL, NULL);
	int null;

	if (pid < 0)
		die("clone");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
		mount("proc", "/proc", "proc", 0, NULL);
		start_ns = now_ns();
		if (write(fd[1], &start_ns, sizeof(start_ns)) > 0)
			execvp(words[0], words);
		die(words[0]);
	}
	if (read(fd[0], &start_ns, sizeof(start_ns)) != sizeof(start_ns) ||
	    read(fd[0], &number, sizeof(number)) != sizeof(number))
		die("no answer");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return since_exec ? number - start_ns : number;
}

int main(int argc, char **argv)
{
	static int64_t took_ns[ROUNDS_MAX];
	char *words[WORDS_MAX + 5], self[4096], fd_word[16];
	int fd[2], n = 0, is_exec;
	long count;
	ssize_t len;

	if (argc == 3 && !strcmp(argv[1], "stamp"))
		return stamp(atoi(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "orphans"))
		return orphans(atoi(argv[2]), atol(argv[3]));
	if (argc < 3 || argc > WORDS_MAX)
		return 100;
	is_exec = !strcmp(argv[1], "exec");
	count = atol(argv[2]);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len < 0 || pipe(fd) < 0)
		die("setting up");
	self[len] = '\0';
	/* Some inits close the descriptors between 3 and 9. */
	fd[1] = fcntl(fd[1], F_DUPFD, 20);
	snprintf(fd_word, sizeof(fd_word), "%d", fd[1]);

	for (int i = 3; i < argc; i++)
		words[n++] = argv[i];
	words[n++] = self;
	words[n++] = is_exec ? "stamp" : "orphans";
	words[n++] = fd_word;
	if (!is_exec)
		words[n++] = argv[2];
	words[n] = NULL;

	if (!is_exec) {
		printf("%.0f\n", (double)count * 1e9 / (double)run(words, fd, 0));
		return 0;
	}
	if (count < 1 || count > ROUNDS_MAX)
		return 100;
	for (long i = 0; i < count; i++)
		took_ns[i] = run(words, fd, 1);
	qsort(took_ns, (size_t)count, sizeof(took_ns[0]), compare);
	printf("%.0f\n", (double)took_ns[count / 2] / 1e3);
	return 0;
}
