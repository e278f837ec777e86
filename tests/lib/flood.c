/* SPDX-License-Identifier: ISC */
/* flood PID SECONDS SENDERS NUMBER...: send the signals of these numbers to PID
 * in turn, without a pause, from SENDERS processes. Only for a PID with a short
 * queue (RLIMIT_SIGPENDING): a long queue would stop the machine. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void send(pid_t pid, int count, char **number)
{
	for (;;)
		for (int i = 0; i < count; i++)
			kill(pid, atoi(number[i]));
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	for (int i = atoi(argv[3]); i > 0; i--) {
		if (fork() != 0)
			continue;
		alarm((unsigned)atoi(argv[2]));
		send(atoi(argv[1]), argc - 4, argv + 4);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
