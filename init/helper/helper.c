/* SPDX-License-Identifier: ISC */
/* The frame of every helper: from a copy of PID 1 to a process that holds
 * nothing but what its work needs. Whatever cannot be dropped is kept rather
 * than fatal, except what would leave PID 1's board writable. */
#include "init/helper/helper.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "init/kernel/capability.h"
#include "init/kernel/descriptors.h"
#include "init/lib/format.h"

extern char **environ;

#define BIT(name) (1u << CAPABILITY_##name)

/* What each kind keeps: the recorder and files write into directories of any
 * owner, also sticky ones; the inspector looks below directories of any
 * owner. */
static const struct {
	uint32_t capabilities;
	bool has_epoll;  /* waits by helper_wait() */
	bool has_output; /* keeps stdout and stderr */
	bool has_root;   /* works from "/"; else from PID 1's directory */
	bool has_pipes;  /* keeps the pipes of streams that go ... */
	enum config_output pipes; /* ... here */
} kinds[BOARD_HELPERS] = {
	[BOARD_RECORDER] = { .capabilities = BIT(DAC_OVERRIDE) | BIT(FOWNER),
			     .has_root = true },
	[BOARD_RELAY] = { .has_epoll = true,
			  .has_output = true, .has_root = true,
			  .has_pipes = true, .pipes = CONFIG_RELAY },
	[BOARD_FILES] = { .capabilities = BIT(DAC_OVERRIDE) | BIT(FOWNER) |
					  BIT(CHOWN), /* log_owner */
			  .has_epoll = true, .has_root = true,
			  .has_pipes = true, .pipes = CONFIG_FILE },
	/* Until its sockets are bound; then it drops these as well. */
	[BOARD_CONTROL] = { .capabilities = BIT(CHOWN) | BIT(DAC_OVERRIDE) |
					    BIT(FOWNER) |
					    BIT(NET_BIND_SERVICE),
			    .has_epoll = true, .has_root = true },
	/* For sockets that lie where only their service may look. */
	[BOARD_PROBER] = { .capabilities = BIT(DAC_OVERRIDE),
			   .has_epoll = true, .has_root = true },
	[BOARD_INSPECTOR] = { .capabilities = BIT(DAC_OVERRIDE) |
					      BIT(DAC_READ_SEARCH) },
};

/* The name in ps. The strings of argv lie one behind the other, and those of
 * the environment behind them; the kernel shows a longer title from there
 * once the last byte of argv is overwritten (proc(5), cmdline). */
static void set_title(char **argv, const char *name)
{
	char title[32];
	char *end;
	size_t room;

	format(title, sizeof(title), "dashpot: %s", name);
	prctl(PR_SET_NAME, title); /* cut to 15 bytes */
	if (argv == NULL || argv[0] == NULL)
		return;
	end = argv[0];
	for (char **word = argv; *word == end; word++)
		end += strlen(end) + 1;
	for (char **word = environ; word != NULL && *word == end; word++)
		end += strlen(end) + 1;
	room = (size_t)(end - argv[0]);
	memset(argv[0], 0, room);
	memcpy(argv[0], title,
	       strlen(title) < room ? strlen(title) : room - 1);
}

/* Put fd where it belongs in the ascending list of n; nearly always at its
 * end. */
static void insert(int *list, size_t n, int fd)
{
	for (; n > 0 && list[n - 1] > fd; n--)
		list[n] = list[n - 1];
	list[n] = fd;
}

/* The pipes of PID 1 as this helper may see them: -1 for those of others. */
static const int *own_pipes(const struct helper_job *job)
{
	static int own[2 * CONFIG_SERVICES];

	for (uint32_t k = 0; k < 2 * job->config->services; k++) {
		const struct config_service *s =
			config_service(job->config, k / 2);
		enum config_output output =
			k % 2 == 0 ? s->out.output : s->err.output;

		own[k] = kinds[job->kind].has_pipes &&
					 output == kinds[job->kind].pipes
				 ? job->pipes[k]
				 : -1;
	}
	return own;
}

/* Close everything but the two eventfds, the sockets and pipes of its kind
 * and, if has_output, 1 and 2; then put /dev/null where a standard descriptor
 * is missing, so that no file of the helper gets such a number. */
static void close_descriptors(const struct helper_job *job, bool has_output)
{
	static int kept[5 + 2 * CONFIG_SERVICES];
	const uint32_t services = job->config->services;
	unsigned next = has_output ? 3 : 0;
	size_t n = 0;

	insert(kept, n++, job->wake_fd);
	insert(kept, n++, job->notify_fd);
	if (job->kind == BOARD_CONTROL) {
		insert(kept, n++, job->command_fd);
		insert(kept, n++, job->listen_fd);
		insert(kept, n++, job->near_fd);
	}
	if (job->kind == BOARD_PROBER)
		insert(kept, n++, job->probe_fd);
	for (uint32_t i = 0; job->kind == BOARD_PROBER && i < services; i++)
		if (job->sockets[i] >= 0)
			insert(kept, n++, job->sockets[i]);
	for (uint32_t i = 0; i < 2 * services; i++)
		if (job->pipes[i] >= 0)
			insert(kept, n++, job->pipes[i]);
	if (has_output)
		close(0);
	for (size_t i = 0; i < n; i++) {
		if (kept[i] < (int)next)
			continue;
		if (kept[i] > (int)next)
			descriptors_range(next, (unsigned)kept[i] - 1, 0);
		next = (unsigned)kept[i] + 1;
	}
	descriptors_range(next, ~0u, 0);
	descriptors_fill_standard();
}

/* Give up every capability outside `keep`; the bounding set does not matter
 * to a process that never executes anything. */
static void drop_capabilities(uint64_t keep)
{
	struct capability_sets sets;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (capability_get(&sets) < 0)
		return;
	sets.permitted &= keep;
	sets.effective &= keep;
	sets.inheritable = 0;
	(void)capability_set(&sets);
}

void helper_drop_capabilities(void)
{
	drop_capabilities(0);
}

void helper_watch(const struct helper_job *job, int fd, uint32_t what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = what };

	if (epoll_ctl(job->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		_exit(1);
}

/* All signals are blocked; SIGTERM arrives here. */
static int open_epoll(const struct helper_job *job)
{
	const uint64_t term = UINT64_C(1) << (SIGTERM - 1);
	struct helper_job made = { .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	int signal_fd = (int)syscall(SYS_signalfd4, -1, &term, sizeof(term),
				     SFD_NONBLOCK | SFD_CLOEXEC);

	if (made.epoll_fd < 0 || signal_fd < 0)
		_exit(1);
	helper_watch(&made, job->wake_fd, HELPER_WAKE);
	helper_watch(&made, signal_fd, HELPER_END);
	return made.epoll_fd;
}

_Noreturn void helper_run(const struct helper_job *given, helper_main *run)
{
	struct helper_job job = *given;
	int32_t parent = job.boards.board->pid;
	const uint64_t all = ~UINT64_C(0);

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	setsid(); /* no terminal and no group signal reaches it */
	if (boards_enter(&job.boards, job.kind) < 0)
		_exit(111);
	job.pipes = own_pipes(&job);
	close_descriptors(&job, kinds[job.kind].has_output);
	drop_capabilities(kinds[job.kind].capabilities);
	/* Last, because a change of credentials would clear it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (parent > 0 && getppid() != parent)
		_exit(111);
	umask(027);
	if (kinds[job.kind].has_root && chdir("/") < 0)
		_exit(111);
	set_title(job.argv, board_helper_word(job.kind));
	job.epoll_fd = kinds[job.kind].has_epoll ? open_epoll(&job) : -1;
	run(&job);
	_exit(111);
}

bool helper_is_superseded(const struct helper_job *job)
{
	/* PID 1's one aligned word cannot be torn. */
	const volatile uint64_t *reloads = &job->boards.board->reloads;

	return *reloads != job->reloads;
}

enum board_phase helper_phase(const struct helper_job *job)
{
	/* PID 1's one byte cannot be torn. */
	const volatile uint8_t *phase = &job->boards.board->phase;
	uint8_t now = *phase;

	atomic_thread_fence(memory_order_acquire);
	return (enum board_phase)now;
}

void helper_tell(const struct helper_job *job)
{
	const uint64_t one = 1;

	/* A full counter (EAGAIN) says "look" as well. */
	if (write(job->notify_fd, &one, sizeof(one)) < 0)
		return;
}

void helper_say(const struct helper_job *job, struct board_news *to,
		const struct news_item *item)
{
	news_add(to, item);
	helper_tell(job);
}

bool helper_sleep(const struct helper_job *job, int timeout_ms)
{
	struct pollfd wake = { .fd = job->wake_fd, .events = POLLIN };
	uint64_t wakes;

	if (poll(&wake, 1, timeout_ms) <= 0)
		return false;
	return read(job->wake_fd, &wakes, sizeof(wakes)) == sizeof(wakes);
}

int helper_timeout_ms(int64_t next_ms, int64_t now_ms)
{
	int64_t left_ms = next_ms - now_ms;

	if (next_ms == INT64_MAX)
		return -1;
	return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

int helper_wait(const struct helper_job *job, struct epoll_event *ret_events,
		int most, int timeout_ms)
{
	int n = epoll_wait(job->epoll_fd, ret_events, most, timeout_ms);

	for (int k = 0; k < n; k++)
		if (ret_events[k].data.u32 == HELPER_WAKE)
			helper_sleep(job, 0);
	return n;
}
