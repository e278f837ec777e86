/* SPDX-License-Identifier: ISC */
/* Job control as credentials(7) and setpgid(2) describe it: a terminal signals
 * its foreground process group; a group whose parents are all elsewhere (an
 * orphaned one) is not stopped by it. */
#include "init/kernel/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/kernel/signals.h"

enum terminal terminal_find(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return TERMINAL_NONE;
	close(fd);
	return getpid() == 1 ? TERMINAL_OWN : TERMINAL_SHARED;
}

void terminal_enter(enum terminal t)
{
	if (t == TERMINAL_SHARED)
		return;
	setpgid(0, 0);
	/* Background writers get SIGTTOU; it is blocked here. */
	tcsetpgrp(STDIN_FILENO, getpid());
}

void terminal_leave(enum terminal t)
{
	if (t == TERMINAL_OWN)
		tcsetpgrp(STDIN_FILENO, getpgrp());
}

static bool is_stop(int number)
{
	return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

bool terminal_has_told(enum terminal t, int number, int code)
{
	return t == TERMINAL_SHARED && code == SI_KERNEL &&
	       (is_stop(number) || number == SIGINT || number == SIGQUIT ||
		number == SIGWINCH);
}

void terminal_stop(int number)
{
	kill(getpid(), number);
	signals_let_in(number);
}

void terminal_follow(enum terminal t, pid_t command)
{
	siginfo_t info;
	int number;

	info.si_pid = 0;
	if (t == TERMINAL_NONE || command == 0 ||
	    waitid(P_PID, (id_t)command, &info, WSTOPPED | WNOHANG) < 0 ||
	    info.si_pid != command)
		return;
	number = info.si_status;
	/* A shell that was told to suspend stops itself by SIGSTOP, with the
	 * terminal in its own group. Else SIGSTOP is some person's wish. */
	if (t == TERMINAL_SHARED && getpgid(command) != getpgrp())
		number = SIGTSTP;
	if (!is_stop(number))
		return;
	if (t == TERMINAL_SHARED)
		terminal_stop(number);
	/* It may go on once it can read and write. */
	else if (number == SIGTSTP || tcsetpgrp(STDIN_FILENO, command) == 0)
		kill(-command, SIGCONT);
}
