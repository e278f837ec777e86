/* SPDX-License-Identifier: ISC */
/* What every helper process has in common: one for each thing that can block.
 *
 * PID 1 forks a helper before any service and calls helper_run() in the
 * child; the helper never returns. It is told to look at the board by its
 * wake descriptor (an eventfd of its own), and tells PID 1 to look at its own
 * board by the notify descriptor. When the board's phase is EXITING, it
 * finishes and exits. After a reload it is sent SIGTERM, and another one goes
 * on with the new configuration from where it has come to: events up to
 * BOARD_EV_RELOADED are told by the old names. A helper that is waiting for
 * work wakes up for nothing else. */
#ifndef INIT_HELPER_HELPER_H
#define INIT_HELPER_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "init/board/board.h"
#include "init/config/config.h"

/* What a helper gets from PID 1. */
struct helper_job {
	enum board_helper_kind kind;
	const struct config *config;
	uint64_t reloads; /* board->reloads that it was put in force by */
	struct boards boards;
	const int *pipes; /* read ends, stream (2 * service + 0, 1); -1 none,
			   * or not of this helper */
	int command_fd;  /* control: end of a SOCK_SEQPACKET pair to PID 1,
			  * struct command there, command_answer back */
	int listen_fd;   /* control: AF_UNIX SOCK_STREAM socket that PID 1
			  * keeps; bound by the first control helper */
	int near_fd;     /* control: another one, for the abstract name */
	int probe_fd;    /* prober: end of a SOCK_SEQPACKET pair to PID 1,
			  * struct probe_question there, probe_answer back */
	const int *sockets; /* prober: datagrams of services, one each; -1
			     * none */
	const char *notify_path; /* control: NOTIFY_SOCKET as dashpot found
				  * it, copied: set_title() writes over the
				  * environment; NULL none */
	int epoll_fd;    /* made by helper_run(): has SIGTERM and wake_fd; -1:
			  * this helper waits for nothing else */
	int wake_fd;     /* eventfd, non-blocking: PID 1 -> helper */
	int notify_fd;   /* eventfd, non-blocking: helper -> PID 1 */
	char **argv;     /* of the program, for its name in ps */
};

/* What a helper does once it is one; never returns. */
typedef void helper_main(const struct helper_job *job);

/* What helper_wait() says beside what a helper watches itself. */
enum {
	HELPER_WAKE = 1 << 30, /* PID 1 has news */
	HELPER_END,            /* SIGTERM: exit, a successor goes on */
};

/* Become the helper: name, death with PID 1, its boards mapped, every
 * descriptor closed but its own list, privileges dropped; then its main. The
 * parent is checked against board->pid, so PID 1 sets that before the fork.
 * The exit status is 0 when the helper finished its work, 1 when it could not,
 * 111 when it could not become a helper at all. */
_Noreturn void helper_run(const struct helper_job *given, helper_main *run);

/* The mains of the helpers, and the one table of them: all that PID 1 knows of
 * what they do. */
_Noreturn void recorder_main(const struct helper_job *job);
_Noreturn void relay_main(const struct helper_job *job);
_Noreturn void files_main(const struct helper_job *job);
_Noreturn void control_main(const struct helper_job *job);
_Noreturn void inspector_main(const struct helper_job *job);
_Noreturn void prober_main(const struct helper_job *job);
extern helper_main *const helper_mains[BOARD_HELPERS];

/* Give up every capability; for good. */
void helper_drop_capabilities(void);

/* True once another configuration is in force: exit at the next point at which
 * nothing is lost by it. A word of the board, read often. */
bool helper_is_superseded(const struct helper_job *job);

/* What PID 1 does as a whole; what it has put on the board before is seen. */
enum board_phase helper_phase(const struct helper_job *job);

/* Have helper_wait() say `what` while fd is readable; ends the process where
 * the kernel has no memory for it. */
void helper_watch(const struct helper_job *job, int fd, uint32_t what);

/* Wait until something that is watched has happened, at most timeout_ms (-1:
 * for ever). Returns how many there are, each with its `what` in data.u32;
 * wakes so far are forgotten. */
int helper_wait(const struct helper_job *job, struct epoll_event *ret_events,
		int most, int timeout_ms);

/* From now_ms to next_ms as poll(2) takes it; INT64_MAX: for ever. */
int helper_timeout_ms(int64_t next_ms, int64_t now_ms);

/* Tell PID 1 to look at this helper's board. Never blocks. */
void helper_tell(const struct helper_job *job);

/* Likewise, at a piece of news on it. */
void helper_say(const struct helper_job *job, struct board_news *to,
		const struct news_item *item);

/* Sleep until PID 1 wakes this helper or timeout_ms (-1: for ever) is over;
 * wakes so far are forgotten. True when woken. */
bool helper_sleep(const struct helper_job *job, int timeout_ms);

#endif
