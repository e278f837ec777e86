/* SPDX-License-Identifier: ISC */
#include "init/pid1/signal_actions.h"

#include <signal.h>

#include "init/kernel/signals.h"
#include "init/kernel/terminal.h"
#include "init/pid1/reload.h"
#include "init/pid1/shutdown.h"
#include "init/service/stop.h"

/* A process that may signal dashpot must not push all else out of events.jsonl:
 * no event while the last one is not on the volume. */
static void say_snapshot(struct sup *sup)
{
	const uint64_t recorded = atomic_load(&sup->boards.restore->recorded);

	if (recorded < sup->snapshot)
		return;
	SUP_SAY(sup, BOARD_EV_SNAPSHOT, -1, 0);
	sup->snapshot = atomic_load(&sup->boards.board->events);
}

static bool is_in(uint64_t set, int number)
{
	return set >> (number - 1) & 1;
}

static void take_signal(struct sup *sup, int number, int code)
{
	pid_t main_pid = 0;
	bool is_stop;

	if (sup->main_service != UINT32_MAX)
		main_pid = sup->service[sup->main_service].pid;
	if (number == SIGCHLD) {
		sup->is_reaping = true;
		terminal_follow(sup->terminal, main_pid);
		return;
	}
	is_stop = is_in(sup->config->stop_signals, number);
	/* Once everything stops, what is typed is for dashpot as well. */
	if (main_pid && terminal_has_told(sup->terminal, number, code) &&
	    (!is_stop || sup->stop.phase == STOP_NOT))
		return;
	if (is_stop) {
		shutdown_by_signal(sup, number, code);
		return;
	}
	if (main_pid && is_in(sup->config->forward_signals, number)) {
		(void)stop_send(sup, sup->main_service, number, false);
		return;
	}
	if (number == SIGHUP && reload_is_meant(sup)) {
		reload_by_signal(sup);
		return;
	}
	if (number == SIGUSR1) {
		say_snapshot(sup);
		sup->is_head_changed = true;
		return; /* would end a command that does not expect it */
	}
	if (main_pid)
		(void)stop_send(sup, sup->main_service, number, false);
	else if (number == SIGTSTP && sup->terminal == TERMINAL_SHARED)
		terminal_stop(number);
}

void signal_actions_take(struct sup *sup)
{
	int number = 0, code;

	for (int k = 0; k < SIGNALS_AT_ONCE; k++) {
		number = signals_next(sup->signals, number, &code);
		if (number == 0)
			return;
		take_signal(sup, number, code);
	}
}

/* All where a main command runs, to which they are passed on. SIGTERM is never
 * ignored, or a child that is just made would miss the one that ends it. */
void signal_actions_follow(struct sup *sup)
{
	uint64_t wanted = sup->config->stop_signals | SIGNALS_BIT(SIGCHLD) |
			  SIGNALS_BIT(SIGTERM) | SIGNALS_BIT(SIGUSR1);

	if (reload_is_meant(sup))
		wanted |= SIGNALS_BIT(SIGHUP);
	if (sup->terminal == TERMINAL_SHARED)
		wanted |= SIGNALS_BIT(SIGTSTP);
	if (sup->main_service != UINT32_MAX)
		wanted = SIGNALS_ALL;
	if (wanted == sup->signals)
		return;
	sup->signals = wanted;
	(void)signals_collect(sup->signal_fd, wanted);
}
