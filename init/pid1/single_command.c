/* SPDX-License-Identifier: ISC */
/* The whole of an init for one command. It sleeps until a signal comes. */
#include "init/pid1/single_command.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "init/kernel/descriptors.h"
#include "init/kernel/die.h"
#include "init/kernel/memory.h"
#include "init/kernel/print.h"
#include "init/kernel/process.h"
#include "init/kernel/reap.h"
#include "init/kernel/signal_courier.h"
#include "init/kernel/signals.h"
#include "init/kernel/spawn.h"
#include "init/kernel/terminal.h"
#include "init/lib/errors.h"

enum {
	AGAIN_MS = 20, /* to the next look, where wait4(2) fails */
	UNSENT_MS = 250, /* to the next try, where a courier does */
	STDERR = 2,
};

/* Signals that are to be sent again, a bit each: no process, or no memory for
 * it, was there for their courier. */
static uint64_t unsent;

/* Why the command could not be executed, as a shell would say it. */
static _Noreturn void die_of_exec(const char *name,
				  const struct spawn_report *report)
{
	int code = report->err == ENOENT ? 127 : 126;

	if (report->step == BOARD_STEP_INTERPRETER)
		die_text(code,
			 "%s: the file is there, but its interpreter (the "
			 "#! line, or the dynamic loader) is not%s",
			 name,
			 report->which == BOARD_FLAW_RETURN
				 ? ": that line ends with a carriage return"
				 : "");
	die_text(code, "%s: %s", name, errors_text(report->err));
}

/* What is not sent is said once, if that does not block. What takes a right
 * is not tried again: it does not come by itself. */
static void not_sent(int number, int err)
{
	static bool is_said;

	if (err != EPERM)
		unsent |= UINT64_C(1) << (number - 1);
	if (is_said || !descriptors_take_text(STDERR))
		return;
	is_said = true;
	(void)print_fd(STDERR,
			"dashpot: signal %d cannot be sent to the command: "
			"%s; dashpot needs CAP_KILL\n",
			number, errors_text(err));
}

static void pass_on(pid_t command, int number)
{
	int err = courier_send(-1, number, command, false);

	if (err < 0 && err != -ESRCH)
		not_sent(number, -err);
}

static void send_again(pid_t command)
{
	const uint64_t all = unsent;

	unsent = 0;
	for (int number = 1; all && number <= 64; number++)
		if (all >> (number - 1) & 1)
			pass_on(command, number);
}

/* Wait for dead children, as many as a turn takes. True once the command itself
 * is among them. *ret_again_ms: look again then, where there may be more or the
 * kernel gave no answer; -1: when a signal comes. */
static bool reap_batch_of(pid_t command, int *status, int *ret_again_ms)
{
	struct courier_task task;
	bool is_over = false;
	int err;

	*ret_again_ms = 0;
	for (int k = 0; k < REAP_BATCH; k++) {
		int one;
		pid_t pid = reap_any(&one);

		if (pid <= 0) {
			*ret_again_ms =
				pid < 0 && pid != -ECHILD ? AGAIN_MS : -1;
			break;
		}
		if (pid != command) {
			if (courier_reaped(pid, one, &task, &err) && err)
				not_sent(task.number, err);
			continue;
		}
		*status = one;
		is_over = true;
	}
	return is_over;
}

/* Pass on what has come. True when a child may have died. */
static bool take_signals(pid_t command, enum terminal t)
{
	bool has_child = false;
	int number = 0, code;

	for (int k = 0; k < SIGNALS_AT_ONCE; k++) {
		number = signals_next(SIGNALS_ALL, number, &code);
		if (number == 0)
			break;
		if (number == SIGCHLD)
			has_child = true;
		else if (!terminal_has_told(t, number, code))
			pass_on(command, number);
		/* A command that is stopped would not notice. */
		if (number == SIGTERM)
			pass_on(command, SIGCONT);
	}
	if (has_child)
		terminal_follow(t, command);
	return has_child;
}

/* Sleep until the command is over; returns its wait status. */
static int attend(pid_t command, enum terminal t, int signal_fd)
{
	int status = 0, again_ms = -1;

	for (;;) {
		signals_wait(signal_fd,
			     again_ms < 0 && unsent ? UNSENT_MS : again_ms);
		send_again(command);
		if ((take_signals(command, t) || again_ms >= 0) &&
		    reap_batch_of(command, &status, &again_ms))
			return status;
	}
}

_Noreturn void single_run(char **argv)
{
	struct spawn_report *report = memory_map(sizeof(*report), true);
	int signal_fd = signals_collect(-1, SIGNALS_ALL);
	const enum terminal t = terminal_find();
	int verdict_fd, status;
	pid_t command;

	if (!report)
		die_system("mmap", ENOMEM);
	if (signal_fd < 0)
		die_system("signalfd", -signal_fd);
	/* The command may run as the same user. */
	process_hide();
	if (process_id() != 1)
		(void)process_adopt_orphans();
	command = spawn_command(argv, t, report, &verdict_fd);
	if (command < 0)
		die_text(DIE_SYSTEM,
			 "%s: no process could be made for it: %s%s", argv[0],
			 errors_text(-command),
			 command == -EAGAIN ? " (the pids limit of the "
					      "container, or RLIMIT_NPROC)"
					    : "");
	descriptors_drop(&verdict_fd);
	status = attend(command, t, signal_fd);
	if (report->err)
		die_of_exec(argv[0], report);
	process_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					 : WEXITSTATUS(status));
}
